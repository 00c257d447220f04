"""The site file as control sees it: addresses, vendors and passwords left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from ems.config.feeders import MAIN, phases_by_circuit
from ems.config.kinds import PhaseName
from ems.config.schema import (
    Connection,
    GridOperatorSection,
    PeakTariffSection,
    PolicySection,
    SiteFile,
    StationEntry,
    SubCircuit,
    VehicleEntry,
)
from ems.config.schema_devices import SolarEntry
from ems.model.battery import BatteryRules
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase, Wiring
from ems.model.goals import Goal
from ems.model.site import GridOperator, PeakTariff, Policy, Site, Station
from ems.model.tariff import Tariff

SMALLEST_FUSE_A: Final = 16.0
"""What the main fuse counts as until somebody states it (`breakers-and-rules.md` §6)."""


def to_site(file: SiteFile) -> Site:
    """The site of a file that `ems.config.loader` has checked."""
    periods = {meter.circuit: meter.period_s for meter in file.meters}
    pushed = {meter.circuit: meter.period_s for meter in file.meters if meter.pushed}
    operator, peak = file.grid_operator, file.connection.peak_tariff
    return Site(
        circuits=_tree(file, metered=periods, pushed=pushed),
        stations=tuple(_station(entry, _vehicle(file, entry)) for entry in file.stations),
        policy=_policy(file.policy, periods[MAIN]),
        commissioned=file.connection.main_fuse_a is not None,
        meter_period_s=periods,
        max_imbalance_a=file.connection.max_imbalance_a,
        peak=None if peak is None else _peak(peak),
        grid_operator=None if operator is None else _grid_operator(operator),
        inverters=len(file.solar),
        sun_peak_w=_sun_peak_w(file.solar),
        sun_wiring={entry.id: _wiring(entry.wired) for entry in file.solar if entry.wired is not None},
        has_battery=file.battery is not None,
        battery_wiring=_wiring(file.battery.wired or ()) if file.battery is not None else (),
    )


def to_tariff(file: SiteFile) -> Tariff | None:
    """The prices of that file; None where it names none."""
    tariff = file.tariff
    if tariff is None:
        return None
    return Tariff(
        import_per_kwh=tariff.import_per_kwh, feed_in_per_kwh=tariff.feed_in_per_kwh, currency=tariff.currency
    )


def _policy(section: PolicySection, meter_period_s: float) -> Policy:
    return Policy(
        lease_s=section.lease_s,
        meter_period_s=meter_period_s,
        min_on_s=section.min_on_s,
        min_off_s=section.min_off_s,
        export_bias_w=section.export_bias_w,
        keenness=section.keenness,
        keenness_fixed=section.keenness_fixed,
        start_wh=section.start_wh,
        stop_wh=section.stop_wh,
        switch_wh=section.switch_wh,
        phase_switches_per_day=section.phase_switches_per_day,
        battery_share=section.battery_share,
    )


def _peak(section: PeakTariffSection) -> PeakTariff:
    return PeakTariff(limit_w=section.limit_kw * 1000.0, window_s=section.window_min * 60.0)


def _sun_peak_w(inverters: Iterable[SolarEntry]) -> float | None:
    peaks_w = [entry.peak_w for entry in inverters]
    known_w = [peak_w for peak_w in peaks_w if peak_w is not None]
    return sum(known_w) if len(known_w) == len(peaks_w) else None


def _grid_operator(section: GridOperatorSection) -> GridOperator:
    return GridOperator(
        devices=section.devices,
        large_heat_pump_w=_watts(section.large_heat_pump_kw),
        always=section.signal is None,
    )


def _tree(file: SiteFile, metered: Iterable[str], pushed: Mapping[str, float]) -> CircuitTree:
    entries = {entry.id: entry for entry in file.circuits}
    with_meter = set(metered)
    main, *rest = phases_by_circuit(file).items()
    circuits = (
        _main(file.connection, _wiring(main[1]), metered=MAIN in with_meter),
        *(_circuit(entries[name], _wiring(phases), metered=name in with_meter) for name, phases in rest),
    )
    return CircuitTree(tuple(replace(circuit, pushed_period_s=pushed.get(circuit.circuit_id)) for circuit in circuits))


def _main(connection: Connection, phases: Wiring, *, metered: bool) -> Circuit:
    rating_a = SMALLEST_FUSE_A if connection.main_fuse_a is None else connection.main_fuse_a
    return Circuit(
        circuit_id=MAIN,
        fuse=Fuse(rating_a=rating_a, device=connection.main_fuse_device),
        phases=phases,
        reserve_a=connection.reserve_a,
        derating=connection.derating,
        metered=metered,
        largest_other_load_a=connection.largest_other_load_a,
        max_power_w=_watts(connection.max_import_kw),
    )


def _circuit(entry: SubCircuit, phases: Wiring, *, metered: bool) -> Circuit:
    return Circuit(
        circuit_id=entry.id,
        fuse=Fuse(rating_a=entry.fuse_a, device=entry.fuse_device),
        parent_id=entry.fed_from,
        phases=phases,
        reserve_a=entry.reserve_a,
        derating=entry.derating,
        metered=metered,
        largest_other_load_a=entry.largest_other_load_a,
        max_power_w=_watts(entry.max_kw),
    )


def _station(entry: StationEntry, vehicle: VehicleEntry | None) -> Station:
    return Station(
        station_id=entry.id,
        circuit_id=entry.circuit,
        wiring=_wiring(entry.wired),
        wiring_known=entry.wiring_known,
        min_a=entry.min_a,
        max_a=entry.max_a,
        hardware_max_a=entry.max_a if entry.hardware_max_a is None else entry.hardware_max_a,
        fallback_a=entry.fallback_a,
        step_a=1.0 if entry.whole_amps else 0.1,
        can_switch_phases=entry.phase_switching,
        lease_verified=entry.lease_verified,
        goal=Goal(mode=entry.mode, priority=entry.priority),
        vehicle_max_a=vehicle.max_a if vehicle else None,
        vehicle_phases=vehicle.phases if vehicle else None,
    )


def _vehicle(file: SiteFile, station: StationEntry) -> VehicleEntry | None:
    return next((vehicle for vehicle in file.vehicles if vehicle.id == station.vehicle), None)


def _watts(kilowatts: float | None) -> float | None:
    return None if kilowatts is None else kilowatts * 1000.0


def _wiring(names: Iterable[PhaseName]) -> Wiring:
    return tuple(Phase[name] for name in names)


def to_battery_rules(file: SiteFile) -> BatteryRules | None:
    """What the battery may be ordered; None where nobody gave leave for anything."""
    control = None if file.battery is None else file.battery.control
    if control is None:
        return None
    return BatteryRules(
        hold=control.hold,
        charge_at_most_w=control.charge_at_most_w,
        discharge_at_most_w=control.discharge_at_most_w,
    )
