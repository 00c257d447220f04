"""The board's bell, the loop that answers it, and what a snapshot holds."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ems.clock import VirtualClock, run_virtual
from ems.control.cycle import Turn, decide
from ems.control.memory import Memory
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, SendOutcome, SentLimit, StationState
from ems.runtime.loop import LONGEST_WAIT_S, Loop
from tests.unit.runtime.bench import Bench


def grid(bench: Bench) -> GridReading:
    return GridReading(current_a=PerPhase(1.0, 2.0, 3.0), power_w=1380.0, taken_at_s=bench.clock.monotonic_s())


def turns_s(seconds: float, *events: tuple[float, str]) -> list[float]:
    """When the loop decided, counted from its start, given what happened when."""
    clock = VirtualClock()
    decided_s: list[float] = []

    async def main() -> None:
        bench = Bench(clock)
        start_s = clock.monotonic_s()
        await bench.board.news(0.0)
        beats: list[float] = []
        loop = Loop(
            bench.board,
            bench.dispatch,
            clock,
            beat=lambda: beats.append(clock.monotonic_s()),
            watchers=[lambda look, _: decided_s.append(round(look.now_s - start_s, 3))],
        )
        running = asyncio.create_task(loop.run())
        for at_s, event in events:
            await clock.sleep(start_s + at_s - clock.monotonic_s())
            happen(bench, event)
        await clock.sleep(start_s + seconds - clock.monotonic_s())
        running.cancel()
        await asyncio.wait([running])
        assert len(beats) == len(decided_s)

    run_virtual(main(), clock)
    return decided_s


def happen(bench: Bench, event: str) -> None:
    state = bench.board.state_of("a")
    now_s = bench.clock.monotonic_s()
    car = CarReading(current_a=(6.0, 6.0, 6.0), taken_at_s=now_s)
    limit = SentLimit(limit_a=6.0, phases=3, sent_at_s=now_s, lease_ends_at_s=now_s + 60)
    if event == "meter":
        bench.board.post_meter("main", grid(bench))
    elif event == "plug":
        bench.board.post_station(replace(state, sent=(), in_transaction=True))
    elif event == "car":
        bench.board.post_station(replace(state, sent=(), car=car))
    elif event == "goal":
        bench.board.set_goal("a", Goal(mode=ChargeMode.FAST))
    elif event in {"dimmed", "not dimmed"}:
        bench.board.set_dimmed(event == "dimmed")
    elif event == "solar":
        bench.board.post_solar("roof", SolarReading(power_w=900.0, taken_at_s=now_s))
    elif event == "refused":
        bench.board.record_sent("a", limit)
        bench.board.record_outcome("a", limit, limit.settled(SendOutcome.REJECTED, now_s))


def test_without_news_the_loop_still_looks() -> None:
    assert turns_s(7.0) == [LONGEST_WAIT_S, 2 * LONGEST_WAIT_S, 3 * LONGEST_WAIT_S]


def test_meter_plug_goal_and_refusal_wake_it_at_once() -> None:
    events = [(0.5, "meter"), (1.0, "plug"), (1.5, "goal"), (1.75, "refused")]

    assert turns_s(2.0, *events) == [0.5, 1.0, 1.5, 1.75]


def test_the_grid_operator_wakes_it_when_its_call_changes() -> None:
    events = [(0.5, "dimmed"), (0.75, "dimmed"), (1.0, "not dimmed"), (1.25, "not dimmed")]

    assert turns_s(1.5, *events) == [0.5, 1.0]


def test_car_and_sun_wait_for_the_next_look() -> None:
    assert turns_s(2.5, (0.5, "car"), (1.0, "solar")) == [LONGEST_WAIT_S]


def test_a_snapshot_sums_the_fresh_inverters_and_forgets_old_ones() -> None:
    clock = VirtualClock()

    async def main() -> None:
        bench = Bench(clock)
        now_s = clock.monotonic_s()
        bench.board.post_solar("east", SolarReading(power_w=900.0, taken_at_s=now_s))
        bench.board.post_solar("west", SolarReading(power_w=600.0, taken_at_s=now_s - 5))
        bench.board.post_battery(BatteryReading(power_w=-200.0, taken_at_s=now_s))
        bench.board.post_meter("main", grid(bench))
        assert bench.board.snapshot().dimmed is None
        bench.board.set_dimmed(False)
        look = bench.board.snapshot()
        assert look.dimmed is False
        assert look.solar == SolarReading(power_w=1500.0, taken_at_s=now_s - 5, complete=False)
        bench.board.post_solar("east", SolarReading(power_w=900.0, taken_at_s=now_s, current_a=PerPhase(4.0, 0.0, 0.0)))
        one_of_them = bench.board.snapshot().solar
        assert one_of_them is not None
        assert one_of_them.current_a is not None
        assert one_of_them.current_a.l3 == 4.0 + 200.0 / 230.0
        assert look.battery is not None
        assert look.meters["main"].power_w == 1380.0
        await clock.sleep(120)
        later = bench.board.snapshot()
        assert later.solar is None
        assert later.battery is None
        assert later.meters["main"].power_w == 1380.0
        assert bench.board.state_of("nobody") == StationState(station_id="nobody")

    run_virtual(main(), clock)


def test_every_turn_is_taken_down_and_the_memory_of_an_earlier_run_goes_on() -> None:
    clock = VirtualClock()
    taken_down: list[tuple[Snapshot, Memory, Turn]] = []
    kept = Memory(started_at_s=1.0, last_at_s=1.0, thermal={("main", Phase.L1): 0.9})

    async def main() -> None:
        bench = Bench(clock)
        loop = Loop(
            bench.board,
            bench.dispatch,
            clock,
            beat=lambda: None,
            records=[lambda *turn: taken_down.append(turn)],
            memory=kept,
        )
        for _ in range(3):
            loop.turn()

    run_virtual(main(), clock)

    before = [memory for _, memory, _ in taken_down]
    assert before == [kept, *(turn.memory for _, _, turn in taken_down[:-1])]
    assert all(turn == decide(look, memory) for look, memory, turn in taken_down)


def test_record_that_fails_does_not_end_the_loop() -> None:
    clock = VirtualClock()

    def fails(*_: object) -> None:
        raise OSError("no disk")

    async def main() -> Turn:
        bench = Bench(clock)
        return Loop(bench.board, bench.dispatch, clock, beat=lambda: None, records=[fails]).turn()

    assert run_virtual(main(), clock).decision.setpoints.keys() == {"a", "b"}
