"""A second central system beside ours, over real sockets: what it learns, what it may do, and what it cannot touch."""

import asyncio
import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from ems.clock import WallClock
from ems.config.schema_upstream import UpstreamCommand
from ems.csms.messages import TagStatus, TagVerdict
from ems.csms.station_clock import parse_timestamp
from tests.protocol.ocpp_peer import (
    BOOT,
    GUARD_S,
    LEASE,
    Error,
    House,
    Payload,
    Peer,
    current,
    house,
    meter_values,
    mute,
    start,
    status,
    stop,
)
from tests.protocol.upstream_peer import authorised, relayed, started, upstream

FAST = 20.0
"""How much faster the house's clock runs, so that pauses between attempts are short."""


@dataclass(frozen=True, eq=False)
class Near:
    """A timestamp, or one up to two seconds away: times are told by our clock, which a station's is compared with."""

    stamp: str

    def __eq__(self, other: object) -> bool:
        told, own = parse_timestamp(other), parse_timestamp(self.stamp)
        return told is not None and own is not None and abs((told - own).total_seconds()) <= 2.0

    def __hash__(self) -> int:
        return 0


def energy(wh: int) -> Payload:
    return {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}


async def plug_in(place: House, peer: Peer, *, id_tag: str = "TAG", meter_wh: int = 1000) -> int:
    """Boot, plug in, begin; gives the transaction's id here."""
    await peer.tell("BootNotification", BOOT)
    await peer.tell("StatusNotification", status("Charging"))
    answer = await peer.tell("StartTransaction", start(place.stamp(), id_tag=id_tag, meter_wh=meter_wh))
    return int(answer["transactionId"])


