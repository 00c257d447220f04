"""Amps left per circuit and phase, with the cars' own draw handed back (`control.md` §4).

What the cars drew is looked up at the meter's sample time, not now; `ems.control.seen.draw` gives it as a band. Inside
that band the house is taken to have stayed as it was. For the room of the fuse only cars that are known to follow their
limit are given that credit: of any other car the least counts, which makes the house large and the room small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.control.guarding.reaction import sun_at_risk_a, unseen_bound_a
from ems.control.memory import Memory, RowKey
from ems.control.seen.draw import CAR_READING_LASTS_S, Draws, is_unheard, unknown_until_s
from ems.control.seen.in_force import ceiling_a, commanded, phases_allowed
from ems.control.seen.load import Load, no_more_than_in_front, seen, stated
from ems.control.seen.sources import held_given_a
from ems.control.seen.trust import MeterView
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import Circuit, FuseDevice, PerPhase, Phase, Wiring
from ems.model.quick import quick
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import SentLimit, StationState

CARRIES: Final[Mapping[FuseDevice, float]] = {
    FuseDevice.MCB_B: 1.13,
    FuseDevice.MCB_C: 1.13,
    FuseDevice.MCB_D: 1.13,
    FuseDevice.SLS: 1.05,
    FuseDevice.GG: 1.25,
}
"""k: how many times its rating a device carries for an hour (`control.md` §3)."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one phase of one circuit leaves for the cars behind it."""

    circuit_id: str
    phase: Phase
    is_main: bool
    usable_a: float
    most_a: float
    """What the cars may draw at most, however much sun flows the other way: the sun may fail within a second."""

    house_a: float
    """Everything but the cars, as high as it may be now."""

    held_a: float
    """What raises must leave for it: the same with recent peaks held, and cars that nobody saw start yet."""

    at_risk_a: float
    """Sun that the house may lose, and the fuse would not survive to lose: nobody may count on it."""

    now_a: float
    """Above this, limits are lowered at once."""

    for_raises_a: float
    """Up to this, limits may rise."""

    unexplained_a: float | None = None
    """What `house_a` hands back beyond what cars were seen to draw; None where no meter saw them."""

    @property
    def raise_reason(self) -> Reason:
        """This fuse as the reason why a limit does not rise."""
        if self.held_a <= self.house_a:
            return self.reason
        return self._because(self.for_raises_a, self.held_a)

    @property
    def reason(self) -> Reason:
        """This fuse as the reason of a limit, with its numbers."""
        return self._because(self.now_a)

    def unheard_a(self, ceilings_a: float, fallback_a: float) -> float:
        """What stations count with that nobody has heard of yet, where it is about current that others have already.

        What they draw the meter sees: no more than what nobody else explains. They may always start with their
        fallback currents. `ceilings_a`: all that they may follow; `fallback_a`: what they fall back to.
        """
        if self.unexplained_a is None:
            return ceilings_a
        return min(ceilings_a, max(self.unexplained_a, fallback_a))

    def _because(self, room_a: float, held_a: float | None = None) -> Reason:
        return Reason(
            code=LimitReason.MAIN_FUSE if self.is_main else LimitReason.CIRCUIT_FUSE,
            circuit_id=self.circuit_id,
            phase=self.phase,
            house_a=self.house_a,
            held_a=held_a,
            room_a=room_a,
        )


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Room on every circuit and phase, and the house without its cars."""

    rooms: Mapping[RowKey, Room]
    house_a: Mapping[str, PerPhase]
    held_a: Mapping[str, PerPhase]
    ceilings_a: Mapping[str, PerPhase]
    """The most that each station's car may draw now."""

    commanded: Mapping[str, SentLimit | None]
    """The limit that each station works by, as far as we know; None when no lease of ours runs."""

    given_a: PerPhase = PerPhase()
    """What sun and battery give on each phase of the house, as far as anybody knows."""

    unseen_a: Mapping[str, PerPhase | None] = field(default_factory=dict)
    """Circuits whose load nobody measures or stated: the most that it may be; None where nobody knows even that."""

    unruly: frozenset[str] = frozenset()
    """Stations that ignore their limit; they count with all their hardware can."""

    unheard: frozenset[str] = frozenset()
    """Stations that nobody has heard of since we started; they may follow a limit of our earlier life."""

    phases_measured: Mapping[str, int] = field(default_factory=dict)
    """Station phases that a car was seen to use when it might use all."""

    phases_drawn: Mapping[str, int] = field(default_factory=dict)
    """Station phases up to the last one on which its newest report shows a current, whatever it may use."""

    def loaded(self, station: Station, phases: int) -> Wiring:
        """The house phases that a limit over `phases` station phases loads: as measured, else all that it allows.

        Never less than what the car was last seen to draw on.
        """
        station_id = station.station_id
        measured = self.phases_measured.get(station_id)
        if measured is not None and measured < phases:
            phases = measured
        drawn = self.phases_drawn.get(station_id, 0)
        if drawn > phases:
            phases = drawn
        return phases_allowed(station, phases)

    def spared_a(self, spot: Room, wired: Iterable[Station]) -> float:
        """How much less than their ceilings those of these stations count with that nobody has heard of yet.

        Only where it is about current that others have already; never against a raise.
        """
        if not self.unheard:
            return 0.0
        unheard = [station for station in wired if station.station_id in self.unheard]
        if not unheard:
            return 0.0
        ceilings_a = sum(self.ceilings_a[station.station_id][spot.phase] for station in unheard)
        return ceilings_a - spot.unheard_a(ceilings_a, sum(station.fallback_a for station in unheard))

    def commanded_a(self, station: Station) -> float:
        """The amps it works by; its fallback current when no lease of ours runs."""
        limit = self.commanded[station.station_id]
        return station.fallback_a if limit is None else limit.limit_a


