"""What an owner fills into a profile's requests and topics: names of series, ids of sensors.

A profile writes `{name}` where the site file has its say. A value is letters, digits, `_`, `-` and single blanks
(`Word` of the site file), so it can name something and never change what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Final

from pydantic import Field

from ems.devices.config_error import DeviceConfigError
from ems.devices.profile_parts import ProfileHead, ProfilePart

_PLACE: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Parameter(ProfilePart):
    """What stands in place of `{name}`."""

    about: Annotated[str, Field(min_length=10, max_length=200)]
    """What it is, and where its owner finds it."""

    usual: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    """Taken where the site file names none. Without it, points that need the parameter are not there."""


class FilledProfile(ProfileHead):
    """A profile with places to fill in."""

    parameters: dict[Name, Parameter] = Field(default_factory=dict, max_length=40)

    @property
    def usual_parameters(self) -> dict[str, str]:
        """What stands there by itself."""
        return {name: each.usual for name, each in self.parameters.items() if each.usual is not None}

    @property
    def as_named(self) -> dict[str, str]:
        """What a device is played with: every parameter is what it is called, where it has no usual value."""
        return {name: each.usual or name for name, each in self.parameters.items()}

    def stated(self, owner: str, given: Mapping[str, str]) -> dict[str, str]:
        """All that stands now. Raises DeviceConfigError for a name that the profile does not have."""
        strange = sorted(given.keys() - self.parameters.keys())
        if strange:
            known = ", ".join(self.parameters) or "none"
            raise DeviceConfigError(f"{owner} has parameters {', '.join(strange)}: those of {self.id} are {known}")
        return self.usual_parameters | dict(given)


def places_in(text: str) -> frozenset[str]:
    """The names that stand in braces."""
    return frozenset(_PLACE.findall(text))


def is_whole(texts: Iterable[str], values: Mapping[str, str], known: Iterable[str]) -> bool:
    """Whether everything of `known` that these texts need is there."""
    return not (set().union(*map(places_in, texts)) & set(known)) - values.keys()


def put_in(text: str, values: Mapping[str, str], spelled: Callable[[str], str]) -> str:
    """The text with the values that there are; other braces stay."""
    return _PLACE.sub(lambda place: spelled(values[place[1]]) if place[1] in values else place[0], text)


def require_known_places(texts: Iterable[str], known: Iterable[str]) -> None:
    """Raise ValueError for places that nobody can fill in."""
    strange = sorted(set().union(*map(places_in, texts)) - set(known))
    if strange:
        raise ValueError(f"{', '.join(f'{{{name}}}' for name in strange)} is none of the parameters")
