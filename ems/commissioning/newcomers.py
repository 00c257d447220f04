"""Stations that an installer took in although the site file does not name them: entries with safe defaults.

They stand beside the installer's limits and go over the site file when the service starts; the file itself stays as its
owner wrote it. An entry of the same name in the site file goes before one of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from ems.commissioning.errors import LimitsRefused
from ems.commissioning.limits import identity_in
from ems.config.problems import Finding
from ems.config.schema import SiteFile, StationEntry

MOST_NEW: Final = 16
OTHER_NAME: Final = "give it another name"
HARDWARE_A: Final = 32.0
"""What a station of unknown make may draw if it ignores every limit: home stations go up to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStation:
    """What an installer says of it."""

    id: str
    identity: str
    """By which it connects."""

    circuit: str
    wired: tuple[str, ...]
    max_a: float


def entry_of(new: NewStation) -> StationEntry:
    """Its entry: nothing proven, nothing trusted, no current without us. Raises LimitsRefused."""
    told = {
        "id": new.id,
        "identity": new.identity,
        "circuit": new.circuit,
        "wired": new.wired,
        "wiring_known": False,
        "max_a": new.max_a,
        "hardware_max_a": max(new.max_a, HARDWARE_A),
        "fallback_a": 0.0,
        "lease_verified": False,
    }
    try:
        return StationEntry.model_validate(told)
    except ValidationError as error:
        raise LimitsRefused(
            Finding(place=("stations", new.id[:48], *map(str, each["loc"])), problem="is wrong", cure=each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ) from error


def check_new(file: SiteFile, added: Sequence[NewStation]) -> None:
    """Raises LimitsRefused for too many, and for a name that is there already: it would count for nothing."""
    newest = added[-1]
    taken = {name for entry in file.stations for name in (entry.id, identity_in(entry))}
    taken |= {name for each in added[:-1] for name in (each.id, each.identity)}
    if {newest.id, newest.identity} & taken:
        raise LimitsRefused([Finding(place=("stations", newest.id[:48]), problem="is there already", cure=OTHER_NAME)])
    if len(added) > MOST_NEW:
        cure = f"write some of them into the site file; {MOST_NEW} are kept here"
        raise LimitsRefused([Finding(place=("stations",), problem=f"are {len(added)} more", cure=cure)])


def with_new(file: SiteFile, added: Iterable[NewStation]) -> SiteFile:
    """The site file with these behind its own stations. Raises LimitsRefused."""
    known = {name for entry in file.stations for name in (entry.id, identity_in(entry))}
    fresh = [entry_of(each) for each in added if not {each.id, each.identity} & known]
    return file.model_copy(update={"stations": (*file.stations, *fresh)})
