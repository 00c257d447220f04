"""A station is serviced over a real socket: availability, settings, firmware, logs, tags, reservations, starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ems.csms.messages import Outcome, Report
from ems.csms.ports import LeasedLimit
from ems.csms.service.local_list import TagList
from ems.csms.service.standing import LONGEST_WAIT_S, StartState
from ems.csms.service_words import FirmwareOrder, FirmwareState, ListedTag, LogOrder, UploadState
from ems.errors import StationOffline, StationRefused
from ems.model.station import ConnectorStatus
from tests.protocol.ocpp_peer import BOOT, LEASE, Error, House, Payload, Peer, configured, house, reject, start, status

AT = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
FIRMWARE = FirmwareOrder(request_id=7, location="http://192.0.2.1:9002/f/box.bin", fetch_at=AT)


def says(answer: str, **more: object) -> object:
    return lambda _payload: {"status": answer, **more}


async def heard(place: House, peer: Peer, state: str, **more: object) -> FirmwareState:
    """The update's state once the station said so."""
    action = "SignedFirmwareStatusNotification" if more else "FirmwareStatusNotification"
    await peer.tell(action, {"status": state, **more})
    update = place.station.standing.update
    assert update is not None
    return update.state


async def test_an_update_of_firmware_is_followed_to_its_boot() -> None:
    """F01: states in order; the limit goes down to the fallback current while it installs, and up again after."""
    async with house() as place, place.peer(script={"UpdateFirmware": lambda _: {}}) as peer:
        await peer.tell("BootNotification", {**BOOT, "firmwareVersion": "1.0"})
        assert (await place.station.update_firmware(FIRMWARE, "box.bin")).done
        states = [await heard(place, peer, each) for each in ("Downloading", "Downloaded", "Downloaded", "Installing")]
        await place.station.set_limit(LeasedLimit(limit_a=16.0, phases=3, fallback_a=6.0, lease_s=60.0))
        while_installing = {each["limit"] for each in peer.profiles[-1]["chargingSchedule"]["chargingSchedulePeriod"]}
        with pytest.raises(StationRefused, match="installs firmware"):
            await place.station.remote_start()
        await peer.tell("BootNotification", {**BOOT, "firmwareVersion": "2.0"})
        update = place.station.standing.update
        await place.station.set_limit(LeasedLimit(limit_a=16.0, phases=3, fallback_a=6.0, lease_s=60.0))
        after = {each["limit"] for each in peer.profiles[-1]["chargingSchedule"]["chargingSchedulePeriod"]}

    assert states == [FirmwareState(each) for each in ("Downloading", "Downloaded", "Downloaded", "Installing")]
    assert while_installing == {6}
    assert update is not None
    assert update.state is FirmwareState.INSTALLED
    assert 16 in after
    assert peer.all("RemoteStartTransaction") == []


async def test_a_limit_below_the_fallback_current_stays_as_it_is_during_an_update() -> None:
    async with house() as place, place.peer(script={"UpdateFirmware": lambda _: {}}) as peer:
        await place.station.update_firmware(FIRMWARE, "box.bin")
        await heard(place, peer, "Installing")
        await place.station.set_limit(LeasedLimit(limit_a=0.0, phases=3, fallback_a=6.0, lease_s=60.0))

        limits = [each["limit"] for each in peer.profiles[-1]["chargingSchedule"]["chargingSchedulePeriod"]]
        assert limits[0] == 0


async def test_signed_firmware_that_is_refused_or_wrong_is_shown_as_such() -> None:
    """F02."""
    async with house() as place, place.peer() as peer:
        peer.script["UpdateFirmware"] = lambda _: {}
        await place.station.update_firmware(FIRMWARE, "box.bin")
        other = await heard(place, peer, "InvalidSignature", requestId=8)
        ours = await heard(place, peer, "InvalidSignature", requestId=7)

    assert (other, ours) == (FirmwareState.ASKED, FirmwareState.INVALID_SIGNATURE)


async def test_an_update_that_the_station_never_heard_of_leaves_no_trace() -> None:
    async with house() as place:
        with pytest.raises(StationOffline):
            await place.station.update_firmware(FIRMWARE, "box.bin")
        assert place.station.standing.update is None


async def test_diagnostics_are_followed_to_their_end() -> None:
    """F03."""
    async with house() as place, place.peer(script={"GetDiagnostics": lambda _: {"fileName": "d.zip"}}) as peer:
        outcome = await place.station.send_log(LogOrder(request_id=3, location="http://192.0.2.1/u/"))
        states = []
        for said in ("Idle", "Uploading", "UploadFailed"):
            await peer.tell("DiagnosticsStatusNotification", {"status": said})
            upload = place.station.standing.upload
            assert upload is not None
            states.append((upload.file_name, upload.state))

    assert outcome == Outcome(done=True, answer="d.zip")
    assert states == [
        ("d.zip", UploadState.ASKED),
        ("d.zip", UploadState.UPLOADING),
        ("d.zip", UploadState.UPLOAD_FAILED),
    ]


