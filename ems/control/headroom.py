"""Amps left per circuit and phase, with the cars' own draw handed back (`control.md` §4).

What the cars drew is looked up at the meter's sample time, not now; `ems.control.draw` gives it as a band. Inside that
band the house is taken to have stayed as it was. For the room of the fuse only cars that are known to follow their
limit are given that credit: of any other car the least counts, which makes the house large and the room small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ems.control.draw import cars_draw, unknown_until_s
from ems.control.in_force import ceiling_a
from ems.control.memory import Memory, RowKey
from ems.control.trust import MeterView
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import NOMINAL_V, Circuit, PerPhase, Phase
from ems.model.readings import GridReading
from ems.model.site import Station
from ems.model.snapshot import Snapshot


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
    def raise_reason(self) -> Reason:
        """This fuse as the reason why a limit does not rise."""
        if self.held_a <= self.house_a:
            return self.reason
        return replace(self.reason, held_a=self.held_a, room_a=self.for_raises_a)

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


def headroom(now: Snapshot, memory: Memory, views: Mapping[str, MeterView]) -> Headroom:
    """Work out the room on every fuse from the last good samples and what the cars may have drawn then."""
    house: dict[str, PerPhase] = {}
    held: dict[str, PerPhase] = {}
    rooms: dict[RowKey, Room] = {}
    for circuit in now.site.circuits:
        counted_a = _house_without_meter(circuit)
        view = views.get(circuit.circuit_id)
        if view is not None and view.good is not None:
            cars = cars_draw(now, memory, circuit.circuit_id, view.good.taken_at_s)
            before_a = memory.house_a.get(circuit.circuit_id)
            house_a = _nearest(before_a, view.good.current_a - cars.high_a, view.good.current_a - cars.low_a)
            counted_a = _nearest(before_a, view.good.current_a - cars.vouched_a, view.good.current_a - cars.low_a)
            house[circuit.circuit_id] = house_a
            held[circuit.circuit_id] = _held(house_a, memory.held_a.get(circuit.circuit_id), now, memory)
        rooms.update(_rooms(now, circuit, counted_a, held.get(circuit.circuit_id, counted_a)))
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


def _nearest(before_a: PerPhase | None, lowest_a: PerPhase, highest_a: PerPhase) -> PerPhase:
    """The house current nearest to what it was, between these bounds.

    It starts at the lowest, so that cars nobody has heard of yet are not remembered as a peak of the house.
    """
    return lowest_a if before_a is None else before_a.upper(lowest_a).lower(highest_a)


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
    cars = cars_draw(now, memory, main_id, grid.taken_at_s)
    volts = voltage_v(grid)
    low_w = grid.power_w - _power_w(cars.high_a, volts)
    high_w = grid.power_w - _power_w(cars.low_a, volts)
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


def _ceiling(now: Snapshot, memory: Memory, station: Station) -> PerPhase:
    return ceiling_a(
        station,
        now.state_of(station.station_id),
        now.now_s,
        reacts_within_s=now.site.policy.car_reacts_within_s,
        unknown_until_s=unknown_until_s(now, memory),
    )
