"""What every profile has, whatever its transport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from ems.devices.sample import BATTERY_POINTS, INVERTER_POINTS, METER_POINTS, is_live

Kind = Literal["meter", "inverter", "battery"]
Carrier = Literal["tcp", "udp", "tls", "rtu_over_tcp", "serial"]
"""What Modbus requests travel over."""

Status = Literal["verified", "vendor", "single"]
"""Who says so: two origins that know nothing of each other, the maker's own table, or one project alone."""

NUMBERS_OF: Final[Mapping[Kind, tuple[str, ...]]] = {
    "meter": METER_POINTS,
    "inverter": INVERTER_POINTS,
    "battery": BATTERY_POINTS,
}


class ProfilePart(BaseModel):
    """Base of everything in a profile."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class UnsureDirection(ProfilePart):
    """That nobody says what counts as positive."""

    why: Annotated[str, Field(min_length=20, pattern=r"[^.]$")]
    """The reason, and how to see it: sentences without their last full stop, the last of them what is true where
    `invert: false` is right."""

    must_be_stated: bool = False
    """Whether either way is as likely, so that the site file has to state `invert`. Else the likely way is taken, and
    whoever has not stated it is told."""


class ProfileHead(ProfilePart):
    """What every profile has."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Equals the file name."""

    vendor: str
    model: str
    invert_swaps_counters: bool = True
    """Whether `invert` in the site file also swaps the import and export counters: true for a meter that was wired the
    other way round, false where it is only the maker's sign of power."""

    direction_unsure: dict[Kind, UnsureDirection] = Field(default_factory=dict)
    """Uses of which nobody says what counts as positive. Who stated `invert` in the site file found out."""

    notes: tuple[str, ...] = ()
    """What an installer should know."""

    @property
    def status(self) -> Status:
        """Who vouches for its powers and currents: the weakest of them."""
        return "verified"

    @property
    def experimental_as(self) -> Mapping[Kind, str]:
        """The uses nobody should rely on yet, with the reason."""
        return {}

    def must_state_direction(self, kind: Kind) -> bool:
        """Whether the site file has to state `invert` for that use."""
        return kind in self.direction_unsure and self.direction_unsure[kind].must_be_stated


def weakest(statuses: Iterable[Status]) -> Status:
    """The one of them that promises least."""
    found = set(statuses)
    return "single" if "single" in found else "vendor" if "vendor" in found else "verified"


def require_known_points(kind: Kind, names: Iterable[str]) -> None:
    """Raise ValueError for names that such a device does not have, or when none of them is a power or current."""
    require_known_names(NUMBERS_OF[kind], names)
    if not any(is_live(name) for name in names):
        raise ValueError(f"a {kind} needs at least one point with power or current")


def require_known_names(known: Iterable[str], names: Iterable[str]) -> None:
    """Raise ValueError, with the known ones, for names that are not among them."""
    strange = sorted(set(names) - set(known))
    if strange:
        raise ValueError(f"unknown points {', '.join(strange)}; known are {', '.join(known)}")
