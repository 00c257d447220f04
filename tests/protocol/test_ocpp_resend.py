"""When a limit has to go out again though nobody decided anew: clocks, phases, transactions, lost connections."""

import asyncio
from dataclasses import replace

import pytest

from ems.csms.charging_profiles import Form
from ems.csms.station_clock import parse_timestamp
from ems.errors import StationOffline, StationRefused
from tests.protocol.ocpp_peer import (
    CALM,
    LEASE,
    SETTINGS,
    Error,
    House,
    Payload,
    Peer,
    configured,
    current,
    house,
    meter_values,
    mute,
    start,
    status,
)

IN_WATTS = {"GetConfiguration": configured({**SETTINGS, "ChargingScheduleAllowedChargingRateUnit": "Power"})}


async def set_up(place: House, peer: Peer) -> None:
    while place.station.configuration is None:
        await peer.tell("Heartbeat", {})


def limits(profile: Payload) -> list[float]:
    return [period["limit"] for period in profile["chargingSchedule"]["chargingSchedulePeriod"]]


async def test_timestamp_from_the_end_of_time_disturbs_nothing() -> None:
    async with house(speed=20) as place, place.peer() as peer:
        for _ in range(3):
            await peer.tell("StatusNotification", status("Charging", at="9999-12-31T23:59:59Z"))
            await place.clock.sleep(2.0)
        await place.station.set_limit(LEASE)

        assert place.station.station_clock.skew_s == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
async def test_limits_are_sent_again_in_station_time_when_our_wall_clock_is_set(jump_s: float) -> None:
    async with house(speed=20) as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging", at=place.stamp()))
        await place.station.set_limit(LEASE)
        before = place.station.state.connections
        place.clock.jumped_s = jump_s
        await place.until(lambda state: state.connections == before + 1)
        await place.station.set_limit(LEASE)

        begun = [parse_timestamp(each["chargingSchedule"]["startSchedule"]) for each in peer.profiles]
        assert [limits(each)[0] for each in peer.profiles] == [6, 10, 6, 10]
        assert begun[1] is not None
        assert begun[3] is not None
        assert abs((begun[3] - begun[1]).total_seconds()) < 600
        await peer.tell("Heartbeat", {})
        await peer.tell("StatusNotification", status("Charging", at=place.stamp()))
        await place.until(lambda state: state.connections == before + 2)
        assert place.station.station_clock.skew_s == pytest.approx(0.0, abs=1.0)


async def test_limit_in_watts_is_counted_anew_when_the_cars_phases_are_known_and_when_it_leaves() -> None:
    async with house() as place, place.peer(script=IN_WATTS) as peer:
        await set_up(place, peer)
        await place.station.set_limit(LEASE)
        before = place.station.state.connections
        one_phase = meter_values(current(30, "L1"), current(0, "L2"), current(0, "L3"), at=place.stamp())
        for _ in range(3):
            await peer.tell("MeterValues", one_phase)
        assert place.station.state.connections == before + 1
        await place.station.set_limit(LEASE)
        await peer.tell("StatusNotification", status("Available"))
        await peer.tell("StatusNotification", status("Available"))
        assert place.station.state.connections == before + 2
        await place.station.set_limit(LEASE)

        assert [limits(each) for each in peer.profiles] == [[1380], [6900, 1380], [2300, 1380], [6900, 1380]]


async def test_total_that_is_shared_out_is_no_measurement_of_phases() -> None:
    async with house() as place, place.peer(script=IN_WATTS) as peer:
        await set_up(place, peer)
        await place.station.set_limit(LEASE)
        before = place.station.state.connections
        total = {"value": "6900", "measurand": "Power.Active.Import", "unit": "W"}
        await peer.tell("MeterValues", meter_values(total, at=place.stamp()))

        assert place.station.state.connections == before


async def test_phases_of_the_car_do_not_matter_to_a_limit_in_amperes() -> None:
    async with house() as place, place.peer() as peer:
        await place.station.set_limit(LEASE)
        before = place.station.state.connections
        await peer.tell("MeterValues", meter_values(current(9, "L1"), at=place.stamp()))

        assert place.station.state.connections == before


async def test_limit_is_due_at_once_when_a_transaction_starts_that_has_to_carry_it() -> None:
    def takes(payload: Payload) -> Payload:
        profile = payload["csChargingProfiles"]
        alone = profile["chargingProfilePurpose"] == "TxDefaultProfile" and profile["stackLevel"] == 0
        good = profile["chargingProfilePurpose"] == "TxProfile" or (alone and len(limits(profile)) == 1)
        return {"status": "Accepted" if good else "Rejected"}

    settings = {**SETTINGS, "ChargingScheduleMaxPeriods": "1", "ChargeProfileMaxStackLevel": "0"}
    script = {"SetChargingProfile": takes, "GetConfiguration": configured(settings)}
    async with house() as place, place.peer(script=script) as peer:
        await set_up(place, peer)
        await place.station.set_limit(LEASE)
        assert place.station.limits.way is not None
        assert place.station.limits.way.form is Form.TRANSACTION_OVER_FALLBACK
        before = place.station.state.connections
        await peer.tell("StartTransaction", start(place.stamp()))

        assert place.station.state.connections == before + 1


async def test_profile_that_another_form_left_behind_is_cleared_again_until_it_is_gone() -> None:
    def no_levels(payload: Payload) -> Payload:
        good = payload["csChargingProfiles"]["stackLevel"] == 0
        return {"status": "Accepted" if good else "Rejected"}

    answers = iter(["Rejected", "Accepted"])
    async with house() as place, place.peer() as peer:
        await place.station.set_limit(LEASE)
        place.station.limits.give_up_way()
        peer.script["SetChargingProfile"] = no_levels
        peer.script["ClearChargingProfile"] = lambda _: {"status": next(answers, "Accepted")}
        await place.station.set_limit(LEASE)
        first = await peer.hears("ClearChargingProfile")
        assert place.station.limits.losers
        await peer.tell("Heartbeat", {})
        await place.station.set_limit(LEASE)
        again = await peer.hears("ClearChargingProfile", 2)
        await place.station.change_configuration("Key", "1")

        assert again.payload == first.payload
        assert not place.station.limits.losers


async def test_everybody_knows_that_it_left_before_the_waiting_limit_fails() -> None:
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        told: list[bool] = []
        limit = asyncio.create_task(place.station.set_limit(LEASE))
        limit.add_done_callback(lambda _: told.append(place.states[-1].connected))
        await peer.hears("SetChargingProfile")
        await peer.socket.close()
        with pytest.raises(StationOffline):
            await limit

        assert told == [False]


async def test_lower_limit_goes_out_soon_though_a_cancelled_one_is_unanswered() -> None:
    pace = replace(CALM, give_way_s=0.1)
    async with house(pace=pace) as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        older = asyncio.create_task(place.station.set_limit(LEASE))
        await peer.hears("SetChargingProfile")
        older.cancel()
        await asyncio.wait([older])
        peer.script.pop("SetChargingProfile")
        await place.station.set_limit(replace(LEASE, limit_a=0.0))

        assert [limits(each)[0] for each in peer.profiles][-2:] == [0, 6]
        assert place.station.limits.resident_a == 6.0


async def test_words_of_a_station_stay_on_one_line_of_the_log() -> None:
    said = "bad\n2026-01-01 CRITICAL forged \ud800" + "x" * 1000
    script = {"SetChargingProfile": lambda _: Error(("InternalError", said, {}))}
    async with house() as place, place.peer(script=script):
        with pytest.raises(StationRefused) as refused:
            await place.station.set_limit(LEASE)

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500
