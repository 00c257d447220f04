"""The thermal image of every protective device, from what its meter saw (`control.md` §3 and §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ems.control.guarding.reaction import device_model
from ems.control.headroom import Headroom, Room
from ems.control.memory import Memory, RowKey
from ems.control.seen.trust import MeterView
from ems.model.electrical import Circuit
from ems.model.site import Station
from ems.model.snapshot import Snapshot


def thermal_images(
    now: Snapshot, memory: Memory, views: Mapping[str, MeterView], room: Headroom
) -> dict[RowKey, float]:
    """θ of every fuse and phase now: 0 cold, 1 may trip.

    A device nobody has watched yet starts at the image of 0.95 of its rating. While its meter gives nothing, it is
    taken to carry the held house and all that the cars may draw; the same where it has no meter.
    """
    elapsed_s = max(0.0, now.now_s - memory.last_at_s)
    images: dict[RowKey, float] = {}
    for circuit in now.site.circuits:
        model = device_model(circuit.fuse, circuit.derating)
        view = views.get(circuit.circuit_id)
        seen_a = view.good.current_a if view is not None and view.good is not None and view.fresh else None
        for phase in circuit.phases:
            key = (circuit.circuit_id, phase)
            current_a = (
                abs(seen_a[phase])
                if seen_a is not None
                else _presumed_a(room.rooms[key], room, now.site.below(circuit.circuit_id))
            )
            before = memory.thermal.get(key)
            images[key] = model.unknown_theta if before is None else model.step(before, current_a, elapsed_s)
    return images


def time_to_trip_s(circuit: Circuit, theta: float, current_a: float) -> float:
    """How long the device of that circuit carries this current from there; infinite when for ever."""
    return device_model(circuit.fuse, circuit.derating).time_to_trip_s(theta, current_a)


def _presumed_a(spot: Room, room: Headroom, below: Iterable[Station]) -> float:
    """What the phase may carry while nobody sees it: the held house and all that the cars may draw."""
    return max(0.0, spot.held_a) + sum(room.ceilings_a[station.station_id][spot.phase] for station in below)