async def test_availability_is_asked_for_only_where_it_differs() -> None:
    """B13."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Available"))
        same = await place.station.change_availability(operative=True)
        out = await place.station.change_availability(operative=False)
        await peer.tell("StatusNotification", status("Unavailable"))
        again = await place.station.change_availability(operative=False)
        back = await place.station.change_availability(operative=True)

    assert [each.answer for each in (same, out, again, back)] == ["Unchanged", "Accepted", "Unchanged", "Accepted"]
    assert [asked.payload["type"] for asked in peer.all("ChangeAvailability")] == ["Inoperative", "Operative"]


async def test_a_scheduled_change_of_availability_waits_for_the_sessions_end() -> None:
    """B13."""
    async with house() as place, place.peer(script={"ChangeAvailability": says("Scheduled")}) as peer:  # type: ignore[dict-item]
        await peer.tell("StatusNotification", status("Charging"))
        await place.station.change_availability(operative=False)
        waiting = place.station.standing.change_waits
        await peer.tell("StatusNotification", status("Unavailable"))

        assert waiting
        assert not place.station.standing.change_waits


async def test_a_rejected_change_of_availability_is_not_shown_as_done() -> None:
    """B13."""
    async with house() as place, place.peer(script={"ChangeAvailability": reject}) as peer:
        await peer.tell("StatusNotification", status("Available"))

        assert not (await place.station.change_availability(operative=False)).done
        assert place.station.standing.operative is None


async def test_a_setting_is_written_only_where_it_differs_and_tells_of_a_needed_restart() -> None:
    """B07, B09."""
    script = {"GetConfiguration": configured({"BlinkRepeat": "3"}), "ChangeConfiguration": says("RebootRequired")}
    async with house() as place, place.peer(script=script) as peer:  # type: ignore[arg-type]
        same = await place.station.change_setting("BlinkRepeat", "3")
        other = await place.station.change_setting("BlinkRepeat", "4")
        needed = place.station.standing.reboot_needed
        await peer.tell("BootNotification", BOOT)

        assert (same.answer, other.answer) == ("Unchanged", "RebootRequired")
        assert needed == ("BlinkRepeat",)
        assert place.station.standing.reboot_needed == ()
        assert [each.payload for each in peer.all("ChangeConfiguration") if each.payload["key"] == "BlinkRepeat"] == [
            {"key": "BlinkRepeat", "value": "4"}
        ]


async def test_a_list_of_tags_is_sent_once_and_then_only_what_changed() -> None:
    """A05."""
    versions = [0]

    def take(payload: Payload) -> Payload:
        versions[0] = payload["listVersion"]
        return {"status": "Accepted"}

    script = {"GetLocalListVersion": lambda _: {"listVersion": versions[0]}, "SendLocalList": take}
    first = TagList(version=1000, tags=(ListedTag(tag="A"), ListedTag(tag="B")))
    async with house() as place, place.peer(script=script) as peer:
        for tags in (first, first, TagList(version=2000, tags=(ListedTag(tag="A"),))):
            await place.station.keep_list(tags)

        sent = [
            (each.payload["updateType"], each.payload["localAuthorizationList"]) for each in peer.all("SendLocalList")
        ]
        assert [kind for kind, _ in sent] == ["Full", "Differential"]
        assert sent[1][1] == [{"idTag": "B"}]
        assert place.station.standing.list_version == 2000


async def test_a_reservation_holds_until_its_tag_comes() -> None:
    """F04."""
    async with house() as place, place.peer() as peer:
        until = place.clock.utc_now() + timedelta(hours=1)
        assert (await place.station.reserve("Anna", until)).done
        held = place.station.reservation
        await peer.tell("StartTransaction", start(place.stamp(), id_tag="ANNA"))

        assert held is not None
        assert place.station.reservation is None


async def test_a_reservation_ends_by_itself_or_is_cancelled() -> None:
    """F04: expiry, cancel, cancel of one that the station does not know."""
    async with house() as place, place.peer(script={"CancelReservation": reject}) as peer:
        assert (await place.station.cancel_reservation()).answer == "Unknown"
        await place.station.reserve("Anna", place.clock.utc_now() + timedelta(hours=1))
        cancelled = await place.station.cancel_reservation()
        await place.station.reserve("Anna", place.clock.utc_now() + timedelta(hours=1))
        place.clock.jumped_s = 7200.0

        assert not cancelled.done
        assert place.station.reservation is None
        assert len(peer.all("CancelReservation")) == 1


@pytest.mark.parametrize("answer", ["Faulted", "Occupied", "Rejected", "Unavailable"])
async def test_a_reservation_that_is_not_taken_is_none(answer: str) -> None:
    """F04."""
    async with house() as place, place.peer(script={"ReserveNow": says(answer)}):  # type: ignore[dict-item]
        outcome = await place.station.reserve("Anna", place.clock.utc_now() + timedelta(hours=1))

        assert outcome == Outcome(done=False, answer=answer)
        assert place.station.reservation is None


@pytest.mark.parametrize("report", [Report.BOOT, Report.FIRMWARE, Report.DIAGNOSTICS, Report.HEARTBEAT])
@pytest.mark.parametrize(
    "refusal", [says("Rejected"), says("NotImplemented"), lambda _: Error(("NotSupported", "", {}))]
)
async def test_a_report_that_a_station_cannot_send_is_remembered_until_it_can(report: Report, refusal: object) -> None:
    """F06."""
    async with house() as place, place.peer(script={"TriggerMessage": refusal}) as peer:  # type: ignore[dict-item]
        refused = await place.station.ask_for(report)
        remembered = dict(place.station.standing.refused_reports)
        peer.script["TriggerMessage"] = lambda _: {"status": "Accepted"}
        taken = await place.station.ask_for(report)

        assert (refused.done, taken.done) == (False, True)
        assert list(remembered) == [report.value]
        assert place.station.standing.refused_reports == {}


async def test_a_remote_start_is_tied_to_its_session() -> None:
    """X02: the cable first, or the remote start first: the session that begins is the one that was asked for."""
    async with house() as place, place.peer() as peer:
        await place.station.remote_start("ANNA")
        waiting = place.station.standing.start
        answer = await peer.tell("StartTransaction", start(place.stamp(), id_tag="anna"))
        started = place.station.standing.start

        assert waiting is not None
        assert waiting.state is StartState.WAITING
        assert started is not None
        assert (started.state, started.transaction_id) == (StartState.STARTED, answer["transactionId"])


async def test_a_remote_start_that_is_rejected_or_never_begins_is_shown() -> None:
    """X02."""
    async with house() as place, place.peer(script={"RemoteStartTransaction": reject}) as peer:
        with pytest.raises(StationRefused):
            await place.station.remote_start()
        refused = place.station.standing.start
        peer.script["RemoteStartTransaction"] = lambda _: {"status": "Accepted"}
        await place.station.remote_start()
        waiting = place.station.standing.start

        assert refused is not None
        assert refused.state is StartState.REFUSED
        assert waiting is not None
        late_s = waiting.asked_at_s + LONGEST_WAIT_S + 1.0
        assert waiting.state_at(late_s) is StartState.TIMED_OUT


async def test_a_remote_start_may_leave_the_connector_to_the_station() -> None:
    """X04."""
    async with house() as place, place.peer() as peer:
        await place.station.remote_start("ANNA", any_connector=True)
        await peer.tell("StartTransaction", start(place.stamp(), id_tag="ANNA", connector=1))

        assert "connectorId" not in peer.all("RemoteStartTransaction")[0].payload
        assert place.station.session is not None
        assert place.station.connector.status is not ConnectorStatus.FAULTED


@pytest.mark.parametrize("reason", ["Remote", "Local", "EVDisconnected", "DeAuthorized"])
async def test_why_a_session_ended_is_kept(reason: str) -> None:
    """X03."""
    async with house() as place, place.peer() as peer:
        answer = await peer.tell("StartTransaction", start(place.stamp()))
        await peer.tell(
            "StopTransaction",
            {
                "transactionId": answer["transactionId"],
                "meterStop": 10,
                "timestamp": place.stamp(),
                "reason": reason,
            },
        )

        assert place.station.ended_sessions[-1].reason == reason


@pytest.mark.parametrize("hard", [False, True])
async def test_a_restart_in_mid_session_ends_it_and_sends_the_limit_again(hard: bool) -> None:
    """B12."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StartTransaction", start(place.stamp()))
        assert (await place.station.restart(hard=hard)).done
        await place.station.set_limit(LEASE)
        before = place.station.state.connections
        await peer.tell("BootNotification", BOOT)

        assert peer.all("Reset")[0].payload == {"type": "Hard" if hard else "Soft"}
        assert place.station.ended_sessions[-1].reason == "Reboot"
        assert place.station.state.connections > before
