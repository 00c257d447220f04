"""A second central system that speaks OCPP 2.0.1, whatever the station speaks; and vendor data both ways."""

from __future__ import annotations

from typing import Any

import pytest

from ems.config.schema_upstream import UpstreamCommand
from ems.csms.v201.vocabulary import VOCABULARY
from tests.protocol.ocpp_peer import (
    BOOT,
    LEASE,
    House,
    Payload,
    Peer,
    current,
    house,
    meter_values,
    start,
    status,
    stop,
)
from tests.protocol.upstream_peer import Upstream, relayed, upstream

FAST = 20.0
V201: dict[str, Any] = {"ocpp": "2.0.1"}
TOKEN: Payload = {"idToken": "THEIRS", "type": "ISO14443"}


def accepted(_payload: Payload) -> Payload:
    return {"idTokenInfo": {"status": "Accepted"}}


def far_201(**script: Any) -> Any:
    return upstream({"TransactionEvent": accepted, "Authorize": accepted, **script}, protocol="ocpp2.0.1")


def complaints(far: Upstream) -> list[str]:
    judged = ((each.action, VOCABULARY.call_complaint(each.action, each.payload)) for each in far.asked)
    return [f"{action}: {complaint}" for action, complaint in judged if complaint is not None]


async def charge(place: House, peer: Peer, *, id_tag: str = "TAG") -> int:
    await peer.tell("BootNotification", BOOT)
    await peer.tell("StatusNotification", status("Charging"))
    answer = await peer.tell("StartTransaction", start(place.stamp(), id_tag=id_tag, meter_wh=1000))
    return int(answer["transactionId"])


