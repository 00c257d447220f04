"""Who may charge, by id tag."""

from __future__ import annotations

from collections.abc import Callable

from ems.csms.messages import TagStatus

Authorise = Callable[[str, str], TagStatus]
"""Decides on an id tag: station id and tag to a status."""


def free_vending(_station_id: str, _id_tag: str) -> TagStatus:
    """Everybody may charge."""
    return TagStatus.ACCEPTED
