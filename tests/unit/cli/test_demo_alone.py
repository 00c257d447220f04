"""What `ems demo` shows once its service was killed: the house goes on, and leases end by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from ems.cli.demo_alone import alone, picture_alone
from ems.cli.demo_table import opening_lines
from ems.clock import ScaledClock
from ems.config.examples import example
from ems.config.loader import load_site
from ems.sim.demo import Demo, ServiceEnd
from ems.sim.demo_figures import figures
from ems.sim.wire.house import SimulatedHouse
from tests.unit.cli.test_demo_table import STARTED, drawn, line_of

FILE = load_site(example("demo"))
SPEED = 1000.0
"""A lease of the demo takes a few hundredths of a second."""


@pytest.fixture
async def demo() -> Demo:
    """A demo whose house never opened, and whose service was killed after it started."""
    clock = ScaledClock(SPEED)
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", STARTED), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    demo = Demo(SimulatedHouse(FILE, clock), clock, service, log=Path("none"), began_at_s=clock.monotonic_s())
    await demo.listening
    os.kill(service.pid, signal.SIGKILL)
    await demo.end()
    return demo


async def test_killed_service_is_told_with_its_signal(demo: Demo) -> None:
    end = demo.service_end

    assert end is not None
    assert str(end) == "signal 9"
    assert figures(demo, "Demo house").problems[0].startswith("the service ended (signal 9) after ")


async def test_picture_counts_down_to_the_end_of_the_leases(demo: Demo) -> None:
    end = ServiceEnd(at_s=demo.clock.monotonic_s() + 1e6, exit_code=1)

    lines = drawn(picture_alone(demo, end, FILE))

    assert "without the service" in lines[0]
    assert "service ended (exit code 1); stations fall back within " in lines[1]
    assert "A of 25 A" in line_of(lines, "L1")
    assert all(any(f" {station.id} " in line for line in lines) for station in FILE.stations)


async def test_it_is_watched_until_every_lease_is_over(demo: Demo) -> None:
    end = ServiceEnd(at_s=demo.clock.monotonic_s(), exit_code=-9)

    await alone(demo, FILE)

    assert "service ended (signal 9); every lease is over" in drawn(picture_alone(demo, end, FILE))[1]


async def test_nobody_waits_for_the_pages_of_a_service_that_ended(demo: Demo) -> None:
    assert demo.pages.is_set()
    assert list(opening_lines(demo)) == ["The pages are not served: the service's log says why."]
