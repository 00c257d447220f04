"""What each profile describes, for the checks of a site file."""

from __future__ import annotations

from collections.abc import Mapping

from ems.devices.library import KindsByProfile
from ems.devices.profile_parts import Kind


def kinds_by_profile() -> Mapping[str, tuple[Kind, ...]]:
    """The kinds of devices that a profile describes, by its id."""
    return KindsByProfile()
