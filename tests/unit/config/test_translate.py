from __future__ import annotations

from pathlib import Path

from ems.config.translate import to_site
from ems.model.electrical import FuseDevice, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.site import GridOperator, Keenness, PeakTariff, Site
from tests.unit.config.files import GOOD, loaded, swapped

L1, L2, L3 = Phase


def site_of(folder: Path, text: str) -> Site:
    return to_site(loaded(folder, text))


def test_main_circuit_comes_first_and_parents_before_children(tmp_path: Path) -> None:
    text = swapped(
        "  - {id: garage, fuse_a: 20}",
        "  - {id: left, fuse_a: 16, fed_from: garage}\n  - {id: garage, fuse_a: 20}\n  - {id: attic, fuse_a: 10}",
    )

    site = site_of(tmp_path, text)

    assert [(c.circuit_id, c.parent_id) for c in site.circuits] == [
        ("main", None),
        ("garage", "main"),
        ("attic", "main"),
        ("left", "garage"),
    ]
    assert [c.circuit_id for c in site.circuits.above("left")] == ["left", "garage", "main"]


def test_fuses_carry_what_the_file_says(tmp_path: Path) -> None:
    text = GOOD.replace("main_fuse_a: 25", "main_fuse_a: 35\n  main_fuse_device: sls\n  derating: 0.9\n  reserve_a: 1")

    main, garage = site_of(tmp_path, text).circuits

    assert (main.fuse.rating_a, main.fuse.device, main.derating, main.reserve_a) == (35, FuseDevice.SLS, 0.9, 1)
    assert (garage.fuse.rating_a, garage.fuse.device, garage.largest_other_load_a) == (20, FuseDevice.MCB_C, None)


def test_sub_circuit_has_the_phases_of_its_feeder_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = swapped(
        "  - {id: garage, fuse_a: 20}",
        "  - {id: garage, fuse_a: 20, phases: [L2, L3]}\n  - {id: left, fuse_a: 16, fed_from: garage}",
    )

    assert site_of(tmp_path, text).circuits["left"].phases == (L2, L3)


def test_meters_mark_their_circuits_and_bring_their_periods(tmp_path: Path) -> None:
    text = swapped(
        "meters:",
        "meters:\n  - {id: m, circuit: garage, profile: x, period_s: 5, modbus: {host: a}}",
    )

    site = site_of(tmp_path, text)

    assert site.meter_period_s == {"garage": 5, "main": 1}
    assert site.policy.meter_period_s == 1
    assert [c.metered for c in site.circuits] == [True, True]
    assert not site_of(tmp_path, GOOD).circuits["garage"].metered


def test_rotated_station_keeps_its_order(tmp_path: Path) -> None:
    text = swapped("id: drive,", "id: drive, wired: [L3, L1, L2], wiring_known: false,")

    station = site_of(tmp_path, text).station("drive")

    assert station.wiring == (L3, L1, L2)
    assert not station.wiring_known


def test_station_carries_its_bounds_its_goal_and_its_vehicle(tmp_path: Path) -> None:
    text = swapped("id: drive,", "id: drive, vehicle: family, mode: fast, priority: 3, whole_amps: true, max_a: 20,")

    station = site_of(tmp_path, text.replace("{id: family,", "{id: family, max_a: 13,")).station("drive")

    assert (station.min_a, station.max_a, station.hardware_max_a, station.fallback_a) == (6, 20, 20, 6)
    assert (station.step_a, station.lease_verified, station.can_switch_phases) == (1, True, False)
    assert station.goal == Goal(mode=ChargeMode.FAST, priority=3)
    assert (station.vehicle_max_a, station.vehicle_phases) == (13, 3)


def test_station_without_a_vehicle_knows_nothing_of_its_car(tmp_path: Path) -> None:
    station = site_of(tmp_path, GOOD).station("carport")

    assert (station.vehicle_max_a, station.vehicle_phases, station.step_a) == (None, None, 0.1)


def test_house_without_a_main_fuse_is_not_commissioned_and_counts_as_the_smallest(tmp_path: Path) -> None:
    site = site_of(tmp_path, swapped("  main_fuse_a: 25\n", ""))

    assert not site.commissioned
    assert site.circuits.main.fuse.rating_a == 16
    assert site_of(tmp_path, GOOD).commissioned


def test_policy_comes_from_the_file(tmp_path: Path) -> None:
    text = GOOD + "policy: {lease_s: 30, min_on_s: 20, min_off_s: 25, export_bias_w: 80}\n"

    policy = site_of(tmp_path, text).policy

    assert (policy.lease_s, policy.min_on_s, policy.min_off_s, policy.export_bias_w) == (30, 20, 25, 80)


