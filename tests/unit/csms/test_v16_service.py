"""How OCPP 1.6 spells what serviced stations are asked, and how its answers are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ems.csms.messages import Outcome
from ems.csms.service_words import (
    FirmwareOrder,
    FirmwareState,
    ListAnswer,
    ListedTag,
    ListOrder,
    LogKind,
    LogOrder,
    ReservationOrder,
    SignedWith,
    UploadState,
)
from ems.csms.v16.service_reports import firmware_report, upload_report
from tests.unit.csms.scripted import refusal, v16

AT = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
FIRMWARE = FirmwareOrder(request_id=7, location="http://192.0.2.1:9002/f/box.bin", fetch_at=AT)
SIGNED = SignedWith(certificate="-----BEGIN CERTIFICATE-----", signature="c2lnbmVk")


@pytest.mark.parametrize(
    ("status", "done"), [("Accepted", True), ("Scheduled", True), ("Rejected", False), ("", False)]
)
async def test_availability_now_scheduled_or_rejected(status: str, done: bool) -> None:
    """B13."""
    dialect, sent = v16(ChangeAvailability={"status": status})

    assert await dialect.change_availability(0, operative=False) == Outcome(done=done, answer=status)
    assert sent == [("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})]


@pytest.mark.parametrize("status", ["Unlocked", "UnlockFailed", "NotSupported", "OCPPError"])
async def test_every_answer_to_unlock_is_shown(status: str) -> None:
    """F07."""
    dialect, _ = v16(UnlockConnector={"status": status})

    assert await dialect.unlock(1) == Outcome(done=status == "Unlocked", answer=status)


@pytest.mark.parametrize(("status", "done"), [("Accepted", True), ("Rejected", False)])
async def test_the_cache_of_tags_is_cleared(status: str, done: bool) -> None:
    """A07."""
    dialect, sent = v16(ClearCache={"status": status})

    assert (await dialect.clear_cache()).done is done
    assert sent == [("ClearCache", {})]


@pytest.mark.parametrize(
    ("status", "done"), [("Accepted", True), ("RebootRequired", True), ("Rejected", False), ("NotSupported", False)]
)
async def test_every_answer_to_a_changed_setting_is_shown(status: str, done: bool) -> None:
    """B07, B09."""
    dialect, _ = v16(ChangeConfiguration={"status": status})

    assert await dialect.change_setting("LightIntensity", "40") == Outcome(done=done, answer=status)


async def test_unsigned_firmware_has_an_empty_answer_which_is_a_yes() -> None:
    """F01."""
    dialect, sent = v16(UpdateFirmware={})

    assert (await dialect.update_firmware(FIRMWARE)).done
    assert sent == [
        (
            "UpdateFirmware",
            {
                "location": FIRMWARE.location,
                "retrieveDate": "2026-06-21T10:00:00Z",
                "retries": 3,
                "retryInterval": 60,
            },
        )
    ]


@pytest.mark.parametrize(
    ("status", "done"),
    [("Accepted", True), ("AcceptedCanceled", True), ("InvalidCertificate", False), ("RevokedCertificate", False)],
)
async def test_signed_firmware_carries_its_proof(status: str, done: bool) -> None:
    """F02."""
    dialect, sent = v16(SignedUpdateFirmware={"status": status})
    order = FirmwareOrder(request_id=7, location=FIRMWARE.location, fetch_at=AT, signed=SIGNED)

    assert await dialect.update_firmware(order) == Outcome(done=done, answer=status)
    [(action, payload)] = sent
    assert action == "SignedUpdateFirmware"
    assert payload["requestId"] == 7
    assert payload["firmware"] == {
        "location": FIRMWARE.location,
        "retrieveDateTime": "2026-06-21T10:00:00Z",
        "signingCertificate": SIGNED.certificate,
        "signature": SIGNED.signature,
    }


async def test_diagnostics_are_asked_for_with_their_time() -> None:
    """F03."""
    dialect, sent = v16(GetDiagnostics={"fileName": "diag.zip"})

    assert await dialect.send_log(LogOrder(request_id=3, location="http://192.0.2.1/u/", since=AT)) == Outcome(
        done=True, answer="diag.zip"
    )
    assert sent[0][1]["startTime"] == "2026-06-21T10:00:00Z"
    assert "stopTime" not in sent[0][1]


async def test_a_station_without_diagnostics_has_nothing_to_upload() -> None:
    dialect, _ = v16(GetDiagnostics={})

    assert not (await dialect.send_log(LogOrder(request_id=3, location="http://192.0.2.1/u/"))).done


async def test_a_station_that_knows_no_diagnostics_is_asked_for_its_log() -> None:
    dialect, sent = v16(GetDiagnostics=refusal("NotImplemented"), GetLog={"status": "Accepted", "filename": "log.txt"})

    assert await dialect.send_log(LogOrder(request_id=3, location="http://192.0.2.1/u/")) == Outcome(
        done=True, answer="log.txt"
    )
    assert sent[1][1]["log"] == {"remoteLocation": "http://192.0.2.1/u/"}
    assert (sent[1][1]["logType"], sent[1][1]["requestId"]) == ("DiagnosticsLog", 3)


@pytest.mark.parametrize(("status", "done"), [("Accepted", True), ("Rejected", False), ("AcceptedCanceled", True)])
async def test_a_security_log_is_asked_for(status: str, done: bool) -> None:
    dialect, sent = v16(GetLog={"status": status})
    order = LogOrder(request_id=3, location="http://192.0.2.1/u/", kind=LogKind.SECURITY)

    assert (await dialect.send_log(order)).done is done
    assert sent[0][1]["logType"] == "SecurityLog"


async def test_a_list_of_tags_says_what_is_new_and_what_is_gone() -> None:
    """A05."""
    dialect, sent = v16(SendLocalList={"status": "Accepted"})
    tags = (ListedTag(tag="A", expires=AT, parent="HOME"), ListedTag(tag="B", status=None))

    assert await dialect.send_local_list(ListOrder(version=5, whole=False, tags=tags)) is ListAnswer.ACCEPTED
    assert sent[0][1] == {
        "listVersion": 5,
        "updateType": "Differential",
        "localAuthorizationList": [
            {
                "idTag": "A",
                "idTagInfo": {"status": "Accepted", "expiryDate": "2026-06-21T10:00:00Z", "parentIdTag": "HOME"},
            },
            {"idTag": "B"},
        ],
    }


@pytest.mark.parametrize("status", ["Accepted", "Failed", "NotSupported", "VersionMismatch"])
async def test_every_answer_to_a_list_is_told_apart(status: str) -> None:
    """A05."""
    dialect, _ = v16(SendLocalList={"status": status})

    assert (await dialect.send_local_list(ListOrder(version=1, whole=True, tags=()))).value == status


@pytest.mark.parametrize(("said", "version"), [({"listVersion": 0}, 0), ({"listVersion": -1}, -1), ({}, -1)])
async def test_no_list_and_an_empty_one_are_told_apart(said: dict[str, object], version: int) -> None:
    """A06."""
    dialect, _ = v16(GetLocalListVersion=said)

    assert await dialect.local_list_version() == version


@pytest.mark.parametrize("status", ["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"])
async def test_every_answer_to_a_reservation_is_shown(status: str) -> None:
    """F04."""
    dialect, sent = v16(ReserveNow={"status": status})
    order = ReservationOrder(reservation_id=9, connector=1, tag="A", until=AT)

    assert await dialect.reserve(order) == Outcome(done=status == "Accepted", answer=status)
    assert sent[0][1] == {
        "connectorId": 1,
        "expiryDate": "2026-06-21T10:00:00Z",
        "idTag": "A",
        "reservationId": 9,
    }


async def test_a_reservation_that_is_unknown_is_told_as_such() -> None:
    """F04."""
    dialect, _ = v16(CancelReservation={"status": "Rejected"})

    assert await dialect.cancel_reservation(9) == Outcome(done=False, answer="Rejected")


async def test_data_of_a_maker_comes_back_printable_and_bounded() -> None:
    """F05, the other way round."""
    dialect, _ = v16(DataTransfer={"status": "Accepted", "data": "a\x1b[2Jb" + "x" * 5000})

    answer = await dialect.send_vendor_data("com.acme", "hello", None)

    assert answer.status == "Accepted"
    assert answer.content.startswith("a [2Jb")
    assert len(answer.content) == 500


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Downloading", FirmwareState.DOWNLOADING),
        ("installing", FirmwareState.INSTALLING),
        ("InvalidSignature", FirmwareState.INVALID_SIGNATURE),
        ("Polishing", None),
        (None, None),
    ],
)
def test_states_of_firmware_are_read_leniently(said: str | None, state: FirmwareState | None) -> None:
    assert firmware_report({"status": said, "requestId": "4"}).state is state


def test_a_failed_upload_has_two_names() -> None:
    assert upload_report({"status": "UploadFailed"}).state is UploadState.UPLOAD_FAILED
    assert upload_report({"status": "UploadFailure", "requestId": 3}).request_id == 3
