"""Connecting in each version, over real sockets (scenarios T01 to T04)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from ems.config.schema import StationEntry
from ems.model.station import ConnectorStatus
from tests.protocol.ocpp_peer import LEASE, Payload, Peer, Script, house

BOOT_2X = {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Box", "serialNumber": "SN1"}}


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_station_of_version_2_boots(protocol: str) -> None:
    """T01."""
    async with house() as place, place.peer(protocols=[protocol]) as peer:
        answer = await peer.tell("BootNotification", BOOT_2X)

        assert peer.socket.subprotocol == protocol
        assert (answer["status"], answer["currentTime"][-1]) == ("Accepted", "Z")
        assert place.station.state.protocol == protocol
        assert place.station.boot is not None
        assert place.station.boot.serials == ("SN1",)


async def test_pinned_version_is_chosen_and_another_one_refused() -> None:
    """T02."""
    async with house(StationEntry(id="garage", ocpp="2.0.1")) as place:
        async with place.peer(protocols=["ocpp1.6", "ocpp2.1", "ocpp2.0.1"]) as peer:
            assert peer.socket.subprotocol == "ocpp2.0.1"
        with pytest.raises(InvalidStatus) as refused:
            await connect(place.url(), subprotocols=[Subprotocol("ocpp1.6")], proxy=None)

        assert refused.value.response.status_code == 400


async def test_station_that_agreed_on_nothing_is_spoken_to_as_it_boots() -> None:
    """The EVBox Livo of the quirks."""
    async with house() as place, place.peer(protocols=None) as peer:
        await peer.tell("BootNotification", BOOT_2X)
        await peer.hears("GetBaseReport")

        assert place.station.state.protocol == "ocpp2.0.1"


def event(kind: str, number: int, at: str, *, charging: str = "", **more: object) -> Payload:
    info = {"transactionId": "T1", **({"chargingState": charging} if charging else {})}
    return {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "CablePluggedIn",
        "seqNo": number,
        "evse": {"id": 1},
        "transactionInfo": info,
        **more,
    }


def currents(at: str, amps: float) -> list[Payload]:
    values = [{"value": amps, "measurand": "Current.Import", "phase": phase} for phase in ("L1", "L2", "L3")]
    register = {"value": 1500.0, "measurand": "Energy.Active.Import.Register"}
    return [{"timestamp": at, "sampledValue": [*values, register]}]


def reports(peers: list[Peer], *features: str) -> Script:
    """Answers GetBaseReport with these features of smart charging, told by the first of `peers`."""
    sent: set[asyncio.Task[Payload]] = set()

    def answer(asked: Payload) -> Payload:
        rows = [
            {
                "component": {"name": "SmartChargingCtrlr"},
                "variable": {"name": "SupportsFeature", "instance": feature},
                "variableAttribute": [{"value": "true"}],
            }
            for feature in features
        ]
        report = {
            "requestId": asked["requestId"],
            "generatedAt": "2026-06-21T10:00:00Z",
            "seqNo": 0,
            "reportData": rows,
        }
        sent.add(asyncio.create_task(peers[0].tell("NotifyReport", report)))
        return {"status": "Accepted"}

    return answer


SCRIPT: Mapping[str, Script] = {
    "GetBaseReport": lambda _: {"status": "NotSupported"},
    "GetChargingProfiles": lambda _: {"status": "NoProfiles"},
    "GetTransactionStatus": lambda _: {"messagesInQueue": False},
    "GetVariables": lambda _: {"getVariableResult": []},
    "SetVariables": lambda _: {"setVariableResult": []},
}


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_life_of_a_station_of_version_2(protocol: str) -> None:
    """B01, X01, S08: boot, limit, session, renewed lease, restart."""
    async with house() as place, place.peer(protocols=[protocol], script=SCRIPT) as peer:
        await peer.tell("BootNotification", BOOT_2X)
        await place.station.set_limit(LEASE)
        fallback, lease = (asked.payload["chargingProfile"] for asked in peer.all("SetChargingProfile"))
        assert lease["chargingProfilePurpose"] == "ChargingStationMaxProfile"
        assert lease["stackLevel"] == fallback["stackLevel"] + 1
        assert [each["limit"] for each in lease["chargingSchedule"][0]["chargingSchedulePeriod"]] == [10, 6]

        at = place.stamp()
        await peer.tell("TransactionEvent", event("Started", 0, at, charging="EVConnected"))
        await peer.tell("TransactionEvent", event("Updated", 1, at, charging="Charging", meterValue=currents(at, 9.5)))
        state = place.station.state
        assert (state.status, state.in_transaction) == (ConnectorStatus.CHARGING, True)
        assert state.car is not None
        assert state.car.current_a == (9.5, 9.5, 9.5)

        await place.station.set_limit(LEASE)
        renewed = peer.all("SetChargingProfile")[-1].payload["chargingProfile"]
        assert (len(peer.all("SetChargingProfile")), renewed["id"]) == (3, lease["id"])

        before = state.connections
        await peer.tell("BootNotification", BOOT_2X)
        assert place.station.state.connections > before
        assert place.station.limits.resident_a is None
        await place.station.set_limit(LEASE)
        assert len(peer.all("SetChargingProfile")) == 5


async def test_station_that_comes_with_another_version_may_hold_nothing() -> None:
    """T01, S08: the limits of one version need not count in another."""
    async with house() as place:
        async with place.peer(protocols=["ocpp2.0.1"], script=SCRIPT):
            await place.station.set_limit(LEASE)
            assert place.station.state.kept_a is None
        async with place.peer(protocols=["ocpp2.0.1"], script=SCRIPT):
            state = await place.until(lambda state: state.kept_a is not None)
            assert state.kept_a == LEASE.fallback_a
        async with place.peer(protocols=["ocpp1.6"]):
            state = await place.until(lambda state: state.protocol == "ocpp1.6")
            assert state.kept_a is None
            assert place.station.limits.way is not None


async def test_station_of_2_1_gets_values_instead_of_profiles() -> None:
    """S19 over a socket."""
    peers: list[Peer] = []
    script = {**SCRIPT, "GetBaseReport": reports(peers, "DynamicProfiles")}
    async with house() as place, place.peer(protocols=["ocpp2.1"], script=script) as peer:
        peers.append(peer)
        await peer.hears("GetTransactionStatus")
        for limit_a in (10.0, 12.0):
            await place.station.set_limit(replace(LEASE, limit_a=limit_a))

        asked = await peer.hears("UpdateDynamicSchedule")
        assert asked.payload["scheduleUpdate"] == {"limit": 12}
        assert await peer.tell(
            "PullDynamicScheduleUpdate", {"chargingProfileId": asked.payload["chargingProfileId"]}
        ) == {
            "status": "Accepted",
            "scheduleUpdate": {"limit": 12},
        }


async def test_message_types_of_2_1_are_used_without_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """R11."""
    values = {"id": 3, "pending": 0, "basetime": "2026-06-21T10:00:00Z", "data": [{"t": 1, "v": "2"}]}
    async with house() as place, place.peer(protocols=["ocpp2.1"], script=SCRIPT) as peer:
        constant = {"id": 3, "variableMonitoringId": 7, "params": {"interval": 5}}
        await peer.tell("OpenPeriodicEventStream", {"constantStreamData": constant})
        for frame in (
            [6, "a", "NotifyPeriodicEventStream", values],
            [6, "b", "Nonsense", {}],
            [6, "c"],
            [5, "d", "FormatViolation", "odd", {}],
            [5, "e"],
        ):
            await peer.socket.send(json.dumps(frame))
        await peer.tell("Heartbeat", {})

        told = [frame for frame in peer.frames if frame[0] != 2]
        assert [frame[0] for frame in told] == [3, 3]
        assert place.station.post.versions._in_v21().book.streams[7][0] == "2"
        assert "cannot use our answer to d" in caplog.text


async def test_limit_of_others_reaches_the_state() -> None:
    """S17."""
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}
    async with house() as place, place.peer(protocols=["ocpp2.0.1"], script=SCRIPT) as peer:
        limit = {"chargingLimitSource": "SO"}
        await peer.tell("NotifyChargingLimit", {"chargingLimit": limit, "chargingSchedule": [schedule]})
        assert place.station.state.outside_a == 10.0

        await peer.tell("ClearedChargingLimit", {"chargingLimitSource": "SO"})
        assert place.station.state.outside_a is None


async def test_car_that_waits_for_a_schedule_is_offered_one() -> None:
    """S18."""
    ac = {"energyAmount": 22000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
    needs = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": ac}
    async with house() as place, place.peer(protocols=["ocpp2.0.1"], script=SCRIPT) as peer:
        await place.until(lambda state: state.connected)
        await peer.tell("TransactionEvent", event("Started", 0, place.stamp(), charging="Charging"))
        await place.station.set_limit(LEASE)
        answer = await peer.tell("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})
        asked = await peer.hears("SetChargingProfile", 3)

        offer = asked.payload["chargingProfile"]
        assert answer == {"status": "Accepted"}
        assert (offer["chargingProfilePurpose"], offer["transactionId"]) == ("TxProfile", "T1")
        assert place.station.energy.needs[1].energy_kwh == 22.0
