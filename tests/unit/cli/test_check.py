"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ems.cli.check import check_site, checked_site
from ems.cli.check_caps import minimum_formula
from ems.config.examples import example, examples
from ems.config.problems import SiteFileError
from ems.model.site import GridOperator

UNCOVERED = """\
connection: {main_fuse_a: 25, largest_other_load_a: 13}
circuits:
  - {id: garage, fuse_a: 16, fuse_device: gg, phases: [L2], derating: 0.9, largest_other_load_a: 0}
meters:
  - {id: grid, profile: eastron_sdm630, modbus: {host: 127.0.0.1}}
stations:
  - {id: drive, fallback_a: 6, wiring_known: false, phase_switching: true}
  - {id: bay, circuit: garage, wired: [L2], fallback_a: 6, lease_verified: true, mode: off}
policy: {lease_s: 45}
"""


def ems(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, its output piped."""
    return subprocess.run(
        [sys.executable, "-m", "ems", *arguments], capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture
def uncovered(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED, encoding="utf-8")
    return path


def said_of(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = check_site(path, as_json=True)
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    return code, json.loads(output)


@pytest.mark.parametrize("name", examples())
def test_example_is_covered_and_exits_with_0(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_site(example(name), as_json=False) == 0
    assert "Every fuse is covered." in capsys.readouterr().out


def test_tree_shows_fuses_meters_and_wiring(capsys: pytest.CaptureFixture[str]) -> None:
    check_site(example("demo"), as_json=False)

    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == "Demo house"
    assert "main: 3 × 25 A mcb_b, reserve 2 A, meter grid every 1 s" in lines[1]
    assert "station drive: L1 L2 L3, 6 to 16 A, fallback 6 A, verified, switches phases, " in lines[2]
    assert "    └── garage: 3 × 20 A mcb_c, meter garage-meter every 1 s" in lines[4]
    assert "        └── station workshop: L3 L1 L2" in lines[5]


def test_tree_shows_the_caps_that_are_no_fuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_site(example("german_14a"), as_json=False)
    german = capsys.readouterr().out.splitlines()
    check_site(capped(tmp_path), as_json=False)
    flemish = capsys.readouterr().out.splitlines()

    assert "main: 3 × 35 A sls, reserve 2 A, at most 22 kW, meter grid every 1 s" in german[1]
    assert german[4:6] == [
        "├── phase imbalance: cars load one phase at most 20 A above another",
        (
            "└── grid operator (§ 14a EnWG): cars take at most 10.5 kW from the grid, "
            "while called for in cabinet/dimming, or unknown; 4.2 kW + 2 × 0.75 × 4.2 kW = 10.5 kW"
        ),
    ]
    assert "garage: 1 × 16 A gg on L2, derating 0.9, at most 3.7 kW, no meter" in flemish[3]
    assert flemish[5:7] == [
        "├── peak tariff: cars keep the mean of every 30 min below 4.5 kW",
        (
            "└── grid operator (§ 14a EnWG): cars take at most 13.5 kW from the grid, always, without a signal; "
            "0.4 × 18 kW + 2 × 0.75 × 4.2 kW = 13.5 kW"
        ),
    ]


def capped(folder: Path) -> Path:
    """The uncovered house with a cap of every kind."""
    text = UNCOVERED.replace(
        "connection: {", "connection: {max_import_kw: 10, peak_tariff: {limit_kw: 4.5, window_min: 30}, "
    )
    text = text.replace("{id: garage,", "{id: garage, max_kw: 3.7,")
    path = folder / "capped.yaml"
    path.write_text(text + "grid_operator: {rule: de14a, devices: 3, large_heat_pump_kw: 18}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("operator", "formula"),
    [
        (GridOperator(devices=1), "4.2 kW = 4.2 kW"),
        (GridOperator(devices=2), "4.2 kW + 1 × 0.8 × 4.2 kW = 7.56 kW"),
        (GridOperator(devices=4), "4.2 kW + 3 × 0.7 × 4.2 kW = 13.02 kW"),
        (GridOperator(devices=12), "4.2 kW + 11 × 0.45 × 4.2 kW = 24.99 kW"),
        (GridOperator(devices=1, large_heat_pump_w=20_000.0), "0.4 × 20 kW = 8 kW"),
    ],
)
def test_the_minimum_of_the_grid_operator_is_shown_with_its_formula(operator: GridOperator, formula: str) -> None:
    assert minimum_formula(operator) == formula


def test_uncovered_fuse_exits_with_1_and_names_who_draws(uncovered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_site(uncovered, as_json=False) == 1

    output = capsys.readouterr().out
    row = next(line for line in output.splitlines() if line.startswith("│ main   │ L2"))

    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "main",
        "L2",
        "22 A",
        "13 A",
        "35 A",
        "25 A",
        "NO: drive, bay",
    ]
    assert "garage: 1 × 16 A gg on L2, derating 0.9, no meter" in output
    assert "station bay: L2, 6 to 16 A, fallback 6 A, verified, off" in output
    assert "At least one fuse is NOT covered." in output


def test_notes_tell_what_to_do(uncovered: Path) -> None:
    notes = "\n".join(checked_site(uncovered).notes)

    assert (
        "drive is not verified and counts with 16 A. "
        "Let it charge, stop the service or pull the network cable, wait 55 s" in notes
    )
    assert "drive counts on each of L1 L2 L3: its wiring was never measured." in notes
    assert (
        "Would be covered with fallback currents up to these, once each station is verified: drive 6 A (yours:" in notes
    )
    assert "Leases last 45 s and are renewed every 15 s" in notes


def test_a_pushed_meter_is_told_what_it_costs(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    grid = "{id: grid, profile: eastron_sdm630, modbus: {host: 127.0.0.1}}"
    path.write_text(UNCOVERED.replace(grid, "{id: grid, pushed: true, period_s: 10}"), encoding="utf-8")
    notes = "\n".join(checked_site(path).notes)

    assert "The meter of main is pushed every 10 s: its sensor counts as silent only after 50 s." in notes
    assert "house and cars may fill 16.1 A instead of 21.8 A" in notes
    assert "must tell current or power of each of L1 L2 L3; a total alone is refused" in notes


def test_fuse_that_nobody_stated_is_shown_as_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED.replace("main_fuse_a: 25, largest_other_load_a: 13", "phases: 3"), encoding="utf-8")

    check_site(path, as_json=False)

    assert "main: 3 × 16 A assumed mcb_b" in capsys.readouterr().out


def test_house_without_a_main_fuse_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED.replace("main_fuse_a: 25, largest_other_load_a: 13", "phases: 3"), encoding="utf-8")

    notes = "\n".join(checked_site(path).notes)

    assert "Not commissioned: state connection.main_fuse_a." in notes
    assert "connection.largest_other_load_a is unknown" in notes


@pytest.mark.parametrize(
    ("main", "garage", "row_a", "covered", "note"),
    [
        ("largest_other_load_a: 8", "", 8.0, True, "it counts as 8 A, like that in front of it, and no meter sees it"),
        ("largest_other_load_a: 12", "", 12.0, False, "it counts as 12 A"),
        ("reserve_a: 2", "", None, False, "without it, or that of a circuit in front of it, only stations that fall"),
        ("largest_other_load_a: 12", ", largest_other_load_a: 0", 0.0, True, None),
    ],
)
def test_circuit_whose_other_load_nobody_stated_counts_as_what_is_in_front_of_it(
    tmp_path: Path, main: str, garage: str, row_a: float | None, covered: bool, note: str | None
) -> None:
    text = UNCOVERED.replace("largest_other_load_a: 13", main).replace(", largest_other_load_a: 0", garage)
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")

    checked = checked_site(path)
    row = next(row for row in checked.rows if row.circuit_id == "garage")
    notes = [note for note in checked.notes if "circuits[garage].largest_other_load_a is unknown" in note]

    assert (row.other_load_a, row.covered) == (row_a, covered)
    assert len(notes) == (note is not None)
    assert all(note in each for each in notes if note)


def test_house_that_no_fallback_can_cover_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED.replace("largest_other_load_a: 13", "largest_other_load_a: 30"), encoding="utf-8")

    assert any("No fallback currents cover this house" in note for note in checked_site(path).notes)


def test_password_that_is_not_there_is_a_note_and_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAY_PASSWORD", raising=False)
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED.replace("{id: bay,", "{id: bay, password: {env: BAY_PASSWORD},"), encoding="utf-8")

    assert any("Password of bay: environment variable BAY_PASSWORD" in note for note in checked_site(path).notes)


def test_unknown_device_profile_is_a_problem_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED.replace("eastron_sdm630", "eastron_sdm6300"), encoding="utf-8")

    with pytest.raises(SiteFileError, match=r"line 5: meters\[grid\].profile .* did you mean eastron_sdm630\?"):
        checked_site(path)


def test_device_that_cannot_be_what_the_file_says_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED + "solar: [{id: roof, profile: eastron_sdm630, modbus: {host: a}}]\n", encoding="utf-8")

    with pytest.raises(SiteFileError, match="roof"):
        checked_site(path)


def test_problems_go_to_the_error_output_with_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(UNCOVERED.replace("main_fuse_a: 25", "main_fuse_a: 1000"), encoding="utf-8")

    assert check_site(path, as_json=False) == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        "site.yaml line 1: connection.main_fuse_a is 1000: home fuses are 6 to 125 A; did you mean watts?\n"
    )


def test_json_holds_the_proof(uncovered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = said_of(uncovered, capsys)

    assert (code, said["ok"], said["commissioned"], said["lease_s"]) == (1, False, True, 45)
    assert said["proof"][1] == {
        "circuit": "main",
        "phase": "L2",
        "stations_a": 22,
        "other_load_a": 13,
        "bound_a": 25,
        "covered": False,
        "culprits": ["drive", "bay"],
    }
    assert said["proof"][3]["bound_a"] == 14.4
    assert said["suggested_fallback_a"] == {"drive": 6, "bay": 6}
    assert said["circuits"][1]["fed_from"] == "main"


def test_json_of_a_covered_house_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = said_of(example("garage"), capsys)

    assert (code, said["ok"], len(said["stations"]), len(said["proof"])) == (0, True, 6, 12)


def test_json_holds_the_caps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = said_of(capped(tmp_path), capsys)
    _, german = said_of(example("german_14a"), capsys)
    _, plain = said_of(example("one_car"), capsys)

    assert [circuit["max_kw"] for circuit in said["circuits"]] == [10, 3.7]
    assert said["peak_tariff"] == {"limit_kw": 4.5, "window_min": 30}
    assert said["grid_operator"] == {
        "minimum_kw": 13.5,
        "formula": "0.4 × 18 kW + 2 × 0.75 × 4.2 kW = 13.5 kW",
        "devices": 3,
        "signal": None,
    }
    assert (german["max_imbalance_a"], german["grid_operator"]["signal"]) == (20, "cabinet/dimming")
    assert (plain["max_imbalance_a"], plain["peak_tariff"], plain["grid_operator"]) == (None, None, None)
    assert plain["circuits"][0]["max_kw"] is None


def test_json_holds_the_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = said_of(tmp_path / "none.yaml", capsys)

    assert (code, said["ok"]) == (1, False)
    assert [(p["file"], p["line"], p["problem"]) for p in said["problems"]] == [("none.yaml", None, "does not exist")]


def test_piped_table_loses_no_name(tmp_path: Path) -> None:
    names = [f"a-station-with-a-rather-long-name-number-{i:02}" for i in range(12)]
    path = tmp_path / "site.yaml"
    stations = "".join(f"  - {{id: {name}}}\n" for name in names)
    path.write_text(UNCOVERED[: UNCOVERED.index("  - {id: drive")] + stations, encoding="utf-8")

    done = ems("check", str(path))

    told = done.stdout.replace("│", "").replace(" ", "").replace("\n", "")
    assert done.returncode == 1
    assert ",".join(names) in told


def test_wrong_use_exits_with_2() -> None:
    assert ems("check").returncode == 2
    assert ems("charge").returncode == 2


def test_version_and_help_exit_with_0() -> None:
    version, helped = ems("--version"), ems("--help")

    assert (version.returncode, version.stdout) == (0, "fusewise 0.1.0\n")
    assert helped.returncode == 0
    assert "Check a site file and prove that every fuse holds." in helped.stdout


def test_help_loads_no_heavy_module() -> None:
    script = "import sys, ems.cli; print(sorted({'pydantic', 'pymodbus', 'ruamel.yaml', 'asyncio'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_schema_is_printed_or_written(tmp_path: Path) -> None:
    path = tmp_path / "site.schema.json"

    printed, written = ems("schema"), ems("schema", "--output", str(path))

    assert (printed.returncode, written.returncode, written.stdout) == (0, 0, "")
    assert path.read_text(encoding="utf-8") == printed.stdout
    assert json.loads(printed.stdout)["title"] == "Fusewise site file"


def test_schema_that_cannot_be_written_exits_with_1(tmp_path: Path) -> None:
    done = ems("schema", "--output", str(tmp_path / "none" / "schema.json"))

    assert done.returncode == 1
    assert "cannot be written" in done.stderr
