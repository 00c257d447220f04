"""A battery is told its bounds in time, again in time, and let go: at our end, and when nobody looks any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.devices.cancellation import end_if_cancelled
from ems.errors import DeviceError, LinkDown, NoAnswer
from ems.model.battery import BatteryReason, BatteryRules, BatteryTakes
from ems.model.snapshot import Snapshot
from ems.runtime.battery_keeper import SAID_LASTS, STALE_AFTER_S, BatteryKeeper
from tests.unit.control.test_battery import decided, evening

Bounds = tuple[float | None, float | None]


class PaperValve:
    """Notes when what was said; fails as long as it is told to."""

    refresh_s = 4.0
    lasts_s = 60.0
    takes = BatteryTakes(hold=True, charge_limit=True, discharge_limit=True)

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.fails: DeviceError | None = None
        self.clear_fails: DeviceError | None = None
        self.said: list[tuple[float, Bounds]] = []
        self.asked = 0
        self.cleared = 0

    async def clear(self) -> None:
        self.cleared += 1
        if self.clear_fails is not None:
            raise self.clear_fails

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        self.asked += 1
        # As every connection of ours does, which may be shared.
        end_if_cancelled()
        if self.fails is not None:
            raise self.fails
        self.said.append((self.clock.monotonic_s(), (charge_at_most_w, discharge_at_most_w)))


class Bench:
    """A keeper that runs, and a loop that looks once a second at what a test shows it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.valve = PaperValve(self.clock)
        self.keeper = BatteryKeeper(BatteryRules(hold=True), self.valve, self.clock)
        self.shown: Snapshot | None = evening()

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            running = asyncio.create_task(self.keeper.run())
            looking = asyncio.create_task(self._look())
            await story()
            for task in (looking, running):
                task.cancel()
            await asyncio.wait([looking, running])

        run_virtual(main(), self.clock)

    async def _look(self) -> None:
        while True:
            if self.shown is not None:
                # The scene stands at its own second; only how old a look is counts here.
                self.keeper.watch(self.shown, decided(self.shown))
                self.keeper._seen_at_s = self.clock.monotonic_s()
            await self.clock.sleep(1.0)

    @property
    def bounds(self) -> list[Bounds]:
        return [bounds for _, bounds in self.valve.said]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_hold_is_said_at_once_and_again_before_the_battery_forgets_it(bench: Bench) -> None:
    async def story() -> None:
        await bench.clock.sleep(20.0)
        assert bench.keeper.standing.in_force

    bench.play(story)

    held_s = [at_s for at_s, bounds in bench.valve.said if bounds == (None, 0.0)]
    gaps_s = [after - before for before, after in pairwise(held_s)]
    assert len(held_s) >= 4
    assert max(gaps_s) <= bench.valve.lasts_s / 3


def test_at_our_end_the_battery_is_let_go(bench: Bench) -> None:
    async def story() -> None:
        await bench.clock.sleep(3.0)

    bench.play(story)

    assert bench.bounds[0] == (None, 0.0)
    assert bench.bounds[-1] == (None, None)


def test_a_free_battery_is_never_written_to(bench: Bench) -> None:
    bench.shown = evening(car_a=0.0)

    async def story() -> None:
        await bench.clock.sleep(100.0)

    bench.play(story)

    assert bench.valve.asked == 0


def test_what_an_earlier_run_left_is_taken_back_once_before_anything_is_said(bench: Bench) -> None:
    async def story() -> None:
        bench.valve.clear_fails = NoAnswer("silence")
        await bench.clock.sleep(5.0)
        assert (bench.valve.asked, bench.keeper.standing.trouble) == (0, "no_answer")
        bench.valve.clear_fails = None
        await bench.clock.sleep(20.0)
        cleared = bench.valve.cleared
        assert bench.keeper.standing.in_force
        await bench.clock.sleep(60.0)
        assert bench.valve.cleared == cleared

    bench.play(story)


def test_nobody_is_told_that_a_bound_holds_which_could_not_be_said_again(bench: Bench) -> None:
    async def story() -> None:
        await bench.clock.sleep(3.0)
        assert bench.keeper.standing.in_force
        bench.valve.fails = NoAnswer("silence")
        await bench.clock.sleep(SAID_LASTS * bench.valve.refresh_s + 1.0)
        assert not bench.keeper.standing.in_force

    bench.play(story)


