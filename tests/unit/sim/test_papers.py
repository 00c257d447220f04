"""Passwords and certificates of a simulated station, in the words of all three versions."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_csr, ocsp

from ems.sim.wire.papers import TRIES, Papers, way_from
from ems.sim.wire.station_box import StationBuild
from ems.sim.wire.version import Version
from tests.unit.sim.small_authority import SmallAuthority
from tests.unit.sim.station_stand import Stand

AUTHORITY = SmallAuthority()
ROOT = {Version.V16: "CentralSystemRootCertificate"}


def triggered(stand: Stand) -> str:
    """The request that follows a trigger."""
    if stand.version is Version.V16:
        answer = stand.ask("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    else:
        answer = stand.ask("TriggerMessage", requestedMessage="SignChargingStationCertificate")
    assert answer == {"status": "Accepted"}
    stand.answers["SignCertificate"] = {"status": "Accepted"}
    stand.talk()
    csr = stand.heard("SignCertificate")[-1]["csr"]
    assert isinstance(csr, str)
    return csr


@pytest.mark.parametrize("version", Version)
def test_station_asks_for_a_certificate_and_takes_what_fits_its_key(version: Version) -> None:
    """F08."""
    stand = Stand(version)
    csr = triggered(stand)
    foreign = AUTHORITY.sign(Papers(StationBuild(station_id="x", identity="x")).request("Else"))

    assert load_pem_x509_csr(csr.encode()).subject.rfc4514_string() == "O=Fusewise,CN=one"
    assert stand.ask("CertificateSigned", certificateChain=foreign)["status"] == "Rejected"
    stand.talk()
    assert "Certificate" in stand.heard("SecurityEventNotification")[0]["type"]
    assert stand.ask("CertificateSigned", certificateChain=AUTHORITY.sign(csr)) == {"status": "Accepted"}
    assert stand.tongue.papers.certified


@pytest.mark.parametrize("version", Version)
def test_roots_are_installed_listed_and_deleted(version: Version) -> None:
    """F08."""
    stand = Stand(version)
    use = ROOT.get(version, "CSMSRootCertificate")
    asked: dict[str, Any] = {"certificateType": use if version is Version.V16 else [use]}
    nonsense = stand.ask("InstallCertificate", certificateType=use, certificate="no certificate")
    installed = stand.ask("InstallCertificate", certificateType=use, certificate=AUTHORITY.root_pem)
    listed = stand.ask("GetInstalledCertificateIds", **asked)
    marks = (
        listed["certificateHashData"][0]
        if version is Version.V16
        else listed["certificateHashDataChain"][0]["certificateHashData"]
    )
    deleted = [stand.ask("DeleteCertificate", certificateHashData=marks)["status"] for _ in range(2)]

    assert nonsense["status"] == "Rejected"
    assert installed == {"status": "Accepted"}
    assert deleted == ["Accepted", "NotFound"]
    assert stand.ask("GetInstalledCertificateIds", **asked) == {"status": "NotFound"}


def test_marks_of_a_root_are_those_of_a_revocation_request() -> None:
    papers = Papers(StationBuild(station_id="x", identity="x"))
    papers.trust(AUTHORITY.root_pem, "CSMSRootCertificate")
    root = load_pem_x509_certificate(AUTHORITY.root_pem.encode())
    asked = ocsp.OCSPRequestBuilder().add_certificate(root, root, hashes.SHA256()).build()

    assert papers.held()[0][1] == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": asked.issuer_name_hash.hex(),
        "issuerKeyHash": asked.issuer_key_hash.hex(),
        "serialNumber": f"{asked.serial_number:x}",
    }


def test_16_station_takes_a_new_password_and_no_less_safe_profile() -> None:
    """T15."""
    stand = Stand(Version.V16)
    word = "00112233445566778899aabbccddeeff00112233"
    changes = [
        ("AuthorizationKey", "short"),
        ("AuthorizationKey", word),
        ("SecurityProfile", "3"),
        ("SecurityProfile", "0"),
    ]
    answers = [stand.ask("ChangeConfiguration", key=key, value=value)["status"] for key, value in changes]

    assert answers == ["Rejected", "Accepted", "Rejected", "Rejected"]
    assert stand.tongue.papers.way.password == word
    assert stand.tongue.papers.redial
    assert "value" not in stand.ask("GetConfiguration", key=["AuthorizationKey"])["configurationKey"][0]


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_2x_station_comes_by_its_new_network_profile_after_a_reset(version: Version) -> None:
    """T16."""
    stand = Stand(version)
    way = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://192.0.2.1:9443/",
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    }
    less = {**way, "ocppCsmsUrl": "http://x"}
    refused = stand.ask("SetNetworkProfile", configurationSlot=2, connectionData=less)
    taken = stand.ask("SetNetworkProfile", configurationSlot=2, connectionData=way)
    order = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
    stand.ask("SetVariables", setVariableData=[{**order, "attributeValue": "2,1"}])
    before = stand.tongue.papers.way
    stand.tongue.power_lost()

    assert (refused["status"], taken["status"]) == ("Rejected", "Accepted")
    assert before.profile == 1
    assert (stand.tongue.papers.way.host, stand.tongue.papers.way.port) == ("192.0.2.1", 9443)
    assert stand.tongue.papers.way.profile == 2


def test_way_in_that_does_not_work_is_given_up() -> None:
    """T15: rollback on failure."""
    papers = Papers(StationBuild(station_id="x", identity="x", password="old"))
    new = way_from("wss://192.0.2.1", 2, "new")
    assert new is not None
    papers.come_by(new)
    for _ in range(TRIES - 1):
        papers.stayed_out()
    assert papers.way is new
    papers.stayed_out()

    assert papers.way.password == "old"
