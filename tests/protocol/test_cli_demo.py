"""`ems demo` as a process of its own: its summary for programs, its picture for people."""

from __future__ import annotations

import json
from pathlib import Path

from ems.sim.demo_figures import Figures, Percentiles, StationFigures
from tests.protocol.command import ems

STATIONS = ("drive", "carport", "workshop")


async def test_json_is_one_object_with_every_figure_and_the_exit_code_says_whether_all_went_well() -> None:
    async with ems("demo", "--for", "24", "--json", "--speed", "4") as demo:
        out, _ = await demo.output()
        code = await demo.ends()

    assert out.count("\n") == 1
    facts = json.loads(out)
    assert facts.keys() == Figures.model_fields.keys()
    assert facts["reaction_ms"].keys() == Percentiles.model_fields.keys()
    assert [station["id"] for station in facts["stations"]] == list(STATIONS)
    assert all(station.keys() == StationFigures.model_fields.keys() for station in facts["stations"])
    assert code == (0 if facts["ok"] else 1)
    assert facts["lasted_s"] >= 24
    assert facts["meter_samples"] > 0
    assert facts["main_fuse_a"] == 25
    assert len(facts["grid_max_a"]) == 3


async def test_where_nobody_watches_it_prints_a_table_now_and_then_and_closing_lines() -> None:
    async with ems("demo", "--for", "24", "--speed", "4") as demo:
        out, _ = await demo.output()
        code = await demo.ends()

    lines = out.splitlines()
    assert code in {0, 1}
    assert any("Fusewise demo: Demo house" in line for line in lines)
    assert any("station" in line and "limit" in line and "because" in line for line in lines)
    assert all(any(f" {station} " in line for line in lines) for station in STATIONS)
    assert any(line.startswith("main fuse 25 A: at most ") for line in lines)
    assert lines[0].startswith("Service: process ")
    assert lines[-1] == "all is well" if code == 0 else lines[-1].startswith("not all went well: ")


async def test_house_that_cannot_be_played_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    write(
        site,
        """\
connection: {main_fuse_a: 25}
meters: [{id: grid, profile: eastron_sdm630, modbus: {host: 10.0.0.5}}]
battery: {id: cellar, pushed: true, period_s: 5}
stations: [{id: garage}]
""",
    )

    async with ems("demo", str(site), "--json") as demo:
        out, err = await demo.output()
        code = await demo.ends()

    assert code == 1
    assert out == ""
    assert err == "cellar is pushed by another program, which cannot be simulated; leave it out\n"


async def test_broken_file_is_told_like_everywhere(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    write(site, "connection: {main_fuse_a: 1000}\n")

    async with ems("demo", str(site)) as demo:
        _, err = await demo.output()
        code = await demo.ends()

    assert code == 1
    assert "site.yaml line 1: connection.main_fuse_a is 1000: home fuses are 6 to 125 A; did you mean watts?" in err


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
