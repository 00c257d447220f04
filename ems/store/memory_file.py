"""Control memory over a restart: what was learnt of cars, stations and fuses lives on, trust in meters starts anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, delete, insert, select

from ems.control.memory import Memory
from ems.store.codec import decode, encode, from_text, to_text
from ems.store.database import spoken_errors
from ems.store.packing import pack, unpack
from ems.store.tables import SETTINGS

_Value: TypeAlias = Any

KEY: Final = "control memory"

STARTS_ANEW: Final = frozenset(
    {"started_at_s", "last_at_s", "trust", "house_a", "held_a", "house_w", "surplus_w", "room_since_s", "regrets"}
)
"""What a meter has to prove again, and what was weighed in another hour's sun."""

_INSTANTS: Final = ("at_s", "since_s", "until_s", "judged_s")
"""How the names of monotonic instants end; every other `_s` is a duration, or wall time (`_utc_s`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The memory of an earlier run, told in the monotonic seconds of this one."""

    memory: Memory
    age_s: float
    """How long ago it was saved."""


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
    age_s = _age_s(utc_s - row.utc_s, monotonic_s - row.at_s)
    fresh = encode(Memory.fresh(monotonic_s))
    kept = decode(Memory, {name: fresh[name] for name in STARTS_ANEW} | from_text(unpack(row.body)))
    moved = shifted(kept, monotonic_s - age_s - row.at_s)
    return Recalled(memory=replace(moved, **{name: getattr(kept, name) for name in STARTS_ANEW}), age_s=age_s)


def _age_s(by_wall_s: float, by_monotonic_s: float) -> float:
    """The shorter of the two, never negative: a fuse is rather taken for hotter than it is.

    The monotonic clock starts anew with the machine; then it may say less than nothing. The wall clock may have jumped.
    """
    return min((age_s for age_s in (by_wall_s, by_monotonic_s) if age_s >= 0), default=0.0)


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
