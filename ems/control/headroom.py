"""Amps left per circuit and phase, with the cars' own draw handed back (`control.md` §4).

What the cars drew is looked up at the meter's sample time, not now. It is known only within a band: never below what
both the last car reading and the limits in force allow (too low an estimate is safe for the fuse), never above what
any limit in force allowed. Inside the band the house is taken to have stayed as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ems.control.in_force import ceiling_a, limits_within, phases_allowed
from ems.control.memory import Memory, RowKey
from ems.control.trust import MeterView
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import NOMINAL_V, Circuit, PerPhase, Phase
from ems.model.readings import GridReading
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading

CAR_READING_LASTS_S: Final = 35.0
"""An older car reading says nothing: three reporting intervals of 10 s and a message (scenario M06)."""

STEADY_SLACK_A: Final = 1.0
"""A car that charges at a constant limit moves by no more than this between readings (`breakers-and-rules.md` §4)."""

DRAWING_A: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one phase of one circuit leaves for the cars behind it."""

    circuit_id: str
    phase: Phase
    is_main: bool
    usable_a: float
    house_a: float
    """Everything but the cars, as high as it may be now."""

    held_a: float
    """The same with recent peaks held."""

    @property
    def now_a(self) -> float:
        """Above this, limits are lowered at once."""
        return self.usable_a - self.house_a

    @property
    def for_raises_a(self) -> float:
        """Up to this, limits may rise."""
        return self.usable_a - max(self.held_a, self.house_a)

    @property
    def reason(self) -> Reason:
        """This fuse as the reason of a limit, with its numbers."""
        return Reason(
            code=LimitReason.MAIN_FUSE if self.is_main else LimitReason.CIRCUIT_FUSE,
            circuit_id=self.circuit_id,
            phase=self.phase,
            house_a=self.house_a,
            room_a=self.now_a,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Room on every circuit and phase, and the house without its cars."""

    rooms: Mapping[RowKey, Room]
    house_a: Mapping[str, PerPhase]
    held_a: Mapping[str, PerPhase]
    house_w: float | None
    """Everything but the cars, sun included; None while the grid meter gives nothing."""

    ceilings_a: Mapping[str, PerPhase]
    """The most that each station's car may draw now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Band:
    """What one car drew at an instant lies between these, in house phases."""

    low_a: PerPhase
    high_a: PerPhase


def headroom(now: Snapshot, memory: Memory, views: Mapping[str, MeterView]) -> Headroom:
    """Work out the room on every fuse from the last good samples and what the cars may have drawn then."""
    house: dict[str, PerPhase] = {}
    held: dict[str, PerPhase] = {}
    rooms: dict[RowKey, Room] = {}
    for circuit in now.site.circuits:
        worst = _house_without_meter(circuit)
        view = views.get(circuit.circuit_id)
        if view is not None and view.good is not None:
            band = _cars_band(now, memory, circuit.circuit_id, view.good.taken_at_s)
            worst = view.good.current_a - band.low_a
            best = _likeliest(view.good.current_a, band, memory.house_a.get(circuit.circuit_id))
            house[circuit.circuit_id] = best
            held[circuit.circuit_id] = _held(best, memory.held_a.get(circuit.circuit_id), now, memory)
        rooms.update(_rooms(now, circuit, worst, held.get(circuit.circuit_id, worst)))
    return Headroom(
        rooms=rooms,
        house_a=house,
        held_a=held,
        house_w=_house_w(now, memory, views),
        ceilings_a={station.station_id: _ceiling(now, memory, station) for station in now.site.stations},
    )


def _rooms(now: Snapshot, circuit: Circuit, house_a: PerPhase, held_a: PerPhase) -> dict[RowKey, Room]:
    usable_a = usable(circuit, now.site.policy.hold_fraction)
    return {
        (circuit.circuit_id, phase): Room(
            circuit_id=circuit.circuit_id,
            phase=phase,
            is_main=circuit.parent_id is None,
            usable_a=usable_a,
            house_a=house_a[phase],
            held_a=held_a[phase],
        )
        for phase in circuit.phases
    }


def usable(circuit: Circuit, hold_fraction: float) -> float:
    """f·In·derating − reserve, in amps (`control.md` §4)."""
    return hold_fraction * circuit.fuse.rating_a * circuit.derating - circuit.reserve_a


def _house_without_meter(circuit: Circuit) -> PerPhase:
    return PerPhase.on(circuit.phases, circuit.largest_other_load_a or 0.0)


def _likeliest(measured_a: PerPhase, cars: _Band, before_a: PerPhase | None) -> PerPhase:
    """The house current nearest to what it was, among those that the band of the cars allows."""
    lowest_a, highest_a = measured_a - cars.high_a, measured_a - cars.low_a
    if before_a is None:
        return highest_a
    return before_a.upper(lowest_a).lower(highest_a)


def _held(house_a: PerPhase, before_a: PerPhase | None, now: Snapshot, memory: Memory) -> PerPhase:
    if before_a is None:
        return house_a
    released_a = now.site.policy.hold_release_a_per_s * max(0.0, now.now_s - memory.last_at_s)
    return house_a.upper(before_a.mapped(lambda current_a: current_a - released_a))


def _house_w(now: Snapshot, memory: Memory, views: Mapping[str, MeterView]) -> float | None:
    main_id = now.site.circuits.main.circuit_id
    grid = views[main_id].good if main_id in views else None
    if grid is None:
        return None
    band = _cars_band(now, memory, main_id, grid.taken_at_s)
    volts = voltage_v(grid)
    low_w = grid.power_w - _power_w(band.high_a, volts)
    high_w = grid.power_w - _power_w(band.low_a, volts)
    if memory.house_w is None:
        return high_w
    return min(max(memory.house_w, low_w), high_w)


def voltage_v(grid: GridReading | None) -> PerPhase:
    """Measured phase voltages, nominal where nobody measures."""
    measured = grid.voltage_v if grid is not None else None
    if measured is None:
        return PerPhase(NOMINAL_V, NOMINAL_V, NOMINAL_V)
    return measured.mapped(lambda volts: volts if volts > NOMINAL_V / 2 else NOMINAL_V)


def _power_w(current_a: PerPhase, volts: PerPhase) -> float:
    return sum(amps * volt for amps, volt in zip(current_a, volts, strict=True))


def _cars_band(now: Snapshot, memory: Memory, circuit_id: str, at_s: float) -> _Band:
    low_a, high_a = PerPhase(), PerPhase()
    for station in now.site.below(circuit_id):
        band = _car_band(now, memory, station, at_s)
        low_a, high_a = low_a + band.low_a, high_a + band.high_a
    return _Band(low_a=low_a, high_a=high_a)


def _car_band(now: Snapshot, memory: Memory, station: Station, at_s: float) -> _Band:
    policy = now.site.policy
    state = now.state_of(station.station_id)
    bounds = limits_within(
        station,
        state,
        at_s - policy.message_s - policy.car_reacts_within_s,
        at_s,
        unknown_until_s=unknown_until_s(now, memory),
    )
    allowed_a = PerPhase.on(phases_allowed(station, bounds.phases), bounds.high_a)
    if state.connected and not state.plugged:
        allowed_a = PerPhase()
    reading = state.car
    if reading is None or at_s - reading.taken_at_s > CAR_READING_LASTS_S:
        return _Band(low_a=PerPhase(), high_a=allowed_a)
    measured_a = in_house_phases(station, reading)
    if state.connected and not state.plugged:
        measured_a = PerPhase()
    low_a = measured_a.mapped(lambda amps: min(amps, bounds.low_a))
    if bounds.low_a == bounds.high_a and max(measured_a) > DRAWING_A:
        steady_a = measured_a.mapped(lambda amps: amps + STEADY_SLACK_A if amps > DRAWING_A else amps)
        return _Band(low_a=low_a, high_a=steady_a.upper(low_a))
    return _Band(low_a=low_a, high_a=allowed_a.upper(low_a))


def in_house_phases(station: Station, reading: CarReading) -> PerPhase:
    """The car's currents on the phases of the house, through the station's wiring."""
    current_a = PerPhase()
    for phase, amps in zip(station.wiring, reading.current_a, strict=False):
        current_a = current_a.with_value(phase, current_a[phase] + amps)
    return current_a


def unknown_until_s(now: Snapshot, memory: Memory) -> float:
    """Until then a station that nobody heard of may follow a lease of our earlier life."""
    return memory.started_at_s + now.site.policy.lease_s + 10.0


def _ceiling(now: Snapshot, memory: Memory, station: Station) -> PerPhase:
    return ceiling_a(
        station,
        now.state_of(station.station_id),
        now.now_s,
        reacts_within_s=now.site.policy.car_reacts_within_s,
        unknown_until_s=unknown_until_s(now, memory),
    )
