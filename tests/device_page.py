"""What the documentation says of every profile: one table, and one page of notes, written from the profiles alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.devices.http.profile import HttpProfile
from ems.devices.library import profiles
from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.profile import HybridProfile, ModbusLimits, ModbusProfile
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Profile, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.profile import Profile
from ems.devices.profile_parts import Kind
from ems.devices.rct.profile import RctProfile

BEGIN: Final = "<!-- begin of what `FUSEWISE_GOLDEN=write pytest tests/unit/devices/test_device_page.py` writes -->"
END: Final = "<!-- end of it -->"
OTHER_WAY: Final[dict[Kind, str]] = {"meter": "export", "inverter": "consumption", "battery": "charging"}
OUR_WAY: Final[dict[Kind, str]] = {"meter": "import", "inverter": "production", "battery": "discharging"}


def table() -> str:
    """The table of all profiles."""
    ordered = sorted(profiles(), key=lambda each: (each.vendor.lower(), each.id))
    experimental = sum(bool(each.experimental_as) for each in ordered)
    sound = [each.status for each in ordered if not each.experimental_as]
    count = (
        f"{len(ordered)} profiles: {sound.count('verified')} verified, {sound.count('vendor')} from the maker's own "
        f"table or SunSpec's, {experimental} with at least one experimental use."
    )
    head = "| profile | device | used as | status | answers at |\n|---|---|---|---|---|"
    return "\n".join([count, "", head, *map(_row, ordered)])


def _row(each: Profile) -> str:
    return f"| `{each.id}` | {each.vendor} {each.model} | {_uses(each)} | {_status(each)} | {_place(each)} |"


def notes() -> str:
    """The page of notes, one section for each profile."""
    head = (
        "# What to mind with each device\n\nWritten from the profiles, like the table in [devices](devices.md). "
        "Signs are the maker's; what comes out is always ours: grid + import, solar + production, battery + discharge."
    )
    ordered = sorted(profiles(), key=lambda each: (each.vendor.lower(), each.id))
    return "\n".join([head, *("\n".join(_section(each)) for each in ordered)]) + "\n"


def _section(chosen: Profile) -> Iterator[str]:
    yield f"\n## {chosen.vendor} {chosen.model}\n"
    yield f"`{chosen.id}`, used as {_uses(chosen)}, {_status(chosen)}.\n"
    for kind, reason in chosen.experimental_as.items():
        yield f"- **Experimental as {kind}**: {reason}"
    for kind, unsure in chosen.direction_unsure.items():
        has_to = ", and state `invert`" if unsure.must_be_stated else ""
        yield f"- **As {kind}, look at its direction{has_to}**: {unsure.why}."
    if isinstance(chosen, ModbusProfile | HybridProfile):
        for kind, each in chosen.maps.items():
            yield f"- As {kind}: {_signs(kind, each)}"
        yield from (f"- {line}" for line in _limits(chosen.limits))
    if isinstance(chosen, HttpProfile | SmlPageProfile) and chosen.limits.period_s is not None:
        yield f"- Give it a `period_s` of {chosen.limits.period_s:g} or more."
    yield from (f"- {note}" for note in chosen.notes)


def _signs(kind: Kind, each: PointMap) -> str:
    live = {name: point for name, point in each.rows.items() if name.startswith("power")}
    turned = {point.sign for name, point in live.items() if name in each.points}
    way = (
        "in two directions apart, or in parts"
        if not turned
        else f"{(OTHER_WAY if -1 in turned else OUR_WAY)[kind]} counts"
    )
    words = [f"{way}{' as positive' if turned else ''}"]
    if kind == "meter":
        if any(name.startswith("current") for name in each.told):
            words.append("currents carry their direction" if each.signed else "currents are magnitudes")
        words.append("all phases" if "power_l3" in each.told else _phases(each))
    return "; ".join(words) + "."


def _phases(each: PointMap) -> str:
    return (
        "currents of all phases, power in total only" if "current_l3" in each.told else "one phase, or the total alone"
    )


def _limits(limits: ModbusLimits) -> Iterator[str]:
    if limits.clients is not None:
        yield f"Connections at once: {limits.clients}."
    if limits.period_s is not None:
        yield f"Give it a `period_s` of {limits.period_s:g} or more."


def _uses(chosen: Profile) -> str:
    return ", ".join(chosen.kinds)


def _status(chosen: Profile) -> str:
    shaky = chosen.experimental_as
    if not shaky:
        return chosen.status
    return "experimental" if len(shaky) == len(chosen.kinds) else f"experimental as {', '.join(shaky)}"


def _place(chosen: Profile) -> str:
    if isinstance(chosen, MqttProfile):
        return "MQTT"
    if isinstance(chosen, HttpProfile):
        return f"{'HTTPS' if chosen.tls else 'HTTP'} port {chosen.port}"
    if isinstance(chosen, SpeedwireProfile):
        return f"UDP multicast {chosen.defaults.group}, port {chosen.defaults.port}"
    if isinstance(chosen, P1Profile):
        return f"P1 bridge port {chosen.defaults.port}, or a cable at {chosen.defaults.baud} baud"
    if isinstance(chosen, SmlPageProfile):
        return f"SML on a page, HTTP port {chosen.port}"
    if isinstance(chosen, SmlProfile):
        return f"SML: a bridge, or a cable at {chosen.defaults.baud} baud"
    if isinstance(chosen, RctProfile):
        return f"port {chosen.port}"
    if not isinstance(chosen, ModbusProfile | HybridProfile):
        return "Modbus TCP, SunSpec"
    line = f"; RS-485: {chosen.serial}" if chosen.serial else ""
    usual = chosen.defaults
    over = "UDP " if usual.over == "udp" else ""
    return f"{over}port {usual.port}, unit {usual.unit}{line}"
