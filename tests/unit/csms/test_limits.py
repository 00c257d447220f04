"""Installing limits: order on the wire, interrupted attempts, what is remembered of them."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import Capabilities, RateUnit
from ems.csms.charging_profiles import Form, Moment, Profile, Purpose, offer_id
from ems.csms.lane import Answer
from ems.csms.limits import INSTALL_WITHIN_S, Limits
from ems.csms.messages import Dialect
from ems.csms.ports import LeasedLimit
from ems.csms.quickness import LEAST_S
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


def test_offer_to_a_car_is_taken_back_once_no_limit_of_the_whole_station_is_above_it() -> None:
    """S18: a transaction's own profile takes the place of a default, so the car would have what it was offered."""
    bench = Bench()
    bench.transaction_id = 7
    offer = offer_id(1)

    async def story() -> None:
        await bench.install(10.0)
        bench.limits.offered(offer)
        assert offer not in bench.limits.losers
        bench.wire.refuses = lambda profile: profile.purpose is Purpose.STATION_MAX
        await bench.install(8.0)

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.purpose is Purpose.TX_DEFAULT
    assert offer in bench.limits.losers
    bench.limits.cleared(offer)
    assert offer not in bench.limits.losers


def test_limit_of_a_transaction_alone_is_no_fallback_of_the_station() -> None:
    """S13: what it holds ends with the transaction, so nothing is known to have been kept after a connection."""
    bench = Bench()
    bench.transaction_id = 7
    bench.wire.refuses = lambda profile: profile.purpose is not Purpose.TX

    bench.run(bench.install(10.0))
    assert bench.limits.way is not None
    assert bench.limits.way.needs_transaction
    assert bench.limits.resident_a is None


def test_first_limit_after_a_pause_is_sent_twice_where_a_station_ignores_it() -> None:
    """send_twice_after_zero (go-e)."""
    bench = Bench()
    bench.limits.search.quirks = QuirkSection(send_twice_after_zero=True)

    async def story() -> None:
        await bench.install(10.0)
        bench.wire.taken.clear()
        await bench.install(12.0)
        assert working(bench) == [12.0]
        bench.wire.taken.clear()
        await bench.install(0.0)
        await bench.install(8.0)

    bench.run(story())
    assert working(bench) == [0.0, 8.0, 8.0]


def test_limit_that_was_taken_counts_although_its_repetition_is_refused() -> None:
    """send_twice_after_zero: control would go on counting on the pause while the car charges."""
    bench = Bench()
    bench.limits.search.quirks = QuirkSection(send_twice_after_zero=True)
    bench.wire.refuses = lambda _: 10.0 in working(bench)

    bench.run(bench.install(10.0))
    assert working(bench) == [10.0]
    assert not bench.limits.is_paused


def test_station_that_is_known_to_answer_late_has_the_time_to_answer_to_a_limit() -> None:
    """call_timeout (Mennekes): a minute for each profile."""
    bench = Bench()
    bench.wire.answer_s = 60.0
    bench.limits.search.quirks = QuirkSection(call_timeout_s=70.0)

    bench.run(bench.install(10.0))
    assert working(bench) == [10.0]


def test_limit_goes_down_to_the_currents_that_a_station_knows() -> None:
    """step_amps, S11: never up."""
    bench = Bench()
    bench.limits.search.quirks = QuirkSection(step_amps=(8.0, 10.0, 13.0, 16.0))

    async def story() -> None:
        for limit_a in (15.99, 12.9, 9.0, 7.9):
            await bench.install(limit_a, fallback_a=0.0)

    bench.run(story())
    assert working(bench) == [13.0, 10.0, 8.0, 0.0]


