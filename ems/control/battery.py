"""What the home battery is ordered: it may be held while cars charge from the grid, never told to charge or discharge.

The guard does not count on any of this. It takes the battery for something that may fail within a second
(`guarding/reaction.sun_at_risk_a`), so a battery that is held, let go or lost changes nothing for a fuse. Here a hold
is only begun where the fuse has room for it, and it ends by itself where the room is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ems.control.seen.trust import lost_meters
from ems.model.battery import BatteryOrder, BatteryReason, BatteryRules
from ems.model.decision import Decision
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.model.goals import ChargeMode
from ems.model.snapshot import Snapshot
from ems.model.station import USES_A

BEGINS_W: Final = 200.0
"""What cars must take beyond the sun before the battery is held for them, and (`ENDS_W`) what keeps it held."""

ENDS_W: Final = 50.0
KEPT_S: Final = 60.0
"""A hold lasts at least so long, but for the fuse's sake: batteries answer slowly, and clouds pass."""

RESTS_S: Final = 300.0
"""After the fuse or a cap needed the battery it is not held again for so long."""

MARGIN_A: Final = 1.0
"""What must be left of the fuse beyond our own rules before a hold begins."""

HOLDING: Final = frozenset({BatteryReason.CARS_FROM_GRID, BatteryReason.FAST_CAR})
NEEDED: Final = frozenset({BatteryReason.FUSE_NEEDS_IT, BatteryReason.CAP_NEEDS_IT})


def order_battery(now: Snapshot, decision: Decision, rules: BatteryRules, before: BatteryOrder) -> BatteryOrder:
    """What the battery may do until the next look, after the order of the last one."""
    reason = _reason(now, decision, rules, before)
    since_s = before.since_s if reason is before.reason else now.now_s
    order = BatteryOrder(reason=reason, since_s=since_s)
    if reason is BatteryReason.UNSEEN:
        return order
    order = replace(order, charge_at_most_w=rules.charge_at_most_w)
    if reason in NEEDED:
        return order
    return replace(order, discharge_at_most_w=0.0 if reason in HOLDING else rules.discharge_at_most_w)


def _reason(now: Snapshot, decision: Decision, rules: BatteryRules, before: BatteryOrder) -> BatteryReason:
    main = now.site.circuits.main.circuit_id
    if now.battery is None or main not in now.meters or main in lost_meters(now.site, decision):
        return BatteryReason.UNSEEN
    wanted = _wanted(now, rules, before)
    bounds = wanted in HOLDING or rules.discharge_at_most_w is not None
    if bounds and (needed := _needed(now, decision, before)) is not None:
        return needed
    return wanted


def _wanted(now: Snapshot, rules: BatteryRules, before: BatteryOrder) -> BatteryReason:
    """What would be ordered with all the room there could be."""
    usual = BatteryReason.NONE
    if rules.charge_at_most_w is not None or rules.discharge_at_most_w is not None:
        usual = BatteryReason.SITE_LIMIT
    charging = [each.station_id for each in now.site.stations if _draws(now, each.station_id)]
    if not rules.hold or not charging:
        return usual
    is_fast = any(now.goal_of(station_id).mode is ChargeMode.FAST for station_id in charging)
    if is_fast and not rules.hold_stops_charging:
        return BatteryReason.FAST_CAR
    held = before.reason in HOLDING
    if held and now.now_s - before.since_s < KEPT_S:
        return before.reason
    # Held, some take no sun either: then what it charges with is sun that house and cars have left.
    own_w = _flow_w(now) if rules.hold_stops_charging else _given_w(now)
    beyond_sun_w = _grid_w(now) + own_w
    why = BatteryReason.FAST_CAR if is_fast else BatteryReason.CARS_FROM_GRID
    return why if beyond_sun_w >= (ENDS_W if held else BEGINS_W) else usual


def _needed(now: Snapshot, decision: Decision, before: BatteryOrder) -> BatteryReason | None:
    """Why the house cannot do without the battery; None where it can."""
    if before.reason in NEEDED and now.now_s - before.since_s < RESTS_S:
        return before.reason
    if not _has_room(now, decision, 0.0 if before.discharge_at_most_w is not None else MARGIN_A):
        return BatteryReason.FUSE_NEEDS_IT
    if not _is_under_caps(now):
        return BatteryReason.CAP_NEEDS_IT
    return None


def _has_room(now: Snapshot, decision: Decision, margin_a: float) -> bool:
    """Whether the main fuse carries what it would carry without the battery, on every phase that it may feed."""
    main = now.site.circuits.main
    usable_a = decision.circuits[main.circuit_id].usable_a - margin_a
    with_it_a = now.meters[main.circuit_id].current_a
    wiring = now.site.battery_wiring
    # Where nobody stated its phases all of it may be on any one.
    given_a = _given_w(now) / NOMINAL_V / (len(wiring) or 1)
    without_a = with_it_a + PerPhase.on(wiring or main.phases, given_a)
    return all(without_a[phase] <= usable_a for phase in main.phases)


def _is_under_caps(now: Snapshot) -> bool:
    """Whether nothing bounds the import that the battery helps to keep."""
    site = now.site
    if site.peak is not None or (site.grid_operator is not None and now.dimmed is not False):
        return False
    return now.import_cap_w is None or _grid_w(now) + _given_w(now) <= now.import_cap_w


def _draws(now: Snapshot, station_id: str) -> bool:
    state = now.state_of(station_id)
    return state.plugged and state.car is not None and max(state.car.current_a, default=0.0) > USES_A


def _grid_w(now: Snapshot) -> float:
    return now.meters[now.site.circuits.main.circuit_id].power_w


def _given_w(now: Snapshot) -> float:
    return max(0.0, _flow_w(now))


def _flow_w(now: Snapshot) -> float:
    """What the battery gives; below 0 what it takes."""
    return 0.0 if now.battery is None else now.battery.power_w
