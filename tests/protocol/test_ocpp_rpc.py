"""The message layer under every input (scenarios R01 to R12, and the table of bad input in the library notes)."""

import asyncio
import json
import logging

import pytest

from ems.clock import WallClock
from ems.csms.capabilities import RateUnit
from ems.csms.lane import MOST_WAITING
from ems.csms.pace import Pace
from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.csms.rpc import MOST_GRUMBLES
from ems.errors import StationOffline, StationRefused, StationSilent
from tests.protocol.ocpp_peer import (
    BOOT,
    CALM,
    GUARD_S,
    LEASE,
    Asked,
    Error,
    Payload,
    Peer,
    accept,
    configured,
    current,
    house,
    meter_values,
    mute,
    start,
    status,
    stop,
)

IMPATIENT = Pace(
    limit_first_s=0,
    report_within_s=3600,
    ping_s=None,
    heartbeat_s=3600,
    answer_within_s=20.0,
    trigger_within_s=20.0,
    give_way_s=1.0,
)


def limit(amps: float) -> LeasedLimit:
    return LeasedLimit(limit_a=amps, phases=3, fallback_a=6.0, lease_s=60.0)


@pytest.mark.parametrize(
    ("action", "code"),
    [("MakeCoffee", "NotSupported"), ("Reset", "NotImplemented"), (["Heartbeat"], "FormationViolation")],
)
async def test_request_that_we_do_not_serve_gets_an_error_with_empty_details(action: object, code: str) -> None:
    """R01."""
    async with house() as place, place.peer() as peer:
        answer = await peer.exchange(action, {})

        assert answer[0] == 4
        assert answer[2] == code
        assert answer[4] == {}


@pytest.mark.parametrize(
    ("frame", "message_id"),
    [
        ('[2,"m1"]', "m1"),
        ('[2,"m2","Heartbeat"]', "m2"),
        ('[2,"m3","Heartbeat",{},{},{}]', "m3"),
        ('[2,"m4","Heartbeat",null]', "m4"),
        ('[2,"m5","Heartbeat",[]]', "m5"),
        ('[2,"m6","Heartbeat",{"a" "b"}]', "m6"),
        ('[2,"m7","Heartbeat",' + "[" * 2000 + "]" * 2000 + "]", "m7"),
        ('[2,"m8","Heartbeat",' + '{"a":' * 40 + "1" + "}" * 40 + "]", "m8"),
    ],
)
async def test_unusable_request_with_a_readable_id_gets_an_error(frame: str, message_id: str) -> None:
    """R02."""
    async with house() as place, place.peer() as peer:
        answer = await peer.exchange_raw(frame, message_id)

        assert answer[0] == 4
        assert answer[1] == message_id


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        '{"a":1}',
        "[]",
        "[2]",
        '[2,{"id":1},"Heartbeat",{}]',
        '[2,true,"Heartbeat",{}]',
        '[2,null,"Heartbeat",{}]',
        '[9,"x","Heartbeat",{}]',
        '[3,"nobody",{}]',
        '[3,"nobody"]',
        '[4,"nobody"]',
        '[4,"nobody","A"]',
        "[" * 100_000,
        "9" * 6000,
    ],
)
async def test_receive_loop_survives(frame: str) -> None:
    """R02, R11: the table of bad input."""
    async with house() as place, place.peer() as peer:
        await peer.socket.send(frame)

        assert "currentTime" in await peer.tell("Heartbeat", {})


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"r1","Heartbeat",{},]',
        '[2,"r1","MeterValues",{"connectorId":1,"meterValue":[,{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[,{"value":"1"}]}]}]',
        '[2,"r1","Heartbeat",{}',
        '[2,"r1","Heartbeat",{"a":NaN}]',
    ],
)
async def test_broken_json_of_real_stations_is_repaired(frame: str) -> None:
    """Q16."""
    async with house() as place, place.peer() as peer:
        answer = await peer.exchange_raw(frame, "r1")

        assert answer[0] == 3


async def test_request_in_a_binary_frame_is_served() -> None:
    async with house() as place, place.peer() as peer:
        answer = await peer.exchange_raw(b'[2,"b1","Heartbeat",{}]', "b1")

        assert answer[0] == 3


async def test_odd_words_in_hot_messages_are_taken_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """R03, X15."""
    async with house() as place, place.peer() as peer:
        await peer.tell("BootNotification", {**BOOT, "extra": 1, "chargePointModel": "x" * 60})
        for _ in range(2):
            await peer.tell("StatusNotification", {**status("Charging"), "errorCode": "Error", "more": True})
        await peer.tell("StatusNotification", status("Napping"))
        answer = await peer.tell("StartTransaction", start(place.stamp(), id_tag="T" * 40))
        await peer.tell(
            "StopTransaction",
            {"transactionId": str(answer["transactionId"]), "meterStop": "12", "idTag": "T" * 25, "reason": "Bored"},
        )
        await peer.tell("MeterValues", {"connectorId": "1", "meterValue": [{"sampledValue": {"unit": "Hz"}}]})

        complaints = [r.getMessage() for r in caplog.records if "StatusNotification: errorCode" in r.getMessage()]
        assert place.station.ended_sessions[-1].reason == "Bored"
        assert len(complaints) <= 1


