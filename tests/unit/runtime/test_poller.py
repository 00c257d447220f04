"""Following a device: beat, back-off, and one line down and one up."""

from __future__ import annotations

import asyncio
import logging

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.errors import LinkDown
from ems.model.electrical import PerPhase
from ems.model.readings import GridReading
from ems.runtime.poller import Backoff, follow


class FakeMeter:
    """Answers after `takes_s`, unless it is silent."""

    name = "grid"
    period_s = 1.0

    def __init__(self, clock: VirtualClock, *, pushes: bool = False) -> None:
        self.clock = clock
        self.pushes = pushes
        self.takes_s = 0.3
        self.silent_until_s = 0.0
        self.asked_s: list[float] = []

    async def read(self) -> GridReading:
        self.asked_s.append(self.clock.monotonic_s())
        await self.clock.sleep(self.takes_s)
        if self.clock.monotonic_s() < self.silent_until_s:
            raise LinkDown("nobody there")
        return GridReading(current_a=PerPhase(), power_w=0.0, taken_at_s=self.clock.monotonic_s())

    async def close(self) -> None:
        return


def followed(seconds: float, **changes: float | bool) -> tuple[FakeMeter, list[GridReading]]:
    clock = VirtualClock()
    readings: list[GridReading] = []

    async def main() -> FakeMeter:
        meter = FakeMeter(clock, pushes=bool(changes.get("pushes", False)))
        meter.takes_s = float(changes.get("takes_s", 0.3))
        meter.silent_until_s = clock.monotonic_s() + float(changes.get("silent_s", 0.0))
        reader = asyncio.create_task(follow(meter, readings.append, clock))
        await clock.sleep(seconds)
        reader.cancel()
        await asyncio.wait([reader])
        return meter

    return run_virtual(main(), clock), readings


def test_samples_keep_the_beat_whatever_a_read_takes() -> None:
    meter, readings = followed(10.5)

    assert [round(at_s - meter.asked_s[0], 6) for at_s in meter.asked_s] == list(range(11))
    assert len(readings) == 11


def test_a_read_longer_than_the_beat_does_not_pile_up() -> None:
    meter, _ = followed(9.0, takes_s=2.5)

    assert [round(at_s - meter.asked_s[0], 6) for at_s in meter.asked_s] == [0.0, 2.5, 5.0, 7.5]


def test_a_device_that_pushes_is_read_without_a_pause() -> None:
    meter, _ = followed(2.0, pushes=True)

    assert len(meter.asked_s) >= 6


def test_a_silent_device_is_asked_less_and_less_often_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    meter, readings = followed(80.0, silent_s=40.0, takes_s=0.0)

    asked_s = [round(at_s - meter.asked_s[0]) for at_s in meter.asked_s[:7]]
    assert asked_s[:6] == [0, 1, 3, 7, 15, 31]
    assert readings
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.messages[0].endswith("(link_down): nobody there; trying again, check its power, cable and address")


def test_backoff_doubles_up_to_the_longest_and_starts_anew() -> None:
    pauses = Backoff(1.0, 5.0)

    assert [pauses.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    pauses.reset()
    assert pauses.next_s() == 1.0