async def test_a_session_is_told_with_the_station_s_own_name_times_and_readings() -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far), place.peer() as peer:
        began = place.stamp(-600)
        await peer.tell("BootNotification", {**BOOT, "firmwareVersion": "1.2"})
        await peer.tell("StatusNotification", status("Charging"))
        ours = (await peer.tell("StartTransaction", start(began, meter_wh=1000)))["transactionId"]
        sample = [current(8, "L1"), current(8, "L2"), current(8, "L3"), energy(1500)]
        at = place.stamp()
        await peer.tell("MeterValues", meter_values(*sample, at=at, transaction_id=ours))
        await peer.tell("StopTransaction", stop(ours, at, meter_wh=2000, reason="EVDisconnected"))

        assert await far.hears("StopTransaction") == {
            "transactionId": 5001,
            "meterStop": 2000,
            "timestamp": Near(at),
            "reason": "EVDisconnected",
        }
        assert far.paths == ["/ocpp/garage"]
        assert far.all("BootNotification") == [
            {
                "chargePointVendor": "Acme",
                "chargePointModel": "Box",
                "chargePointSerialNumber": "SN1",
                "firmwareVersion": "1.2",
            }
        ]
        assert far.all("StartTransaction") == [
            {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": Near(began)}
        ]
        values = far.all("MeterValues")[0]
        assert values["transactionId"] == 5001
        assert {"value": "1500", "measurand": "Energy.Active.Import.Register", "unit": "Wh"} in values["meterValue"][0][
            "sampledValue"
        ]
        assert [each["status"] for each in far.all("StatusNotification")] == ["Available", "Charging"]


async def test_it_is_told_who_we_are_by_basic_authentication() -> None:
    async with (
        house() as place,
        upstream() as far,
        place.peer() as peer,
        relayed(place, far, password="s3cret", identity="CP 7") as relay,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

    assert far.paths == ["/ocpp/CP%207"]
    assert far.headers[0]["authorization"] == f"Basic {base64.b64encode(b'CP 7:s3cret').decode()}"


async def test_what_happens_while_it_is_away_is_told_later_in_order_and_once(tmp_path: Path) -> None:
    async with house(speed=FAST) as place, place.peer() as peer:
        async with upstream() as gone:
            gone.open = False
            async with relayed(place, gone, folder=tmp_path) as relay:
                times = [place.stamp(-900), place.stamp(-600), place.stamp(-300), place.stamp()]
                await peer.tell("BootNotification", BOOT)
                for number in (0, 2):
                    request = start(times[number], meter_wh=number)
                    ours = (await peer.tell("StartTransaction", request))["transactionId"]
                    assert (await peer.tell("StartTransaction", request))["transactionId"] == ours
                    await peer.tell("StopTransaction", stop(ours, times[number + 1], meter_wh=number + 1))
                assert (await relay.until(lambda state: state.last_error is not None)).queued == 4
        async with upstream() as far, relayed(place, far, folder=tmp_path) as again:
            await far.hears("StopTransaction", 2)
            await again.until(lambda state: state.queued == 0)

    told = [each for each in far.asked if each.action in {"StartTransaction", "StopTransaction"}]
    assert [each.payload["timestamp"] for each in told] == [Near(each) for each in times]
    assert [each.payload["transactionId"] for each in told if each.action == "StopTransaction"] == [5001, 5002]


async def test_a_start_without_an_answer_is_repeated_word_for_word_and_with_its_message_id() -> None:
    silent = {"StartTransaction": mute}
    async with house(speed=100.0) as place, upstream(silent) as far, relayed(place, far), place.peer() as peer:
        await plug_in(place, peer)
        await far.hears("StartTransaction")
        await far.drop()
        await far.hears("StartTransaction", 2)

    first, second = [each for each in far.asked if each.action == "StartTransaction"][:2]
    assert (first.message_id, first.payload) == (second.message_id, second.payload)


async def test_a_running_session_keeps_its_id_over_our_restart(tmp_path: Path) -> None:
    async with house(speed=FAST) as place, upstream() as far, place.peer() as peer:
        async with relayed(place, far, folder=tmp_path) as relay:
            ours = await plug_in(place, peer)
            await far.hears("StartTransaction")
            await relay.until(lambda state: state.queued == 0)
        async with relayed(place, far, folder=tmp_path):
            await peer.tell("StopTransaction", stop(ours, place.stamp(), meter_wh=3000))
            assert (await far.hears("StopTransaction"))["transactionId"] == 5001

    assert len(far.all("StartTransaction")) == 1


async def test_a_start_that_is_refused_again_and_again_is_given_up() -> None:
    refusing = {"StartTransaction": lambda _payload: Error()}
    async with (
        house(speed=200.0) as place,
        upstream(refusing) as far,
        relayed(place, far) as relay,
        place.peer() as peer,
    ):
        ours = await plug_in(place, peer)
        await peer.tell("StopTransaction", stop(ours, place.stamp()))
        state = await relay.until(lambda state: state.last_error is not None and state.queued == 0)

    assert "InternalError" in str(state.last_error)
    assert len(far.all("StartTransaction")) == 4
    assert not far.all("StopTransaction")


async def test_sessions_that_the_house_begins_may_have_a_tag_of_their_own_there() -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far, own_tag="BOSS"), place.peer() as peer:
        await plug_in(place, peer, id_tag="FUSEWISE")
        assert (await far.hears("StartTransaction"))["idTag"] == "BOSS"


async def test_it_may_begin_and_end_sessions_with_its_own_tag() -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

        assert await far.tell("RemoteStartTransaction", {"idTag": "STAFF"}) == {"status": "Accepted"}
        assert (await peer.hears("RemoteStartTransaction")).payload == {"idTag": "STAFF", "connectorId": 1}
        ours = await plug_in(place, peer, id_tag="STAFF")
        await far.hears("StartTransaction")
        await relay.until(lambda state: state.queued == 0)
        assert await far.tell("RemoteStopTransaction", {"transactionId": 5001}) == {"status": "Accepted"}
        assert (await peer.hears("RemoteStopTransaction")).payload == {"transactionId": ours}


async def test_it_does_not_end_a_session_that_the_house_began() -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far) as relay, place.peer() as peer:
        await plug_in(place, peer, id_tag="FUSEWISE")
        await far.hears("StartTransaction")
        await relay.until(lambda state: state.queued == 0)

        assert await far.tell("RemoteStopTransaction", {"transactionId": 5001}) == {"status": "Rejected"}
        assert not peer.all("RemoteStopTransaction")


