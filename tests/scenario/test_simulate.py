"""`ems simulate` from the command's door: a made trace, real runs in virtual time, what is printed and written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ems.cli.simulate import simulate_site
from ems.cli.simulate_request import SimulateOptions
from ems.cli.simulate_result import Outcome
from ems.config.examples import example
from ems.config.loader import load_site
from ems.sim.lab.compare import Replay, seconds_of, surplus_by_minute
from ems.sim.traces.trace import Trace
from ems.sim.traces.write import write_trace
from tests.unit.sim.lab.scene import figures, outcome, record

NOON = datetime(2026, 6, 6, 11, tzinfo=UTC)
MINUTES = 12
TEN_MINUTES = 10 / 1440
CLOCKED = ("wall_s", "cycles_per_s")


def sunny() -> Trace:
    """A quarter of an hour: 400 W in the house, and sun that a cloud takes away for a minute."""
    pv_w = np.full(MINUTES, 6000.0)
    pv_w[6] = 1500.0
    return Trace(name="sunny.csv", start_utc=NOON, step_s=60, load_w=np.full(MINUTES, 400.0), pv_w=pv_w)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "sunny.csv"
    write_trace(path, sunny())
    return path


def options(trace: Path, *policies: str, site: str = "two_cars") -> SimulateOptions:
    return SimulateOptions(
        site=example(site), trace=trace, days=TEN_MINUTES, policies=policies, seed=1, json_to="-", jobs=1
    )


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def without_times(found: dict[str, Any]) -> dict[str, Any]:
    runs = [{key: value for key, value in run.items() if key not in CLOCKED} for run in found["runs"]]
    return {**found, "runs": runs}


def test_policies_are_scored_side_by_side(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate_site(options(trace, "fusewise", "equal", "foresight")) == 0

    found = printed(capsys)
    ours, equal, best = found["runs"]
    assert [run["policy"] for run in found["runs"]] == ["fusewise", "equal", "foresight"]
    assert (found["site"], found["trace"], found["seed"]) == ("Two cars", "sunny.csv", 1)
    assert found["start"] == "2026-06-06T11:00:00+00:00"
    assert ours["foresight_solar_kwh"] == equal["foresight_solar_kwh"] == best["ev_solar_kwh"]
    assert 0 < ours["ev_solar_kwh"] <= best["ev_solar_kwh"]
    assert best["whole_steps_solar_kwh"] <= best["ev_solar_kwh"]
    assert ours["breaker"]["main"]["trips"] == 0


def test_the_same_command_gives_the_same_json_however_many_processes(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = options(trace, "fusewise", "evcc")
    results = []
    for jobs in (1, 2):
        assert simulate_site(replace(asked, jobs=jobs)) == 0
        results.append(without_times(printed(capsys)))

    assert results[0] == results[1]


def test_another_seed_is_another_run(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = []
    for seed in (1, 2):
        simulate_site(replace(options(trace, "fusewise"), seed=seed))
        results.append(without_times(printed(capsys))["runs"])

    assert results[0] != results[1]


def test_the_optimum_alone_is_computed_from_the_same_seconds(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate_site(options(trace, "foresight")) == 0
    alone = printed(capsys)["runs"][0]
    assert simulate_site(options(trace, "uncontrolled", "foresight")) == 0
    beside = printed(capsys)["runs"][1]

    assert alone["ev_solar_kwh"] == pytest.approx(beside["ev_solar_kwh"], rel=1e-6)


def test_surplus_by_minute_is_what_the_house_leaves() -> None:
    site = load_site(example("two_cars"))
    replay = Replay(site=site, trace=sunny(), start_utc=NOON, days=TEN_MINUTES, stays=(), seed=1)

    assert surplus_by_minute(seconds_of(replay)).mean() == pytest.approx(5150.0, rel=0.02)


def test_table_json_and_report_are_written(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, result = tmp_path / "report.html", tmp_path / "result.json"
    asked = replace(options(trace, "fusewise"), json_to=str(result), report_to=report)
    assert simulate_site(asked) == 0

    assert "solar share" in capsys.readouterr().out
    assert json.loads(result.read_text(encoding="utf-8"))["runs"][0]["policy"] == "fusewise"
    assert "<title>Simulation of Two cars</title>" in report.read_text(encoding="utf-8")


def test_a_lost_meter_is_played_and_told(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text("faults:\n- {fault: meter_lost, at: 90, for: 60}\n- {fault: store_full}\n", encoding="utf-8")
    assert simulate_site(replace(options(trace, "fusewise", "uncontrolled"), faults=str(script))) == 0

    lost, lost_too, full, full_too = printed(capsys)["faults"]
    assert (lost["fault"], lost["policy"], lost["passed"]) == ("meter_lost at 90 s for 60 s", "fusewise", True)
    assert (lost_too["policy"], lost_too["passed"]) == ("uncontrolled", False)
    assert (full["fault"], full["passed"]) == ("store_full", True)
    assert (full_too["passed"], full_too["figure"]) == (None, "")


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"policies": ("evc",)}, 2, "--policy evc: no such policy: did you mean evcc?"),
        ({"days": 3.0}, 2, "--days 3 is longer than sunny.csv from 2026-06-06T11:00Z on: it covers"),
        ({"days": 0.0}, 2, "--days 0 is shorter than a minute"),
        ({"days": float("nan")}, 2, "--days nan is shorter than a minute"),
        ({"start": "2026-07-01"}, 2, "--start 2026-07-01T00:00Z is outside sunny.csv: it covers 2026-06-06T11:00Z to"),
        ({"start": "noon"}, 2, "--start noon: no ISO 8601 time"),
        ({"picture": "2026-06-02", "report_to": Path("never.html")}, 2, "--picture 2026-06-02 is no day of the run"),
        ({"picture": "2026-06-06"}, 2, "--picture draws a day of the report: give --report FILE too"),
        ({"trace": Path("none.csv")}, 1, "none.csv"),
        ({"site": Path("none.yaml")}, 1, "does not exist"),
        ({"sessions": Path("none.csv")}, 1, "none.csv"),
        ({"faults": "none.yaml"}, 1, "none.yaml: cannot be read"),
        ({"json_to": "/none/result.json"}, 1, "cannot write /none/result.json: there is no folder /none"),
    ],
)
def test_what_cannot_be_simulated_is_told_with_its_cure(
    trace: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], code: int, told: str
) -> None:
    assert simulate_site(replace(options(trace, "equal"), **changes)) == code

    assert told in capsys.readouterr().err


def test_a_trace_without_a_load_is_told_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "roof.csv"
    write_trace(path, replace(sunny(), load_w=np.full(MINUTES, np.nan)))

    assert simulate_site(options(path, "equal")) == 1
    assert "roof.csv: has no load" in capsys.readouterr().err


def test_a_house_without_cars_says_so(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "empty.yaml"
    site.write_text(example("two_cars").read_text(encoding="utf-8").split("simulation:")[0], encoding="utf-8")

    assert simulate_site(replace(options(trace, "equal"), site=site)) == 2
    assert "empty.yaml has no cars: add simulation.cars" in capsys.readouterr().err


def test_a_trip_with_us_in_charge_is_a_problem_and_with_others_is_not() -> None:
    site = load_site(example("two_cars"))
    replay = Replay(site=site, trace=sunny(), start_utc=NOON, days=TEN_MINUTES, stays=(), seed=1)

    def ok(policy: str) -> bool:
        run = record(outcome(1, 1), breakers=(figures(trips=1),), policy=policy)
        return Outcome(replay=replay, records=[run], scores=[]).ok

    assert not ok("fusewise")
    assert ok("uncontrolled")