def test_policy_of_solar_cars_comes_from_the_file(tmp_path: Path) -> None:
    section = "{keenness: keen, start_wh: 5, stop_wh: 20, switch_wh: 60, phase_switches_per_day: 4, battery_share: 0.5}"

    policy = site_of(tmp_path, GOOD + f"policy: {section}\n").policy

    assert (policy.keenness, policy.phase_switches_per_day, policy.battery_share) == (Keenness.KEEN, 4, 0.5)
    assert (policy.start_wh, policy.stop_wh, policy.switch_wh) == (5, 20, 60)


def test_people_may_choose_how_keen_unless_the_file_keeps_it(tmp_path: Path) -> None:
    free = site_of(tmp_path, GOOD + "policy: {keenness: keen}\n")
    fixed = site_of(tmp_path, GOOD + "policy: {keenness: keen, keenness_fixed: true}\n")

    assert free.with_keenness(Keenness.PURIST).policy.keenness is Keenness.PURIST
    assert free.with_keenness(None) is free.with_keenness(Keenness.KEEN) is free
    assert fixed.with_keenness(Keenness.PURIST) is fixed


def test_grid_weighs_the_more_the_purer_the_sun() -> None:
    assert [each.grid_weight for each in Keenness] == [0.2, 0.4, 1.0, 2.0]


def test_caps_come_in_watts(tmp_path: Path) -> None:
    text = GOOD.replace("main_fuse_a: 25", "main_fuse_a: 25\n  max_import_kw: 15\n  peak_tariff: {limit_kw: 2.5}")
    site = site_of(tmp_path, text.replace("fuse_a: 20}", "fuse_a: 20, max_kw: 11}"))

    assert [circuit.max_power_w for circuit in site.circuits] == [15_000, 11_000]
    assert site.peak == PeakTariff(limit_w=2_500, window_s=900)


def test_grid_operator_limit_holds_always_where_no_signal_tells(tmp_path: Path) -> None:
    text = GOOD + "grid_operator: {rule: de14a, devices: 3, large_heat_pump_kw: 14}\n"
    signalled = text.replace("devices: 3", "devices: 3, signal: {topic: contact}") + "mqtt: {host: broker}\n"

    assert site_of(tmp_path, text).grid_operator == GridOperator(devices=3, large_heat_pump_w=14_000, always=True)
    assert site_of(tmp_path, signalled).grid_operator == GridOperator(devices=3, large_heat_pump_w=14_000)


def test_house_without_rules_has_none(tmp_path: Path) -> None:
    site = site_of(tmp_path, GOOD)

    assert (site.max_imbalance_a, site.peak, site.grid_operator) == (None, None, None)
    assert [circuit.max_power_w for circuit in site.circuits] == [None, None]


def test_storage_lies_beside_the_site_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD + "storage: {path: state}\n").storage.path == str(tmp_path / "state")
    assert loaded(tmp_path, GOOD).storage.path is None


def test_one_phase_house_has_l1_alone(tmp_path: Path) -> None:
    text = GOOD.replace("phases: 3\n  m", "phases: 1\n  m").replace("id: drive", "id: drive, wired: [L1]")

    assert site_of(tmp_path, text.replace("wired: [L2]", "wired: [L1]")).phases == (L1,)


def test_inverters_carry_their_wiring_where_the_file_states_it(tmp_path: Path) -> None:
    inverters = "[{id: east, wired: [L2], profile: x, modbus: {host: a}}, {id: west, profile: x, modbus: {host: b}}]"

    site = site_of(tmp_path, f"{GOOD}solar: {inverters}\n")

    assert (site.inverters, site.sun_wiring) == (2, {"east": (L2,)})


def test_a_battery_carries_its_wiring_and_inverters_their_peak_where_the_file_states_them(tmp_path: Path) -> None:
    roof = "solar: [{id: roof, peak_w: 9000, profile: x, modbus: {host: a}}]"
    cellar = "battery: {id: cellar, wired: [L2], profile: x, modbus: {host: b}}"

    stated = site_of(tmp_path, f"{GOOD}{roof}\n{cellar}\n")
    unstated = site_of(tmp_path, f"{GOOD}{roof.replace('peak_w: 9000, ', '')}\n{cellar.replace('wired: [L2], ', '')}\n")

    assert (stated.sun_peak_w, stated.battery_wiring) == (9000.0, (L2,))
    assert (unstated.sun_peak_w, unstated.battery_wiring) == (None, ())
