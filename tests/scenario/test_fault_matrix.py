"""The fault table of design §6 in the lab, row by row, as `ems simulate --faults all` plays it."""

from __future__ import annotations

import pytest

from ems.config.examples import example
from ems.config.loader import load_site
from ems.sim.lab.fault_matrix import COVERED_ELSEWHERE, MATRIX
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.lab.faults import verdicts_of
from ems.sim.lab.report.shapes import FaultVerdict

LEFT_ALONE_FAILS = [FaultKind.NOTHING, FaultKind.METER_LOST, FaultKind.SERVICE_DIES, FaultKind.NETWORK_CUT]


def played(row: FaultRow, policy: str, site: str = "two_cars") -> FaultVerdict:
    (found,) = verdicts_of(load_site(example(site)), [row], [policy], seed=1, workers=1, told=lambda _share: None)
    return found


@pytest.mark.parametrize(
    "row", [row for row in MATRIX if row.fault not in COVERED_ELSEWHERE], ids=lambda row: row.label
)
def test_fusewise_comes_through(row: FaultRow) -> None:
    found = played(row, "fusewise")

    assert found.passed is True, found.sentence
    assert found.figure


@pytest.mark.parametrize("fault", LEFT_ALONE_FAILS)
def test_nobody_in_control_does_not(fault: FaultKind) -> None:
    """The same runs can be failed."""
    assert played(FaultRow(fault=fault), "uncontrolled").passed is False


def test_a_station_wired_to_one_phase_falls_back_too() -> None:
    row = FaultRow(fault=FaultKind.STATION_DISCONNECTS, target="carport")

    assert played(row, "fusewise").passed is True
