"""One state of the house for the wire, from one cycle of control. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite
from typing import Final

from ems.api import wire
from ems.api.headline import headline
from ems.api.next_event import next_event
from ems.api.outlook import outlook
from ems.api.says import battery_notices, notice_says, order_says, reason_says
from ems.api.scene import NO_FACTS, Scene
from ems.api.status import site_condition, station_status
from ems.api.wishes import NO_WISHES
from ems.control.seen.trust import LOST_AT_LEAST_S, LOST_PERIODS
from ems.model.battery import BatteryStanding
from ems.model.electrical import NOMINAL_V, Circuit, PerPhase, Wiring
from ems.model.readings import GridReading
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import StationState

CAR_LASTS_S: Final = 120.0
"""An older report of a station says nothing about its car's power now; the longest usual interval is 60 s."""


BATTERY_IDLE_W: Final = 30.0
"""What its own electronics take, and the error of its measurement (assumed)."""


def build_state(scene: Scene) -> wire.State:
    """What everybody outside sees of this cycle."""
    powers = _powers(scene)
    circuits = tuple(_circuit(scene, circuit) for circuit in scene.look.site.circuits)
    stations = tuple(_station(scene, station) for station in scene.look.site.stations)
    return wire.State(
        site_id=scene.house.site_id,
        name=scene.house.name,
        version=scene.house.version,
        at=scene.at,
        sequence=scene.sequence,
        condition=site_condition(scene),
        headline=headline(scene, powers, circuits, stations),
        powers=powers,
        energies=_energies(scene),
        today=scene.counted.today,
        circuits=circuits,
        stations=stations,
        battery=_battery(scene),
        notices=tuple(
            wire.NoticeState(
                code=notice.code, circuit=notice.circuit_id, station=notice.station_id, says=notice_says(notice)
            )
            for notice in scene.decision.notices
        )
        + battery_notices(scene.battery),
        import_cap=_import_cap(scene),
        next_event=next_event(scene, stations),
        sources=scene.sources,
        vehicles=scene.cars,
        strategy=scene.strategy,
        user_strategy=scene.user_strategy,
        strategy_fixed=scene.look.site.policy.keenness_fixed,
        dimmed=scene.look.dimmed,
        optimising=scene.optimising,
        storage_trouble=scene.storage_trouble,
    )


def seen_age_s(age_s: float) -> float:
    """An age for people: whole seconds, then tens; so that an idle station is not news every second."""
    if age_s < 60.0:
        return float(round(age_s))
    return float(round(age_s / 10.0) * 10)


def car_power_w(look: Snapshot, station_id: str) -> float | None:
    """What the car draws; 0 where none is plugged in, None where nobody knows."""
    state = look.state_of(station_id)
    if not state.plugged:
        return 0.0
    car = state.car
    if not state.connected or car is None or look.now_s - car.taken_at_s > CAR_LASTS_S:
        return None
    return round(car.power_w if car.power_w is not None else sum(car.current_a) * NOMINAL_V, 1)


def _powers(scene: Scene) -> wire.Powers:
    look = scene.look
    grid = _grid(look)
    grid_w = None if grid is None else grid.power_w
    solar_w = None if look.solar is None else look.solar.power_w
    battery_w = None if look.battery is None else look.battery.power_w
    charging_w = _sum(car_power_w(look, station.station_id) for station in look.site.stations)
    home_w = _sum((grid_w, _whole_solar_w(look), _whole_battery_w(look), None if charging_w is None else -charging_w))
    return wire.Powers(
        grid_w=_watts(grid_w),
        solar_w=_watts(solar_w),
        battery_w=_watts(battery_w),
        # Meters are not read at the same instant, so a small negative rest is no production.
        home_w=None if home_w is None else _watts(max(home_w, 0.0)),
        charging_w=_watts(charging_w),
        surplus_w=None if grid is None else _watts(scene.decision.surplus_w),
    )


def _energies(scene: Scene) -> wire.Energies:
    if scene.look.site.has_battery:
        return scene.counted.energies
    return scene.counted.energies.model_copy(update={"battery_charged_kwh": None, "battery_discharged_kwh": None})


def _whole_solar_w(look: Snapshot) -> float | None:
    """All the sun of the house; None while an inverter is missing."""
    if look.solar is None:
        return None if look.site.inverters else 0.0
    return look.solar.power_w if look.solar.complete else None


def _whole_battery_w(look: Snapshot) -> float | None:
    if look.battery is None:
        return None if look.site.has_battery else 0.0
    return look.battery.power_w


def _grid(look: Snapshot) -> GridReading | None:
    """The meter at the main fuse, while it is not lost."""
    main = look.site.circuits.main.circuit_id
    reading = look.meters.get(main)
    longest_s = max(LOST_PERIODS * look.site.meter_period_s.get(main, 1.0), LOST_AT_LEAST_S)
    return reading if reading is not None and look.now_s - reading.taken_at_s <= longest_s else None


def _circuit(scene: Scene, circuit: Circuit) -> wire.CircuitState:
    load = scene.decision.circuits[circuit.circuit_id]
    measured_a = None if load.measured_a is None else _amps(load.measured_a, circuit.phases)
    thermal = [scene.memory.thermal.get((circuit.circuit_id, phase)) for phase in circuit.phases]
    return wire.CircuitState(
        id=circuit.circuit_id,
        fed_from=circuit.parent_id,
        phases=tuple(phase.name for phase in circuit.phases),
        fuse_a=circuit.fuse.rating_a,
        fuse_device=circuit.fuse.device,
        usable_a=round(load.usable_a, 2),
        measured_a=measured_a,
        house_a=_amps(load.house_a, circuit.phases),
        headroom_a=None if measured_a is None else tuple(round(load.usable_a - amps, 2) for amps in measured_a),
        meter_age_s=None if load.meter_age_s is None else seen_age_s(load.meter_age_s),
        thermal=tuple(round(each, 3) for each in thermal if each is not None) if None not in thermal else None,
    )


