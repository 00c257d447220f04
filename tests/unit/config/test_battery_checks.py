"""A battery is given leave only for what it takes; everything else is told with file, line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.devices.profile_kinds import kinds_by_profile
from tests.unit.config.files import GOOD, written

KOSTAL = "profile: kostal_plenticore\n  modbus: {host: a}"
SMA = "profile: sma\n  modbus: {host: b}"
ROOF = "solar: [{id: roof, profile: sma_hybrid, modbus: {host: b, unit: 3}}]\n"


def site(battery: str, control: str, more: str = "") -> str:
    return f"{GOOD}{more}battery:\n  id: cellar\n  {battery}\n  control: {control}\n"


@pytest.mark.parametrize(
    ("battery", "control"),
    [
        (KOSTAL, "{hold: true, charge_at_most_w: 2000, discharge_at_most_w: 1000}"),
        (SMA, "{hold: true}"),
        ("profile: sonnen_batterie\n  http: {host: a}", "null"),
        ("profile: fronius\n  modbus: {host: a}", "{hold: true, charge_at_most_w: 2000, discharge_at_most_w: 0}"),
        ("profile: sunspec\n  invert: false\n  modbus: {host: a}", "{hold: true}"),
    ],
)
def test_leave_that_fits_is_no_problem(tmp_path: Path, battery: str, control: str) -> None:
    load_site(written(tmp_path, site(battery, control)), profiles=kinds_by_profile())


@pytest.mark.parametrize(
    ("battery", "control", "more", "says"),
    [
        (
            "profile: sonnen_batterie\n  http: {host: a}",
            "{hold: true}",
            "",
            "battery.control is for batteries that take orders, and sonnen_batterie is only read: delete it",
        ),
        (
            "pushed: true\n  period_s: 5",
            "{hold: true}",
            "",
            "battery.control is for batteries that take orders, and a battery without a profile is only read",
        ),
        (
            SMA,
            "{charge_at_most_w: 2000}",
            "",
            "battery.control.charge_at_most_w is nothing that sma takes: delete it; what it takes is hold",
        ),
        (SMA, "{discharge_at_most_w: 0}", "", "battery.control.discharge_at_most_w is nothing that sma takes"),
        (
            SMA,
            "{hold: true}",
            ROOF,
            "is for a battery inverter of its own, and roof answers at the same address",
        ),
    ],
)
def test_leave_that_does_not_fit_is_told_with_its_line(
    tmp_path: Path, battery: str, control: str, more: str, says: str
) -> None:
    path = written(tmp_path, site(battery, control, more))
    line = path.read_text().splitlines().index(f"  control: {control}") + 1

    with pytest.raises(SiteFileError) as caught:
        load_site(path, profiles=kinds_by_profile())

    (problem,) = caught.value.problems
    assert problem.line == line
    assert says in str(problem)
