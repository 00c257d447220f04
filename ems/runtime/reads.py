"""How well each device is read, measured around every read and told on request. Kept in memory alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Generic, Protocol, TypeVar, runtime_checkable

from ems.clock import Clock
from ems.devices.ports import Device
from ems.devices.profile_parts import Kind
from ems.errors import DeviceError
from ems.model.readings import Reading

_R = TypeVar("_R", bound=Reading)

LOOKED_BACK: Final = 100
"""So many reads, the newest ones, make the error rate and the latencies."""


@runtime_checkable
class Connecting(Protocol):
    """A device that opens a connection of its own, or shares one."""

    @property
    def connections(self) -> int:
        """How often it was opened since the start."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadError:
    """Why the newest bad read gave nothing: the stable code of a `DeviceError`, never its words."""

    code: str
    at_s: float
    """Monotonic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """One device as it was read up to now."""

    device_id: str
    kind: Kind
    period_s: float
    pushes: bool
    """True for one that speaks by itself: it has no latency."""

    good_at_s: float | None = None
    """When the last good reading was measured, monotonic; None before the first."""

    good: int = 0
    bad: int = 0
    """Reads since the start."""

    error_share: float | None = None
    """Of the newest reads, 0 to 1; None before the first."""

    latency_p50_s: float | None = None
    latency_p99_s: float | None = None
    """From asking to having a good reading, other devices on the same line included; of the newest good ones."""

    reconnects: int | None = None
    """Of its connection since the start, which others may share; None where it opens none."""

    bad_in_a_row: int = 0
    error: ReadError | None = None
    """The newest one, however long ago."""


class ReadDevice(Generic[_R]):
    """The same device; every read of it is noted."""

    def __init__(self, device: Device[_R], kind: Kind, clock: Clock) -> None:
        self._device = device
        self._kind: Final = kind
        self._clock = clock
        self._good_at_s: float | None = None
        self._good = self._bad = self._bad_in_a_row = 0
        self._error: ReadError | None = None
        self._outcomes: deque[bool] = deque(maxlen=LOOKED_BACK)
        self._took_s: deque[float] = deque(maxlen=LOOKED_BACK)

    @property
    def name(self) -> str:
        return self._device.name

    @property
    def period_s(self) -> float:
        return self._device.period_s

    @property
    def pushes(self) -> bool:
        return self._device.pushes

    async def read(self) -> _R:
        """The next sample. Raises what the device raises."""
        asked_at_s = self._clock.monotonic_s()
        try:
            reading = await self._device.read()
        except DeviceError as err:
            self._bad += 1
            self._bad_in_a_row += 1
            self._error = ReadError(code=err.code, at_s=self._clock.monotonic_s())
            self._outcomes.append(False)
            raise
        self._good += 1
        self._good_at_s, self._bad_in_a_row = reading.taken_at_s, 0
        self._outcomes.append(True)
        self._took_s.append(self._clock.monotonic_s() - asked_at_s)
        return reading

    async def close(self) -> None:
        await self._device.close()

    @property
    def health(self) -> DeviceHealth:
        """As of now."""
        device = self._device
        took_s = [] if device.pushes else sorted(self._took_s)
        return DeviceHealth(
            device_id=device.name,
            kind=self._kind,
            period_s=device.period_s,
            pushes=device.pushes,
            good_at_s=self._good_at_s,
            good=self._good,
            bad=self._bad,
            error_share=self._outcomes.count(False) / len(self._outcomes) if self._outcomes else None,
            latency_p50_s=nearest_rank(took_s, 0.50),
            latency_p99_s=nearest_rank(took_s, 0.99),
            reconnects=max(device.connections - 1, 0) if isinstance(device, Connecting) else None,
            bad_in_a_row=self._bad_in_a_row,
            error=self._error,
        )


class Reads:
    """The devices that are read, in the order of the site file."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._devices: list[Callable[[], DeviceHealth]] = []

    def noted(self, device: Device[_R], kind: Kind) -> Device[_R]:
        """The same device, for whoever reads it."""
        read = ReadDevice(device, kind, self._clock)
        self._devices.append(lambda: read.health)
        return read

    def health(self) -> tuple[DeviceHealth, ...]:
        """Of every one of them."""
        return tuple(health() for health in self._devices)


def nearest_rank(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of the values that so large a share of them does not exceed; None where there are none."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None
