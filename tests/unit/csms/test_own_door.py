"""The address that people type into a station."""

from __future__ import annotations

import pytest

from ems.csms.central_system import EVERYWHERE, door


@pytest.mark.parametrize("host", EVERYWHERE)
def test_listening_everywhere_is_no_address_to_type(host: str) -> None:
    typed = door(host)

    assert typed
    assert typed not in EVERYWHERE


def test_an_address_of_the_site_file_is_typed_as_it_is() -> None:
    assert door("192.0.2.7") == "192.0.2.7"
    assert door("fd00::7") == "[fd00::7]"
