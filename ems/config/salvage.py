"""The right part of a file that is partly wrong, so that one run can name the problems of both kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from ems.config.cures import genuine
from ems.config.json_schema import rules_at
from ems.config.problems import Finding, Place
from ems.config.schema import SiteFile
from ems.config.yaml_nodes import Value

_STAND_INS: Final[Mapping[str, Value]] = {
    "connection": {},
    "meters": [],
    "fuse_a": 6,
    "host": "unknown",
    "topic": "unknown",
    "station": "unknown",
}
"""In place of required keys that are missing or wrong; no finding that rests on one of them is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """A site file made of what was right."""

    file: SiteFile
    wrong: frozenset[Place]
    """What was taken out; conclusions from these places are worth nothing."""

    kept: Mapping[Place, tuple[int, ...]]
    """For every list that lost entries: the original positions of those that are left."""

    def original(self, finding: Finding) -> Finding:
        """The finding with positions as in the file."""
        return replace(
            finding,
            place=_original(finding.place, self.kept),
            rests_on=tuple(_original(place, self.kept) for place in finding.rests_on),
        )


def salvaged(value: Value, error: ValidationError) -> Salvage | None:
    """The file without its wrong places; None when nothing of use is left."""
    wrong: frozenset[Place] = frozenset()
    kept: Mapping[Place, tuple[int, ...]] = {}
    while new := _wrong_places(error, kept) - wrong:
        wrong |= new
        cutting = _Cutting(wrong)
        rest = cutting.rest_of(value, ())
        kept = cutting.kept
        try:
            file = SiteFile.model_validate(rest)
        except ValidationError as next_error:
            error = next_error
        else:
            return Salvage(file=file, wrong=wrong, kept=kept)
    return None


class _Cutting:
    """Copies a value without some places, noting which list entries are left."""

    def __init__(self, out: frozenset[Place]) -> None:
        self._out = out
        self.kept: dict[Place, tuple[int, ...]] = {}

    def rest_of(self, value: Value, place: Place) -> Value:
        if isinstance(value, dict):
            inner = {key: (*place, key) for key in value}
            rest = {key: self.rest_of(value[key], at) for key, at in inner.items() if at not in self._out}
            return {**self._stand_ins(place), **rest}
        if isinstance(value, list):
            left = tuple(i for i in range(len(value)) if (*place, i) not in self._out)
            self.kept[place] = left
            return [self.rest_of(value[i], (*place, i)) for i in left]
        return value

    def _stand_ins(self, place: Place) -> dict[str, Value]:
        """For the required keys among those that are out; a name is unlike every other."""
        lacking = [key for key in rules_at(place).required if (*place, key) in self._out]
        return {key: _STAND_INS.get(key, f"unnamed.{place[-1] if place else key}") for key in lacking}


def _wrong_places(error: ValidationError, kept: Mapping[Place, tuple[int, ...]]) -> frozenset[Place]:
    """The places to take out because of `error`, with positions as in the file."""
    return frozenset(_original(detail["loc"], kept) for detail in genuine(error))


def _original(place: Place, kept: Mapping[Place, tuple[int, ...]]) -> Place:
    """The place as in the file, for one in a file that lost list entries."""
    found: Place = ()
    for step in place:
        positions = kept.get(found)
        found = (*found, positions[step] if positions is not None and isinstance(step, int) else step)
    return found
