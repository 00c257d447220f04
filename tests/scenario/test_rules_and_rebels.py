"""On real sockets: the grid operator's signal reaches the limits, and a station that ignores them is stopped."""

from __future__ import annotations

from ems.config.schema import SiteFile
from ems.model.decision import Escalation, LimitReason, NoticeCode
from ems.model.goals import ChargeMode
from tests.scenario.stage import Stage, site, staged

MINIMUM_W = 10_500.0
A_STEP_W = 100.0
"""Limits are rounded at the voltage that the meter sees."""

WIDE_FUSE_A = 63.0
"""So that no fuse has a say."""


async def test_a_station_that_ignores_its_limit_is_suspended_and_then_stopped_remotely() -> None:
    async with staged(sunless(site(mode=ChargeMode.MIN_SOLAR, main_fuse_a=WIDE_FUSE_A))) as stage:
        garage = stage.station("garage")
        await stage.until(lambda: all(5.0 < stage.drawn_a(name) < 6.5 for name in stage.house.stations))
        garage.faults.ignore_limits = True
        await stage.until(lambda: stage.decided.escalations.get("garage") is Escalation.SUSPEND)
        suspension = stage.setpoint("garage")
        await stage.until(lambda: garage.transaction_id is None)
        await stage.until(lambda: stage.drawn_a("garage") < 0.5, within_s=15)
        stopped = stage.decided

        assert (suspension.limit_a, suspension.reason.code) == (0.0, LimitReason.IGNORES_LIMIT)
        assert 0.0 in [frame.limit_a for frame in garage.frames]
        assert stopped.escalations == {"garage": Escalation.REMOTE_STOP}
        assert [(notice.code, notice.station_id) for notice in stopped.notices] == [
            (NoticeCode.IGNORES_LIMIT, "garage")
        ]
        assert stage.drawn_a("carport") > 5.0


async def test_the_grid_operator_limits_the_cars_while_its_contact_is_closed() -> None:
    file = sunless(site("german_14a", main_fuse_a=WIDE_FUSE_A))
    async with staged(file) as stage:
        await stage.until(lambda: heard(stage) is False)
        await stage.until(lambda: granted_w(stage) > MINIMUM_W + 2_000.0)

        stage.house.grid_operator_calls = True
        await stage.until(lambda: LimitReason.GRID_OPERATOR in stage.reasons(), within_s=90)
        assert heard(stage) is True
        assert granted_w(stage) <= MINIMUM_W + A_STEP_W

        stage.house.grid_operator_calls = False
        await stage.until(lambda: granted_w(stage) > MINIMUM_W + 2_000.0)
        assert heard(stage) is False


def sunless(file: SiteFile) -> SiteFile:
    return file.model_copy(update={"solar": ()})


def heard(stage: Stage) -> bool | None:
    """What the service knows of the contact."""
    return stage.seen.dimmed


def granted_w(stage: Stage) -> float:
    return sum(each.limit_a * each.phases * 230.0 for each in stage.decided.setpoints.values())
