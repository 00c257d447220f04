"""What sun and battery give on each phase of the house (`control.md` §4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.model.electrical import NOMINAL_V, PerPhase, Phase
from ems.model.readings import SolarReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot

ONE_PHASE_A: Final = 20.0
"""No more is fed on one phase alone: 4.6 kVA (`breakers-and-rules.md` §5)."""


def given_a(now: Snapshot) -> PerPhase:
    """Amps per phase that sun and battery give, as far as they were heard of; evenly spread where nobody knows."""
    battery_a = _battery_on_its_phases_a(now)
    evenly_w = 0.0 if now.battery is None or battery_a is not None else max(0.0, now.battery.power_w)
    sun = now.solar
    if sun is not None and sun.current_a is None:
        evenly_w += max(0.0, sun.power_w)
    evenly_a = spread_a(now.site, evenly_w)
    if battery_a is not None:
        evenly_a = evenly_a + battery_a
    return evenly_a if sun is None or sun.current_a is None else evenly_a + sun.current_a


def held_given_a(now: Snapshot, before_a: PerPhase | None) -> PerPhase:
    """The same; while an inverter or the battery is silent, no less than when all had spoken last.

    An inverter that nobody hears may go on giving. `before_a`: what this gave a look ago; None where nothing is known:
    then those that are silent may give their peak, as far as it is stated.
    """
    heard_a = given_a(now)
    if all_are_heard(now):
        return heard_a
    return heard_a.upper(spread_a(now.site, now.site.sun_peak_w or 0.0) if before_a is None else before_a)


def most_given_a(now: Snapshot) -> PerPhase | None:
    """Amps that sun and battery can give at most on each phase: what they tell, else the peak of the inverters.

    None where nobody knows.
    """
    site, sun = now.site, now.solar
    if site.has_battery and now.battery is None:
        return None
    battery_a = _battery_on_its_phases_a(now)
    other_w = 0.0 if now.battery is None or battery_a is not None else max(0.0, now.battery.power_w)
    known_a = battery_a or PerPhase()
    if not all_are_heard(now):
        return None if site.sun_peak_w is None else known_a + _on_any_a(site, other_w + site.sun_peak_w)
    if sun is not None and sun.current_a is not None:
        return known_a + sun.current_a + _on_any_a(site, other_w)
    return known_a + _on_any_a(site, other_w + (0.0 if sun is None else max(0.0, sun.power_w)))


def _battery_on_its_phases_a(now: Snapshot) -> PerPhase | None:
    """What the battery gives; None where it is silent or nobody stated its phases."""
    wiring = now.site.battery_wiring
    if now.battery is None or not wiring:
        return None
    return PerPhase.on(wiring, max(0.0, now.battery.power_w) / NOMINAL_V / len(wiring))


def _on_any_a(site: Site, power_w: float) -> PerPhase:
    """The most amps that this power can be on each phase, whatever feeds it: evenly spread, or all on one phase."""
    evenly_a = spread_a(site, power_w)
    on_one_a = min(ONE_PHASE_A, max(0.0, power_w) / NOMINAL_V)
    return evenly_a.upper(PerPhase.on(site.phases, on_one_a))


def all_are_heard(now: Snapshot) -> bool:
    """Whether every inverter of the site, and its battery, has told lately what it gives."""
    sun_is_known = now.site.inverters == 0 or (now.solar is not None and now.solar.complete)
    return sun_is_known and (now.battery is not None or not now.site.has_battery)


def sun_a(site: Site, readings: Mapping[str, SolarReading]) -> PerPhase | None:
    """Amps per phase of the house that these inverters feed together; None where no phase of any of them is known."""
    fed = {name: _fed_a(site, name, reading) for name, reading in readings.items()}
    if all(amps is None for amps in fed.values()):
        return None
    total_a = PerPhase()
    for name, amps in fed.items():
        total_a = total_a + (spread_a(site, readings[name].power_w) if amps is None else amps)
    return total_a


def _fed_a(site: Site, inverter_id: str, reading: SolarReading) -> PerPhase | None:
    """One inverter's part, where it or the site file tells phases.

    The largest current of one whose wiring nobody stated counts on every phase: nobody knows which of them it is on.
    """
    wiring = site.sun_wiring.get(inverter_id)
    if reading.current_a is None:
        return None if wiring is None else PerPhase.on(wiring, max(0.0, reading.power_w) / NOMINAL_V / len(wiring))
    if wiring is None:
        return PerPhase.on(site.phases, max(0.0, *reading.current_a))
    fed = PerPhase()
    for own, phase in zip(Phase, wiring, strict=False):
        fed = fed.with_value(phase, max(0.0, reading.current_a[own]))
    return fed


def spread_a(site: Site, power_w: float) -> PerPhase:
    """A power as amps, evenly on the phases of the house."""
    return PerPhase.on(site.phases, max(0.0, power_w) / NOMINAL_V / len(site.phases))
