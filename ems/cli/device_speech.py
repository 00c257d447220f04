"""How a device of a profile speaks, in sentences for `ems devices show ID`."""

from __future__ import annotations

from collections.abc import Iterator

from ems.devices.http.profile import HttpProfile
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_types import WordOrder
from ems.devices.mqtt.profile import MqttProfile
from ems.devices.obis_profile import P1Defaults, P1Profile, SmlDefaults, SmlPageProfile, SmlProfile, SpeedwireProfile
from ems.devices.parameters import FilledProfile
from ems.devices.profile import Profile, SunSpecProfile
from ems.devices.rct.profile import RctProfile


def transport_lines(chosen: Profile) -> Iterator[str]:
    """The lines, one sentence or two each."""
    yield from _owner_lines(chosen)
    if isinstance(chosen, MqttProfile):
        yield from _topic_lines(chosen)
        return
    if isinstance(chosen, HttpProfile):
        yield from _request_lines(chosen)
        return
    if isinstance(chosen, P1Profile | SmlProfile | SmlPageProfile | SpeedwireProfile):
        yield from _heard_lines(chosen)
        return
    if isinstance(chosen, RctProfile):
        yield f"Answers at port {chosen.port}; connections at once: {chosen.limits.clients or 'any'}."
        yield f"Stands one sample every {chosen.limits.period_s or 0:g} s."
        return
    yield from _register_lines(chosen)


def _register_lines(chosen: ModbusProfile | HybridProfile | SunSpecProfile) -> Iterator[str]:
    if isinstance(chosen, ModbusProfile | HybridProfile):
        yield from _place_lines(chosen)
    limits = chosen.limits
    yield f"At most {limits.max_registers_per_read} registers per read, {limits.request_gap_ms} ms between two."
    if limits.clients is not None:
        yield f"Connections at once: {limits.clients}."
    if limits.period_s is not None:
        yield f"Stands one sample every {limits.period_s:g} s."
    if isinstance(chosen, ModbusProfile | HybridProfile):
        first = "high" if chosen.word_order is WordOrder.BIG else "low"
        setting = ", unless the device says otherwise" if chosen.word_order_setting else ""
        yield f"Addresses count from 0; of a long number the {first} word comes first{setting}."


def _owner_lines(chosen: Profile) -> Iterator[str]:
    """What its owner has to know or to fill in."""
    for kind, reason in chosen.experimental_as.items():
        yield f"Experimental as {kind}: {reason}"
    for kind, unsure in chosen.direction_unsure.items():
        has_to = ", and state `invert`" if unsure.must_be_stated else ""
        yield f"As {kind}, look at its direction{has_to}: {unsure.why}."
    for name, each in chosen.parameters.items() if isinstance(chosen, FilledProfile) else ():
        usual = f" Usually {each.usual}." if each.usual else ""
        yield f"parameters.{name}: {each.about}{usual}"


def _topic_lines(chosen: MqttProfile) -> Iterator[str]:
    if chosen.availability:
        yield f"Tells on {chosen.availability.topic} whether it is there."
    if chosen.keepalive:
        yield f"Is asked on {chosen.keepalive.topic} to go on publishing, every {chosen.keepalive.every_s:g} s."
    if chosen.limits.silent_after_s:
        yield f"Counts as silent after {chosen.limits.silent_after_s:g} s without a message."


def _request_lines(chosen: HttpProfile) -> Iterator[str]:
    scheme = "https" if chosen.tls else "http"
    yield f"Answers {scheme} at port {chosen.port}, asked for {chosen.request}; login: {chosen.login}."
    if chosen.limits.period_s is not None:
        yield f"Stands one sample every {chosen.limits.period_s:g} s."


def _heard_lines(chosen: P1Profile | SmlProfile | SmlPageProfile | SpeedwireProfile) -> Iterator[str]:
    if isinstance(chosen, SmlPageProfile):
        yield f"Its bridge answers http at port {chosen.port}, asked for {chosen.request}; lets in {chosen.user}."
    elif isinstance(usual := chosen.defaults, P1Defaults):
        yield f"Speaks by itself: at port {usual.port} of a bridge, or at {usual.baud} baud on a cable."
    elif isinstance(usual, SmlDefaults):
        yield f"Speaks by itself: through a bridge, or a reading head at {usual.baud} baud on a cable."
    else:
        yield f"Speaks by itself to everybody: UDP multicast to {usual.group}, port {usual.port}."
    if chosen.limits.silent_after_s:
        yield f"Counts as silent after {chosen.limits.silent_after_s:g} s without a telegram."


def _place_lines(chosen: ModbusProfile | HybridProfile) -> Iterator[str]:
    usual = chosen.defaults
    over = " over UDP" if usual.over == "udp" else ""
    yield f"Answers at port {usual.port}{over} as unit {usual.unit}, where the site file does not say otherwise."
    if chosen.serial is not None:
        yield f"RS-485 as it comes from its maker: {chosen.serial}; set the gateway so."
