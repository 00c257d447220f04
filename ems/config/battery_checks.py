"""A home battery is ordered only what its kind takes: everything else is told before the service starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol, runtime_checkable

from ems.config.problems import ANY, Finding
from ems.config.schema import BatteryControlSection, BatteryEntry, SiteFile
from ems.model.battery import BatteryTakes


@runtime_checkable
class TellsOrders(Protocol):
    """Whoever knows the profiles."""

    def takes(self, profile_id: str) -> BatteryTakes | None:
        """What batteries of that profile can be ordered; None for those that are only read."""
        ...


def orders(file: SiteFile, known: Collection[str]) -> Iterator[Finding]:
    """Leave for orders that the battery does not take; nothing where `known` does not tell what each takes."""
    battery = file.battery
    if battery is None or battery.control is None or not isinstance(known, TellsOrders):
        return
    if battery.profile is not None and battery.profile not in known:
        return
    takes = None if battery.profile is None else known.takes(battery.profile)
    if battery.modbus is None or takes is None:
        yield Finding(
            place=("battery", "control"),
            problem=f"is for batteries that take orders, and {whose(battery)} is only read",
            cure="delete it; docs/devices.md names the batteries that take orders",
            rests_on=(("battery", "profile"), ("battery", "modbus")),
        )
        return
    for key in beyond(battery.control, takes):
        yield Finding(
            place=("battery", "control", key),
            problem=f"is nothing that {battery.profile} takes",
            cure=f"delete it; what it takes is {_said(takes)}",
            rests_on=(("battery", "profile"),),
        )
    yield from _apart(file, battery, takes)
    if takes.direction_unsure and "invert" not in battery.model_fields_set:
        yield Finding(
            place=("battery", "control"),
            problem="needs to know what the battery counts as positive, since its room at the fuse rests on that",
            cure="look while it charges, and state `invert: false` where its power is below 0, else `invert: true`",
            rests_on=(("battery", "invert"), ("battery", "profile")),
        )


def beyond(asked: BatteryControlSection, takes: BatteryTakes) -> Iterator[str]:
    """The keys that ask for what cannot be had."""
    if asked.hold and not takes.hold:
        yield "hold"
    if asked.charge_at_most_w is not None and not takes.charge_limit:
        yield "charge_at_most_w"
    if asked.discharge_at_most_w is None or takes.discharge_limit:
        return
    # To hold it all the time is a bound of 0 W; not where that would keep the sun away from it as well.
    if asked.discharge_at_most_w > 0.0 or not takes.hold or takes.hold_stops_charging:
        yield "discharge_at_most_w"


def whose(battery: BatteryEntry) -> str:
    """What is said of a battery of that kind."""
    return battery.profile or "a battery without a profile"


def _apart(file: SiteFile, battery: BatteryEntry, takes: BatteryTakes) -> Iterator[Finding]:
    """A battery whose inverter may have sun of its own."""
    for inverter in file.solar if takes.apart else ():
        if inverter.modbus is None or battery.modbus is None or inverter.modbus.place != battery.modbus.place:
            continue
        yield Finding(
            place=("battery", "control"),
            problem=f"is for a battery inverter of its own, and {inverter.id} answers at the same address",
            cure="delete it: whether a hybrid's sun goes on while its battery is held is not known",
            rests_on=(("battery", "modbus"), ("solar", ANY, "modbus")),
        )


def _said(takes: BatteryTakes) -> str:
    names = {
        "hold": takes.hold,
        "charge_at_most_w": takes.charge_limit,
        "discharge_at_most_w": takes.discharge_limit,
    }
    return " and ".join(name for name, taken in names.items() if taken)