async def test_repeated_message_id_gets_the_same_answer_and_is_not_handled_twice() -> None:
    """R04."""
    async with house() as place, place.peer() as peer:
        begin = start(place.stamp())
        first = await peer.exchange("StartTransaction", begin, "same")
        await peer.tell("StopTransaction", stop(first[2]["transactionId"], place.stamp()))
        again = await peer.exchange("StartTransaction", begin, "same")

        assert again == first
        assert place.station.session is None


async def test_constant_message_id_does_not_hide_what_changed() -> None:
    async with house() as place, place.peer() as peer:
        for word in ("Charging", "SuspendedEV", "Charging"):
            await peer.exchange("StatusNotification", status(word), "1")

        assert place.states[-1].status == "Charging"


async def test_memory_of_answers_is_bounded() -> None:
    async with house() as place, place.peer() as peer:
        for number in range(70):
            await peer.exchange("StatusNotification", status("Charging"), f"n{number}")
        await peer.exchange("StatusNotification", status("Charging"), "x" * 300)

        assert (await peer.exchange("StatusNotification", status("Charging"), "n0"))[0] == 3


@pytest.mark.parametrize("message_id", [7, "7" * 200])
async def test_odd_message_ids_are_echoed_unchanged(message_id: int | str) -> None:
    """R12."""
    async with house() as place, place.peer() as peer:
        answer = await peer.exchange_raw(json.dumps([2, message_id, "Heartbeat", {}]), message_id)

        assert answer[1] == message_id


async def test_unanswered_request_times_out_and_the_next_one_goes_out() -> None:
    """R05."""
    answers = {"SetChargingProfile": mute}
    async with house(speed=100, pace=IMPATIENT) as place, place.peer(script=answers) as peer:
        with pytest.raises(StationSilent):
            await place.station.set_limit(LEASE)
        late = peer.all("SetChargingProfile")[0]
        peer.script["SetChargingProfile"] = accept
        await peer.answer(late, {"status": "Rejected"})

        receipt = await place.station.set_limit(LEASE)

        assert receipt.message_id != late.message_id
        assert receipt.answered_at_s >= receipt.sent_at_s


async def test_station_is_answered_while_our_own_request_is_pending() -> None:
    """R06."""
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        pending = asyncio.create_task(place.station.set_limit(LEASE))
        open_request = await peer.hears("SetChargingProfile")

        assert "currentTime" in await peer.tell("Heartbeat", {})
        assert await peer.tell("StatusNotification", status("Available")) == {}
        peer.script["SetChargingProfile"] = accept
        await peer.answer(open_request, {"status": "Accepted"})
        await pending


async def test_only_one_request_is_outstanding_and_the_newest_limit_supersedes_waiting_ones() -> None:
    """R07."""
    async with house() as place, place.peer(script={"TriggerMessage": mute}) as peer:
        await peer.hears("GetConfiguration")
        await place.until(lambda _: True)
        await place.station.set_limit(limit(8.0))
        peer.script["SetChargingProfile"] = mute
        first = asyncio.create_task(place.station.set_limit(limit(16.0)))
        on_wire = await peer.hears("SetChargingProfile", 3)
        waiting = [asyncio.create_task(place.station.set_limit(limit(10.0 + i))) for i in range(5)]
        stops = [asyncio.create_task(place.station.change_configuration("Key", str(i))) for i in range(20)]
        await peer.tell("Heartbeat", {})

        assert len(peer.all("SetChargingProfile")) == 3
        peer.script["SetChargingProfile"] = accept
        await peer.answer(on_wire, {"status": "Accepted"})
        await first
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.gather(*stops)

        limits = [profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] for profile in peer.profiles]
        assert [type(each) for each in outcomes[:-1]].count(LimitReceipt) == 0
        assert limits[3:] == [14]


async def test_limit_does_not_wait_behind_a_slow_diagnosis() -> None:
    async with house(pace=CALM) as place, place.peer(script={"GetCompositeSchedule": mute}) as peer:
        await peer.hears("GetConfiguration")
        slow = asyncio.create_task(place.station.composite_schedule(3600))
        await peer.hears("GetCompositeSchedule")

        await place.station.set_limit(LEASE)

        with pytest.raises(StationSilent, match="could not wait"):
            await slow


@pytest.mark.parametrize(
    "parts", [("VendorSpecificBlah", "no", {}), ("InternalError",), (), ("GenericError", 7, "details")]
)
async def test_error_answers_of_any_shape_are_a_refusal(parts: tuple[object, ...]) -> None:
    """R08."""
    async with house() as place, place.peer(script={"RemoteStartTransaction": lambda _: Error(parts)}):
        await place.until(lambda state: state.connected)

        with pytest.raises(StationRefused):
            await place.station.remote_start()


async def test_closed_socket_fails_everything_pending_at_once() -> None:
    """R09."""
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        pending = asyncio.create_task(place.station.set_limit(LEASE))
        await peer.hears("SetChargingProfile")
        queued = asyncio.create_task(place.station.remote_start())
        await peer.tell("Heartbeat", {})
        await peer.socket.close()

        async with WallClock().timeout(GUARD_S / 4):
            for task in (pending, queued):
                with pytest.raises(StationOffline):
                    await task