def test_station_that_refuses_tenths_is_told_whole_amperes_from_then_on() -> None:
    """Smart charging §5, step 6."""
    bench = Bench(Capabilities(units=(RateUnit.AMPERE,)))
    bench.transaction_id = 7
    bench.wire.refuses = lambda profile: any(not each.limit.is_integer() for each in profile.periods)

    async def story() -> None:
        await bench.install(10.4)
        bench.wire.asked.clear()
        await bench.install(11.7)

    bench.run(story())
    assert [each.periods[0].limit for each in bench.wire.asked] == [11.0]


def test_disobeyed_default_is_followed_by_the_transactions_own_limit() -> None:
    """S05, smart charging §5, step 5: some use a default from the next transaction on only."""
    bench = Bench()
    bench.transaction_id = 7

    async def story() -> None:
        await bench.install(10.0)
        bench.limits.give_up_way()
        await bench.install(10.0)

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.purpose is Purpose.TX


def test_transaction_begins_with_its_limit_where_limits_are_those_of_transactions() -> None:
    """S13: the same limit as the station's, without the id that nobody knows yet."""
    bench = Bench(Capabilities(max_stack_level=1))
    bench.wire.refuses = only_transactions
    moment = Moment(station_now=bench.clock.utc_now(), guard_s=30.0)

    async def story() -> None:
        assert bench.limits.start_profile(moment) is None
        await bench.install(10.0, fallback_a=6.0)

    bench.run(story())
    start = bench.limits.start_profile(moment)
    assert start is not None
    assert (start.purpose, start.transaction_id, start.periods[0].limit) == (Purpose.TX, None, 10.0)
    assert start.duration_s == 150
    bench.clock.advance(100.0)
    late = bench.limits.start_profile(moment)
    assert late is not None
    assert late.duration_s == 50, "it ends with the lease, 20 s from now"
    bench.clock.advance(20.0)
    assert bench.limits.start_profile(moment) is None, "what nobody renewed is not given to a new car"
    plain = Bench()
    plain.run(plain.install(10.0))
    assert plain.limits.start_profile(moment) is None


def working(bench: Bench) -> list[float]:
    """The limits that were taken, without those of the permanent fallback."""
    return [each.periods[0].limit for each in bench.wire.taken if len(each.periods) > 1]


async def renewed(bench: Bench, limit_a: float, times: int, *, fallback_a: float = 6.0, every_s: float = 20.0) -> int:
    """How many profiles the station was asked to hold by so many renewals of a limit."""
    await bench.install(limit_a, fallback_a)
    before = len(bench.wire.asked)
    for _ in range(times):
        await bench.clock.sleep(every_s)
        await bench.install(limit_a, fallback_a)
    return len(bench.wire.asked) - before


@pytest.mark.parametrize(("limit_a", "fallback_a"), [(0.0, 0.0), (6.0, 6.0)])
def test_limit_that_ends_in_itself_is_hardly_ever_written_again(limit_a: float, fallback_a: float) -> None:
    """S23: an idle station is not rewritten every 20 s, day and night."""
    bench, written = Bench(), []

    async def story() -> None:
        written.append(await renewed(bench, limit_a, 90, fallback_a=fallback_a))

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.purpose is Purpose.STATION_MAX
    assert written == [3], "once in ten minutes of the half hour"


def test_limit_above_the_fallback_is_a_lease_and_is_renewed() -> None:
    """S23, S06: nothing may let it outlive us."""
    bench, written = Bench(), []

    async def story() -> None:
        written.append(await renewed(bench, 10.0, 90))

    bench.run(story())
    assert written == [90]


def test_limit_below_the_fallback_is_renewed_too() -> None:
    bench, written = Bench(), []

    async def story() -> None:
        written.append(await renewed(bench, 0.0, 10, fallback_a=6.0))

    bench.run(story())
    assert written == [10]


def test_fallback_for_ever_is_not_rewritten_either() -> None:
    """S23: a station that takes one period in one profile."""
    bench, written = Bench(Capabilities(max_periods=1, max_installed=1)), []
    bench.wire.refuses = lambda profile: profile.purpose is Purpose.TX

    async def story() -> None:
        written.append(await renewed(bench, 6.0, 90))

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.form is Form.FALLBACK
    assert written == [3]


