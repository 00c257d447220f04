"""Which meter samples count, and whether a meter is good, late or lost (`control.md` §4 sanity, §6)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from ems.control.memory import NO_TRUST, CarsThen, Memory, MeterTrust
from ems.control.seen.in_force import commanded
from ems.model.decision import Decision, LimitReason, Notice, NoticeCode, Reason
from ems.model.quick import quick
from ems.model.readings import GridReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot

LATE_PERIODS: Final = 3.0
LATE_AT_LEAST_S: Final = 3.0
LOST_PERIODS: Final = 5.0
LOST_AT_LEAST_S: Final = 5.0
IMPOSSIBLE_RATINGS: Final = 3.0
"""A current above this many fuse ratings is a broken meter, not a house."""

FROZEN_REPEATS: Final = 10
CARS_REPORT_WITHIN_S: Final = 15.0
"""A car's report may come this long after the meter saw the change (reporting interval and message)."""

CARS_CHANGED_A: Final = 2.0
"""Cars that moved by more than this must have moved the meter too; the same numbers for longer mean it is frozen."""

FROZEN_ALONE_REPEATS: Final = 60
"""A live voltage never repeats exactly this often (assumed; covers a freeze while no car moves)."""

FLIPPED_AFTER_S: Final = 30.0
"""More export than sun and battery give, for so long: a clamp is the wrong way round. An inverter's own numbers lag
behind the meter's at the edge of a cloud (assumed)."""

DOUBTFUL_FLIP_S: Final = 10.0
"""For so long nothing is raised any more."""

EXPORT_SLACK: Final = 0.2
EXPORT_SLACK_W: Final = 1000.0
"""Export beyond what is known: panels on a balcony, and the meters' errors (assumed)."""

DOUBTFUL_REPEATS: Final = 3
"""The same numbers this often although limits were raised: no further raise until they move."""