async def test_answers_with_extra_fields_and_too_many_decimals_are_used() -> None:
    """R10."""

    def composite(_payload: Payload) -> Payload:
        period = {"startPeriod": 0, "limit": 11.04, "numberPhases": 3}
        periods: list[object] = [period, {"startPeriod": 60, "limit": 6}, {"startPeriod": "x"}, 7]
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, "odd": 1}
        return {"status": "Accepted", "scheduleStart": "2026-01-01T00:00:00Z", "chargingSchedule": schedule}

    async with house() as place, place.peer(script={"GetCompositeSchedule": composite}):
        await place.until(lambda state: state.connected)
        schedule = await place.station.composite_schedule(600)

        assert schedule.unit is RateUnit.AMPERE
        assert [period.limit for period in schedule.periods] == [11.04, 6.0]


async def test_nonsense_as_an_answer_is_a_refusal() -> None:
    def nonsense(peer: Peer, asked: Asked) -> str:
        del peer
        return json.dumps([3, asked.message_id, ["?"]])

    async with house() as place, place.peer(script={"RemoteStartTransaction": mute}) as peer:
        await place.until(lambda state: state.connected)
        call = asyncio.create_task(place.station.remote_start())
        asked = await peer.hears("RemoteStartTransaction")
        await peer.socket.send(nonsense(peer, asked))

        with pytest.raises(StationRefused, match="no status"):
            await call


async def test_requests_do_not_pile_up_without_bound() -> None:
    async with house() as place, place.peer(script={"ChangeConfiguration": mute}):
        await place.until(lambda state: state.connected)
        calls = [asyncio.create_task(place.station.change_configuration("Key", "1")) for _ in range(MOST_WAITING + 20)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_EXCEPTION)

        assert all(isinstance(task.exception(), StationSilent) for task in done)
        for call in calls:
            call.cancel()


async def test_cancelled_caller_does_not_break_the_one_request_rule() -> None:
    async with house() as place, place.peer(script={"RemoteStartTransaction": mute}) as peer:
        await place.until(lambda state: state.connected)
        call = asyncio.create_task(place.station.remote_start())
        asked = await peer.hears("RemoteStartTransaction")
        call.cancel()
        second = asyncio.create_task(place.station.change_configuration("Key", "1"))
        await peer.tell("Heartbeat", {})
        assert not [each for each in peer.all("ChangeConfiguration") if each.payload["key"] == "Key"]

        await peer.answer(asked, {"status": "Accepted"})
        await second


async def test_request_that_breaks_the_standard_never_leaves() -> None:
    async with house() as place, place.peer() as peer:
        await place.until(lambda state: state.connected)
        with pytest.raises(ValueError, match="schema"):
            await place.station.change_configuration("k" * 60, "1")

        assert not [each for each in peer.all("ChangeConfiguration") if each.payload["key"].startswith("kk")]


async def test_secrets_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="ems"):
        async with house() as place, place.peer(script={"GetConfiguration": configured({})}) as peer:
            await peer.tell("Authorize", {"idTag": "SECRETTAG"})
            await place.station.change_configuration("AuthorizationKey", "DEADBEEF")

    assert "Authorize" in caplog.text
    assert "SECRETTAG" not in caplog.text
    assert "DEADBEEF" not in caplog.text


async def test_vendor_data_is_declined_and_a_flood_of_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ems")
    async with house() as place, place.peer() as peer:
        answers = [await peer.tell("DataTransfer", {"vendorId": "acme", "data": "x"}) for _ in range(3)]

    assert answers == [{"status": "UnknownVendorId"}] * 3
    assert sum("acme" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("action", ["FirmwareStatusNotification", "DiagnosticsStatusNotification"])
async def test_notices_are_acknowledged(action: str) -> None:
    async with house() as place, place.peer() as peer:
        assert await peer.tell(action, {"status": "Idle"}) == {}
        assert await peer.tell("SignCertificate", {"csr": "x"}) == {"status": "Rejected"}


async def test_fault_in_our_own_answer_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as place, place.peer() as peer:

        def broken(_report: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(place.station, "metered", broken)
        answer = await peer.exchange("MeterValues", meter_values(current(6)))

        assert answer[2:] == ["InternalError", "", {}]
        assert "currentTime" in await peer.tell("Heartbeat", {})


async def test_station_that_sends_nonsense_all_day_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with house() as place, place.peer() as peer:
        for _ in range(MOST_GRUMBLES + 30):
            await peer.socket.send("{}")
        await peer.tell("Heartbeat", {})

    assert sum("no OCPP" in record.getMessage() for record in caplog.records) == MOST_GRUMBLES


async def test_lane_that_broke_closes_the_connection_so_that_the_station_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("ems.csms.lane.CallLane.run", broken)
    async with house() as place, place.peer() as peer:
        async with WallClock().timeout(GUARD_S):
            await peer.socket.wait_closed()

        await place.until(lambda state: not state.connected)
