"""Entries that are connectors of one charging station."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.config.connectors import is_alone, together
from ems.config.schema import Secret, StationEntry
from tests.unit.config.files import loaded, swapped

RIGHT = StationEntry(id="right", identity="CP", connector=2, max_a=32.0, ocpp="1.6")
LEFT = StationEntry(id="left", identity="CP", max_a=10.0, serial="A", password=Secret(env="CP"), security_profile=2)


def test_entries_of_one_identity_are_one_station_and_share_what_is_the_station_s() -> None:
    groups = together((RIGHT, StationEntry(id="drive"), LEFT))

    assert {identity: [entry.id for entry in group] for identity, group in groups.items()} == {
        "CP": ["left", "right"],
        "drive": ["drive"],
    }
    left, right = groups["CP"]
    assert (left.ocpp, left.serial, left.password, left.security_profile) == ("1.6", "A", Secret(env="CP"), 2)
    assert (right.ocpp, right.serial, right.password, right.security_profile) == ("1.6", "A", Secret(env="CP"), 2)
    assert (left.max_a, right.max_a) == (10.0, 32.0)


def test_one_connector_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'CP'"):
        together((LEFT, LEFT.model_copy(update={"id": "other"})))


def test_the_first_connector_stands_for_the_whole_station_while_nobody_configured_another() -> None:
    assert is_alone([LEFT])
    assert not is_alone([RIGHT])
    assert not is_alone([LEFT, RIGHT])


def test_a_second_connector_needs_only_the_identity_of_the_first(tmp_path: Path) -> None:
    drive = "{id: drive, fallback_a: 6, lease_verified: true}"
    file = loaded(tmp_path, swapped(drive, f"{drive}\n  - {{id: drive_right, identity: drive, connector: 2}}"))

    assert {identity: len(group) for identity, group in together(file.stations).items()} == {"drive": 2, "carport": 1}