class Health(IntEnum):
    """How far a meter may be relied on, best first."""

    GOOD = 0
    LATE = 1
    """No raise."""

    LOST = 2
    """Fallback currents; also while it has not yet been good for long enough."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterView:
    """One meter as this cycle may use it."""

    circuit_id: str
    good: GridReading | None
    age_s: float | None
    health: Health
    fresh: bool
    """Whether the good sample is young enough to act on, trusted or not."""

    samples_to_go: int
    """Good samples until it is trusted again."""

    @property
    def reason(self) -> Reason:
        """This meter as the reason of a limit."""
        return Reason(
            code=LimitReason.METER_LOST,
            circuit_id=self.circuit_id,
            age_s=self.age_s,
            samples_to_go=self.samples_to_go if self.fresh else None,
        )


def judge_meters(now: Snapshot, memory: Memory) -> tuple[dict[str, MeterView], dict[str, MeterTrust]]:
    """Look at the newest sample of every metered circuit; returns the views of this cycle and what to remember."""
    views: dict[str, MeterView] = {}
    trust: dict[str, MeterTrust] = {}
    for circuit in now.site.circuits:
        if not circuit.metered:
            continue
        circuit_id = circuit.circuit_id
        known = memory.trust.get(circuit_id, NO_TRUST)
        cars = _cars(now, circuit_id)
        impossible_a = circuit.fuse.rating_a * IMPOSSIBLE_RATINGS
        export_w = _most_export_w(now) if circuit.parent_id is None else None
        sample = now.meters.get(circuit_id)
        # A sample from the future would look fresh for ever.
        seen = sample if sample and sample.taken_at_s <= now.now_s else None
        newer = judge_sample(known, seen, impossible_a, cars, export_w, given_at_s=_given_at_s(now))
        age_s = None if newer.good is None else max(0.0, now.now_s - newer.good.taken_at_s)
        period_s = now.site.meter_period_s.get(circuit_id, now.site.policy.meter_period_s)
        fresh = age_s is not None and age_s <= max(LOST_PERIODS * period_s, LOST_AT_LEAST_S)
        trust[circuit_id] = newer if fresh else replace(newer, good_samples=0)
        health = _health(trust[circuit_id], now, age_s, period_s, cars)
        views[circuit_id] = MeterView(
            circuit_id=circuit_id,
            good=newer.good,
            age_s=age_s,
            health=health,
            fresh=fresh,
            samples_to_go=max(0, now.site.policy.good_samples_to_trust - trust[circuit_id].good_samples),
        )
    return views, trust


def judge_sample(
    known: MeterTrust,
    sample: GridReading | None,
    impossible_a: float,
    cars: CarsThen,
    most_export_w: float | None = None,
    *,
    given_at_s: float | None = None,
) -> MeterTrust:
    """Take in one sample. Old, impossible, frozen and flipped ones leave the last good sample as it was.

    `most_export_w`: what sun and battery can send to the grid, None where nobody knows; told `given_at_s`.
    """
    newest = known.newest
    if sample is None or (newest is not None and sample.taken_at_s <= newest.taken_at_s):
        return known
    flipped_since_s = _flipped_since_s(known, sample, most_export_w, given_at_s)
    flipped = flipped_since_s is not None and sample.taken_at_s - flipped_since_s >= FLIPPED_AFTER_S
    possible = not flipped and _is_possible(sample, impossible_a)
    if newest is None or not _same_numbers(sample, newest):
        return MeterTrust(
            newest=sample,
            good=sample if possible else known.good,
            good_samples=known.good_samples + possible,
            same_since_s=sample.taken_at_s,
            cars=cars,
            flipped_since_s=flipped_since_s,
        )
    known = replace(known, newest=sample, repeats=known.repeats + 1, flipped_since_s=flipped_since_s)
    if _cars_moved(known, cars) and sample.taken_at_s - known.same_since_s <= CARS_REPORT_WITHIN_S:
        known = replace(known, cars=cars)
    if is_frozen(known, cars) or not possible:
        return known
    return replace(known, good=sample, good_samples=known.good_samples + 1)


def flip_notices(trust: Mapping[str, MeterTrust]) -> tuple[Notice, ...]:
    """One notice for every meter that has shown too much export for too long."""
    return tuple(
        Notice(code=NoticeCode.METER_FLIPPED, circuit_id=circuit_id)
        for circuit_id, known in trust.items()
        if _flipped_for_s(known) >= FLIPPED_AFTER_S
    )


def is_frozen(trust: MeterTrust, cars: CarsThen) -> bool:
    """Whether the same numbers came too often to be true."""
    if trust.repeats >= FROZEN_ALONE_REPEATS and trust.newest is not None and trust.newest.voltage_v is not None:
        return True
    return trust.repeats >= FROZEN_REPEATS and _cars_moved(trust, cars)


def worst_health(views: Mapping[str, MeterView], circuit_ids: Sequence[str]) -> MeterView | None:
    """The least reliable meter among these circuits; None when none of them has a meter."""
    worst = None
    for circuit_id in circuit_ids:
        view = views.get(circuit_id)
        if view is not None and (worst is None or view.health > worst.health):
            worst = view
    return worst


def _health(trust: MeterTrust, now: Snapshot, age_s: float | None, period_s: float, cars: CarsThen) -> Health:
    if age_s is None or trust.good_samples < now.site.policy.good_samples_to_trust:
        return Health.LOST
    if age_s > max(LATE_PERIODS * period_s, LATE_AT_LEAST_S) or _is_doubtful(trust, cars):
        return Health.LATE
    return Health.GOOD


def _is_doubtful(trust: MeterTrust, cars: CarsThen) -> bool:
    if _flipped_for_s(trust) >= DOUBTFUL_FLIP_S:
        return True
    return trust.repeats >= DOUBTFUL_REPEATS and cars.allowed_a > trust.cars.allowed_a


def _most_export_w(now: Snapshot) -> float | None:
    """What the house can send to the grid at most; None while not all that gives power has been heard of lately."""
    solar, battery = now.solar, now.battery
    if solar is None or not solar.complete or (now.site.has_battery and battery is None):
        return None
    given_w = max(0.0, solar.power_w) + (0.0 if battery is None else max(0.0, battery.power_w))
    return (1.0 + EXPORT_SLACK) * given_w + EXPORT_SLACK_W


def _given_at_s(now: Snapshot) -> float | None:
    """When the older of sun and battery was told."""
    told = [each.taken_at_s for each in (now.solar, now.battery) if each is not None]
    return min(told, default=None)


def _flipped_for_s(trust: MeterTrust) -> float:
    if trust.newest is None or trust.flipped_since_s is None:
        return 0.0
    return trust.newest.taken_at_s - trust.flipped_since_s


def _flipped_since_s(
    known: MeterTrust, sample: GridReading, most_export_w: float | None, given_at_s: float | None
) -> float | None:
    """Since when the meter has shown more export than can be. Where nobody knows what can be, nothing is proven.

    Nor is it by what sun and battery told before: a slow inverter does not know yet that a cloud has passed.
    """
    since_s = known.flipped_since_s
    if most_export_w is None:
        return since_s
    if -sample.power_w <= most_export_w:
        return None
    return sample.taken_at_s if since_s is None or (given_at_s is not None and given_at_s < since_s) else since_s


def _is_possible(sample: GridReading, most_a: float) -> bool:
    """Whether every number is one, and no current beyond all fuses."""
    one_a, two_a, three_a = sample.current_a
    return math.isfinite(sample.power_w) and abs(one_a) <= most_a and abs(two_a) <= most_a and abs(three_a) <= most_a


def _same_numbers(one: GridReading, other: GridReading) -> bool:
    return one.current_a == other.current_a and (one.power_w, one.voltage_v, one.frequency_hz) == (
        other.power_w,
        other.voltage_v,
        other.frequency_hz,
    )


def _cars_moved(trust: MeterTrust, cars: CarsThen) -> bool:
    return abs(cars.drawn_a - trust.cars.drawn_a) > CARS_CHANGED_A


def _cars(now: Snapshot, circuit_id: str) -> CarsThen:
    drawn_a = allowed_a = 0.0
    for station in now.site.below(circuit_id):
        state = now.state_of(station.station_id)
        limit = commanded(state, now.now_s)
        if state.car is not None:
            drawn_a += sum(state.car.current_a)
        if limit is not None:
            allowed_a += limit.limit_a
    return CarsThen(drawn_a=drawn_a, allowed_a=allowed_a)


def lost_meters(site: Site, decision: Decision) -> tuple[str, ...]:
    """Circuits whose meter is not trusted in that decision: silent for too long, or not yet believed again."""
    named = {
        setpoint.reason.circuit_id
        for setpoint in decision.setpoints.values()
        if setpoint.reason.code is LimitReason.METER_LOST
    }
    lost = []
    for circuit in site.circuits:
        load = decision.circuits.get(circuit.circuit_id)
        if not circuit.metered or load is None:
            continue
        longest_s = max(
            LOST_PERIODS * site.meter_period_s.get(circuit.circuit_id, site.policy.meter_period_s), LOST_AT_LEAST_S
        )
        if load.meter_age_s is None or load.meter_age_s > longest_s or circuit.circuit_id in named:
            lost.append(circuit.circuit_id)
    return tuple(lost)
