"""The card of the devices: how well meters, inverters and the battery are read."""

from __future__ import annotations

from typing import Final

from ems.api.wire import DeviceState, State
from ems.web.bits import box, words
from ems.web.visit import Visit
from ems.web.voice import UNKNOWN, Voice, station_name

MS: Final = 1000.0


class DevicesCard:
    """One row for each; those that fail now say why."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._rows: dict[str, _Row] = {}
        voice = visit.voice
        with box("section", "card stack", aria_label=voice("page.devices"), data_card="devices") as self._card:
            words(voice("page.devices"), "h2", "card-title")
            self._list = box("div", "stack")
            words(voice("page.devices_says"), "p", "soft small")

    def draw(self, _state: State, _age_s: float) -> None:
        devices = self._visit.house.devices()
        self._card.set_visibility(bool(devices))
        for device in devices:
            if device.id not in self._rows:
                with self._list:
                    self._rows[device.id] = _Row(device)
            self._rows[device.id].draw(device, self._visit.voice)


class _Row:
    def __init__(self, device: DeviceState) -> None:
        with box("div", "stack stack-close", data_device=device.id):
            words(station_name(device.id))
            self._now = words("", "div", "soft small")
            self._trouble = words("", "div", "small", role="status")

    def draw(self, device: DeviceState, voice: Voice) -> None:
        self._now.set_text(facts_of(device, voice))
        self._trouble.set_text(trouble_of(device, voice))


def facts_of(device: DeviceState, voice: Voice) -> str:
    """`Meter · last reading 0.4 s ago · 12 ms, at most 40 ms · 1 % failed · 2 reconnections`."""
    facts = [voice(f"page.device.{device.kind}")]
    if device.age_s is None:
        facts.append(voice("page.device.never"))
    else:
        age = voice.seconds(device.age_s) if device.age_s < 60.0 else voice.lasting(device.age_s)
        facts.append(voice("page.device.age", age=age))
    if device.latency_p50_s is not None:
        facts.append(
            voice("page.device.latency", usual=_ms(voice, device.latency_p50_s), most=_ms(voice, device.latency_p99_s))
        )
    if device.error_share is not None:
        facts.append(voice("page.device.failed", share=voice.share(device.error_share)))
    if device.reconnects:
        facts.append(voice("page.device.reconnects", times=device.reconnects))
    return " · ".join(facts)


def trouble_of(device: DeviceState, voice: Voice) -> str:
    """Why it fails now; empty while it does not."""
    if not device.bad_in_a_row or device.trouble is None:
        return ""
    return voice("page.device.trouble", why=voice.sentence(device.trouble.says), times=device.bad_in_a_row)


def _ms(voice: Voice, seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    return f"{voice.number(seconds * MS, 1 if seconds < 1 / MS else 0)}\N{NO-BREAK SPACE}ms"
