"""What a simulated device measures beyond what somebody stated, so that all of it fits. Pure.

Values have the names, units and signs of the profile's uses (`ems.devices.sample`): phases add up, currents carry their
power, the voltage is 230 V.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ems.devices.http.profile import HttpProfile
from ems.devices.modbus.point_map import Derived
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import ObisProfile
from ems.devices.profile import Profile
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile
from ems.devices.sample import phase_point
from ems.devices.sunspec.models import INVERTERS, METERS
from ems.model.electrical import NOMINAL_V, Phase

Values = Mapping[str, float | None]
"""What one use measures; None where the device says that it has no value."""

USUAL: Final[Mapping[str, float]] = {"voltage": NOMINAL_V, "frequency": 50.0, "soc": 0.5}
"""By the first word of a name; everything else is 0."""


class CannotShow(ValueError):
    """A device of this profile cannot tell such a value; says which and why."""


class Tells(Protocol):
    """What one use of a device tells."""

    @property
    def told(self) -> tuple[str, ...]:
        """The names of ours."""
        ...

    @property
    def derived(self) -> Mapping[str, Derived]:
        """Those that are worked out from others."""
        ...

    @property
    def signed(self) -> frozenset[str]:
        """Currents that carry their direction themselves."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTells:
    """A use whose numbers are all told as they are."""

    told: tuple[str, ...]
    signed: frozenset[str] = frozenset()
    derived: Mapping[str, Derived] = field(default_factory=dict)


def tells_of(profile: Profile) -> Mapping[Kind, Tells]:
    """What each use of a device tells, whatever its transport."""
    if isinstance(profile, ModbusProfile | HybridProfile):
        return dict(profile.maps)
    if isinstance(profile, HttpProfile):
        return {
            kind: PlainTells(told=tuple(use.points), signed=profile.signed(kind)) for kind, use in profile.uses.items()
        }
    if isinstance(profile, RctProfile):
        return {kind: PlainTells(told=tuple(use.points)) for kind, use in profile.uses.items()}
    if isinstance(profile, ObisProfile):
        return {"meter": PlainTells(told=tuple(profile.points))}
    if isinstance(profile, MqttProfile):
        return {profile.kind: PlainTells(told=tuple(profile.points), signed=profile.signed)}
    layouts = {"meter": METERS[0], "inverter": INVERTERS[0]}
    return {kind: PlainTells(told=tuple(layouts[kind].points)) for kind in profile.kinds if kind in layouts}


def filled_in(each: Tells, stated: Values) -> dict[str, float | None]:
    """All values that such a device tells. Raises CannotShow for a name that it does not tell."""
    strange = sorted(set(stated) - set(each.told))
    if strange:
        raise CannotShow(f"it does not tell {', '.join(strange)}; it tells {', '.join(each.told)}")
    values: dict[str, float | None] = {**dict(_from_phases(each, stated)), **stated}
    for name, rule in each.derived.items():
        known = {term: values[term] for term in rule.terms if term in values}
        if name not in values and len(known) == len(rule.terms):
            values[name] = rule.value({term: value for term, value in known.items() if value is not None})
    usual = {name: USUAL.get(name.split("_")[0], 0.0) for name in each.told}
    return {**usual, **values}


def _from_phases(each: Tells, stated: Values) -> Iterable[tuple[str, float | None]]:
    """What follows from the stated powers: the total, or the phases, which share it equally, and the currents.

    A device that knows its total alone has L1.
    """
    names = {own: phase_point("power", own) for own in Phase}
    by_phase = {own: stated.get(name) for own, name in names.items()}
    total_w = stated.get("power")
    if total_w is not None and set(names.values()) <= set(each.told) and not set(names.values()) & set(stated):
        by_phase = dict.fromkeys(names, total_w / len(names))
        yield from ((name, total_w / len(names)) for name in names.values())
    watts = [value for value in by_phase.values() if value is not None]
    if watts and "power" in each.told:
        yield "power", sum(watts)
    if phase_point("power", Phase.L1) not in each.told:
        by_phase[Phase.L1] = stated.get("power")
        yield from _carried("current", stated.get("power"), NOMINAL_V, each)
    for own, value in by_phase.items():
        yield from _carried(phase_point("current", own), value, stated.get(phase_point("voltage", own)), each)


def _carried(name: str, watts: float | None, volts: float | None, each: Tells) -> Iterable[tuple[str, float]]:
    """The current that carries that power, with its sign where the device tells it."""
    if watts is not None and name in each.told:
        amps = watts / (volts or NOMINAL_V)
        yield name, amps if name in each.signed else abs(amps)