async def test_a_session_of_a_1_6_station_is_told_as_numbered_events() -> None:
    async with house(speed=FAST) as place, far_201() as far, relayed(place, far, **V201), place.peer() as peer:
        ours = await charge(place, peer)
        energy = {"value": "1500", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
        sample = [current(8, "L1"), current(8, "L2"), current(8, "L3"), energy]
        await peer.tell("MeterValues", meter_values(*sample, at=place.stamp(), transaction_id=ours))
        await peer.tell("StopTransaction", stop(ours, place.stamp(), meter_wh=2000, reason="EVDisconnected"))
        await far.hears("TransactionEvent", 3)

    events = far.all("TransactionEvent")
    assert complaints(far) == []
    assert [each["eventType"] for each in events] == ["Started", "Updated", "Ended"]
    assert [each["seqNo"] for each in events] == [0, 1, 2]
    assert len({each["transactionInfo"]["transactionId"] for each in events}) == 1
    assert events[0]["idToken"] == {"idToken": "TAG", "type": "ISO14443"}
    assert events[0]["meterValue"][0]["sampledValue"][0]["value"] == 1000.0
    assert events[2]["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert events[2]["meterValue"][0]["sampledValue"][0]["value"] == 2000.0
    assert far.all("BootNotification")[0]["chargingStation"]["vendorName"] == "Acme"
    assert [each["connectorStatus"] for each in far.all("StatusNotification")] == ["Occupied"]


async def test_a_session_of_a_2_0_1_station_is_told_too() -> None:
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Box 2"}}
    begun: dict[str, Any] = {
        "eventType": "Started",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1"},
        "idToken": {"idToken": "TAG", "type": "ISO14443"},
        "evse": {"id": 1, "connectorId": 1},
    }
    register = {"value": 1000.0, "measurand": "Energy.Active.Import.Register"}
    async with (
        house(speed=FAST) as place,
        far_201() as far,
        relayed(place, far, **V201),
        place.peer(protocols=("ocpp2.0.1",)) as peer,
    ):
        await peer.tell("BootNotification", boot)
        at = place.stamp()
        values = [{"timestamp": at, "sampledValue": [register]}]
        await peer.tell("TransactionEvent", {**begun, "timestamp": at, "meterValue": values})
        event = await far.hears("TransactionEvent")

    assert complaints(far) == []
    assert (event["eventType"], event["idToken"]["idToken"]) == ("Started", "TAG")


async def test_it_may_cap_and_never_raise_or_touch_charging() -> None:
    profile = {
        "id": 7,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "chargingRateUnit": "A",
                "startSchedule": "2026-01-01T00:00:00Z",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}],
            }
        ],
    }
    async with (
        house(speed=FAST) as place,
        far_201() as far,
        relayed(place, far, limits="cap", **V201) as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        await place.station.set_limit(LEASE)
        before = len(peer.asked)
        said = await far.tell("SetChargingProfile", {"evseId": 0, "chargingProfile": profile})
        state = await place.until(lambda state: state.upstream_a is not None)
        composite = await far.tell("GetCompositeSchedule", {"evseId": 0, "duration": 600})
        cleared = await far.tell("ClearChargingProfile", {"chargingProfileId": 7})
        await place.until(lambda state: state.upstream_a is None)

        assert (said["status"], state.upstream_a, cleared["status"]) == ("Accepted", 9.0, "Accepted")
        assert composite["schedule"]["chargingSchedulePeriod"][0]["limit"] == 9.0
        assert VOCABULARY.result_complaint("GetCompositeSchedule", composite) is None
        assert [each.action for each in peer.asked[before:] if "Profile" in each.action] == []


async def test_its_start_and_stop_reach_the_station_with_its_own_tag() -> None:
    async with (
        house(speed=FAST) as place,
        far_201() as far,
        relayed(place, far, **V201) as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        said = await far.tell("RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 42})
        asked = await peer.hears("RemoteStartTransaction")
        await peer.tell("StartTransaction", start(place.stamp(), id_tag="THEIRS"))
        event = await far.hears("TransactionEvent")
        await relay.until(lambda state: state.queued == 0)
        theirs = event["transactionInfo"]["transactionId"]
        other = await far.tell("RequestStopTransaction", {"transactionId": "no such one"})
        stopped = await far.tell("RequestStopTransaction", {"transactionId": theirs})

        assert (said["status"], asked.payload["idTag"]) == ("Accepted", "THEIRS")
        assert event["transactionInfo"]["remoteStartId"] == 42
        assert (other["status"], stopped["status"]) == ("Rejected", "Accepted")
        assert len(peer.all("RemoteStopTransaction")) == 1


ASKED: dict[str, Payload] = {
    "CancelReservation": {"reservationId": 1},
    "ChangeAvailability": {"operationalStatus": "Inoperative"},
    "ClearCache": {},
    "DataTransfer": {"vendorId": "Acme"},
    "GetBaseReport": {"requestId": 1, "reportBase": "FullInventory"},
    "GetLocalListVersion": {},
    "GetLog": {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": "ftp://x"}},
    "GetTransactionStatus": {},
    "GetVariables": {
        "getVariableData": [
            {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
            {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}},
        ]
    },
    "Reset": {"type": "Immediate"},
    "SendLocalList": {"versionNumber": 1, "updateType": "Full"},
    "SetVariables": {
        "setVariableData": [
            {
                "component": {"name": "SampledDataCtrlr"},
                "variable": {"name": "TxUpdatedInterval"},
                "attributeValue": "30",
            },
            {"component": {"name": "EVSE"}, "variable": {"name": "Power"}, "attributeValue": "1"},
        ]
    },
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"evseId": 1, "connectorId": 1},
    "UpdateFirmware": {"requestId": 1, "firmware": {"location": "ftp://x", "retrieveDateTime": "2026-01-01T00:00:00Z"}},
}


async def test_everything_else_is_answered_as_the_standard_has_it_and_does_not_reach_the_station() -> None:
    async with house() as place, far_201() as far, relayed(place, far, **V201) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        answers = {action: await far.tell(action, payload) for action, payload in ASKED.items()}
        malformed = await far.call("Reset", {"type": 7})

        assert {action: VOCABULARY.result_complaint(action, said) for action, said in answers.items()} == dict.fromkeys(
            ASKED
        )
        known, secret = answers["GetVariables"]["getVariableResult"]
        assert (known["attributeStatus"], known["attributeValue"]) == ("Accepted", "3000")
        assert secret["attributeStatus"] == "UnknownComponent"
        statuses = [each["attributeStatus"] for each in answers["SetVariables"]["setVariableResult"]]
        assert statuses == ["Accepted", "UnknownComponent"]
        assert answers["DataTransfer"] == {"status": "UnknownVendorId"}
        assert (malformed[0], malformed[2]) == (4, "FormationViolation")
        reached = {each.action for each in peer.asked} & {"Reset", "UnlockConnector", "DataTransfer", "ClearCache"}
        assert reached == set()


@pytest.mark.parametrize(("ocpp", "protocol"), [("1.6", "ocpp1.6"), ("2.0.1", "ocpp2.0.1")])
async def test_vendor_data_goes_both_ways_where_that_is_allowed(ocpp: str, protocol: str) -> None:
    """F05."""
    answer = {"status": "Accepted", "data": "42"}
    allow = (UpstreamCommand.DATA,)
    async with (
        house() as place,
        upstream({"DataTransfer": lambda _: answer, "TransactionEvent": accepted}, protocol=protocol) as far,
        relayed(place, far, ocpp=ocpp, allow=allow) as relay,
        place.peer(script={"DataTransfer": lambda _: answer}) as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        up = await peer.tell("DataTransfer", {"vendorId": "Acme", "messageId": "m", "data": "ask"})
        down = await far.tell("DataTransfer", {"vendorId": "Acme", "messageId": "m", "data": "tell"})
        too_long = await peer.tell("DataTransfer", {"vendorId": "Acme", "data": "x" * 5000})

        assert (up, down) == (answer, answer)
        assert too_long == {"status": "UnknownVendorId"}
        assert far.all("DataTransfer") == [{"vendorId": "Acme", "messageId": "m", "data": "ask"}]
        assert [each.payload for each in peer.all("DataTransfer")] == [
            {"vendorId": "Acme", "messageId": "m", "data": "tell"}
        ]


async def test_vendor_data_stays_here_unless_it_is_allowed() -> None:
    """F05."""
    async with house() as place, upstream() as far, relayed(place, far) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        up = await peer.tell("DataTransfer", {"vendorId": "Acme"})
        down = await far.tell("DataTransfer", {"vendorId": "Acme"})

        assert (up["status"], down["status"]) == ("UnknownVendorId", "UnknownVendorId")
        assert (far.all("DataTransfer"), peer.all("DataTransfer")) == ([], [])
