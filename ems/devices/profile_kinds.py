"""What each profile describes, for the checks of a site file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ems.devices.catalog import profiles
from ems.devices.profile import Kind


@cache
def kinds_by_profile() -> Mapping[str, tuple[Kind, ...]]:
    """The kinds of devices that a profile describes, by its id."""
    return {profile.id: profile.kinds for profile in profiles()}
