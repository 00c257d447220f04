"""Caps beside the fuses, each in a whole small house."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.control.cycle import work_out
from ems.control.memory import Memory
from ems.control.sharing.caps import de14a_minimum_w
from ems.model.decision import LimitReason, Setpoint
from ems.model.electrical import CircuitTree, PerPhase, Phase
from ems.model.goals import ChargeMode
from ems.model.site import GridOperator, PeakTariff
from ems.model.snapshot import Snapshot
from tests.house import House
from tests.plant import VOLTS
from tests.strategies import looks

QUARTER_S = 900.0
NOON_UTC_S = 1_800_000_000.0
"""The full hour, and so the beginning of a window."""


def import_w(house: House) -> float:
    return house.grid_a().total * VOLTS


def run_and_watch(house: House, *, minutes: float) -> float:
    """The highest import while it runs, in W."""
    highest_w = 0.0
    for _ in range(int(60 * minutes)):
        house.step()
        highest_w = max(highest_w, import_w(house))
    return highest_w


def test_contract_power_is_kept_and_named() -> None:
    house = House(main_fuse_a=35, contract_w=9000.0).with_car("garage", mode=ChargeMode.FAST)
    highest_w = run_and_watch(house, minutes=3)

    assert highest_w <= 9000.0 + 1.0
    assert import_w(house) > 9000.0 - 100.0
    assert house.reason("garage") is LimitReason.MAIN_FUSE
    assert house.setpoint("garage").reason.limit_w == 9000.0


def test_a_load_above_the_contract_power_brings_the_car_down_within_its_reaction_time() -> None:
    house = House(main_fuse_a=35, contract_w=9000.0).with_car("garage", mode=ChargeMode.FAST).run(minutes=3)
    house.base_a = PerPhase(6.0, 6.0, 6.0)
    house.run(seconds=5)

    assert import_w(house) <= 9000.0 + 1.0
    assert house.limit_a("garage") >= 6.0


def test_sun_comes_on_top_of_the_contract_power() -> None:
    house = House(main_fuse_a=35, contract_w=7000.0, sun_w=4000).with_car("garage", mode=ChargeMode.FAST)
    house.run(minutes=3)

    assert house.cars["garage"].drawn_a * 3 * VOLTS > 9500.0
    assert import_w(house) <= 7000.0 + 1.0


@pytest.mark.parametrize(("dimmed", "bound"), [(None, True), (True, True), (False, False)])
def test_the_operators_limit_binds_while_called_for_and_while_nobody_has_said(dimmed: bool | None, bound: bool) -> None:
    house = House(main_fuse_a=35, grid_operator=GridOperator(devices=1), dimmed=dimmed)
    house.with_car("garage", mode=ChargeMode.FAST).run(minutes=3)

    drawn_w = house.cars["garage"].drawn_a * 3 * VOLTS
    assert (drawn_w <= 4200.0) == bound
    assert house.limit_a("garage") == (6.0 if bound else 16.0)
    assert (house.reason("garage") is LimitReason.GRID_OPERATOR) == bound


def test_a_call_of_the_operator_is_followed_at_once_and_its_end_slowly() -> None:
    house = House(main_fuse_a=63, grid_operator=GridOperator(devices=2), dimmed=False)
    house.with_car("left", mode=ChargeMode.FAST).with_car("right", mode=ChargeMode.FAST).run(minutes=3)
    before_a = house.limit_a("left") + house.limit_a("right")
    house.dimmed = True
    house.run(seconds=1)
    called_a = house.limit_a("left") + house.limit_a("right")
    house.run(seconds=5)
    cars_w = sum(car.drawn_a for car in house.cars.values()) * 3 * VOLTS
    house.dimmed = False
    house.run(minutes=2)

    assert before_a == 32.0
    assert 0 < called_a * 3 * VOLTS <= de14a_minimum_w(2) == pytest.approx(7560.0)
    assert cars_w <= 7560.0
    assert house.limit_a("left") + house.limit_a("right") == 32.0


def test_where_no_signal_comes_the_operators_limit_holds_always() -> None:
    house = House(main_fuse_a=35, grid_operator=GridOperator(devices=1, always=True), dimmed=False)
    house.with_car("garage", mode=ChargeMode.FAST).run(minutes=3)

    assert house.limit_a("garage") == 6.0


def test_own_sun_is_charged_beyond_the_operators_limit() -> None:
    house = House(main_fuse_a=35, sun_w=4000, grid_operator=GridOperator(devices=1), dimmed=True)
    house.with_car("garage", mode=ChargeMode.FAST).run(minutes=3)

    assert house.cars["garage"].drawn_a * 3 * VOLTS == pytest.approx(4200 + 4000 - 690, abs=150)


def test_every_quarter_of_an_hour_ends_within_the_peak_that_was_agreed() -> None:
    house = House(main_fuse_a=35, peak=PeakTariff(limit_w=6000.0), utc_s=NOON_UTC_S)
    house.with_car("garage", mode=ChargeMode.FAST)
    means_w = []
    for quarter in range(4):
        house.base_a = PerPhase(4.0, 1.0, 1.0) if quarter % 2 else PerPhase(1.0, 1.0, 1.0)
        means_w.append(_mean_import_w(house))

    assert all(mean_w <= 6000.0 * 1.02 for mean_w in means_w)
    assert all(mean_w >= 6000.0 * 0.9 for mean_w in means_w[1:])


def _mean_import_w(house: House) -> float:
    imported_ws = 0.0
    for _ in range(int(QUARTER_S)):
        house.step()
        imported_ws += max(0.0, import_w(house))
    return imported_ws / QUARTER_S


def test_without_the_time_of_day_there_is_no_window() -> None:
    house = House(main_fuse_a=35, peak=PeakTariff(limit_w=5000.0)).with_car("garage", mode=ChargeMode.FAST)
    house.run(minutes=3)

    assert house.memory.peak is None
    assert house.limit_a("garage") == 16.0


def test_one_phase_is_loaded_no_more_than_twenty_amps_above_another() -> None:
    house = House(main_fuse_a=63, max_imbalance_a=20.0)
    house.with_car("lonely", mode=ChargeMode.FAST, wiring=(Phase.L2,), max_a=32).run(minutes=3)

    assert house.limit_a("lonely") == 20.0
    assert house.reason("lonely") is LimitReason.PHASE_IMBALANCE


def test_a_car_on_the_other_phases_lets_both_have_more_and_its_leaving_takes_it_back() -> None:
    house = House(main_fuse_a=63, max_imbalance_a=20.0)
    for name, phase in (("first", Phase.L1), ("second", Phase.L2), ("third", Phase.L3)):
        house.with_car(name, mode=ChargeMode.FAST, wiring=(phase,), max_a=32)
    house.run(minutes=4)
    together_a = [house.limit_a(name) for name in ("first", "second", "third")]
    house.unplug("third")
    house.run(seconds=10)
    flow_a = [house.cars[name].drawn_a for name in ("first", "second", "third")]

    assert together_a == [32.0, 32.0, 32.0]
    assert max(flow_a) - min(flow_a) <= 20.0


def test_without_caps_there_are_no_rows_and_nothing_is_touched() -> None:
    house = House(main_fuse_a=35).with_car("garage", mode=ChargeMode.FAST).run(minutes=1)
    caps = work_out(house.snapshot(), house.memory).caps
    wanted = {"garage": Setpoint(station_id="garage", limit_a=16.0, phases=3)}

    assert (caps.rows, caps.uneven, caps.peak) == ((), (), None)
    assert caps.keep(wanted) is wanted


@given(looks(), st.sampled_from([None, 3000.0, 9000.0]), st.sampled_from([None, 5.0, 20.0]), st.booleans())
@settings(max_examples=60)
def test_caps_only_lower_and_leave_no_limit_below_the_minimum(
    case: tuple[Snapshot, Memory], contract_w: float | None, imbalance_a: float | None, dimmed: bool
) -> None:
    look, memory = case
    main, *others = look.site.circuits
    site = replace(
        look.site,
        circuits=CircuitTree((replace(main, max_power_w=contract_w), *others)),
        max_imbalance_a=imbalance_a,
        grid_operator=GridOperator(devices=1) if dimmed else None,
    )
    caps = work_out(replace(look, site=site, dimmed=dimmed), memory).caps
    wanted = {
        s.station_id: Setpoint(station_id=s.station_id, limit_a=s.max_a, phases=len(s.wiring)) for s in site.stations
    }
    kept = caps.keep(wanted)

    for station in site.stations:
        limit_a = kept[station.station_id].limit_a
        assert limit_a == 0.0 or station.min_a <= limit_a <= wanted[station.station_id].limit_a
    for row in caps.rows:
        used = sum(weight * kept[name].limit_a for name, weight in row.weights.items())
        assert used <= max(0.0, row.cap) + 1e-6
