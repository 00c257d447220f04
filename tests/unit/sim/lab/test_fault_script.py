"""Fault scripts: what they may say, and how a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.sim.lab.fault_script import FaultKind, FaultScriptError, read_faults

EXAMPLE = Path(__file__).parents[4] / "config" / "faults" / "example.yaml"


def written(folder: Path, text: str) -> Path:
    path = folder / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_can_be_read() -> None:
    rows = read_faults(EXAMPLE, ["garage"], ["main"])

    assert (rows[0].fault, rows[0].at, rows[0].lasts) == (FaultKind.METER_LOST, None, None)
    assert (rows[1].at, rows[1].lasts, rows[1].target) == (300, 90, "main")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{fault: meter_lst}", "faults.yaml line 2: fault: meter_lst is no fault: did you mean meter_lost?"),
        ("{fault: meter_lost, at: 5}", "faults.yaml line 2: at: Input should be greater than or equal to 30"),
        ("{fault: meter_lost, until: 5}", "faults.yaml line 2: until: is no key of a row"),
        ("{fault: meter_lost, target: garage}", "garage is no metered circuit: there are main"),
        ("{fault: station_rejects, target: garag}", "garag is no station: did you mean garage?"),
        ("{fault: meter_lost", "faults.yaml"),
    ],
)
def test_a_wrong_row_is_told_with_line_and_cure(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(FaultScriptError) as raised:
        read_faults(written(tmp_path, f"faults:\n  - {row}\n"), ["garage"], ["main"])

    assert told in str(raised.value)


def test_all_wrong_rows_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError) as raised:
        read_faults(written(tmp_path, "faults:\n- {fault: a}\n- {fault: b}\n"), ["garage"], ["main"])

    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "faults: []", "other: 1", "[1, 2]"])
def test_a_file_without_rows_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(FaultScriptError, match="faults"):
        read_faults(written(tmp_path, text), ["garage"], ["main"])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError, match="cannot be read"):
        read_faults(tmp_path / "none.yaml", [], [])
