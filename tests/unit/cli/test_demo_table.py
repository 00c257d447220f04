"""What `ems demo` draws of a decision, and its closing words."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from ems.cli.demo_table import closing_lines, picture
from ems.clock import ScaledClock
from ems.config.schema import SiteFile
from ems.sim.demo import Demo
from ems.sim.demo_figures import Figures, Percentiles, StationFigures
from ems.sim.wire.house import SimulatedHouse

FILE = SiteFile.model_validate(
    {
        "site": {"name": "Test house"},
        "connection": {"main_fuse_a": 25},
        "meters": [{"id": "grid", "profile": "eastron_sdm630", "modbus": {"host": "127.0.0.1"}}],
        "stations": [{"id": "drive"}, {"id": "carport"}, {"id": "yard"}],
    }
)
DECISION: dict[str, Any] = {
    "event": "decision",
    "at_s": 100.0,
    "surplus_w": 4200.0,
    "solar_w": 6800.0,
    "circuits": {
        "main": {"fuse_a": 25.0, "usable_a": 21.7, "measured_a": [25.5, -12.5, 22.0], "house_a": [1, 1, 1]},
        "shed": {"fuse_a": 16.0, "usable_a": 15.2, "measured_a": None, "house_a": [0, 0, 0]},
    },
    "stations": {
        "drive": {
            "connected": True,
            "protocol": "ocpp2.1",
            "status": "Charging",
            "limit_a": 12.5,
            "measured_a": [12.4, 12.3, 0.0],
            "because": "surplus 4200 W",
        },
        "carport": {
            "connected": True,
            "protocol": "ocpp1.6",
            "status": "SuspendedEVSE",
            "limit_a": 0,
            "measured_a": None,
            "because": "main fuse L1: house 21.0 A, 0.7 A left",
        },
        "yard": {
            "connected": False,
            "protocol": None,
            "status": None,
            "limit_a": 6.0,
            "measured_a": None,
            "because": "station does not answer",
        },
    },
    "notices": [],
}


ORDER = {
    "charge_at_most_w": None,
    "discharge_at_most_w": 0.0,
    "because": "held: a car charges as fast as it may",
    "in_force": True,
    "trouble": None,
}


STARTED = """print('{"event":"started","ocpp_port":9000}', flush=True); input()"""


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    """A demo whose house never opened, and whose service said no more than that it started."""
    clock = ScaledClock(1)
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", STARTED), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    demo = Demo(SimulatedHouse(FILE, clock), clock, service, log=Path("none"), began_at_s=clock.monotonic_s())
    await demo.listening
    yield demo
    await demo.end()


def drawn(what: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(what)
    return console.export_text().splitlines()


def line_of(lines: list[str], word: str) -> str:
    return next(line for line in lines if word in line)


def test_before_the_first_decision_it_says_what_it_waits_for(demo: Demo) -> None:
    lines = drawn(picture(demo, FILE))

    assert "Test house" in lines[0]
    assert "the service starts" in lines[1]


def test_decision_is_drawn_with_sun_phases_and_stations(demo: Demo) -> None:
    demo.told.decision = DECISION
    demo.told.sent_count = 2

    lines = drawn(picture(demo, FILE))

    assert "Fusewise demo: Test house" in lines[0]
    assert "sun 6.8 kW   left for cars 4.2 kW   limits sent 2" in lines[1]
    assert "25.5 A of 25 A" in line_of(lines, "L1")
    assert line_of(lines, "L2").count("█") == 12
    assert line_of(lines, "L1").count("█") == 24
    assert not any("shed" in line for line in lines)


@pytest.mark.parametrize(
    ("power_w", "order", "words"),
    [
        (1500.0, None, "battery gives 1.5 kW   charge 61%"),
        (-700.0, None, "battery takes 0.7 kW   charge 61%"),
        (0.0, ORDER, "charge 61%   held: a car charges as fast as it may"),
        (900.0, ORDER | {"in_force": False}, "held: a car charges as fast as it may (not taken yet)"),
        (900.0, ORDER | {"trouble": "refused"}, "takes no order: refused"),
    ],
)
def test_home_battery_is_drawn_with_its_order(
    demo: Demo, power_w: float, order: dict[str, Any] | None, words: str
) -> None:
    demo.told.decision = DECISION | {"battery": {"power_w": power_w, "soc": 0.61, "order": order}}

    assert words in line_of(drawn(picture(demo, FILE)), "battery")


def test_every_station_has_its_state_limit_draw_and_reason(demo: Demo) -> None:
    demo.told.decision = DECISION

    lines = drawn(picture(demo, FILE))

    assert line_of(lines, " drive ").split()[1:] == [
        *("drive", "ocpp2.1", "Charging", "12.5", "A", "12.4", "12.3", "0.0", "A", "surplus", "4200", "W", "│"),
    ]
    assert line_of(lines, " carport ").split()[1:6] == ["carport", "ocpp1.6", "SuspendedEVSE", "pause", "?"]
    assert line_of(lines, " yard ").split()[1:7] == ["yard", "?", "away", "6.0", "A", "?"]


def test_notices_stand_in_one_line_below_the_stations(demo: Demo) -> None:
    demo.told.decision = DECISION
    quiet = drawn(picture(demo, FILE))
    notices = [{"says": "drive ignores its limit"}, {"says": "main L2: too much without any car " * 5}]
    demo.told.decision = {**DECISION, "notices": notices}

    lines = drawn(picture(demo, FILE))

    assert len(lines) == len(quiet) + 1
    assert "! drive ignores its limit · main L2: too much" in lines[-2]


def test_what_is_unknown_is_a_question_mark(demo: Demo) -> None:
    demo.told.decision = {**DECISION, "surplus_w": None, "solar_w": None}

    assert "sun ?   left for cars ?" in drawn(picture(demo, FILE))[1]


def figures(**changes: Any) -> Figures:
    usual: dict[str, Any] = {
        "ok": True,
        "problems": [],
        "site": "Test house",
        "lasted_s": 90.0,
        "meter_samples": 88,
        "grid_max_a": [12.0, 24.4, 3.0],
        "main_fuse_a": 25.0,
        "seconds_over_rating": 0.0,
        "reaction_ms": Percentiles(p50=8.0, p99=31.0),
        "first_limit_s": 1.2,
        "rss_mb": 70.0,
        "cpu_share": 0.031,
        "stations": [
            StationFigures(
                id="drive",
                protocol="ocpp1.6",
                profiles_sent=9,
                profiles_accepted=8,
                limit_changes=5,
                limit_a=12.5,
                measured_a=12.4,
                reason="surplus 4200 W",
                energy_kwh=0.21,
            )
        ],
    }
    return Figures(**{**usual, **changes})


def test_closing_lines_tell_fuse_speed_cost_and_energy() -> None:
    assert list(closing_lines(figures())) == [
        "90 s, 88 meter samples, 1 station",
        "main fuse 25 A: at most 24.4 A on a phase, 0 s above its rating",
        "from the meter's answer to the limit at the station: 8 ms in the middle, 31 ms at the 99th percentile",
        "the service took 70 MB and 3.1% of a core",
        "drive: 8 limits accepted, 5 changes, 0.21 kWh",
        "all is well",
    ]


def test_closing_lines_leave_out_what_was_never_measured() -> None:
    lines = list(
        closing_lines(
            figures(
                ok=False,
                problems=["yard took no limit"],
                reaction_ms=Percentiles(p50=None, p99=None),
                rss_mb=None,
                cpu_share=None,
            )
        )
    )

    assert len(lines) == 4
    assert lines[-1] == "not all went well: yard took no limit"
