"""What every baseline reads off a snapshot in the same way: meter, car, ceiling, and an order the station can take."""

from __future__ import annotations

import math

from ems.model.electrical import NOMINAL_V, Circuit, PerPhase, Wiring
from ems.model.readings import GridReading
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.model.station import ConnectorStatus, StationState
from ems.sim.policies.ports import Order

DRAWING_A = 1.0
"""A phase above this counts as used by the car (evcc's threshold, taken for all)."""


def fresh_meter(now: Snapshot, circuit_id: str, within_s: float) -> GridReading | None:
    """The newest reading of that circuit's meter, None when there is none or it is older than `within_s`."""
    reading = now.meters.get(circuit_id)
    return reading if reading is not None and now.now_s - reading.taken_at_s <= within_s else None


def patience_s(site: Site, least_s: float) -> float:
    """How old the main meter's reading may be: `least_s`, or two periods of a meter that is slower than that."""
    return max(least_s, 2.0 * site.meter_period_s.get(site.circuits.main.circuit_id, 0.0))


def battery_w(now: Snapshot, within_s: float) -> float:
    """Power of the home battery, discharge positive; 0 W without a fresh reading."""
    reading = now.battery
    return reading.power_w if reading is not None and now.now_s - reading.taken_at_s <= within_s else 0.0


def usable_a(circuit: Circuit) -> float:
    """What a careful installer enters as this circuit's limit: rating in that cabinet, less the reserve."""
    return circuit.fuse.rating_a * circuit.derating - circuit.reserve_a


def ceiling_a(now: Snapshot, station: Station) -> float:
    """The most that installer, car and person allow, in A; below the station's minimum it cannot charge."""
    wish_a = now.goal_of(station.station_id).max_a
    least_a = station.max_a
    if station.vehicle_max_a is not None:
        least_a = min(least_a, station.vehicle_max_a)
    return least_a if wish_a is None else min(least_a, wish_a)


def is_charging(state: StationState) -> bool:
    return state.status is ConnectorStatus.CHARGING


def peak_a(state: StationState) -> float:
    """Largest phase current of the car, 0 A without a reading."""
    return max(state.car.current_a, default=0.0) if state.car is not None else 0.0


def charge_w(state: StationState) -> float:
    """What the car takes, from its currents at 230 V where the station gives no power; 0 W without a reading."""
    if state.car is None:
        return 0.0
    return state.car.power_w if state.car.power_w is not None else sum(state.car.current_a) * NOMINAL_V


def phases_drawing(state: StationState) -> int:
    """On how many phases the car draws more than 1 A."""
    return sum(current_a > DRAWING_A for current_a in state.car.current_a) if state.car is not None else 0


def on_house(wiring: Wiring, state: StationState) -> PerPhase:
    """The car's current on the phases of the house, 0 A without a reading."""
    currents_a = [0.0, 0.0, 0.0]
    if state.car is not None:
        for phase, current_a in zip(wiring, state.car.current_a, strict=False):
            currents_a[phase] = current_a
    return PerPhase(*currents_a)


def usable_phases(station: Station) -> int:
    """On how many phases this car can charge at this station, as far as the installer knows."""
    return min(len(station.wiring), station.vehicle_phases or 3)


def stepped_a(station: Station, limit_a: float) -> float:
    """`limit_a` rounded down to the station's step, in A."""
    return math.floor(limit_a / station.step_a + 1e-6) * station.step_a


def order_for(station: Station, limit_a: float, phases: int) -> Order:
    """The largest order up to `limit_a` that the station can follow: 0 A, or within its range and on its step."""
    reached_a = min(round(stepped_a(station, limit_a), 4), station.max_a)
    return Order(limit_a=reached_a if reached_a >= station.min_a else 0.0, phases=phases)