@pytest.mark.parametrize(
    ("action", "payload", "refusal"),
    [
        ("Reset", {"type": "Hard"}, {"status": "Rejected"}),
        ("UnlockConnector", {"connectorId": 1}, {"status": "NotSupported"}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, {"status": "Rejected"}),
        ("SendLocalList", {"listVersion": 1, "updateType": "Full"}, {"status": "NotSupported"}),
        ("GetLocalListVersion", {}, {"listVersion": -1}),
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": "x"}, {"status": "Rejected"}),
        ("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "x"}, {"status": "Rejected"}),
        ("ChangeConfiguration", {"key": "Whatever", "value": "x"}, {"status": "NotSupported"}),
        ("DataTransfer", {"vendorId": "x"}, {"status": "UnknownVendorId"}),
        ("RemoteStopTransaction", {"transactionId": 1}, {"status": "Rejected"}),
        ("RemoteStartTransaction", {"idTag": "FUSEWISE"}, {"status": "Rejected"}),
    ],
)
async def test_what_is_not_allowed_gets_the_standard_s_refusal_and_never_reaches_the_station(
    action: str, payload: Payload, refusal: Payload
) -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        await peer.hears("GetConfiguration")

        assert await far.tell(action, payload) == refusal
        assert not peer.all(action)


async def test_firmware_is_not_taken_from_it() -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

        answer = await far.call("UpdateFirmware", {"location": "http://x/y", "retrieveDate": place.stamp()})

        assert answer[0] == 4
        assert answer[2] == "NotSupported"


async def test_a_restart_that_the_site_file_allows_reaches_the_station_and_only_so_often() -> None:
    allow = (UpstreamCommand.RESET,)
    async with house() as place, upstream() as far, relayed(place, far, allow=allow) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

        answers = [(await far.tell("Reset", {"type": "Soft"}))["status"] for _ in range(4)]

    assert answers == ["Accepted", "Accepted", "Rejected", "Rejected"]
    assert len(peer.all("Reset")) == 2


async def test_its_own_settings_are_kept_and_all_others_are_shown_as_they_are(tmp_path: Path) -> None:
    change = {"key": "MeterValueSampleInterval", "value": "120"}
    async with house(speed=FAST) as place, upstream() as far, place.peer() as peer:
        async with relayed(place, far, folder=tmp_path) as relay:
            await peer.tell("BootNotification", BOOT)
            await relay.until(lambda state: state.connected)
            assert await far.tell("ChangeConfiguration", change) == {"status": "Accepted"}
        async with relayed(place, far, folder=tmp_path) as again:
            await again.until(lambda state: state.connected)
            told = await far.tell("GetConfiguration", {"key": ["MeterValueSampleInterval", "Nothing"]})

    assert told == {
        "configurationKey": [{"key": "MeterValueSampleInterval", "readonly": False, "value": "120"}],
        "unknownKey": ["Nothing"],
    }
    assert not [each for each in peer.all("ChangeConfiguration") if each.payload["value"] == "120"]


PROFILE: Payload = {
    "chargingProfileId": 3,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]},
}


async def test_its_charging_profiles_are_refused_unless_the_site_file_lets_them_cap() -> None:
    async with house(speed=FAST) as place, upstream() as far, relayed(place, far) as relay, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

        asked = {"connectorId": 1, "csChargingProfiles": PROFILE}
        assert await far.tell("SetChargingProfile", asked) == {"status": "Rejected"}
        assert place.station.state.upstream_a is None