def test_a_hold_that_only_silence_ends_is_not_kept_alive_by_a_bound_of_the_charging(bench: Bench) -> None:
    bench.valve.takes = BatteryTakes(hold=True, charge_limit=True, discharge_limit=True, ends_by_silence=True)
    bench.keeper = BatteryKeeper(BatteryRules(hold=True, charge_at_most_w=1000.0), bench.valve, bench.clock)

    async def story() -> None:
        await bench.clock.sleep(20.0)
        bench.shown = evening(car_a=0.0)
        await bench.clock.sleep(120.0)
        assert bench.keeper.standing.in_force

    bench.play(story)

    held_s = [at_s for at_s, bounds in bench.valve.said if bounds == (1000.0, 0.0)]
    charging_s = [at_s for at_s, bounds in bench.valve.said if bounds == (1000.0, None)]
    assert charging_s[0] - held_s[-1] >= bench.valve.lasts_s
    assert charging_s[0] - held_s[-1] <= bench.valve.lasts_s + STALE_AFTER_S


def test_nor_is_the_hold_of_an_earlier_run(bench: Bench) -> None:
    bench.valve.takes = BatteryTakes(hold=True, charge_limit=True, discharge_limit=True, ends_by_silence=True)
    bench.keeper = BatteryKeeper(BatteryRules(hold=True, charge_at_most_w=1000.0), bench.valve, bench.clock)
    bench.shown = evening(car_a=0.0)
    started_s = bench.clock.monotonic_s()

    async def story() -> None:
        await bench.clock.sleep(100.0)

    bench.play(story)

    assert bench.valve.said[0][0] - started_s >= bench.valve.lasts_s
    assert bench.bounds[0] == (1000.0, None)


def test_a_hold_that_is_taken_back_by_a_word_leaves_the_other_bound_as_it_is(bench: Bench) -> None:
    bench.keeper = BatteryKeeper(BatteryRules(hold=True, charge_at_most_w=1000.0), bench.valve, bench.clock)

    async def story() -> None:
        await bench.clock.sleep(20.0)
        bench.shown = evening(car_a=0.0)
        await bench.clock.sleep(2.0)

    bench.play(story)

    assert bench.bounds[-2:] == [(1000.0, None), (None, None)]


def test_a_hold_is_taken_back_at_once_though_the_last_try_failed(bench: Bench) -> None:
    """The pause between tries grows to a minute, which a house that needs its battery has no time for."""

    async def story() -> None:
        await bench.clock.sleep(3.0)
        bench.valve.fails = NoAnswer("silence")
        await bench.clock.sleep(60.0)
        bench.valve.fails = None
        bench.shown = evening(30.0, 9.0, 9.0, battery_w=0.0)
        await bench.clock.sleep(1.5)
        assert bench.bounds[-1] == (None, None)

    bench.play(story)


def test_a_hold_that_is_over_is_taken_back_at_once(bench: Bench) -> None:
    async def story() -> None:
        await bench.clock.sleep(3.0)
        bench.shown = evening(30.0, 9.0, 9.0, battery_w=0.0)
        await bench.clock.sleep(1.5)
        assert bench.bounds[-1] == (None, None)
        assert bench.keeper.standing.order.reason is BatteryReason.FUSE_NEEDS_IT

    bench.play(story)


def test_a_loop_that_looks_no_more_lets_it_go(bench: Bench) -> None:
    async def story() -> None:
        await bench.clock.sleep(3.0)
        bench.shown = None
        await bench.clock.sleep(STALE_AFTER_S + bench.valve.refresh_s + 1.0)
        assert bench.bounds[-1] == (None, None)
        assert bench.keeper.standing.order.reason is BatteryReason.UNSEEN

    bench.play(story)


@pytest.mark.parametrize("error", [NoAnswer("silence"), LinkDown("gone")])
def test_a_battery_that_gives_no_answer_counts_as_free_and_that_is_said_once(
    bench: Bench, error: DeviceError, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        bench.valve.fails = error
        await bench.clock.sleep(40.0)
        standing = bench.keeper.standing
        assert (standing.in_force, standing.trouble) == (False, error.code)
        bench.valve.fails = None
        await bench.clock.sleep(70.0)
        assert (bench.keeper.standing.in_force, bench.keeper.standing.trouble) == (True, None)

    bench.play(story)

    assert [each.levelname for each in caplog.records].count("WARNING") == 1
    assert "within 60 s it is free" in caplog.text
    assert "takes orders again" in caplog.text


def test_a_hold_whose_answer_was_lost_is_taken_back_all_the_same(bench: Bench) -> None:
    async def story() -> None:
        bench.valve.fails = NoAnswer("the answer was lost")
        await bench.clock.sleep(3.0)
        assert not bench.keeper.standing.in_force
        bench.valve.fails = None
        bench.shown = evening(30.0, 9.0, 9.0, battery_w=0.0)
        await bench.clock.sleep(10.0)
        assert bench.bounds == [(None, None)]

    bench.play(story)


def test_a_battery_that_cannot_be_let_go_is_named(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        await bench.clock.sleep(3.0)
        bench.valve.fails = LinkDown("gone")

    bench.play(story)

    assert "was not let go" in caplog.text
