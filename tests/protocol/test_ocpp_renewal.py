"""A station gets certificate, password and profile over OCPP, with real sockets (scenarios F08, T15)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ems.clock import WallClock
from ems.csms.certificate_words import NetworkWay
from ems.csms.redaction import HIDDEN
from ems.csms.security.admission import Profile
from ems.csms.security.occurrences import Kind
from ems.csms.security.station_security import NotReady
from ems.errors import StationRefused
from tests.protocol.ocpp_peer import GUARD_S, House, house, mute, reject
from tests.protocol.test_ocpp_tls import authority_of, basic, client, noted, outcome, tls_house
from tests.unit.csms.test_authority import request


async def until(holds: Callable[[], bool]) -> None:
    async with WallClock().timeout(GUARD_S):
        while not holds():
            await WallClock().sleep(0.005)


async def test_a_station_renews_its_certificate_and_comes_by_it(tmp_path: Path) -> None:
    async with tls_house(tmp_path, password="Correct-Horse") as place:
        key = ec.generate_private_key(ec.SECP256R1())
        tls = client(place)
        async with place.peer(headers=basic("Correct-Horse"), tls=tls) as peer:
            await place.station.security.trust_us()
            await place.station.security.renew_certificate()
            answer = await peer.tell("SignCertificate", {"csr": request("garage", key)})
            signed = await peer.hears("CertificateSigned")
            await until(lambda: Kind.CERTIFICATE_SIGNED in noted(place))

            assert answer == {"status": "Accepted"}
            assert peer.all("InstallCertificate")[0].payload["certificate"] == authority_of(place).root_pem()
            assert [each.payload for each in peer.all("ExtendedTriggerMessage")] == [
                {"requestedMessage": "SignChargePointCertificate"}
            ]
        papers = tmp_path / "station.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        papers.write_bytes(signed.payload["certificateChain"].encode() + private)
        tls.load_cert_chain(papers)

        assert await outcome(place, tls) == 101
        assert place.central.gate.keyring.of("garage").came_by is Profile.MUTUAL


async def test_a_certificate_that_the_station_refuses_is_taken_back(tmp_path: Path) -> None:
    async with tls_house(tmp_path, password="Correct-Horse") as place:
        headers, tls = basic("Correct-Horse"), client(place)
        async with place.peer(headers=headers, tls=tls, script={"CertificateSigned": reject}) as peer:
            await peer.tell("SignCertificate", {"csr": request("garage")})
            authority = authority_of(place)
            await until(lambda: any(each.revoked_utc_s for each in authority.issued()))


async def test_who_has_proven_nothing_gets_no_certificate(tmp_path: Path) -> None:
    async with tls_house(tmp_path) as place, place.peer() as peer:
        answer = await peer.tell("SignCertificate", {"csr": request("garage")})

        assert answer == {"status": "Rejected"}
        assert Kind.REQUEST_REFUSED in noted(place)


async def test_a_request_for_another_station_is_refused(tmp_path: Path) -> None:
    async with (
        tls_house(tmp_path, password="Correct-Horse") as place,
        place.peer(headers=basic("Correct-Horse"), tls=client(place)) as peer,
    ):
        assert await peer.tell("SignCertificate", {"csr": request("carport")}) == {"status": "Rejected"}
        assert await peer.tell("SignCertificate", {"csr": 7}) == {"status": "Rejected"}


async def test_old_and_new_password_count_until_the_station_has_come_with_the_new_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """T15."""
    caplog.set_level("DEBUG")
    async with house(folder=tmp_path, passwords={"garage": "Correct-Horse"}) as place:
        async with place.peer(headers=basic("Correct-Horse")) as peer:
            await place.station.security.change_password()
            change = peer.all("ChangeConfiguration")[-1].payload
        async with place.peer(headers=basic("Correct-Horse")):
            pass
        async with place.peer(headers=basic(change["value"])) as peer:
            await peer.tell("Heartbeat", {})

        assert change["key"] == "AuthorizationKey"
        assert len(change["value"]) == 40
        assert await _plain(place, basic("Correct-Horse")) == 401
        assert await _plain(place, basic(change["value"])) == 101
        assert Kind.PASSWORD_CHANGED in noted(place)
        assert HIDDEN in caplog.text
        assert not any(change["value"] in each.getMessage() for each in caplog.records if each.name.startswith("ems"))


async def test_a_password_that_was_refused_counts_for_nothing_and_one_unanswered_may_count(tmp_path: Path) -> None:
    async with house(folder=tmp_path, passwords={"garage": "Correct-Horse"}) as place:
        gate = place.central.gate
        async with place.peer(headers=basic("Correct-Horse"), script={"ChangeConfiguration": reject}):
            with pytest.raises(StationRefused):
                await place.station.security.change_password()
        assert gate.keyring.of("garage").coming is None

        async with place.peer(headers=basic("Correct-Horse"), script={"ChangeConfiguration": mute}) as peer:
            changing = asyncio.create_task(place.station.security.change_password())
            await peer.hears("ChangeConfiguration")
        await asyncio.gather(changing, return_exceptions=True)
        assert gate.keyring.of("garage").coming is not None
        assert await _plain(place, basic("Correct-Horse")) == 101


async def test_a_profile_that_would_lock_the_station_out_is_not_sent(tmp_path: Path) -> None:
    async with house(folder=tmp_path) as place, place.peer() as peer:
        for profile in (1, 2, 3):
            with pytest.raises(NotReady):
                await place.station.security.raise_profile(NetworkWay(url="wss://192.0.2.1", profile=profile))

        assert all(each.payload["key"] != "SecurityProfile" for each in peer.all("ChangeConfiguration"))


async def test_a_station_is_sent_to_the_encrypted_door(tmp_path: Path) -> None:
    """T15: until it comes by the new profile it may come by the old one."""
    async with tls_house(tmp_path, password="Correct-Horse") as place:
        async with place.peer(headers=basic("Correct-Horse")) as peer:
            await place.station.security.raise_profile(NetworkWay(url="wss://192.0.2.1", profile=2))
            sent = peer.all("ChangeConfiguration")[-1].payload
        before = await _plain(place, basic("Correct-Horse"))
        encrypted = await outcome(place, client(place), basic("Correct-Horse"))
        after = await _plain(place, basic("Correct-Horse"))

        assert sent == {"key": "SecurityProfile", "value": "2"}
        assert (before, encrypted, after) == (101, 101, 403)


async def _plain(place: House, headers: dict[str, str]) -> int | str:
    return await outcome(place, None, headers, port=place.central.port)