def test_single_profile_that_begins_a_moment_ago_is_renewed_although_it_ends_in_itself() -> None:
    """A clock that steps back would leave the station without any limit."""
    bench, written = Bench(Capabilities(max_stack_level=0)), []

    async def story() -> None:
        written.append(await renewed(bench, 6.0, 10))

    bench.run(story())
    assert written == [10]


@pytest.mark.parametrize(
    "befalls",
    [
        lambda bench: bench.limits.forget(),
        lambda bench: bench.limits.refresh(),
        lambda bench: bench.limits.give_up_way(),
    ],
)
def test_steady_limit_is_written_again_where_the_station_may_have_lost_it(befalls: Callable[[Bench], None]) -> None:
    """S08, S23."""
    bench = Bench()

    async def story() -> None:
        await bench.install(6.0)
        befalls(bench)
        bench.wire.taken.clear()
        await bench.install(6.0)

    bench.run(story())
    assert working(bench) == [6.0]


def test_limit_that_ends_is_renewed_although_the_one_below_it_is_the_same() -> None:
    """Nobody knows whether the lower profile takes over: until that was tested, a station may do anything then."""
    bench, written = Bench(Capabilities(max_periods=1)), []

    async def story() -> None:
        written.append(await renewed(bench, 6.0, 10))

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.form is Form.ENDING_OVER_FALLBACK
    assert written == [10]


def test_fallback_is_written_again_for_a_station_that_does_not_do_what_it_took() -> None:
    """It may have lost everything, without a boot and on the same connection."""
    bench = Bench()

    async def story() -> None:
        for _ in range(2):
            await bench.install(10.0)
            bench.limits.give_up_way()
        bench.wire.taken.clear()
        await bench.install(10.0)

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.form is Form.ENDING_OVER_FALLBACK
    assert [each.periods[0].limit for each in bench.wire.taken] == [6.0, 10.0]


def test_fallback_that_was_cleared_away_is_written_again_for_the_form_that_needs_it() -> None:
    bench = Bench()

    async def story() -> None:
        await bench.install(10.0)
        bench.wire.refuses = lambda profile: profile.level > 0
        await bench.install(10.0)
        for profile_id in bench.limits.losers:
            bench.limits.cleared(profile_id)
        bench.wire.refuses = lambda profile: len(profile.periods) > 1
        bench.wire.taken.clear()
        await bench.install(10.0)

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.form is Form.ENDING_OVER_FALLBACK
    assert [each.periods[0].limit for each in bench.wire.taken] == [6.0, 10.0]


def test_steady_limit_is_written_again_for_a_car_that_waits_to_be_told() -> None:
    bench = Bench()

    async def story() -> None:
        await bench.install(6.0)
        await bench.install(6.0)
        bench.limits.say_in_full()
        await bench.install(6.0)

    bench.run(story())
    assert working(bench) == [6.0, 6.0]


def test_steady_limit_that_was_in_between_another_one_is_written_again() -> None:
    bench = Bench()

    async def story() -> None:
        for limit_a in (6.0, 10.0, 6.0):
            await bench.install(limit_a)

    bench.run(story())
    assert working(bench) == [6.0, 10.0, 6.0]


def test_steady_limit_is_said_twice_after_a_pause_where_a_station_ignores_the_first_one() -> None:
    """send_twice_after_zero."""
    bench = Bench()
    bench.limits.search.quirks = QuirkSection(send_twice_after_zero=True)

    async def story() -> None:
        await bench.install(0.0)
        bench.wire.taken.clear()
        await bench.install(6.0)

    bench.run(story())
    assert working(bench) == [6.0, 6.0]


