"""Certificates, passwords and security events in every version's words (scenarios F08, F09, T15, T16)."""

from __future__ import annotations

from typing import Any

import pytest

from ems.csms.certificate_words import CertificateAsked, CertificateMark, Held, Leaf, NetworkWay, Root, mark_in
from ems.csms.redaction import redacted
from ems.errors import StationRefused
from tests.unit.csms.neutral import PaperStation, Payload

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
ALL = pytest.mark.parametrize("version", [V16, V201, V21])
NEWER = pytest.mark.parametrize("version", [V201, V21])
MARK = CertificateMark(algorithm="SHA256", issuer_name="aa", issuer_key="bb", serial="cc")
HASH: Payload = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "cc"}
ASKED = CertificateAsked(request="csr", leaf=Leaf.STATION)


@ALL
def test_a_request_for_a_certificate_is_heard_whole(version: str) -> None:
    """F08: the request may be longer than any other text of a station."""
    paper = PaperStation(subprotocol=version)
    long = "-----BEGIN CERTIFICATE REQUEST-----\n" + "A" * 3000

    answer = paper.says("SignCertificate", {"csr": long})
    paper.heard.security.signs = False
    refused = paper.says("SignCertificate", {"csr": long})

    assert (answer["status"], refused["status"]) == ("Accepted", "Rejected")
    assert paper.heard.security.asked[0] == CertificateAsked(request=long, leaf=Leaf.STATION)


@NEWER
def test_a_request_for_the_vehicles_side_is_told_apart(version: str) -> None:
    paper = PaperStation(subprotocol=version)
    paper.says("SignCertificate", {"csr": "x", "certificateType": "V2GCertificate"})

    assert paper.heard.security.asked[0].leaf is Leaf.VEHICLE_SIDE


def test_the_number_of_a_request_comes_back_with_its_certificate() -> None:
    paper = PaperStation(subprotocol=V21)
    paper.says("SignCertificate", {"csr": "x", "requestId": 7})
    paper.asks(lambda dialect: dialect.hand_certificate("chain", paper.heard.security.asked[0]))

    assert paper.last == {
        "certificateChain": "chain",
        "certificateType": "ChargingStationCertificate",
        "requestId": 7,
    }


@ALL
def test_security_events_are_heard(version: str) -> None:
    """F09."""
    paper = PaperStation(subprotocol=version)
    event = {"type": "TamperDetectionActivated", "timestamp": "2026-06-21T12:00:00Z", "techInfo": "lid"}

    assert paper.says("SecurityEventNotification", event) == {}
    told = paper.heard.security.told[0]
    assert (told.kind, told.about) == ("TamperDetectionActivated", "lid")
    assert told.at is not None


@ALL
def test_certificates_are_given_trusted_listed_and_forgotten(version: str) -> None:
    paper = PaperStation(subprotocol=version)
    one: Payload = {"status": "Accepted", "certificateHashData": [HASH]}
    chain: Payload = {
        "status": "Accepted",
        "certificateHashDataChain": [{"certificateType": "CSMSRootCertificate", "certificateHashData": HASH}],
    }
    paper.replies["GetInstalledCertificateIds"] = lambda asked: (
        chain
        if version != V16
        else one
        if asked["certificateType"] == "CentralSystemRootCertificate"
        else {"status": "NotFound"}
    )

    async def story(dialect: Any) -> tuple[Held, ...]:
        await dialect.trust("root", Root.CENTRAL_SYSTEM)
        await dialect.hand_certificate("chain", ASKED)
        await dialect.ask_to_ask(Leaf.STATION)
        held: tuple[Held, ...] = await dialect.held_certificates()
        await dialect.forget_certificate(held[0].mark)
        return held

    held = paper.asks(story)

    assert [each.mark for each in held] == [MARK]
    assert paper.last == {"certificateHashData": HASH}
    assert [action for action, _ in paper.asked][:2] == ["InstallCertificate", "CertificateSigned"]


