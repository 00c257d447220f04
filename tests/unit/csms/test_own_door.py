"""The address that people type into a station."""

from __future__ import annotations

import pytest

from ems.csms.addresses import EVERYWHERE, door, own_names


@pytest.mark.parametrize("host", EVERYWHERE)
def test_listening_everywhere_is_no_address_to_type(host: str) -> None:
    typed = door(host)

    assert typed
    assert typed not in EVERYWHERE


def test_an_address_of_the_site_file_is_typed_as_it_is() -> None:
    assert door("192.0.2.7") == "192.0.2.7"
    assert door("fd00::7") == "[fd00::7]"


def test_the_door_has_names_for_a_certificate() -> None:
    assert own_names("192.0.2.7")[0] == "192.0.2.7"
    assert all(name not in EVERYWHERE for name in own_names(EVERYWHERE[0]))
