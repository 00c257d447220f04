"""Decides again on recorded looks, and compares with what was decided then, bit for bit.

Within a run without gaps the memory is handed on from decision to decision, as in the house; only the first one comes
from the journal. So another version of control shows what it would have done with the same looks, in its own right.
The house does not answer in a replay: what a car would have drawn under another limit, no journal tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

from sqlalchemy import Engine

from ems.control.cycle import Turn
from ems.control.cycle import decide as decide_now
from ems.control.memory import Memory
from ems.model.decision import Decision, Setpoint
from ems.model.snapshot import Snapshot
from ems.store.codec import encode, to_text
from ems.store.segments import Recorded, Segment, cycles, segments

Decide = Callable[[Snapshot, Memory], Turn]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDifference:
    """One station that got something else; None where a decision knows nothing of it."""

    station_id: str
    recorded: Setpoint | None
    now: Setpoint | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One cycle that is decided otherwise now."""

    utc_s: float
    at_s: float
    version: str
    """Of the Fusewise that decided then."""

    stations: tuple[StationDifference, ...]
    other_fields: tuple[str, ...]
    """What else of the `Decision` differs: figures that are shown, no limits."""


@dataclass(slots=True)
class Tally:
    """What a replay went through."""

    segments: int = 0
    cycles: int = 0
    differing: int = 0
    versions: list[str] = field(default_factory=list)
    """Those that decided then, in the order of their appearance."""


def replay(
    engine: Engine,
    *,
    decide: Decide = decide_now,
    tally: Tally | None = None,
    since_utc_s: float | None = None,
    until_utc_s: float | None = None,
) -> Iterator[Difference]:
    """Every cycle between these times that differs, oldest first; `tally` is filled meanwhile. Raises JournalError.

    Starts at the checkpoint before `since_utc_s`.
    """
    counts = Tally() if tally is None else tally
    memory: Memory | None = None
    before_id: int | None = None
    for segment in segments(engine, since_utc_s=since_utc_s, until_utc_s=until_utc_s):
        counts.segments += 1
        if segment.version not in counts.versions:
            counts.versions.append(segment.version)
        if memory is None or segment.follows_id is None or segment.follows_id != before_id:
            memory = segment.memory
        before_id = segment.segment_id
        for recorded in cycles(engine, segment):
            turn = decide(recorded.look, memory)
            memory = turn.memory
            if _is_between(recorded.utc_s, since_utc_s, until_utc_s):
                counts.cycles += 1
                difference = _difference(segment, recorded, turn.decision)
                if difference is not None:
                    counts.differing += 1
                    yield difference


def _is_between(utc_s: float, since_utc_s: float | None, until_utc_s: float | None) -> bool:
    return (since_utc_s is None or utc_s >= since_utc_s) and (until_utc_s is None or utc_s <= until_utc_s)


def _difference(segment: Segment, recorded: Recorded, now: Decision) -> Difference | None:
    # Text shows what `==` hides: 0.0 and -0.0, 6 and 6.0.
    if to_text(encode(now)) == recorded.decision_text:
        return None
    # A journal of another version may lack a field: then its default is compared.
    then = recorded.decision
    others = tuple(
        each.name
        for each in fields(Decision)
        if each.name != "setpoints" and _differs(getattr(then, each.name), getattr(now, each.name))
    )
    stations = tuple(_station_differences(then, now))
    if not stations and not others:
        return None
    return Difference(
        utc_s=recorded.utc_s, at_s=then.at_s, version=segment.version, stations=stations, other_fields=others
    )


def _station_differences(then: Decision, now: Decision) -> Iterator[StationDifference]:
    for station_id in dict.fromkeys([*then.setpoints, *now.setpoints]):
        pair = (then.setpoints.get(station_id), now.setpoints.get(station_id))
        if _differs(*pair):
            yield StationDifference(station_id=station_id, recorded=pair[0], now=pair[1])


def _differs(then: object, now: object) -> bool:
    # A float says all its digits in its repr, and so do the values made of them.
    return repr(then) != repr(now)