def headroom(
    now: Snapshot,
    memory: Memory,
    views: Mapping[str, MeterView],
    draws: Draws | None = None,
    unruly: frozenset[str] = frozenset(),
    phases_measured: Mapping[str, int] | None = None,
) -> Headroom:
    """Work out the room on every fuse from the last good samples and what the cars may have drawn then."""
    draws = draws or Draws(now, memory)
    measured = phases_measured or {}
    given = held_given_a(now, memory.given_a)
    unheard = frozenset([s.station_id for s in now.site.stations if is_unheard(now, memory, s)])
    loads: dict[str, Load] = {}
    rooms: dict[RowKey, Room] = {}
    unseen: dict[str, PerPhase | None] = {}
    for circuit in now.site.circuits:
        view = views.get(circuit.circuit_id)
        if view is not None and view.good is not None:
            load = loads[circuit.circuit_id] = seen(now, memory, circuit, view.good, draws, unheard)
        elif circuit.metered or circuit.largest_other_load_a is not None:
            load = stated(circuit)
        else:
            load, unseen[circuit.circuit_id] = no_more_than_in_front(now, circuit, loads)
        rooms.update(_rooms(now, circuit, load, given))
    ceilings_a: dict[str, PerPhase] = {}
    works_by: dict[str, SentLimit | None] = {}
    drawn: dict[str, int] = {}
    for station in now.site.stations:
        station_id = station.station_id
        state = now.state_of(station_id)
        ceilings_a[station_id] = _ceiling(now, memory, station, state, unruly, measured)
        works_by[station_id] = commanded(state, now.now_s)
        if state.car is not None and now.now_s - state.car.taken_at_s <= CAR_READING_LASTS_S:
            drawn[station_id] = state.car.phases_drawn
    return Headroom(
        rooms=rooms,
        house_a={circuit_id: load.likely_a for circuit_id, load in loads.items()},
        held_a={circuit_id: load.peak_a for circuit_id, load in loads.items()},
        ceilings_a=ceilings_a,
        commanded=works_by,
        given_a=given,
        unseen_a=unseen,
        unruly=unruly,
        unheard=unheard,
        phases_measured=measured,
        phases_drawn=drawn,
    )


def _rooms(now: Snapshot, circuit: Circuit, load: Load, given_a: PerPhase) -> dict[RowKey, Room]:
    usable_a = usable(circuit, now.site.policy.hold_fraction)
    at_risk_a = sun_at_risk_a(now, circuit, usable_a, load.counted_a, given_a)
    most_a = CARRIES[circuit.fuse.device] * circuit.fuse.rating_a * circuit.derating
    rooms = {}
    for phase in circuit.phases:
        house_a, held_a = load.counted_a[phase], load.held_a[phase]
        rooms[circuit.circuit_id, phase] = Room(
            circuit_id=circuit.circuit_id,
            phase=phase,
            is_main=circuit.parent_id is None,
            usable_a=usable_a,
            most_a=most_a,
            house_a=house_a,
            held_a=held_a,
            at_risk_a=at_risk_a[phase],
            now_a=min(usable_a - house_a - at_risk_a[phase], most_a),
            for_raises_a=min(usable_a - max(house_a, held_a) - at_risk_a[phase], most_a),
            unexplained_a=None if load.unexplained_a is None else load.unexplained_a[phase],
        )
    return rooms


def usable(circuit: Circuit, hold_fraction: float) -> float:
    """f·In·derating − reserve, in amps (`control.md` §4); less behind a meter whose readings a program brings."""
    filled_a = hold_fraction * circuit.fuse.rating_a * circuit.derating
    unseen_a = unseen_bound_a(circuit, filled_a)
    room_a = filled_a - circuit.reserve_a
    return room_a if unseen_a is None else min(room_a, unseen_a)


def _ceiling(
    now: Snapshot,
    memory: Memory,
    station: Station,
    state: StationState,
    unruly: frozenset[str],
    phases_measured: Mapping[str, int],
) -> PerPhase:
    """While a car may still react to an older limit, on the phases that it was seen to use."""
    if station.station_id in unruly:
        return PerPhase.on(station.wiring, station.hardware_max_a)
    most_a = ceiling_a(
        station,
        state,
        now.now_s,
        reacts_within_s=now.site.policy.car_reacts_within_s,
        unknown_until_s=unknown_until_s(now, memory),
    )
    measured = phases_measured.get(station.station_id)
    if measured is None or measured >= len(station.wiring) or not station.wiring_known:
        return most_a
    return most_a.lower(PerPhase.on(station.wiring[:measured], station.hardware_max_a))
