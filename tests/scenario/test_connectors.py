"""One station with two connectors, each a charger of its own, over real sockets."""

from __future__ import annotations

import pytest

from ems.config.schema import SiteFile, StationEntry
from ems.model.decision import LimitReason
from ems.model.electrical import Phase
from ems.sim.wire.tongue import ProfileFrame
from tests.scenario.stage import LEASE_S, Stage, site, staged

HAIR_A = 0.5
NAMES = ("left", "right")
VERSIONS = ("1.6", "2.0.1")


def two_connectors(version: str, main_fuse_a: float) -> SiteFile:
    """The house of two cars, both at one station: a three-phase connector, and one on L2 alone."""
    file = site("two_cars", main_fuse_a=main_fuse_a)
    common = {"fallback_a": 6.0, "lease_verified": True, "mode": file.stations[0].mode}
    left = StationEntry.model_validate({"id": "left", "identity": "post", "max_a": 16, "ocpp": version, **common})
    right = StationEntry.model_validate(
        {"id": "right", "identity": "post", "connector": 2, "wired": ["L2"], "max_a": 32, **common}
    )
    quiet = file.simulation.model_copy(update={"cars": (), "stations": (), "house_w": 300.0})
    return file.model_copy(update={"stations": (left, right), "simulation": quiet})


def frames_at(stage: Stage, connector: int) -> list[ProfileFrame]:
    return [frame for frame in stage.station("left").frames if frame.connector_id == connector]


async def both_charge(stage: Stage) -> None:
    await stage.until(lambda: all(stage.drawn_a(name) > 5.0 for name in NAMES), within_s=240)


def both_fell_back(stage: Stage) -> bool:
    return all(stage.drawn_a(name) <= 6.0 + HAIR_A for name in NAMES)


@pytest.mark.parametrize("version", VERSIONS)
async def test_two_cars_at_one_station_share_a_fuse_and_fall_back_together(version: str) -> None:
    async with staged(two_connectors(version, main_fuse_a=25.0)) as stage:
        await both_charge(stage)
        post = stage.station("left")
        sessions = {name: stage.service.central_system.links[name].session for name in NAMES}

        assert all(session is not None for session in sessions.values())
        assert len({session.transaction_id for session in sessions.values() if session is not None}) == 2
        assert stage.house.world.circuit("main").current_a[Phase.L2] <= 25.0

        post.drop()
        await stage.until(lambda: stage.reasons() == {LimitReason.STATION_SILENT}, within_s=15)
        await stage.until(lambda: both_fell_back(stage), within_s=LEASE_S + 15)

        seen = {name: len(frames_at(stage, connector)) for connector, name in enumerate(NAMES, 1)}
        post.come_back()
        await stage.until(
            lambda: all(len(frames_at(stage, n)) > seen[name] for n, name in enumerate(NAMES, 1)), within_s=60
        )
        await both_charge(stage)

        assert stage.house.report().seconds_over_rating == 0
        assert {frame.connector_id for frame in post.frames} == {1, 2}
        # Nothing above what its connector is allowed: a limit of the other would show.
        assert all((frame.limit_a or 0.0) <= 16.0 for frame in frames_at(stage, 1) if frame.accepted)
