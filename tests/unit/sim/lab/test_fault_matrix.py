"""The short runs of the fault matrix: what each switches in the plant, and what its house and cars do."""

from __future__ import annotations

import pickle

import pytest

from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.model.goals import ChargeMode
from ems.sim.lab.fault_matrix import MATRIX, Play, play_of
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.plant.faults import Faults

PLAYED = [row for row in MATRIX if row.fault is not FaultKind.SITE_FILE_WRONG]
UNSWITCHED = {FaultKind.NOTHING, FaultKind.NOT_COMMISSIONED, FaultKind.STORE_FULL}
SWITCHED = [row for row in PLAYED if row.fault not in UNSWITCHED]
LOADED = [row for row in PLAYED if row.fault is not FaultKind.NOT_COMMISSIONED]


def site(name: str = "two_cars") -> SiteFile:
    return load_site(example(name))


def play(row: FaultRow, name: str = "two_cars") -> Play:
    found = play_of(site(name), row)
    assert isinstance(found, Play), found
    return found


def test_every_fault_has_its_row() -> None:
    assert [row.fault for row in MATRIX] == list(FaultKind)


@pytest.mark.parametrize("row", SWITCHED, ids=lambda row: row.label)
def test_every_fault_turns_a_switch_when_it_begins(row: FaultRow) -> None:
    found = play(row)
    faults = Faults(["main"], ["garage", "carport"])
    found.breakage(faults)

    assert faults.next_s == found.scene.from_s


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.label)
def test_a_run_goes_on_until_cars_should_be_back_and_can_travel(row: FaultRow) -> None:
    found = play(row)

    assert len(found.house.day(0).load_w) >= found.scene.until_s + found.scene.back_within_s
    assert found.scene.until_s >= found.scene.from_s + found.scene.answer_within_s + 60
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (our own bytes)


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.label)
def test_the_house_never_draws_more_than_its_owner_states(row: FaultRow) -> None:
    """13 A in this site file, and the proof of `ems check` rests on them."""
    assert play(row).house.day(0).load_w.max() <= 13.0 * 230.0 + 1e-6


@pytest.mark.parametrize("row", LOADED, ids=lambda row: row.label)
def test_a_load_comes_on(row: FaultRow) -> None:
    load_w = play(row).house.day(0).load_w

    assert load_w.max() > load_w[0].max() + 2.0 * 230.0


def test_cars_are_hungry_and_in_fast_mode() -> None:
    found = play(FaultRow(fault=FaultKind.METER_LOST))

    assert {station.mode for station in found.site.stations} == {ChargeMode.FAST}
    assert [(stay.station_id, stay.phases, stay.max_a) for stay in found.stays] == [
        ("garage", 3, 16.0),
        ("carport", 1, 32.0),
    ]


def test_a_script_says_when_where_and_how_long() -> None:
    row = FaultRow.model_validate({"fault": "station_disconnects", "at": 300, "for": 120, "target": "carport"})
    found = play(row)

    assert (found.scene.from_s, found.scene.until_s) == (300, 420)
    assert list(found.scene.fallback_a) == ["carport"]
    assert found.scene.label == "station_disconnects carport at 300 s for 120 s"


def test_a_fault_too_short_for_its_promise_is_not_played() -> None:
    row = FaultRow.model_validate({"fault": "service_dies", "for": 30})

    assert "only after 70 s (lease and 10 s)" in str(play_of(site(), row))


def test_one_station_keeps_what_it_has_and_a_full_load_comes_after_its_lease() -> None:
    """Base 2 A; beside 16 A at the garage 5.75 A fit into 0.95 of 25 A, and 13 A are stated."""
    found = play(FaultRow(fault=FaultKind.STATION_REJECTS))
    load_w = found.house.day(0).load_w[:, 0]

    assert load_w[240] == pytest.approx(2.0 * 230)
    assert load_w[251] == pytest.approx(7.75 * 230)
    assert load_w[312] == pytest.approx(13.0 * 230)


def test_the_sun_changes_while_nobody_hears_the_inverter() -> None:
    found = play(FaultRow(fault=FaultKind.INVERTER_LOST))
    sun_w = found.house.day(0).pv_w

    assert sun_w[244] == pytest.approx((3 * 2 + 4 * 6) * 230)
    assert sun_w[246] - sun_w[244] == pytest.approx(found.scene.more_sun_w)
    assert found.scene.load_from_s >= found.scene.from_s + found.scene.answer_within_s + 30


def test_a_site_without_an_inverter_cannot_lose_it() -> None:
    without = site().model_copy(update={"solar": ()})

    assert play_of(without, FaultRow(fault=FaultKind.INVERTER_LOST)) == "this site has no inverter"
