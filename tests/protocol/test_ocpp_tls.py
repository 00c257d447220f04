"""The encrypted door with real sockets: passwords, certificates, new papers without a restart (scenarios T08, T09)."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from ems.clock import WallClock
from ems.config.schema import CsmsSection, CsmsTlsSection, StationEntry
from ems.csms.security import gate, issuing
from ems.csms.security.admission import Profile
from ems.csms.security.authority import Authority, Bundle
from ems.csms.security.issuing import Pair
from ems.csms.security.key_kind import KeyKind
from ems.csms.security.occurrences import Kind
from tests.protocol.ocpp_peer import GARAGE, GUARD_S, House, house

TLS = CsmsSection(host="127.0.0.1", tls=CsmsTlsSection())


def basic(password: str, user: str = "garage") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@asynccontextmanager
async def tls_house(folder: Path, *entries: StationEntry, password: str | None = None) -> AsyncIterator[House]:
    passwords = {} if password is None else dict.fromkeys([each.id for each in entries] or ["garage"], password)
    async with house(*entries, section=TLS, folder=folder, passwords=passwords) as place:
        yield place


def authority_of(place: House) -> Authority:
    assert place.central.gate.authority is not None
    return place.central.gate.authority


def client(place: House, bundle: Bundle | None = None, folder: Path | None = None) -> ssl.SSLContext:
    """A station that trusts our root."""
    context = ssl.create_default_context(cafile=str(authority_of(place).root_file))
    if bundle is not None and folder is not None:
        papers = folder / f"{bundle.serial}.pem"
        papers.write_bytes(bundle.certificate_pem + (bundle.key_pem or b""))
        context.load_cert_chain(papers)
    return context


def certificate(by: Pair, name: str, lasts: timedelta = timedelta(days=1)) -> Bundle:
    """Signed by anybody, for as long as one likes."""
    key = issuing.new_key(KeyKind.EC)
    made = issuing.station(by, name, key.public_key(), WallClock().utc_now(), lasts)
    return Bundle(certificate_pem=issuing.pem(made), serial=f"{made.serial_number:x}", key_pem=issuing.key_pem(key))


async def outcome(
    place: House, tls: ssl.SSLContext | None, headers: dict[str, str] | None = None, port: int | None = None
) -> int | str:
    """The HTTP status, or `no TLS` where there is not even that."""
    scheme = "ws" if tls is None else "wss"
    address = f"{scheme}://127.0.0.1:{port or place.central.tls_port}/garage"
    try:
        async with connect(address, ssl=tls, additional_headers=headers, proxy=None) as socket:
            await socket.ping()
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
    except (ssl.SSLError, InvalidMessage, ConnectionError, ConnectionClosed, EOFError):
        return "no TLS"


def noted(place: House) -> list[Kind]:
    return [each.kind for each in place.central.gate.occurrences.all]


async def test_profile_2_takes_the_right_password_over_tls_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with tls_house(tmp_path, password="Correct-Horse") as place:
        tls = client(place)
        wrong = await outcome(place, tls, basic("nonsense"))
        missing = await outcome(place, tls)
        plain = await outcome(place, None, basic("Correct-Horse"))
        async with place.peer(headers=basic("Correct-Horse"), tls=tls) as peer:
            answer = await peer.tell("Heartbeat", {})

        assert (wrong, missing, plain) == (401, 401, "no TLS")
        assert "currentTime" in answer
        assert place.central.gate.keyring.of("garage").came_by is Profile.TLS
        assert {Kind.PASSWORD, Kind.TLS_REFUSED} <= set(noted(place))
        assert "Horse" not in caplog.text
        assert "nonsense" not in caplog.text


async def test_who_came_encrypted_does_not_come_unencrypted_any_more(tmp_path: Path) -> None:
    async with tls_house(tmp_path, password="Correct-Horse") as place:
        async with place.peer(headers=basic("Correct-Horse"), tls=client(place)) as peer:
            await peer.tell("Heartbeat", {})
        with pytest.raises(InvalidStatus) as refused:
            await connect(place.url(), additional_headers=basic("Correct-Horse"), proxy=None)

        assert refused.value.response.status_code == 403
        assert Kind.DOWNGRADE in noted(place)


async def test_profile_3_takes_the_stations_own_certificate_and_no_other(tmp_path: Path) -> None:
    entry = GARAGE.model_copy(update={"security_profile": 3})
    async with tls_house(tmp_path, entry, StationEntry(id="carport")) as place:
        authority = authority_of(place)
        root = await asyncio.to_thread(authority._root)
        stranger = issuing.root("Somebody", KeyKind.EC, WallClock().utc_now())
        mine, revoked = authority.issue("garage"), certificate(root, "garage")
        listed = x509.load_pem_x509_certificate(revoked.certificate_pem)
        place.central.gate.revoked = frozenset({(root.certificate.subject.rfc4514_string(), listed.serial_number)})
        server = Bundle(certificate_pem=authority.server_file.read_bytes(), serial="server")

        outcomes = {
            "none": await outcome(place, client(place)),
            "other": await outcome(place, client(place, authority.issue("carport"), tmp_path)),
            "expired": await outcome(place, client(place, certificate(root, "garage", -timedelta(hours=1)), tmp_path)),
            "wrong root": await outcome(place, client(place, certificate(stranger, "garage"), tmp_path)),
            "revoked": await outcome(place, client(place, revoked, tmp_path)),
            "the door's own": await outcome(place, client(place, server, tmp_path)),
            "right": await outcome(place, client(place, mine, tmp_path)),
        }

        assert outcomes == {
            "none": 403,
            "other": 403,
            "expired": "no TLS",
            "wrong root": "no TLS",
            "revoked": 403,
            "the door's own": "no TLS",
            "right": 101,
        }
        assert {Kind.DOWNGRADE, Kind.CERTIFICATE_NAME, Kind.CERTIFICATE_REVOKED, Kind.TLS_REFUSED} <= set(noted(place))
        assert any("expired" in each.about for each in place.central.gate.occurrences.all)


async def test_a_new_certificate_of_the_door_costs_no_session_and_needs_no_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "LOOKS_EVERY_S", 0.02)
    async with tls_house(tmp_path) as place:
        authority, tls = authority_of(place), client(place)
        async with place.peer(tls=tls) as peer:
            before = _shown(peer.socket.transport)
            started = await peer.tell("StartTransaction", _start(place))
            authority.rotate_server(["127.0.0.1"], KeyKind.RSA)
            async with WallClock().timeout(GUARD_S):
                while await _newcomers_see(place, tls) == before:
                    pass

            assert "currentTime" in await peer.tell("Heartbeat", {})
            assert started["transactionId"] == getattr(place.station.session, "transaction_id", None)
            assert place.station.post.connections == 1


async def test_a_certificate_that_is_revoked_ends_the_connection_that_it_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "LOOKS_EVERY_S", 0.02)
    async with tls_house(tmp_path) as place:
        authority = authority_of(place)
        bundle = authority.issue("garage")
        tls = client(place, bundle, tmp_path)
        async with place.peer(tls=tls) as peer:
            await peer.tell("Heartbeat", {})
            authority.revoke(bundle.serial)
            async with WallClock().timeout(GUARD_S):
                await peer.socket.wait_closed()

        assert await outcome(place, tls) == 403
        assert Kind.CERTIFICATE_REVOKED in noted(place)


async def test_old_tls_and_weak_ciphers_find_no_door(tmp_path: Path) -> None:
    async with tls_house(tmp_path) as place:
        weak = client(place)
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("AES256-SHA256:AES128-SHA")
        good = client(place)
        good.maximum_version = ssl.TLSVersion.TLSv1_2

        assert await outcome(place, weak) == "no TLS"
        assert await outcome(place, good) == 101


async def test_papers_that_cannot_be_used_keep_nobody_out_who_comes_plainly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "door.pem").write_text("no certificate")
    section = CsmsSection(host="127.0.0.1", tls=CsmsTlsSection(certificate=str(tmp_path / "door.pem")))
    with caplog.at_level(logging.ERROR):
        async with house(section=section, folder=tmp_path) as place, place.peer() as peer:
            assert "currentTime" in await peer.tell("Heartbeat", {})
            assert place.central.tls_port is None

    assert "encrypted door" in caplog.text


def _start(place: House) -> dict[str, object]:
    return {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": place.stamp()}


def _shown(transport: asyncio.BaseTransport) -> int:
    der = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der).serial_number


async def _newcomers_see(place: House, tls: ssl.SSLContext) -> int:
    _, writer = await asyncio.open_connection("127.0.0.1", place.central.tls_port, ssl=tls)
    try:
        return _shown(writer.transport)
    finally:
        writer.close()
        await writer.wait_closed()
