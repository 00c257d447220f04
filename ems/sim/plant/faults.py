"""What can go wrong in the plant: one switch per kind of fault, each for a span of the run.

A schedule is a function that takes `Faults` and calls its switches before the run starts; all times are seconds since
the start of the run. `for_s` left out means: until the end.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

BOOTS_WITHIN_S: Final = 20.0
"""From a lost supply to a station that offers current again (assumed; stations are seen to need 15 to 60 s)."""

Schedule: TypeAlias = "Callable[[Faults], None]"
"""Plans the faults of one run."""


@dataclass(slots=True)
class MeterFaults:
    """What is wrong with one meter, inverter or battery now."""

    lost: bool = False
    frozen: bool = False
    backwards: bool = False
    late_s: float = 0.0
    spike_a: float = 0.0
    spike_share: float = 0.0
    loss_share: float = 0.0


@dataclass(slots=True)
class StationFaults:
    """What is wrong with one station and its car now."""

    offline: bool = False
    refuses: bool = False
    silent: bool = False
    deaf: bool = False
    ignores: bool = False
    car_ignores: bool = False
    car_never_starts: bool = False
    car_starts_from_a: float = 0.0


class Faults:
    """The switches, and what they are set to now. Raises ValueError for a circuit or station that is not there."""

    def __init__(self, circuit_ids: Iterable[str], station_ids: Iterable[str]) -> None:
        self.meters: Final = {each: MeterFaults() for each in circuit_ids}
        self.stations: Final = {each: StationFaults() for each in station_ids}
        self.inverter: Final = MeterFaults()
        self.battery: Final = MeterFaults()
        self.connection_changed: Callable[[str, bool], None] = lambda _station_id, _up: None
        self.power_changed: Callable[[str, bool], None] = lambda _station_id, _up: None
        self.service_changed: Callable[[bool], None] = lambda _up: None
        self.wall_clock_jumped: Callable[[float], None] = lambda _by_s: None
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def meter_lost(self, circuit_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """The meter at that circuit gives no answer."""
        self._flag(self._meter(circuit_id), "lost", at_s, for_s)

    def meter_frozen(self, circuit_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """It repeats the numbers of its last sample, as fresh ones."""
        self._flag(self._meter(circuit_id), "frozen", at_s, for_s)

    def meter_backwards(self, circuit_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """Every sample says that it was taken before the last one; its numbers are those of now."""
        self._flag(self._meter(circuit_id), "backwards", at_s, for_s)

    def meter_late(self, circuit_id: str, late_s: float, *, at_s: float, for_s: float = math.inf) -> None:
        """Every sample arrives so much later than it usually does."""
        self._amount(self._meter(circuit_id), "late_s", late_s, at_s, for_s)

    def meter_drops(self, circuit_id: str, share: float, *, at_s: float, for_s: float = math.inf) -> None:
        """That share of its samples, 0 to 1, gets lost."""
        self._amount(self._meter(circuit_id), "loss_share", share, at_s, for_s)

    def meter_spikes(
        self, circuit_id: str, spike_a: float, *, share: float = 0.1, at_s: float, for_s: float = math.inf
    ) -> None:
        """That share of its samples, 0 to 1, is off by so many amperes on one phase."""
        self._amount(self._meter(circuit_id), "spike_a", spike_a, at_s, for_s)
        self._amount(self._meter(circuit_id), "spike_share", share, at_s, for_s)

    def inverter_lost(self, *, at_s: float, for_s: float = math.inf) -> None:
        """The inverters go on producing but give no answer."""
        self._flag(self.inverter, "lost", at_s, for_s)

    def battery_lost(self, *, at_s: float, for_s: float = math.inf) -> None:
        """The battery goes on working but gives no answer."""
        self._flag(self.battery, "lost", at_s, for_s)

    def station_offline(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """No connection to the station; it goes by its lease and then its fallback current."""
        station = self._station(station_id)

        def turn(offline: bool) -> None:
            station.offline = offline
            self.connection_changed(station_id, not offline)

        self._span(turn, at_s, for_s)

    def station_reboots(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """It loses its supply for a moment; once it has booted it offers current, and at the end it has a connection.

        Of all limits it knows only the fallback current then. It cannot connect before it has booted.
        """
        self.station_offline(station_id, at_s=at_s, for_s=max(for_s, BOOTS_WITHIN_S))
        self._at(at_s, lambda: self.power_changed(station_id, False))
        self._at(at_s + BOOTS_WITHIN_S, lambda: self.power_changed(station_id, True))

    def station_refuses(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """It answers every limit with Rejected, and keeps the old one until its lease ends."""
        self._flag(self._station(station_id), "refuses", at_s, for_s)

    def station_silent(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """It takes the limits but never answers."""
        self._flag(self._station(station_id), "silent", at_s, for_s)

    def station_deaf(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """It neither takes limits nor answers."""
        self._flag(self._station(station_id), "deaf", at_s, for_s)

    def station_ignores(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """It accepts limits and stays at the one it has; leases do not end either."""
        self._flag(self._station(station_id), "ignores", at_s, for_s)

    def car_ignores_limit(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """The car draws all it can whenever it is allowed to draw at all."""
        self._flag(self._station(station_id), "car_ignores", at_s, for_s)

    def car_never_starts(self, station_id: str, *, at_s: float, for_s: float = math.inf) -> None:
        """The car draws nothing, whatever it is offered."""
        self._flag(self._station(station_id), "car_never_starts", at_s, for_s)

    def car_starts_from(self, station_id: str, least_a: float, *, at_s: float, for_s: float = math.inf) -> None:
        """The car does not start below that offer; once it draws, it follows lower ones."""
        self._amount(self._station(station_id), "car_starts_from_a", least_a, at_s, for_s)

    def wall_clock_jumps(self, by_s: float, *, at_s: float) -> None:
        """The wall time steps; durations do not."""
        self._at(at_s, lambda: self.wall_clock_jumped(by_s))

    def service_killed(self, *, at_s: float) -> None:
        """Control stops for good; stations have nobody to talk to."""
        self._at(at_s, lambda: self.service_changed(False))

    def service_hangs(self, *, at_s: float, for_s: float) -> None:
        """Control does nothing for so long, is ended by its watchdog, and starts afresh without its memory."""
        self._span(lambda hanging: self.service_changed(not hanging), at_s, for_s)

    @property
    def next_s(self) -> float:
        """When the next switch turns; infinite when none will."""
        return self._plan[0][0] if self._plan else math.inf

    def turn(self, now_s: float) -> None:
        """Turn all switches that are due by now."""
        while self._plan and self._plan[0][0] <= now_s:
            heapq.heappop(self._plan)[2]()

    def _meter(self, circuit_id: str) -> MeterFaults:
        if circuit_id not in self.meters:
            raise ValueError(f"no meter at circuit {circuit_id}; there are {', '.join(self.meters)}")
        return self.meters[circuit_id]

    def _station(self, station_id: str) -> StationFaults:
        if station_id not in self.stations:
            raise ValueError(f"no station {station_id}; there are {', '.join(self.stations)}")
        return self.stations[station_id]

    def _flag(self, part: MeterFaults | StationFaults, name: str, at_s: float, for_s: float) -> None:
        self._span(lambda on: setattr(part, name, on), at_s, for_s)

    def _amount(self, part: MeterFaults | StationFaults, name: str, amount: float, at_s: float, for_s: float) -> None:
        self._span(lambda on: setattr(part, name, amount if on else 0.0), at_s, for_s)

    def _span(self, turn: Callable[[bool], None], at_s: float, for_s: float) -> None:
        self._at(at_s, lambda: turn(True))
        if math.isfinite(for_s):
            self._at(at_s + for_s, lambda: turn(False))

    def _at(self, at_s: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._plan, (at_s, self._count, action))
