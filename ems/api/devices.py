"""How well devices are read, as those outside see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ems.api.feed import KINDS
from ems.api.wire import DeviceState, DeviceTrouble, Sentence
from ems.clock import Clock
from ems.model.words import Phrase, has_words
from ems.runtime.reads import DeviceHealth, ReadError

_DIGITS: Final = 4
"""Of a latency in seconds."""

Told = Callable[[], tuple[DeviceHealth, ...]]


class WatchedDevices:
    """Implements `ems.api.sources.Gauges`."""

    def __init__(self, told: Told, clock: Clock, *, circuits: Mapping[str, str]) -> None:
        """`circuits` are those of the meters, by the meter's id."""
        self._told = told
        self._clock = clock
        self._circuits = circuits

    def devices(self) -> tuple[DeviceState, ...]:
        """As of now."""
        now_s = self._clock.monotonic_s()
        return tuple(device_state(each, now_s, circuit=self._circuits.get(each.device_id)) for each in self._told())


def device_state(health: DeviceHealth, now_s: float, *, circuit: str | None = None) -> DeviceState:
    """One device; its error in words that hold no address and no secret."""
    return DeviceState(
        id=health.device_id,
        kind=KINDS[health.kind],
        circuit=circuit,
        period_s=health.period_s,
        pushes=health.pushes,
        age_s=None if health.good_at_s is None else _age_s(now_s, health.good_at_s),
        good=health.good,
        bad=health.bad,
        error_share=None if health.error_share is None else round(health.error_share, _DIGITS),
        latency_p50_s=_short(health.latency_p50_s),
        latency_p99_s=_short(health.latency_p99_s),
        reconnects=health.reconnects,
        bad_in_a_row=health.bad_in_a_row,
        trouble=None if health.error is None else _trouble(health.error, now_s),
    )


def _trouble(error: ReadError, now_s: float) -> DeviceTrouble:
    key = f"device_trouble.{error.code}"
    phrase = Phrase(key if has_words(key) else "device_trouble.device")
    says = Sentence(key=phrase.key, numbers={}, text=phrase.said())
    return DeviceTrouble(code=error.code, says=says, age_s=_age_s(now_s, error.at_s))


def _age_s(now_s: float, then_s: float) -> float:
    return max(round(now_s - then_s, 1), 0.0)


def _short(latency_s: float | None) -> float | None:
    return None if latency_s is None else round(latency_s, _DIGITS)
