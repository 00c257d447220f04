"""The fault table of design §6 in the lab, row by row, as `ems simulate --faults all` plays it."""

from __future__ import annotations

import pytest

from ems.config.examples import example
from ems.config.loader import load_site
from ems.sim.lab.fault_matrix import MATRIX
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.lab.faults import verdicts_of
from ems.sim.lab.report.shapes import FaultVerdict

LEFT_ALONE_FAILS = [FaultKind.NOTHING, FaultKind.METER_LOST, FaultKind.SERVICE_DIES, FaultKind.NETWORK_CUT]


def played(row: FaultRow, policy: str, site: str = "two_cars") -> FaultVerdict:
    (found,) = verdicts_of(load_site(example(site)), [row], [policy], seed=1, workers=1, told=lambda _share: None)
    return found


@pytest.mark.parametrize("site", ["two_cars", "one_car", "garage"])
@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.label)
def test_fusewise_comes_through(row: FaultRow, site: str) -> None:
    found = played(row, "fusewise", site)

    assert found.passed is True, found.sentence
    assert found.figure


@pytest.mark.parametrize("fault", LEFT_ALONE_FAILS)
def test_nobody_in_control_does_not(fault: FaultKind) -> None:
    """The same runs can be failed."""
    assert played(FaultRow(fault=fault), "uncontrolled").passed is False


def test_a_station_that_ignores_its_limit_is_told_of_and_stopped() -> None:
    found = played(FaultRow(fault=FaultKind.STATION_IGNORES), "fusewise")

    assert "their limits left it its 16 A; suspend after" in found.sentence
    assert "garage drew 0.0 A at the end" in found.sentence


def test_cars_follow_the_sun_without_the_inverter() -> None:
    assert "the cars took 3.2 kW more" in played(FaultRow(fault=FaultKind.INVERTER_LOST), "fusewise").sentence


def test_the_same_run_has_the_same_verdict() -> None:
    row = FaultRow(fault=FaultKind.STORE_FULL)

    assert played(row, "fusewise") == played(row, "fusewise")


def test_a_station_wired_to_one_phase_falls_back_too() -> None:
    row = FaultRow(fault=FaultKind.STATION_DISCONNECTS, target="carport")

    assert played(row, "fusewise").passed is True
