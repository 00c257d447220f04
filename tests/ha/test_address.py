"""Addresses as people type them and services announce them."""

from __future__ import annotations

import pytest

from custom_components.fusewise.address import announced_url, service_url


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("fusewise.local", "http://fusewise.local:8480"),
        ("192.168.1.20:8481", "http://192.168.1.20:8481"),
        ("http://house", "http://house"),
        ("https://House/energy/", "https://house/energy"),
        ("http://house:8480/now?look=dark#top", "http://house:8480/now"),
        ("[fd00::1]", "http://[fd00::1]:8480"),
        ("house:99999", None),
    ],
)
def test_an_address(typed: str, url: str | None) -> None:
    assert service_url(typed, 8480) == url


def test_announced_behind_a_path_and_with_https() -> None:
    assert announced_url("fd00::1", 443, {"https": "1", "path": "/energy"}) == "https://[fd00::1]:443/energy"
