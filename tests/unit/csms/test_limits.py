"""Installing limits: order on the wire, interrupted attempts, what is remembered of them."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.csms.capabilities import Capabilities
from ems.csms.charging_profiles import Form, Moment, Profile, Purpose
from ems.csms.lane import Answer
from ems.csms.limits import INSTALL_WITHIN_S, Limits
from ems.csms.messages import Dialect
from ems.csms.ports import LeasedLimit
from ems.errors import StationRefused, StationSilent


class Wire:
    """Records the profiles that a station took, and refuses or delays what it is told to."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.refuses: Callable[[Profile], bool] = lambda _: False
        self.answer_s = 0.0
        self.asked: list[Profile] = []
        self.taken: list[Profile] = []

    async def install(self, profile: Profile) -> Answer:
        self.asked.append(profile)
        await self.clock.sleep(self.answer_s)
        if self.refuses(profile):
            raise StationRefused("Rejected")
        self.taken.append(profile)
        return Answer(message_id="m", payload={}, sent_at_s=0.0, answered_at_s=0.0)


class Bench:
    """Limits of one station over a `Wire`."""

    def __init__(self, can: Capabilities | None = None) -> None:
        self.clock = VirtualClock()
        self.wire = Wire(self.clock)
        self.limits = Limits("garage", self.clock, whole_amps=False, max_a=16.0, phases=3)
        self.limits.can = can or self.limits.can
        self.transaction_id: int | None = None

    async def install(self, limit_a: float, fallback_a: float = 6.0) -> None:
        lease = LeasedLimit(limit_a=limit_a, phases=3, fallback_a=fallback_a, lease_s=120.0)
        await self.limits.install(lease, cast("Dialect", self.wire), self._moment)

    def run(self, story: Any) -> None:
        run_virtual(story, self.clock)

    def _moment(self) -> Moment:
        return Moment(station_now=self.clock.utc_now(), guard_s=30.0, transaction_id=self.transaction_id)


def only_transactions(profile: Profile) -> bool:
    """Refuses all but construction C."""
    alone = profile.purpose is Purpose.TX_DEFAULT and profile.level == 0 and len(profile.periods) == 1
    return profile.purpose is not Purpose.TX and not alone


def test_car_that_starts_under_a_low_limit_is_not_let_go_in_between() -> None:
    bench = Bench(Capabilities(max_stack_level=1))
    bench.wire.refuses = only_transactions

    async def story() -> None:
        await bench.install(0.0)
        bench.wire.taken.clear()
        bench.transaction_id = 7
        await bench.install(0.0)

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.form is Form.TRANSACTION_OVER_FALLBACK
    assert [(each.purpose, each.periods[0].limit) for each in bench.wire.taken] == [
        (Purpose.TX, 0.0),
        (Purpose.TX_DEFAULT, 6.0),
    ]


def test_fallback_is_sent_again_after_a_step_of_a_clock() -> None:
    bench = Bench()

    async def story() -> None:
        await bench.install(10.0)
        bench.clock.jump_wall_clock(-5 * 86_400)
        bench.limits.refresh()
        await bench.install(10.0)

    bench.run(story())
    fallback = bench.wire.taken[2]
    assert fallback.profile_id == bench.wire.taken[0].profile_id
    assert fallback.start is not None
    assert fallback.start < bench.clock.utc_now()


def test_refresh_in_the_middle_of_an_attempt_is_not_lost() -> None:
    bench = Bench()
    bench.wire.answer_s = 1.0

    async def story() -> None:
        attempt = asyncio.create_task(bench.install(10.0))
        await bench.clock.sleep(0.5)
        bench.limits.refresh()
        await attempt

    bench.run(story())
    assert [each.periods[0].limit for each in bench.wire.taken] == [6.0, 10.0, 6.0]


def test_cancelled_fallback_counts_as_either_and_is_sent_again() -> None:
    bench = Bench()

    async def story() -> None:
        await bench.install(10.0, fallback_a=0.0)
        bench.wire.answer_s = 5.0
        attempt = asyncio.create_task(bench.install(10.0, fallback_a=6.0))
        await bench.clock.sleep(1.0)
        attempt.cancel()
        await asyncio.wait([attempt])
        assert bench.limits.resident_a == 6.0
        bench.wire.taken.clear()
        await bench.install(0.0, fallback_a=0.0)

    bench.run(story())
    assert [each.periods[0].limit for each in bench.wire.taken] == [0.0, 0.0]
    assert bench.limits.resident_a == 0.0


def test_refused_fallback_leaves_the_old_one_in_force() -> None:
    bench = Bench()

    async def story() -> None:
        await bench.install(10.0, fallback_a=0.0)
        bench.wire.refuses = lambda _: True
        with pytest.raises(StationRefused):
            await bench.install(10.0, fallback_a=6.0)

    bench.run(story())
    assert bench.limits.resident_a == 0.0


def test_search_for_a_form_is_bounded_and_goes_on_where_it_stopped() -> None:
    bench = Bench()
    bench.wire.answer_s = 11.0
    bench.wire.refuses = lambda profile: profile.start is not None

    async def story() -> None:
        attempts = 0
        while bench.limits.way is None:
            begun_s = bench.clock.monotonic_s()
            attempts += 1
            try:
                await bench.install(10.0)
            except StationSilent:
                assert bench.clock.monotonic_s() - begun_s == pytest.approx(INSTALL_WITHIN_S)
        assert 1 < attempts <= 4

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.form is Form.RELATIVE


def test_profile_that_is_on_its_way_counts_as_installed_until_it_is_refused() -> None:
    bench = Bench()

    async def story() -> None:
        bench.wire.refuses = lambda profile: profile.purpose is Purpose.STATION_MAX
        await bench.install(10.0)
        assert bench.limits.losers == ()
        bench.limits.give_up_way()
        await bench.install(10.0)

    bench.run(story())
    assert bench.limits.losers != ()
