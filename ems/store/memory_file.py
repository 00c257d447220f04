"""Control memory over a restart: what was learnt of cars, stations and fuses lives on, trust in meters starts anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, delete, insert, select

from ems.control.breaker import UNKNOWN_SHARE
from ems.control.guarding.reaction import device_model
from ems.control.memory import Memory
from ems.model.site import Site
from ems.store.codec import decode, encode, from_text, to_text
from ems.store.database import spoken_errors
from ems.store.packing import pack, unpack
from ems.store.tables import SETTINGS

_Value: TypeAlias = Any

KEY: Final = "control memory"

STARTS_ANEW: Final = frozenset(
    {
        "started_at_s",
        "last_at_s",
        "trust",
        "house_a",
        "held_a",
        "house_w",
        "surplus_w",
        "room_since_s",
        "refusing",
        "regrets",
        "learned",
        "usual_a",
    }
)
"""What a meter has to prove again, what was weighed in another hour's sun, and cars that may have left."""

CLOCKS_AGREE_S: Final = 5.0
"""Wall clock and monotonic clock, as one who keeps time lets them drift during a stop."""

_INSTANTS: Final = ("at_s", "since_s", "until_s")
"""How the names of monotonic instants end; every other `_s` is a duration, or wall time (`_utc_s`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The memory of an earlier run, told in the monotonic seconds of this one."""

    memory: Memory
    age_s: float
    """How long ago it was saved, at least."""

    at_most_s: float
    """The same at most; infinite where the clocks do not agree."""


def save_memory(engine: Engine, memory: Memory, *, utc_s: float, monotonic_s: float) -> None:
    """Keep `memory` for the next start, in place of the one before. Raises JournalError."""
    row = {
        "key": KEY,
        "utc_s": utc_s,
        "at_s": monotonic_s,
        "body": pack(to_text(encode(memory, without=tuple(STARTS_ANEW)))),
    }
    with spoken_errors(engine.url), engine.begin() as connection:
        connection.execute(delete(SETTINGS).where(SETTINGS.c.key == KEY))
        connection.execute(insert(SETTINGS).values(row))


def load_memory(engine: Engine, *, utc_s: float, monotonic_s: float) -> Recalled | None:
    """What was kept, with every instant as long ago as it is; None when nothing was. Raises JournalError."""
    with spoken_errors(engine.url), engine.connect() as connection:
        row = connection.execute(select(SETTINGS).where(SETTINGS.c.key == KEY)).first()
    if row is None:
        return None
    age_s, at_most_s = _ages_s(utc_s - row.utc_s, monotonic_s - row.at_s)
    fresh = encode(Memory.fresh(monotonic_s))
    kept = decode(Memory, {name: fresh[name] for name in STARTS_ANEW} | from_text(unpack(row.body)))
    moved = shifted(kept, monotonic_s - age_s - row.at_s)
    memory = replace(moved, **{name: getattr(kept, name) for name in STARTS_ANEW})
    return Recalled(memory=memory, age_s=age_s, at_most_s=at_most_s)


def warmed(recalled: Recalled, site: Site) -> Memory:
    """Its memory, with fuses that carried 0.95 of their rating since: nobody saw what they did carry.

    Between the shortest and the longest time that may have passed, the hotter one counts. Images of circuits and phases
    that the site no longer has are left out.
    """
    memory = recalled.memory
    thermal = {}
    for circuit in site.circuits:
        model = device_model(circuit.fuse, circuit.derating)
        for phase in circuit.phases:
            theta = memory.thermal.get((circuit.circuit_id, phase))
            if theta is not None:
                unseen_a = UNKNOWN_SHARE * model.rating_a
                thermal[circuit.circuit_id, phase] = max(
                    model.step(theta, unseen_a, stop_s) for stop_s in (recalled.age_s, recalled.at_most_s)
                )
    return replace(memory, thermal=thermal)


def _ages_s(by_wall_s: float, by_monotonic_s: float) -> tuple[float, float]:
    """The least and the most that may have passed: the shorter one, never negative, and no end unless they agree.

    The monotonic clock starts anew with the machine; then it may say less than nothing. The wall clock may have jumped.
    """
    age_s = min((age_s for age_s in (by_wall_s, by_monotonic_s) if age_s >= 0), default=0.0)
    agree = abs(by_wall_s - by_monotonic_s) <= CLOCKS_AGREE_S
    return age_s, max(age_s, by_wall_s, by_monotonic_s) if agree else float("inf")


def shifted(value: _Value, by_s: float, name: str = "") -> _Value:
    """The same value with every monotonic instant in it moved by `by_s`."""
    if isinstance(value, float) and name.endswith(_INSTANTS):
        return value + by_s
    if is_dataclass(value) and not isinstance(value, type):
        moved = {each.name: shifted(getattr(value, each.name), by_s, each.name) for each in fields(value) if each.init}
        return replace(value, **moved)
    if isinstance(value, Mapping):
        return {key: shifted(one, by_s, name) for key, one in value.items()}
    if type(value) is tuple:
        return tuple(shifted(one, by_s, name) for one in value)
    return value