def test_steady_limit_that_was_refused_is_asked_for_again() -> None:
    bench = Bench()

    async def story() -> None:
        await bench.install(6.0)
        bench.wire.refuses = lambda _: True
        with pytest.raises(StationRefused):
            await bench.install(10.0)
        bench.wire.refuses = lambda _: False
        bench.wire.taken.clear()
        await bench.install(6.0)

    bench.run(story())
    assert 6.0 in working(bench)


class MuteWire(Wire):
    """Answers some profiles at once, and others never."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.mute: Callable[[Profile], bool] = lambda _: False

    async def install(self, profile: Profile) -> Answer:
        if not self.mute(profile):
            return await super().install(profile)
        self.asked.append(profile)
        await self.clock.sleep(30.0)
        raise StationSilent("no answer within 30 s")


def mute_bench(mute: Callable[[Profile], bool]) -> Bench:
    bench = Bench()
    bench.wire = wire = MuteWire(bench.clock)
    wire.mute = mute
    return bench


async def until_taken(bench: Bench) -> float:
    """How long it takes until a limit is taken, tried again as the runtime does it."""
    begun_s, pause_s = bench.clock.monotonic_s(), 2.0
    while True:
        try:
            await bench.install(10.0)
        except (StationSilent, StationRefused):
            await bench.clock.sleep(pause_s)
            pause_s = min(30.0, 2.0 * pause_s)
        else:
            return bench.clock.monotonic_s() - begun_s


def all_but(purpose: Purpose) -> Callable[[Profile], bool]:
    return lambda profile: profile.purpose is not purpose


def test_form_that_is_never_answered_is_found_out_soon_where_everything_else_is_answered_at_once() -> None:
    """Smart charging §5: the next form is tried in the same attempt."""
    took_s: list[float] = []
    for quick in (False, True):
        bench = mute_bench(all_but(Purpose.TX_DEFAULT))
        if quick:
            bench.limits.search.quickness.answered(0.2)

        async def story(bench: Bench = bench) -> None:
            took_s.append(await until_taken(bench))

        bench.run(story())
        assert bench.limits.way is not None
        assert bench.limits.way.purpose is Purpose.TX_DEFAULT
    patient_s, quick_s = took_s
    assert patient_s >= 60.0
    assert quick_s == pytest.approx(LEAST_S)


def test_station_that_is_slow_in_everything_gets_its_time() -> None:
    bench = Bench()
    bench.wire.answer_s = 20.0
    bench.limits.search.quickness.answered(15.0)
    bench.run(bench.install(10.0))

    assert bench.limits.way is not None
    assert bench.limits.way.purpose is Purpose.STATION_MAX


def test_station_that_is_slow_with_limits_alone_gets_its_time_after_all() -> None:
    """Its late answer, or that no form was answered, shows it."""
    bench = Bench()
    bench.wire.answer_s = 20.0
    bench.limits.search.quickness.answered(0.1)

    async def story() -> None:
        assert await until_taken(bench) < 300.0

    bench.run(story())
    assert bench.limits.search.quickness.within_s is None


def test_what_was_not_answered_is_no_refusal() -> None:
    """Control must count on it: the station may follow what it said nothing to."""
    bench = mute_bench(lambda profile: profile.purpose is Purpose.STATION_MAX)
    bench.wire.refuses = lambda _: True
    bench.limits.search.quickness.answered(0.1)

    async def story() -> None:
        with pytest.raises(StationSilent):
            await bench.install(10.0)

    bench.run(story())


def test_form_that_a_station_took_before_is_waited_for_as_ever() -> None:
    bench = Bench()
    bench.limits.search.quickness.answered(0.1)

    async def story() -> None:
        await bench.install(10.0)
        bench.wire.answer_s = 25.0
        await bench.install(12.0)

    bench.run(story())
    assert bench.limits.way is not None
    assert bench.limits.way.purpose is Purpose.STATION_MAX
    assert working(bench) == [10.0, 12.0]
