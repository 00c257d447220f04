"""What proofs may do to board and dispatch: wish for a while, add a load that is not there, keep messages back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.clock import VirtualClock
from ems.model.decision import LimitReason
from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import Keenness
from ems.runtime.board import VirtualLoad
from ems.store.codec import decode, encode, from_text, to_text
from tests.unit.runtime.bench import Bench, play

FAST = Goal(mode=ChargeMode.FAST, max_a=10.0)
OFF = Goal(mode=ChargeMode.OFF)


def grid(bench: Bench) -> GridReading:
    return GridReading(current_a=PerPhase(1.0, 2.0, -3.0), power_w=0.0, taken_at_s=bench.clock.monotonic_s())


def load(bench: Bench, amps: float = 5.0, *, for_s: float = 60.0) -> VirtualLoad:
    ends_s = bench.clock.monotonic_s() + for_s
    return VirtualLoad(circuit_id="main", current_a=PerPhase(0.0, amps, 0.0), ends_at_s=ends_s)


def test_a_trial_hides_peoples_goals_and_gives_them_back_as_they_are_by_then() -> None:
    bench = Bench(VirtualClock())
    bench.board.set_goal("a", FAST)
    bench.board.set_trial({"a": OFF, "b": OFF})
    assert bench.board.snapshot().goals == {"a": OFF, "b": OFF}
    newer = Goal(mode=ChargeMode.MIN_SOLAR)
    bench.board.set_goal("a", newer)

    bench.board.set_trial({})

    assert bench.board.snapshot().goals == {"a": newer}


def test_a_virtual_load_is_in_the_currents_marked_and_not_in_the_power() -> None:
    bench = Bench(VirtualClock())
    bench.board.set_virtual_load(load(bench))
    bench.board.post_meter("main", grid(bench))

    look = bench.board.snapshot()

    assert look.meters["main"].current_a == PerPhase(1.0, 7.0, -3.0)
    assert look.meters["main"].power_w == 0.0
    assert look.virtual_a == {"main": PerPhase(0.0, 5.0, 0.0)}


def test_a_virtual_load_ends_by_itself() -> None:
    clock = VirtualClock()
    bench = Bench(clock)
    bench.board.set_virtual_load(load(bench, for_s=10.0))
    clock.advance(10.0)
    bench.board.post_meter("main", grid(bench))

    assert bench.board.snapshot().virtual_a == {}
    assert bench.board.snapshot().meters["main"].current_a == PerPhase(1.0, 2.0, -3.0)


@pytest.mark.parametrize("amps", [-0.1, float("nan"), float("inf")])
def test_a_virtual_load_can_only_add(amps: float) -> None:
    with pytest.raises(ValueError, match="only add"):
        load(Bench(VirtualClock()), amps)


def test_a_look_with_a_virtual_load_comes_back_from_the_journal_as_it_was() -> None:
    bench = Bench(VirtualClock())
    bench.board.set_virtual_load(load(bench))
    bench.board.post_meter("main", grid(bench))
    bench.board.set_trial({"a": Goal(mode=ChargeMode.FAST, phases=1)})
    look = bench.board.snapshot()

    written = from_text(to_text(encode(look, without=("site",))))

    assert decode(type(look), written, given={"site": look.site}) == look


def test_other_limits_of_the_site_are_in_the_next_look() -> None:
    bench = Bench(VirtualClock())
    other = Bench(VirtualClock()).site

    bench.board.set_site(other)

    assert bench.board.snapshot().site is other


def test_a_person_s_strategy_stays_over_other_limits_and_one_house_is_one_value() -> None:
    bench = Bench(VirtualClock())
    bench.board.set_keenness(Keenness.KEEN)
    other = Bench(VirtualClock()).site

    bench.board.set_site(other)

    look = bench.board.snapshot()
    assert (look.site.policy.keenness, bench.board.site) == (Keenness.KEEN, other)
    # The journal begins a new segment for every other house.
    assert bench.board.snapshot().site is look.site
    bench.board.set_keenness(None)
    assert bench.board.snapshot().site is other


def test_withheld_renewals_are_not_sent_and_come_at_once_afterwards() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=10.0)
        await bench.after(5)
        bench.dispatch.withhold("a")
        await bench.after(100)
        assert [name for name, _ in bench.wire].count("a") == 1
        bench.dispatch.release("a")
        await bench.after(1)
        assert [name for name, _ in bench.wire].count("a") == 2

    bench = play(story)

    assert [name for name, _ in bench.wire].count("b") > 4


def test_a_withheld_station_gets_no_changed_limit_unless_a_fuse_asks_for_less() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=10.0)
        await bench.after(5)
        bench.dispatch.withhold("a")
        bench.decide(a=12.0, b=10.0)
        await bench.after(5)
        bench.decide(a=9.0, b=10.0)
        await bench.after(5)
        bench.decide(because=LimitReason.MAIN_FUSE, a=7.0, b=10.0)
        await bench.after(5)
        bench.decide(because=LimitReason.MAIN_FUSE, a=8.0, b=10.0)
        await bench.after(5)

    assert [limit_a for name, limit_a in play(story).wire if name == "a"] == [10.0, 7.0]


def test_after_the_lease_only_less_than_the_fallback_goes_out() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=10.0)
        await bench.after(5)
        bench.dispatch.withhold("a")
        await bench.after(70)
        bench.decide(because=LimitReason.MAIN_FUSE, a=6.0, b=10.0)
        await bench.after(5)
        assert [limit_a for name, limit_a in bench.wire if name == "a"] == [10.0]
        bench.decide(because=LimitReason.MAIN_FUSE, a=0.0, b=10.0)
        await bench.after(5)

    assert [limit_a for name, limit_a in play(story).wire if name == "a"] == [10.0, 0.0]


def test_releasing_a_station_that_was_not_withheld_sends_nothing() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=10.0)
        await bench.after(5)
        bench.dispatch.release("a")
        await bench.after(5)

    assert [limit_a for name, limit_a in play(story).wire if name == "a"] == [10.0]


def test_another_fallback_reaches_a_station_whose_limit_stays() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        stations = tuple(replace(each, fallback_a=0.0) for each in bench.site.stations if each.station_id == "a")
        others = tuple(each for each in bench.site.stations if each.station_id != "a")
        bench.dispatch.set_site(replace(bench.site, stations=(*stations, *others)))
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)

    sent = [(each.station_id, each.lease.fallback_a) for each in play(story).sent]

    assert sent == [("a", 6.0), ("b", 6.0), ("a", 0.0)]
