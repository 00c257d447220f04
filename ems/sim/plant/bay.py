"""A parking place: the station with its limit, lease and contactor, and the car that stands there.

What it tells the central system goes out as `StationState`, as `ems.csms` would post it. Times are seconds since the
start of the run, but for the readings in the state, which carry monotonic seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ems.csms.ports import LeasedLimit
from ems.model.electrical import NOMINAL_V
from ems.model.site import Station
from ems.model.station import CarReading, ConnectorStatus, StationState
from ems.sim.car import PILOT_MINIMUM_A
from ems.sim.plant.faults import StationFaults
from ems.sim.plant.plugged_car import CarKind, PluggedCar

CONTACTOR_OPEN_S: Final = 10.0
"""No current for this long while the phases in use change (`breakers-and-rules.md` §4)."""

AUTHORISED_AFTER_S: Final = 2
"""From plug-in to the start of the transaction."""


@dataclass(slots=True)
class BayCounts:
    """What the station went through so far."""

    starts: int = 0
    """First currents after a pause; coming back from a phase change is none."""

    phase_switches: int = 0
    switches_today: int = 0
    most_switches_in_a_day: int = 0


class Bay:
    """One station and its car; `changed` hears every change of its state."""

    def __init__(
        self,
        station: Station,
        faults: StationFaults,
        *,
        start_s: float,
        reports_every_s: int,
        changed: Callable[[StationState], None],
    ) -> None:
        self.station: Final = station
        self.faults: Final = faults
        self.counts: Final = BayCounts()
        self.limit_a = station.fallback_a
        """What it works by now."""

        self.phases = len(station.wiring)
        self.log: list[tuple[int, float, int]] = [(0, self.limit_a, self.phases)]
        """(from second, limit, phases) since the start of the day."""

        self.car: PluggedCar | None = None
        self._ended = False
        """Whether the transaction was ended from afar: nothing flows until the next car."""

        self._start_s = start_s
        self._reports_every_s = reports_every_s
        self._changed = changed
        self._fallback_a = station.fallback_a
        self._keeps_a = station.fallback_a
        """What it works by after a boot: the fallback current under its leases; all that it can where it had none."""

        self._lease_ends_s = math.inf
        self._closes_at_s: float | None = None
        self._switching = False
        """Whether the next current is the end of a phase change, not a start."""

        self._used_phases: int | None = None
        self._came_s = 0
        self._report_at_s = 0
        self._register_kwh = 0.0
        self._idle_a = (0.0,) * len(station.wiring)
        self.state = _first_state(station, CarReading(current_a=self._idle_a, taken_at_s=start_s, power_w=0.0))

    def install(self, lease: LeasedLimit, ends_s: float, now_s: float) -> None:
        """Take a limit that arrived. It ends at `ends_s`."""
        self._lease_ends_s = ends_s
        self._fallback_a = lease.fallback_a
        self._keeps_a = lease.fallback_a if math.isfinite(ends_s) else self.station.hardware_max_a
        self._work(lease.limit_a, lease.phases, now_s)

    def plug_in(self, kind: CarKind, energy_kwh: float, second: int) -> None:
        """A car comes."""
        self.car = PluggedCar(kind, energy_kwh, self.faults)
        self.car.offer(self.limit_a, self.phases, second)
        self._came_s = second
        self._switching = self._ended = False
        self._report_at_s = second + AUTHORISED_AFTER_S
        self._used_phases = self.phases if self.limit_a >= PILOT_MINIMUM_A else None
        self._post(status=ConnectorStatus.PREPARING)

    def unplug(self, second: int) -> float:
        """The car leaves; the energy it got, in kWh."""
        car = self.car
        if car is None:
            return 0.0
        self._register_kwh += car.taken_kwh
        self.car = None
        self._closes_at_s = None
        self._used_phases = None
        self._post(status=ConnectorStatus.AVAILABLE, in_transaction=False, car=self._reading(second, self._idle_a))
        return car.taken_kwh

    def end_transaction(self, second: int) -> None:
        """The contactor opens, and stays open until the car has left."""
        if self.car is None or self._ended:
            return
        self._ended = True
        self._closes_at_s = None
        self.car.cut()
        self._post(status=ConnectorStatus.FINISHING, in_transaction=False, car=self._reading(second, self._idle_a))

    @property
    def register_kwh(self) -> float:
        """What it has counted before the car that stands there."""
        return self._register_kwh

    def step(self, second: int) -> float:
        """One second with a car: what it draws on each of its phases."""
        car = self.car
        if car is None:
            return 0.0
        if second >= self._lease_ends_s and not self.faults.ignores:
            self._fall_back()
        if self._closes_at_s is not None and second >= self._closes_at_s:
            car.offer(self.limit_a, self.phases, self._closes_at_s)
            self._closes_at_s = None
        before_a = car.drawn_a
        drawn_a = car.step(second)
        if drawn_a and not before_a:
            self.counts.starts += not self._switching
            self._switching = False
        if not drawn_a or not before_a or second <= self._came_s + AUTHORISED_AFTER_S:
            self._tell_status(second, car)
        if second >= self._report_at_s:
            self._report_at_s = second + self._reports_every_s
            used_a = tuple(drawn_a if i < car.phases else 0.0 for i in range(len(self._idle_a)))
            self._post(car=self._reading(second, used_a))
        return drawn_a

    def connection(self, second: int, *, up: bool) -> None:
        """The network comes or goes; after it came the central system knows less than before."""
        came_at_s = self._start_s + second if up else self.state.came_at_s
        self._post(connected=up, connections=self.state.connections + up, came_at_s=came_at_s)

    def power(self, second: int, *, up: bool) -> None:
        """Its supply goes, and the car has no current; or it has booted, and knows no limit but what it keeps."""
        self._lease_ends_s = math.inf
        self._closes_at_s = None
        self._work(self._keeps_a if up else 0.0, self.phases, second)
        if not up and self.car is not None:
            self.car.cut()

    def new_day(self, second: int) -> None:
        """Start the day's log and counts afresh."""
        self.log = [(second, self.limit_a, self.phases)]
        self.counts.switches_today = 0

    def _fall_back(self) -> None:
        ends_s, self._lease_ends_s = self._lease_ends_s, math.inf
        self._work(self._fallback_a, self.phases, ends_s)

    def _work(self, limit_a: float, phases: int, at_s: float) -> None:
        """Go by that limit from now on, as far as the hardware can."""
        limit_a = self._rounded_a(limit_a)
        phases = min(phases, len(self._idle_a)) if self.station.can_switch_phases else len(self._idle_a)
        if (limit_a, phases) == (self.limit_a, self.phases):
            return
        switched, was_offering = phases != self.phases, self.limit_a >= PILOT_MINIMUM_A
        self.limit_a, self.phases = limit_a, phases
        self.log.append((math.ceil(at_s), limit_a, phases))
        if self.car is None or self._ended:
            return
        if switched and (was_offering or self.car.drawn_a):
            self.car.cut()
            self._switching = self.car.taken_kwh > 0
            self._closes_at_s = at_s + CONTACTOR_OPEN_S
        if limit_a >= PILOT_MINIMUM_A:
            self._count_switch(phases)
        if self._closes_at_s is None:
            self.car.offer(limit_a, phases, at_s)

    def _count_switch(self, phases: int) -> None:
        """Another number of phases than the car last had in this stay."""
        counts = self.counts
        if self._used_phases is not None and self._used_phases != phases:
            counts.phase_switches += 1
            counts.switches_today += 1
            counts.most_switches_in_a_day = max(counts.most_switches_in_a_day, counts.switches_today)
        self._used_phases = phases

    def _rounded_a(self, limit_a: float) -> float:
        limit_a = min(limit_a, self.station.hardware_max_a)
        step_a = self.station.step_a
        if step_a >= 1:
            limit_a = math.floor(limit_a / step_a + 1e-6) * step_a
        return limit_a if limit_a >= PILOT_MINIMUM_A else 0.0

    def _tell_status(self, second: int, car: PluggedCar) -> None:
        if second < self._came_s + AUTHORISED_AFTER_S or self._ended:
            return
        if car.drawn_a:
            status = ConnectorStatus.CHARGING
        elif self.limit_a < PILOT_MINIMUM_A or self._closes_at_s is not None:
            status = ConnectorStatus.SUSPENDED_EVSE
        else:
            status = ConnectorStatus.SUSPENDED_EV
        if status is not self.state.status or not self.state.in_transaction:
            self._post(status=status, in_transaction=True)

    def _reading(self, second: int, current_a: tuple[float, ...]) -> CarReading:
        taken_kwh = self.car.taken_kwh if self.car else 0.0
        return CarReading(
            current_a=current_a,
            taken_at_s=self._start_s + second,
            power_w=sum(current_a) * NOMINAL_V,
            energy_kwh=self._register_kwh + taken_kwh,
        )

    def _post(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type] # names and types as in StationState
        self._changed(self.state)


def _first_state(station: Station, reading: CarReading) -> StationState:
    """A station that has connected once and waits for its first car."""
    return StationState(
        station_id=station.station_id,
        connected=True,
        connections=1,
        protocol="ocpp1.6",
        status=ConnectorStatus.AVAILABLE,
        car=reading,
        came_at_s=reading.taken_at_s,
        kept_a=station.fallback_a,
    )
