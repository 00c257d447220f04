"""Devices that speak HTTPS and sign their certificate themselves, as local ones do."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from ems.devices.catalog import connect_devices
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile
from ems.errors import LinkDown, Refused
from ems.sim.wire.http_devices import HttpPort
from tests.own_certificate import own_certificate
from tests.protocol.device_site import devices_of, site
from tests.protocol.modbus_bench import LOOPBACK, HandClock
from tests.unit.devices.test_token_end import token

TOKEN = "eyJ-of-its-owner"


def fingerprint_of(certificate: Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[tuple[HttpPort, Path]]:
    """An Enphase gateway with a token and a certificate of its own."""
    certificate, key = own_certificate(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    found = profile("enphase_gateway")
    assert isinstance(found, HttpProfile)
    port = HttpPort(found, login=TOKEN, tls=tls)
    port.show({"meter": {"power": -1500.0}, "inverter": {"power": 4200.0, "energy": 9000.0}})
    await port.open()
    try:
        yield port, certificate
    finally:
        await port.close()


def house(port: HttpPort, **http: object) -> dict[str, object]:
    source = {"host": LOOPBACK, "port": port.port, "timeout_s": 20, "token": {"env": "ENPHASE"}, **http}
    return {"id": "grid", "profile": "enphase_gateway", "http": source}


@pytest.mark.parametrize("way", ["ca", "fingerprint", "trust_any_certificate"])
async def test_a_certificate_is_believed_as_its_owner_says(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE", TOKEN)
    async with gateway(tmp_path) as (port, certificate):
        pin = fingerprint_of(certificate).upper()
        known = {
            "ca": str(certificate),
            "fingerprint": ":".join(pin[place : place + 2] for place in range(0, 64, 2)),
            "trust_any_certificate": True,
        }
        file = site(phases=1, meters=[house(port, **{way: known[way]})])
        async with devices_of(file, HandClock()) as devices:
            reading = await devices.meters["main"].read()
            again = await devices.meters["main"].read()
            await devices.meters["main"].close()

    assert (reading.power_w, again.power_w) == (-1500.0, -1500.0)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "nobody vouches for"),
        ({"fingerprint": "00" * 32}, "another certificate than http.fingerprint says: its SHA-256 is "),
    ],
)
async def test_nobody_else_hears_the_token(
    known: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE", TOKEN)
    async with gateway(tmp_path) as (port, certificate):
        async with devices_of(site(phases=1, meters=[house(port, **known)]), HandClock()) as devices:
            with pytest.raises(LinkDown, match=said) as down:
                await devices.meters["main"].read()
            await devices.meters["main"].close()
        assert port.asked == []
        assert not known or fingerprint_of(certificate) in str(down.value)


@pytest.mark.parametrize(
    ("http", "said"),
    [
        ({"fingerprint": "00" * 32, "trust_any_certificate": True}, "several of ca, fingerprint"),
        ({"fingerprint": "00" * 32, "tls": False}, "asked without TLS"),
        ({"ca": "/nowhere.pem"}, "cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_said(http: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENPHASE", TOKEN)
    meter = {"id": "grid", "profile": "enphase_gateway", "http": {"host": LOOPBACK, **http}}

    with pytest.raises(DeviceConfigError, match=said):
        connect_devices(site(phases=1, meters=[meter]), HandClock())


async def test_a_token_that_is_over_is_said_to_be_and_one_that_ends_soon_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = HandClock().utc_now()
    async with gateway(tmp_path) as (port, _):
        for days, said in ((-2, "the token ended on"), (5, "its token ends on"), (90, "")):
            end = now + timedelta(days=days)
            ours = token(exp=end.timestamp())
            monkeypatch.setenv("ENPHASE", ours)
            file = site(phases=1, meters=[house(port, trust_any_certificate=True)])
            async with devices_of(file, HandClock()) as devices:
                with pytest.raises(Refused, match="lets nobody in") as refused:
                    await devices.meters["main"].read()
                await devices.meters["main"].close()
            told = f"{refused.value} {caplog.text}"
            assert (f"{said} {end:%Y-%m-%d}" in told) == bool(said)
            assert ours not in told
            caplog.clear()
