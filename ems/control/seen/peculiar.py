"""The house as it is once stations have said what they are: never less careful than the site file.

Hearsay about a kind of station only narrows what the installer wrote: it takes trust away and gives none.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ems.model.electrical import NOMINAL_V
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import Peculiar, StationState


def as_known(now: Snapshot) -> Snapshot:
    """The same look; itself where nothing peculiar is known of any station."""
    peculiar = {id_: state.peculiar for id_, state in now.stations.items() if state.peculiar is not None}
    if not peculiar:
        return now
    stations = tuple(
        narrowed(each, peculiar[each.station_id]) if each.station_id in peculiar else each for each in now.site.stations
    )
    states = {
        id_: _on_all_phases(state, wired) if (wired := _kept_phases(now, state)) is not None else state
        for id_, state in now.stations.items()
    }
    return replace(now, site=replace(now.site, stations=stations), stations=states)


def narrowed(station: Station, known: Peculiar) -> Station:
    """That station with what is known of its kind."""
    # In steps that the station knows, so that its minimum is not rounded down to a pause.
    steps = math.ceil(known.least_w / NOMINAL_V / station.step_a - 1e-6)
    least_a = min(round(steps * station.step_a, 1), station.max_a)
    return replace(
        station,
        lease_verified=station.lease_verified and not known.lets_go,
        can_switch_phases=station.can_switch_phases and not known.keeps_phases,
        min_a=max(station.min_a, least_a),
        keeps_minimum=station.keeps_minimum or known.least_w > 0.0,
    )


def _kept_phases(now: Snapshot, state: StationState) -> int | None:
    """How many phases its car may load whatever it was told; None where it follows."""
    if state.peculiar is None or not state.peculiar.keeps_phases:
        return None
    return next((len(each.wiring) for each in now.site.stations if each.station_id == state.station_id), None)


def _on_all_phases(state: StationState, wired: int) -> StationState:
    if all(limit.phases == wired for limit in state.sent):
        return state
    return replace(state, sent=tuple(replace(limit, phases=wired) for limit in state.sent))