@ALL
@pytest.mark.parametrize("reply", [{"status": "Rejected"}, {"status": "Failed"}, {}])
def test_what_a_station_refuses_is_refused(version: str, reply: Payload) -> None:
    paper = PaperStation(subprotocol=version)
    paper.replies["InstallCertificate"] = lambda _: reply

    with pytest.raises(StationRefused):
        paper.asks(lambda dialect: dialect.trust("root", Root.CENTRAL_SYSTEM))


@ALL
def test_a_new_password_goes_out_as_hexadecimal_digits_and_into_no_log(version: str) -> None:
    """T15."""
    paper = PaperStation(subprotocol=version)
    paper.replies["SetVariables"] = lambda asked: {
        "setVariableResult": [
            {**{name: asked["setVariableData"][0][name] for name in ("component", "variable")},
             "attributeStatus": "Accepted"}
        ]
    }  # fmt: skip
    key = bytes(range(20))
    paper.asks(lambda dialect: dialect.change_password(key))

    assert key.hex() in str(paper.last)
    assert key.hex() not in redacted([2, "1", "action", paper.last])


def test_a_safer_profile_is_one_key_in_1_6() -> None:
    paper = PaperStation(subprotocol=V16)
    paper.asks(lambda dialect: dialect.come_by(NetworkWay(url="wss://192.0.2.1:9001", profile=2)))

    assert paper.last == {"key": "SecurityProfile", "value": "2"}


@NEWER
def test_a_safer_profile_goes_into_a_free_slot_with_the_old_one_behind_it(version: str) -> None:
    """T16."""
    paper = PaperStation(subprotocol=version)
    paper.replies["GetVariables"] = lambda asked: {
        "getVariableResult": [
            {**each, "attributeStatus": "Accepted", "attributeValue": "1, 2"} for each in asked["getVariableData"]
        ]
    }
    paper.replies["SetVariables"] = lambda asked: {
        "setVariableResult": [
            {"component": each["component"], "variable": each["variable"], "attributeStatus": "Accepted"}
            for each in asked["setVariableData"]
        ]
    }
    way = NetworkWay(url="wss://192.0.2.1:9001", profile=2, interface="Wireless0")
    paper.asks(lambda dialect: dialect.come_by(way))
    sent = dict(paper.asked)

    assert sent["SetNetworkProfile"]["configurationSlot"] == 3
    assert sent["SetNetworkProfile"]["connectionData"]["ocppInterface"] == "Wireless0"
    assert sent["SetVariables"]["setVariableData"][0]["attributeValue"] == "3,1,2"
    assert sent["Reset"] == {"type": "OnIdle"}


@NEWER
def test_plug_and_charge_is_off_and_says_so_in_the_words_of_the_standard(version: str) -> None:
    paper = PaperStation(subprotocol=version)
    ocsp = {**HASH, "responderURL": "http://192.0.2.1"}

    assert paper.says(
        "Get15118EVCertificate",
        {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "AA"},
    ) == {"status": "Failed", "exiResponse": ""}
    assert paper.says("GetCertificateStatus", {"ocspRequestData": ocsp}) == {"status": "Failed"}
    authorize = {"idToken": {"idToken": "EMAID", "type": "eMAID"}, "iso15118CertificateHashData": [ocsp]}
    assert paper.says("Authorize", authorize)["certificateStatus"] == "NoCertificateAvailable"


def test_nothing_is_known_of_a_chain_of_certificates() -> None:
    paper = PaperStation(subprotocol=V21)
    answer = paper.says(
        "GetCertificateChainStatus",
        {"certificateStatusRequests": [{"certificateHashData": HASH, "source": "CRL", "urls": ["http://192.0.2.1"]}]},
    )

    assert [each["status"] for each in answer["certificateStatus"]] == ["Failed"]


@pytest.mark.parametrize("broken", [{}, {**HASH, "serialNumber": 7}, {**HASH, "issuerKeyHash": "x" * 200}])
def test_hash_data_that_makes_no_sense_is_none(broken: Payload) -> None:
    assert mark_in(broken) is None
    assert mark_in(HASH) == MARK