async def test_its_charging_profiles_are_a_cap_that_control_sees_and_never_reach_the_station() -> None:
    async with (
        house(speed=FAST) as place,
        upstream() as far,
        relayed(place, far, limits="cap") as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        await place.station.set_limit(LEASE)
        sent = len(peer.profiles)

        await far.tell("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE})
        assert (await place.until(lambda state: state.upstream_a is not None)).upstream_a == 8.0
        told = await far.tell("GetCompositeSchedule", {"connectorId": 1, "duration": 3600})
        assert told["chargingSchedule"]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 8.0, "numberPhases": 3}
        ]
        assert await far.tell("ClearChargingProfile", {"id": 3}) == {"status": "Accepted"}
        await place.until(lambda state: state.upstream_a is None)
        told = await far.tell("GetCompositeSchedule", {"connectorId": 1, "duration": 3600})
        assert told["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == LEASE.limit_a
        assert len(peer.profiles) == sent


async def test_it_decides_on_tags_where_the_site_file_says_so() -> None:
    script = {"Authorize": authorised("Blocked")}
    async with (
        house() as place,
        upstream(script) as far,
        relayed(place, far, tags="upstream") as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

        for _ in range(2):
            assert (await peer.tell("Authorize", {"idTag": "X"}))["idTagInfo"]["status"] == "Blocked"

    assert len(far.all("Authorize")) == 1


async def test_it_does_not_decide_on_tags_otherwise() -> None:
    script = {"Authorize": authorised("Blocked"), "StartTransaction": started("Blocked")}
    async with house(speed=FAST) as place, upstream(script) as far, relayed(place, far) as relay, place.peer() as peer:
        await plug_in(place, peer)
        await far.hears("StartTransaction")
        await relay.until(lambda state: state.queued == 0)

        assert (await peer.tell("Authorize", {"idTag": "TAG"}))["idTagInfo"]["status"] == "Accepted"
        assert not peer.all("RemoteStopTransaction")


async def test_a_station_waits_for_its_word_on_a_tag_no_longer_than_is_set_and_limits_do_not_wait_at_all() -> None:
    script = {"Authorize": mute}
    section: dict[str, Any] = {"tags": "upstream", "tag_within_s": 10.0}
    async with (
        house(speed=FAST) as place,
        upstream(script) as far,
        relayed(place, far, **section) as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)

        asking = asyncio.create_task(peer.tell("Authorize", {"idTag": "X"}))
        await far.hears("Authorize")
        assert (await place.station.set_limit(LEASE)).message_id
        assert not asking.done()
        assert (await asking)["idTagInfo"]["status"] == "Accepted"


async def test_without_it_this_house_decides_at_once() -> None:
    def ours(_station_id: str, _id_tag: str) -> TagVerdict:
        return TagVerdict(status=TagStatus.EXPIRED)

    async with (
        house(authorise=ours) as place,
        upstream() as far,
        relayed(place, far, tags="upstream"),
        place.peer() as peer,
    ):
        assert (await peer.tell("Authorize", {"idTag": "X"}))["idTagInfo"]["status"] == "Expired"


@pytest.mark.parametrize("id_tag", ["X", "FUSEWISE"])
async def test_a_tag_that_is_refused_late_ends_its_session_unless_the_house_began_it(id_tag: str) -> None:
    script = {"Authorize": mute, "StartTransaction": started("Invalid")}
    section: dict[str, Any] = {"tags": "upstream", "tag_within_s": 0.5}
    async with (
        house(speed=FAST) as place,
        upstream(script) as far,
        relayed(place, far, **section) as relay,
        place.peer() as peer,
    ):
        ours = await plug_in(place, peer, id_tag=id_tag)
        await far.hears("StartTransaction")
        await relay.until(lambda state: state.queued == 0)

        if id_tag == "X":
            assert (await peer.hears("RemoteStopTransaction")).payload == {"transactionId": ours}
        else:
            assert not peer.all("RemoteStopTransaction")


# What it may be like, and what it cannot touch.


async def garbage(socket: ServerConnection) -> None:
    for frame in ("no JSON", "[]", "{}", "[2]", '[3,"x",{}]', "[" * 500, '[2,"1","Reset",7]', b"\xff\x00", "[9,9,9]"):
        await socket.send(frame)
    await socket.wait_closed()


MOST_FLOODED = 2000
"""Of messages: the far end shares this machine, and much more would keep it busy itself."""


async def flood(socket: ServerConnection) -> None:
    for _ in range(MOST_FLOODED):
        await socket.send("[]" * 200)
    await socket.wait_closed()


async def flood_of_calls(socket: ServerConnection) -> None:
    for number in range(MOST_FLOODED):
        await socket.send(json.dumps([2, f"f{number}", "RemoteStartTransaction", {"idTag": f"T{number}"}]))
    await socket.wait_closed()


async def flood_of_pings(socket: ServerConnection) -> None:
    for _ in range(MOST_FLOODED):
        await socket.ping()
    await socket.wait_closed()


async def huge(socket: ServerConnection) -> None:
    await socket.send("x" * 1_000_000)
    await socket.wait_closed()


async def hang(socket: ServerConnection) -> None:
    socket.transport.pause_reading()
    await socket.wait_closed()


async def drop(socket: ServerConnection) -> None:
    socket.transport.abort()


@pytest.mark.parametrize("greeting", [garbage, flood, flood_of_calls, flood_of_pings, huge, hang, drop])
async def test_nothing_that_it_does_delays_a_limit_or_an_answer(greeting: Any) -> None:
    """While it does its worst, a station gets its answers and limits, and its commands do not pour through."""
    async with (
        house() as place,
        upstream(greeting=greeting) as far,
        relayed(place, far, tags="upstream", limits="cap"),
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        async with WallClock().timeout(GUARD_S):
            while not far.sockets:
                await WallClock().sleep(0.01)
        ours = await plug_in(place, peer)
        for _ in range(10):
            receipt = await place.station.set_limit(LEASE)
            assert receipt.message_id
            assert (await peer.tell("Authorize", {"idTag": "X"}))["idTagInfo"]["status"] == "Accepted"
        await peer.tell("StopTransaction", stop(ours, place.stamp()))

        assert len(peer.all("RemoteStartTransaction")) <= 10
        assert place.station.state.upstream_a is None


async def test_a_queue_that_is_full_is_said_and_goes_on() -> None:
    async with house(speed=FAST) as place, upstream() as far:
        far.open = False
        async with relayed(place, far) as relay, place.peer() as peer:
            next(iter(relay._relays._relays.values())).backlog._most = 3
            for number in range(3):
                ours = (await peer.tell("StartTransaction", start(place.stamp(-number), meter_wh=number)))[
                    "transactionId"
                ]
                await peer.tell("StopTransaction", stop(ours, place.stamp(-number), meter_wh=number))

            assert (await place.until(lambda state: state.upstream_overflowed)).connected
            assert relay.state.lost == 4
            assert relay.state.queued == 2


async def test_a_station_of_version_2_is_told_in_the_words_of_1_6() -> None:
    async with (
        house(speed=FAST) as place,
        upstream() as far,
        relayed(place, far),
        place.peer(protocols=("ocpp2.0.1",)) as peer,
    ):
        station = {"model": "Box", "vendorName": "Acme", "serialNumber": "SN1"}
        await peer.tell("BootNotification", {"reason": "PowerUp", "chargingStation": station})
        times = [place.stamp(-60), place.stamp()]
        for number, kind in enumerate(("Started", "Ended")):
            reading = {"value": 1000.0 + number, "measurand": "Energy.Active.Import.Register"}
            event: Payload = {
                "eventType": kind,
                "timestamp": times[number],
                "triggerReason": "Authorized",
                "seqNo": number,
                "transactionInfo": {"transactionId": "0e7f"},
                "evse": {"id": 1, "connectorId": 1},
                "idToken": {"idToken": "CARD", "type": "ISO14443"},
                "meterValue": [{"timestamp": times[number], "sampledValue": [reading]}],
            }
            await peer.tell("TransactionEvent", event)
        ended = await far.hears("StopTransaction")

    assert far.all("StartTransaction") == [
        {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": Near(times[0])}
    ]
    assert (ended["meterStop"], ended["timestamp"]) == (1001, Near(times[1]))


async def test_a_limit_that_comes_with_its_start_caps_that_session_alone() -> None:
    async with (
        house(speed=FAST) as place,
        upstream() as far,
        relayed(place, far, limits="cap") as relay,
        place.peer() as peer,
    ):
        await peer.tell("BootNotification", BOOT)
        await relay.until(lambda state: state.connected)
        own = {**PROFILE, "chargingProfilePurpose": "TxProfile"}

        answer = await far.tell("RemoteStartTransaction", {"idTag": "STAFF", "chargingProfile": own})
        assert answer == {"status": "Accepted"}
        assert "chargingProfile" not in (await peer.hears("RemoteStartTransaction")).payload
        ours = await plug_in(place, peer, id_tag="STAFF")
        assert (await place.until(lambda state: state.upstream_a is not None)).upstream_a == 8.0
        await peer.tell("StopTransaction", stop(ours, place.stamp()))
        await place.until(lambda state: state.upstream_a is None)