def _station(scene: Scene, station: Station) -> wire.StationState:
    station_id = station.station_id
    state, setpoint = scene.look.state_of(station_id), scene.decision.setpoints[station_id]
    facts = scene.facts.get(station_id, NO_FACTS)
    wishes = scene.wishes.get(station_id, NO_WISHES)
    obedience = scene.memory.obedience.get(station_id)
    power_w = car_power_w(scene.look, station_id)
    ahead = outlook(scene, station_id, power_w)
    return wire.StationState(
        id=station_id,
        circuit=station.circuit_id,
        wired=tuple(phase.name for phase in station.wiring),
        connected=state.connected,
        protocol=state.protocol,
        vendor=facts.vendor,
        model=facts.model,
        firmware=facts.firmware,
        serial=facts.serial,
        status=station_status(scene, station_id),
        connector_status=state.status,
        plugged=state.plugged,
        # What a person chose, not what a boost or a pause of the optimisation makes of it meanwhile.
        mode=station.goal.mode if wishes.mode is None else wishes.mode,
        limit_a=setpoint.limit_a,
        phases=setpoint.phases,
        reason=setpoint.reason.code,
        because=reason_says(setpoint.reason),
        remaining_s=None if setpoint.reason.remaining_s is None else float(round(setpoint.reason.remaining_s)),
        current_a=None if state.car is None else tuple(round(amps, 2) for amps in state.car.current_a),
        power_w=_watts(power_w),
        measured_age_s=_report_age_s(scene.look, state),
        min_a=station.min_a,
        max_a=station.max_a,
        user_max_a=wishes.max_a,
        user_min_a=wishes.min_a,
        user_phases=wishes.phases,
        fallback_a=station.fallback_a,
        can_switch_phases=station.can_switch_phases,
        priority=station.goal.priority if wishes.priority is None else wishes.priority,
        vehicle=scene.vehicles.get(station_id) if wishes.car is None else wishes.car,
        guest=wishes.guest is not None,
        user_vehicle=wishes.vehicle,
        session=scene.counted.sessions.get(station_id),
        energy_kwh=round(scene.counted.stations_kwh.get(station_id, 0.0), 3),
        goal=wire.GoalState(energy_kwh=wishes.energy_kwh, ready_by=wishes.ready_by) if wishes.has_goal else None,
        latest_start_at=ahead.latest_start_at,
        finish_at=ahead.finish_at,
        goal_at_risk=ahead.at_risk,
        goal_expected_kwh=ahead.expected_kwh,
        temporary_limit=None
        if wishes.limit is None
        else wire.TemporaryLimit(limit_a=wishes.limit.limit_a or 0.0, until=wishes.limit.until),
        boost_until=None if wishes.boost is None else wishes.boost.until,
        ignores_limit=obedience is not None and obedience.is_ignoring,
        upstream=facts.upstream,
        connector=facts.connector,
    )


def _report_age_s(look: Snapshot, state: StationState) -> float | None:
    return None if state.car is None else seen_age_s(look.now_s - state.car.taken_at_s)


def _battery(scene: Scene) -> wire.BatteryState | None:
    look, standing = scene.look, scene.battery
    battery = look.battery
    if battery is None:
        return None
    soc = None if battery.soc is None else round(battery.soc, 3)
    return wire.BatteryState(
        power_w=round(battery.power_w, 1),
        soc=soc,
        age_s=seen_age_s(look.now_s - battery.taken_at_s),
        mode=_battery_mode(battery.power_w),
        capacity_kwh=scene.battery_kwh if battery.capacity_kwh is None else round(battery.capacity_kwh, 2),
        orders=None if standing is None else _orders(standing, look),
    )


def _orders(standing: BatteryStanding, look: Snapshot) -> wire.BatteryOrders:
    order = standing.order
    # To the second, so that it stays the same from one look to the next.
    since_s = None if look.utc_s is None else look.utc_s - (look.now_s - order.since_s)
    return wire.BatteryOrders(
        charge_at_most_w=order.charge_at_most_w,
        discharge_at_most_w=order.discharge_at_most_w,
        reason=order.reason,
        because=order_says(order),
        since=None if since_s is None or not isfinite(since_s) else datetime.fromtimestamp(round(since_s), UTC),
        in_force=standing.in_force,
        trouble=standing.trouble,
    )


def _battery_mode(power_w: float) -> wire.BatteryMode:
    if abs(power_w) < BATTERY_IDLE_W:
        return wire.BatteryMode.IDLE
    return wire.BatteryMode.DISCHARGING if power_w > 0.0 else wire.BatteryMode.CHARGING


def _import_cap(scene: Scene) -> wire.ImportCap | None:
    cap = scene.import_cap
    return None if cap is None or cap.limit_kw is None else wire.ImportCap(limit_kw=cap.limit_kw, until=cap.until)


def _amps(values: PerPhase, phases: Wiring) -> tuple[float, ...]:
    return tuple(round(values[phase], 2) for phase in phases)


def _watts(power_w: float | None) -> float | None:
    return None if power_w is None else round(power_w, 1)


def _sum(parts: Iterable[float | None]) -> float | None:
    """Unknown as soon as one part is."""
    total = 0.0
    for part in parts:
        if part is None:
            return None
        total += part
    return total
