"""What is typed into a station to connect."""

from __future__ import annotations

import pytest

from ems.csms.addresses import station_address


@pytest.mark.parametrize(
    ("host", "identity", "tls_port", "address"),
    [
        ("192.0.2.7", "garage", None, "ws://192.0.2.7:9000/garage"),
        ("192.0.2.7", "garage", 9001, "wss://192.0.2.7:9001/garage"),
        ("2001:db8::7", "CP 1/2", 9001, "wss://[2001:db8::7]:9001/CP%201%2F2"),
    ],
)
def test_the_encrypted_door_is_named_where_there_is_one(
    host: str, identity: str, tls_port: int | None, address: str
) -> None:
    assert station_address(host, identity, 9000, tls_port) == address
