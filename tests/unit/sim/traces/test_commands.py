"""`ems trace`: what its commands print and leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ems.cli import trace_commands as commands
from ems.sim.traces.trace import read_trace
from tests.unit.sim.traces.trace_files import written


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and error output of one command."""
    result = CliRunner().invoke(commands.trace_app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def test_make_and_info_tell_the_same(tmp_path: Path) -> None:
    path = tmp_path / "house.csv.gz"

    made = run("make", path, "--start", "2026-06-21", "--days", "2", "--sky", "clear", "--sky", "broken=2")
    told = run("info", path)

    assert (made[0], told[0]) == (0, 0)
    assert made[1] == told[1]
    assert "2026-06-21T00:00:00Z to 2026-06-23T00:00:00Z, 2.00 days, 2880 steps of 60 s" in told[1]


def test_info_as_json_is_one_object(tmp_path: Path) -> None:
    path = written(tmp_path, "time,load_w\n2026-06-21T10:00:00Z,100\n2026-06-21T10:01:00Z,300\n")

    code, out, _ = run("info", path, "--json")
    said = json.loads(out)

    assert (code, said["ok"], said["start_utc"], said["step_s"]) == (0, True, "2026-06-21T10:00:00Z", 60)
    assert said["columns"] == [
        {
            "name": "load_w",
            "gap_share": 0.0,
            "mean": 200.0,
            "least": 100.0,
            "most": 300.0,
            "steepest_step": 200.0,
            "steepest_utc": "2026-06-21T10:01:00Z",
            "kwh_per_day": None,
        }
    ]


def test_a_wrong_trace_is_told_as_text_and_as_json(tmp_path: Path) -> None:
    path = written(tmp_path, "time,load_w\n2026-06-21T10:00:00Z,much\n")

    text = run("info", path)
    as_json = run("info", path, "--json")

    assert text[:2] == (1, "")
    assert text[2].startswith("house.csv line 2: load_w is 'much', not a number: ")
    assert as_json[0] == 1
    assert json.loads(as_json[1])["problems"][0]["line"] == 2


def test_import_knows_a_home_assistant_export_by_its_columns(tmp_path: Path) -> None:
    history = "entity_id,state,last_changed\n" + "".join(
        f"sensor.house,{minute},2026-06-21T10:{minute:02}:00.000Z\n" for minute in range(5)
    )
    out = tmp_path / "out.csv"

    code, said, _ = run("import", written(tmp_path, history), out, "--map", "load_w=sensor.house:kW")

    assert code == 0
    assert "4 steps of 60 s" in said
    np.testing.assert_array_equal(read_trace(out).load_w, [0, 1000, 2000, 3000])


def test_import_takes_any_csv(tmp_path: Path) -> None:
    text = "at|house\n2026-06-21 10:00|1,5\n2026-06-21 10:05|2,5\n"
    layout = ("--time-column", "at", "--timezone", "Europe/Berlin", "--delimiter", "|", "--decimal-comma")
    out = tmp_path / "out.csv"

    code, said, _ = run("import", written(tmp_path, text), out, "--map", "load_w=house:kW", *layout)

    assert code == 0
    assert "2026-06-21T08:00:00Z to 2026-06-21T08:10:00Z" in said
    np.testing.assert_array_equal(read_trace(out).load_w, [1500, 2500])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("make", "x.json", "--start", "2026-06-21"), "let it end in .csv"),
        (("make", "x.csv", "--start", "2026-06-21", "--sky", "green"), "'green' is not understood"),
        (("import", "none.csv", "x.csv", "--map", "load_w=a:W"), "none.csv: does not exist"),
        (("record", "none.yaml", "x.csv"), "none.yaml"),
    ],
)
def test_a_problem_is_told_with_exit_code_1(arguments: tuple[str, ...], problem: str) -> None:
    code, out, err = run(*arguments)

    assert (code, out) == (1, "")
    assert problem in err


def test_date_is_asked_for_in_the_form_that_is_read() -> None:
    code, _, err = run("make", "x.csv", "--start", "15.06.2026")

    assert code == 2
    assert "write it as 2026-06-15" in " ".join(err.replace("│", " ").split())


def test_missing_packages_are_told_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "LAB", ("numpy", "a_package_that_nobody_has"))

    code, _, err = run("info", "house.csv")

    assert (code, err) == (1, "a_package_that_nobody_has not installed: pip install fusewise[lab]\n")


def test_the_commands_load_no_numpy_before_they_run() -> None:
    program = "import sys, ems.cli.trace_commands; print('numpy' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout == "False\n"
