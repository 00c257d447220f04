"""Limits on their way, in virtual time over links without a wire."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ems.errors import StationOffline, StationRefused, StationSilent
from ems.model.decision import LimitReason
from ems.model.station import SendOutcome
from tests.unit.runtime.bench import Bench, play

ACCEPTED, REJECTED, UNANSWERED = SendOutcome.ACCEPTED, SendOutcome.REJECTED, SendOutcome.UNANSWERED


def test_the_lower_goes_first_and_the_raise_follows_its_confirmation() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        bench.decide(a=6.0, b=10.0)
        await bench.after(1)

    bench = play(story)

    assert bench.wire == [("a", 10.0), ("b", 6.0), ("a", 6.0), ("b", 10.0)]
    lowered, raised = bench.sent[2], bench.sent[3]
    assert raised.receipt.sent_at_s >= lowered.receipt.answered_at_s


def test_a_raise_waits_while_the_lower_is_unconfirmed_but_not_for_a_deaf_station() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        bench.links["a"].takes_s = 20.0
        bench.decide(a=6.0, b=10.0)
        await bench.after(0.9)
        bench.decide(a=6.0, b=9.0)
        await bench.after(0.9)
        assert bench.wire[-1] == ("a", 6.0)
        await bench.after(0.5)
        bench.decide(a=6.0, b=8.0)
        await bench.after(0.5)

    assert play(story).wire[-1] == ("b", 8.0)


def test_a_hung_station_delays_nobody() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 60.0
        bench.decide(a=10.0, b=10.0)
        await bench.after(1)
        bench.decide(a=10.0, b=8.0)
        await bench.after(1)

    bench = play(story)

    assert [limit_a for name, limit_a in bench.wire if name == "b"] == [10.0, 8.0]


def test_the_newest_order_wins_over_the_ones_that_waited() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 5.0
        for limit_a in (16.0, 12.0, 9.0, 7.0):
            bench.decide(a=limit_a, b=6.0)
            await bench.after(0.5)
        await bench.after(10)

    assert [limit_a for name, limit_a in play(story).wire if name == "a"] == [16.0, 7.0]


def test_a_lower_that_a_fuse_asks_for_does_not_wait_for_a_slow_answer() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 60.0
        bench.decide(a=16.0, b=6.0)
        await bench.after(1)
        bench.decide(a=6.0, b=6.0, because=LimitReason.MAIN_FUSE)
        await bench.after(0.5)
        assert bench.wire[-1] == ("a", 6.0)
        assert bench.outcomes("a")[0] == (16.0, UNANSWERED)
        await bench.after(61)

    assert (6.0, ACCEPTED) in play(story).outcomes("a")


def test_a_first_limit_that_is_refused_very_late_ends_nothing() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 140.0
        bench.links["a"].failures.append(StationRefused("Rejected"))
        bench.decide(a=10.0, b=6.0)
        await bench.after(400)

    assert (10.0, ACCEPTED) in play(story).outcomes("a")


def test_an_error_nobody_foresaw_is_one_stations_trouble() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.append(OverflowError("date value out of range"))
        bench.decide(a=10.0, b=6.0)
        await bench.after(5)
        bench.decide(a=10.0, b=7.0)
        await bench.after(1)

    bench = play(story)

    assert bench.outcomes("a") == [(10.0, UNANSWERED), (10.0, ACCEPTED)]
    assert bench.wire[-1] == ("b", 7.0)


def test_an_unchanged_limit_is_sent_again_every_third_of_the_lease() -> None:
    async def story(bench: Bench) -> None:
        for _ in range(65):
            bench.decide(a=10.0, b=6.0)
            await bench.after(1)

    bench = play(story)
    sends_s = [at_s for at_s, _ in bench.links["a"].sends]

    assert [round(at_s - sends_s[0]) for at_s in sends_s] == [0, 20, 40, 60]
    assert [sending.decided_on_s is None for sending in bench.sent if sending.station_id == "a"] == [
        False,
        True,
        True,
        True,
    ]


def test_a_limit_that_is_to_be_taken_in_another_way_is_sent_again_at_once() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=0.0, b=6.0, because=LimitReason.IGNORES_LIMIT)
        await bench.after(1)
        bench.decide(a=0.0, b=6.0, because=LimitReason.IGNORES_LIMIT)
        bench.dispatch.resend("a")
        await bench.after(0.01)
        assert bench.wire == [("a", 0.0), ("b", 6.0), ("a", 0.0)]
        await bench.after(1)

    bench = play(story)

    assert len(bench.wire) == 3
    assert [sending.decided_on_s is None for sending in bench.sent] == [False, False, True]


def test_a_limit_on_its_way_is_given_up_for_the_other_way() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 20.0
        bench.decide(a=0.0, b=6.0)
        await bench.after(1)
        bench.links["a"].takes_s = 0.05
        bench.dispatch.resend("a")
        await bench.after(1)

    bench = play(story)

    assert bench.wire == [("a", 0.0), ("b", 6.0), ("a", 0.0)]
    assert bench.outcomes("a") == [(0.0, UNANSWERED), (0.0, ACCEPTED)]


def test_nothing_is_sent_again_where_nothing_was_decided_or_nobody_is_there() -> None:
    async def story(bench: Bench) -> None:
        bench.dispatch.resend("b")
        bench.decide(a=6.0)
        await bench.after(1)
        bench.connection("a", connected=False)
        bench.dispatch.resend("a")
        await bench.after(60)

    assert play(story).wire == [("a", 6.0)]


def test_a_refused_limit_leaves_the_old_one_in_force_and_is_tried_again() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        bench.links["a"].failures.append(StationRefused("Rejected"))
        bench.decide(a=6.0, b=6.0)
        await bench.after(1)
        assert bench.board.state_of("a").accepted is not None
        assert bench.outcomes("a") == [(10.0, ACCEPTED), (6.0, REJECTED)]
        await bench.after(5)

    assert play(story).outcomes("a")[-1] == (6.0, ACCEPTED)


def test_an_unanswered_limit_counts_as_perhaps_in_force() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.append(StationSilent("no answer"))
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)

    assert play(story).outcomes("a") == [(10.0, UNANSWERED)]


def test_tries_again_at_growing_intervals() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.extend(StationRefused("Rejected") for _ in range(5))
        bench.decide(a=10.0, b=6.0)
        await bench.after(120)

    sends_s = [at_s for at_s, _ in play(story).links["a"].sends[:6]]
    pauses_s = [round(later - earlier) for earlier, later in pairwise(sends_s)]
    assert pauses_s == [2, 4, 8, 16, 30]


def test_a_lower_order_does_not_sit_out_a_long_pause() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.extend(StationRefused("Rejected") for _ in range(4))
        bench.decide(a=10.0, b=6.0)
        await bench.after(16)
        bench.decide(a=7.0, b=6.0)
        await bench.after(3)

    assert play(story).wire[-1] == ("a", 7.0)


def test_a_station_that_comes_back_gets_its_limit_at_once_changed_or_not() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(5)
        bench.connection("a", connected=False)
        bench.decide(a=6.0, b=6.0)
        await bench.after(5)
        bench.connection("a", connected=True)
        bench.decide(a=10.0, b=6.0)
        await bench.after(0.1)

    assert [limit_a for name, limit_a in play(story).wire if name == "a"] == [10.0, 10.0]


def test_a_connection_that_breaks_under_a_limit_costs_no_pause() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.append(StationOffline("closed"))
        bench.decide(a=10.0, b=6.0)
        bench.connection("a", connected=False)
        await bench.after(3)
        bench.connection("a", connected=True)
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)

    sends = play(story).links["a"].sends
    assert len(sends) <= 2
    assert sends[-1][1].limit_a == 10.0


def test_nothing_is_sent_to_a_station_that_is_away() -> None:
    async def story(bench: Bench) -> None:
        bench.connection("a", connected=False)
        bench.decide(a=10.0, b=6.0)
        await bench.after(60)

    assert not play(story).links["a"].sends


def test_a_change_of_phases_alone_is_a_change() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=6.0, b=6.0)
        await bench.after(1)
        bench.decide(a=6.0, b=6.0, phases=1)
        await bench.after(1)

    assert [lease.phases for _, lease in play(story).links["a"].sends] == [3, 1]


def test_the_lease_carries_the_fallback_and_the_time_of_the_policy() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)

    bench = play(story)
    _, lease = bench.links["a"].sends[0]
    record = bench.board.sent("a")[0]

    assert (lease.fallback_a, lease.lease_s) == (6.0, 60.0)
    assert record.lease_ends_at_s == pytest.approx(record.sent_at_s + 60.0)


def test_a_lane_wakes_for_nothing_when_there_is_nothing_to_do() -> None:
    async def story(bench: Bench) -> None:
        await bench.after(4000)

    assert not play(story).wire


def test_a_hung_station_whose_limit_keeps_falling_does_not_hold_up_the_others() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=16.0, b=6.0)
        await bench.after(1)
        bench.links["a"].takes_s = 60.0
        for step in range(12):
            bench.decide(a=15.0 - 0.5 * step, b=10.0)
            await bench.after(1.5)

    assert ("b", 10.0) in play(story).wire


def test_a_car_stopped_in_favour_of_another_hears_of_it_at_once() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 25.0
        bench.decide(a=10.0, b=10.0)
        await bench.after(3)
        bench.decide(a=0.0, b=10.0, because=LimitReason.PRIORITY)
        await bench.after(3)

    assert ("a", 0.0) in play(story).wire


def test_a_lower_limit_that_waits_becomes_urgent_when_a_fuse_asks_for_it_too() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 25.0
        bench.decide(a=10.0, b=10.0)
        await bench.after(3)
        bench.decide(a=0.0, b=10.0, because=LimitReason.SOLAR_SURPLUS)
        await bench.after(1)
        bench.decide(a=0.0, b=10.0, because=LimitReason.MAIN_FUSE)
        await bench.after(3)

    assert ("a", 0.0) in play(story).wire
