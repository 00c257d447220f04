"""One station's lane under stress: broken links, late answers, orders that overtake each other."""

from __future__ import annotations

import asyncio

from ems.clock import VirtualClock, run_virtual
from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.errors import StationOffline, StationRefused, StationSilent
from ems.model.electrical import PerPhase
from ems.model.station import SendOutcome
from ems.runtime.board import SENT_LASTS_S
from tests.unit.runtime.bench import Bench, play
from tests.unit.runtime.links import FakeLink


def test_a_link_that_fails_without_waiting_does_not_stop_the_program() -> None:
    """A closing connection refuses limits at once while its station still counts as connected."""

    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 0.0
        bench.links["a"].failures.extend(StationOffline("closing") for _ in range(1000))
        bench.decide(a=10.0, b=10.0)
        await bench.after(9)

    bench = play(story)

    assert len(bench.links["a"].sends) == 5
    assert ("b", 10.0) in bench.wire


def test_the_failure_of_an_old_connection_does_not_put_off_the_limit_on_a_new_one() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 3.0
        bench.links["a"].failures.append(StationSilent("no answer"))
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        bench.connection("a", connected=True)
        bench.decide(a=10.0, b=6.0)
        await bench.after(2.5)

    sends_s = [at_s for at_s, _ in play(story).links["a"].sends]

    assert len(sends_s) == 2
    assert sends_s[1] - sends_s[0] == 3.0


def test_a_limit_under_way_while_the_station_reboots_is_sent_again() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].takes_s = 1.0
        bench.decide(a=10.0, b=6.0)
        await bench.after(0.5)
        bench.connection("a", connected=True)
        bench.decide(a=10.0, b=6.0)
        await bench.after(3)

    assert [limit_a for name, limit_a in play(story).wire if name == "a"] == [10.0, 10.0]


def test_a_raise_does_not_go_out_because_an_older_limit_of_the_other_station_was_taken() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=8.0, b=6.0)
        await bench.after(1)
        bench.links["a"].takes_s = 2.0
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        bench.decide(a=6.0, b=10.0)
        await bench.after(2)
        assert bench.wire[-1] == ("a", 6.0)
        await bench.after(3)

    assert play(story).wire[-2:] == [("a", 6.0), ("b", 10.0)]


def test_value_that_was_changed_alone_ends_with_what_it_was_changed_in() -> None:
    """S19, S23: the station falls back when the whole of it ends, not a lease after its last value."""

    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(15)
        bench.links["a"].counts_from_s = bench.links["a"].sends[0][0]
        bench.decide(a=0.0, b=6.0)
        await bench.after(1)
        newest = bench.board.snapshot().state_of("a").sent[-1]
        assert newest.lease_ends_at_s == bench.links["a"].counts_from_s + 60.0
        await bench.after(5)

    sends_s = [at_s for at_s, _ in play(story).links["a"].sends]

    assert sends_s[2] - sends_s[0] == 20.0, "the whole is renewed in its own time"


def test_a_renewal_gives_way_to_a_new_order() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(19.5)
        bench.links["a"].takes_s = 2.0
        await bench.after(1)
        bench.decide(a=7.0, b=6.0)
        await bench.after(25)

    bench = play(story)

    assert [limit_a for name, limit_a in bench.wire if name == "a"] == [10.0, 10.0, 7.0, 7.0]
    assert bench.outcomes("a")[-1] == (7.0, SendOutcome.ACCEPTED)


def test_a_lease_that_was_not_renewed_is_tried_again() -> None:
    async def story(bench: Bench) -> None:
        bench.decide(a=10.0, b=6.0)
        await bench.after(10)
        bench.links["a"].failures.append(StationSilent("no answer"))
        await bench.after(15)

    sends_s = [at_s for at_s, _ in play(story).links["a"].sends]
    assert [round(at_s - sends_s[0]) for at_s in sends_s] == [0, 20, 22]


def test_a_station_that_never_answers_fills_no_memory() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.extend(StationSilent("no answer") for _ in range(4000))
        for hour in range(24):
            bench.decide(a=6.0 + hour % 3, b=6.0)
            await bench.after(3600)

    bench = play(story)

    assert len(bench.links["a"].sends) > 2000
    assert len(bench.board.sent("a")) <= 10


def test_a_station_that_refuses_for_days_fills_no_memory() -> None:
    async def story(bench: Bench) -> None:
        bench.links["a"].failures.extend(StationRefused("Rejected") for _ in range(4000))
        bench.decide(a=6.0, b=6.0)
        await bench.after(86_400)

    assert len(play(story).board.sent("a")) <= 10


def test_the_record_reaches_back_as_far_as_control_looks() -> None:
    async def story(bench: Bench) -> None:
        for amps in range(6, 14):
            bench.decide(a=float(amps), b=6.0)
            await bench.after(10)

    bench = play(story)
    oldest = bench.board.sent("a")[0]

    assert bench.clock.monotonic_s() - oldest.sent_at_s >= SENT_LASTS_S


def test_a_listener_that_fails_stops_nothing() -> None:
    clock = VirtualClock()

    def grumble(_: object) -> None:
        raise ValueError("full disk")

    async def main() -> Bench:
        bench = Bench(clock, sent=grumble)
        working = asyncio.create_task(bench.dispatch.run())
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        bench.decide(a=8.0, b=6.0)
        await bench.after(1)
        working.cancel()
        await asyncio.wait([working])
        return bench

    assert [limit_a for name, limit_a in run_virtual(main(), clock).wire if name == "a"] == [10.0, 8.0]


class HangingLink(FakeLink):
    """Never answers, and never lets go."""

    async def set_limit(self, lease: LeasedLimit) -> LimitReceipt:
        self.wire.append((self.station_id, lease.limit_a))
        await asyncio.Event().wait()
        raise AssertionError


def test_dispatch_ends_when_it_is_cancelled_although_a_station_hangs() -> None:
    clock = VirtualClock()

    async def main() -> bool:
        bench = Bench(clock)
        bench.links["a"] = HangingLink("a", clock, bench.wire)
        bench.rewired()
        working = asyncio.create_task(bench.dispatch.run())
        bench.decide(a=10.0, b=6.0)
        await bench.after(1)
        working.cancel()
        done, _ = await asyncio.wait([working], timeout=1.0)
        return working in done and bench.board.snapshot().meters["main"].current_a == PerPhase()

    assert run_virtual(main(), clock)
