"""What changed between two states, for clients that have the first one."""

from __future__ import annotations

from typing import Any, Final

from ems.api.wire import State

LISTS: Final = ("circuits", "stations")
"""Of these only the entries that changed are sent, whole."""

_BESIDE: Final = frozenset({"at", "sequence", *LISTS})

Written = dict[str, Any]


def as_json(state: State) -> Written:
    """The state as `json` takes it."""
    return state.model_dump(mode="json")


def changes(before: Written, after: Written) -> Written:
    """Top-level keys with their new values. Nothing changes the list of circuits or stations but a new site file."""
    changed = {key: value for key, value in after.items() if key not in _BESIDE and before[key] != value}
    for key in LISTS:
        known = {entry["id"]: entry for entry in before[key]}
        entries = [entry for entry in after[key] if known.get(entry["id"]) != entry]
        if entries:
            changed[key] = entries
    return changed


def is_whole(before: Written, after: Written) -> bool:
    """Whether a delta can say it: the same circuits and stations in the same order."""
    return all([entry["id"] for entry in before[key]] == [entry["id"] for entry in after[key]] for key in LISTS)
