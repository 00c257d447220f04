"""What a device may be, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ems.devices.profile_parts import Kind


class Sure(StrEnum):
    """How sure a guess is."""

    CERTAIN = "certain"
    """The device says so itself."""

    LIKELY = "likely"
    """Its numbers are those of such a device, and of no other that we know."""

    POSSIBLE = "possible"
    """They fit, but so do others, or something is odd."""


ORDER: Final = tuple(Sure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One profile that may be right."""

    profile_id: str
    sure: Sure
    evidence: tuple[str, ...]
    kinds: tuple[Kind, ...] = ()
    """The uses that were seen; empty for all of the profile's."""

    where: Mapping[str, str | int] = field(default_factory=dict)
    """As in the site file."""


def best_first(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The surest first."""
    return tuple(sorted(found, key=lambda each: ORDER.index(each.sure)))
