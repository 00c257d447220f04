"""Caps in watts: contract power, circuits, the grid operator, the peak window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.control.allocate import allocate
from ems.control.sharing.caps import Watts, de14a_minimum_w, power_rows
from ems.control.sharing.rows import Candidate
from ems.model.decision import NO_REASON, LimitReason
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse
from ems.model.site import GridOperator, Site
from tests.unit.control.scene import MAIN, STATION

GARAGE = Circuit(
    circuit_id="garage",
    parent_id="main",
    fuse=Fuse(rating_a=40.0),
    phases=PHASES_OF[3],
    largest_other_load_a=2.0,
    max_power_w=11_000.0,
)
A = STATION
B = replace(STATION, station_id="b", circuit_id="garage")
THREE_PHASES_W = 690.0
WATTS = Watts(house_w={"main": 3_000.0}, per_a={"a": THREE_PHASES_W, "b": THREE_PHASES_W})


def site(*, contract_w: float | None = None, operator: GridOperator | None = None, garage: Circuit = GARAGE) -> Site:
    main = replace(MAIN, max_power_w=contract_w)
    return Site(circuits=CircuitTree((main, garage)), stations=(A, B), grid_operator=operator)


@pytest.mark.parametrize(
    ("devices", "kilowatts"),
    [
        (1, 4.2),
        (2, 7.56),
        (3, 10.5),
        (4, 13.02),
        (5, 15.12),
        (6, 16.8),
        (7, 18.06),
        (8, 18.9),
        (9, 19.32),
        (10, 21.21),
    ],
)
def test_minimum_of_14a_grows_by_the_table(devices: int, kilowatts: float) -> None:
    assert de14a_minimum_w(devices) == pytest.approx(kilowatts * 1000)


def test_large_heat_pump_brings_four_tenths_of_its_rating_in_place_of_the_first_device() -> None:
    assert de14a_minimum_w(1, 20_000.0) == pytest.approx(8_000)
    assert de14a_minimum_w(2, 20_000.0) == pytest.approx(8_000 + 0.8 * 4_200)


def test_contract_power_less_the_house_is_what_the_cars_may_draw() -> None:
    row, garage = power_rows(site(contract_w=17_000.0), WATTS, dimmed=False, peak_allowed_w=None)

    assert (row.cap, row.weights) == (14_000.0, {"a": THREE_PHASES_W, "b": THREE_PHASES_W})
    assert (row.reason.code, row.reason.limit_w, row.reason.used_w) == (LimitReason.MAIN_FUSE, 17_000.0, 3_000.0)
    assert garage.reason.circuit_id == "garage"


def test_sun_widens_the_contract_power() -> None:
    sunny = replace(WATTS, house_w={"main": -5_000.0})
    row = power_rows(site(contract_w=6_000.0), sunny, dimmed=False, peak_allowed_w=None)[0]

    assert row.cap == 11_000.0


def test_circuit_without_a_meter_counts_with_its_largest_load() -> None:
    (row,) = power_rows(site(), WATTS, dimmed=False, peak_allowed_w=None)

    assert row.cap == 11_000.0 - 2.0 * 3 * 230.0
    assert row.weights == {"b": THREE_PHASES_W}
    assert row.reason.code is LimitReason.CIRCUIT_FUSE


def test_meter_without_a_good_sample_gives_no_row() -> None:
    blind = replace(WATTS, house_w={})
    metered = replace(GARAGE, metered=True)

    assert power_rows(site(contract_w=9_000.0, garage=metered), blind, dimmed=False, peak_allowed_w=5_000.0) == []


def test_stations_outside_of_the_sharing_take_their_part_first() -> None:
    silent = Watts(house_w={"main": 0.0}, per_a={"a": THREE_PHASES_W}, taken_w={"a": 999.0, "b": 4_140.0})
    (row,) = power_rows(site(contract_w=10_000.0), silent, dimmed=False, peak_allowed_w=None)

    assert row.cap == 10_000.0 - 4_140.0


@pytest.mark.parametrize(
    ("operator", "dimmed", "rows"),
    [
        (GridOperator(devices=2), True, 1),
        (GridOperator(devices=2), None, 1),
        (GridOperator(devices=2), False, 0),
        (GridOperator(devices=2, always=True), False, 1),
        (None, True, 0),
    ],
)
def test_operator_limit_holds_while_called_for_or_unheard_of(
    operator: GridOperator | None, dimmed: bool | None, rows: int
) -> None:
    uncapped = replace(GARAGE, max_power_w=None)
    found = power_rows(site(operator=operator, garage=uncapped), WATTS, dimmed=dimmed, peak_allowed_w=None)

    assert [row.reason.code for row in found] == [LimitReason.GRID_OPERATOR] * rows


@pytest.mark.parametrize(("house_w", "cap_w"), [(3_000.0, 7_560.0), (0.0, 7_560.0), (-2_000.0, 9_560.0)])
def test_operator_limit_is_grid_power_so_that_sun_comes_on_top_and_the_house_does_not_count(
    house_w: float, cap_w: float
) -> None:
    watts = replace(WATTS, house_w={"main": house_w})
    row = power_rows(site(operator=GridOperator(devices=2)), watts, dimmed=True, peak_allowed_w=None)[-1]

    assert row.cap == pytest.approx(cap_w)


def test_peak_window_bounds_the_import() -> None:
    row = power_rows(site(), WATTS, dimmed=False, peak_allowed_w=5_000.0)[-1]

    assert row.cap == 2_000.0
    assert (row.reason.code, row.reason.limit_w) == (LimitReason.PRICE, 5_000.0)


def test_shared_current_stays_below_the_operators_limit() -> None:
    rows = power_rows(site(operator=GridOperator(devices=2)), WATTS, dimmed=True, peak_allowed_w=None)
    cars = [
        Candidate(station_id=each, lo_a=6.0, hi_a=16.0, hi_reason=NO_REASON, must=True, priority=priority)
        for each, priority in (("a", 1), ("b", 0))
    ]
    shares = allocate(cars, rows)

    assert shares["a"].limit_a * THREE_PHASES_W == pytest.approx(7_560.0)
    assert shares["a"].reason.code is LimitReason.GRID_OPERATOR
    assert shares["b"].limit_a == 0.0
