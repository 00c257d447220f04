"""Limits on the wire: leases, forms, fallbacks, reconnects (scenarios S and B that protect the breaker)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ems.config.schema import StationEntry
from ems.csms.charging_profiles import Form, Purpose
from ems.csms.lane import Superseded
from ems.csms.pace import Pace
from ems.csms.station_clock import parse_timestamp
from ems.errors import StationOffline, StationRefused, StationSilent
from ems.model.station import StationAlarm
from tests.protocol.ocpp_peer import (
    BOOT,
    CALM,
    LEASE,
    SETTINGS,
    Error,
    House,
    Payload,
    Script,
    accept,
    configured,
    current,
    house,
    meter_values,
    mute,
    reject,
    start,
    status,
)


def periods(profile: Mapping[str, Any]) -> list[tuple[int, float]]:
    return [(p["startPeriod"], p["limit"]) for p in profile["chargingSchedule"]["chargingSchedulePeriod"]]


def only(takes: Any) -> Script:
    """Takes the profiles that `takes` likes; it sees the profile with its connector."""

    def answer(payload: Payload) -> Payload:
        profile = {"connectorId": payload["connectorId"], **payload["csChargingProfiles"]}
        return {"status": "Accepted" if takes(profile) else "Rejected"}

    return answer


async def connected(place: House) -> None:
    await place.until(lambda state: state.connected)


async def test_limit_is_a_lease_over_the_resident_fallback() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        receipt = await place.station.set_limit(LEASE)

        fallback, lease = peer.profiles
        begin = parse_timestamp(lease["chargingSchedule"]["startSchedule"])
        assert begin is not None
        assert periods(fallback) == [(0, 6)]
        assert "duration" not in fallback["chargingSchedule"]
        assert periods(lease) == [(0, 10), (90, 6)]
        assert lease["stackLevel"] == fallback["stackLevel"] + 1
        assert lease["validFrom"] == lease["chargingSchedule"]["startSchedule"]
        assert lease["chargingProfileKind"] == "Absolute"
        assert lease["connectorId"] == 0
        assert 29 <= (place.clock.utc_now() - begin).total_seconds() <= 35
        assert receipt.message_id == peer.all("SetChargingProfile")[1].message_id
        assert place.station.limits.resident_a == 6.0


async def test_renewal_replaces_the_lease_in_place_and_leaves_the_fallback_alone() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        for _ in range(3):
            await place.station.set_limit(LEASE)

        ids = [profile["chargingProfileId"] for profile in peer.profiles]
        assert ids == [ids[0], ids[1], ids[1], ids[1]]
        assert not peer.all("ClearChargingProfile")


async def test_changed_fallback_is_sent_again() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        await place.station.set_limit(LEASE)
        await place.station.set_limit(replace(LEASE, fallback_a=0.0))

        assert [periods(profile)[-1][1] for profile in peer.profiles] == [6, 6, 0, 0]
        assert place.station.limits.resident_a == 0.0


@pytest.mark.parametrize(
    ("limit_a", "whole_amps", "sent"),
    [(6.04, False, 6), (15.99, False, 15.9), (15.99, True, 15), (5.9, False, 0), (0.1, False, 0), (40.0, False, 16)],
)
async def test_limits_are_rounded_down_and_never_between_0_and_6(limit_a: float, whole_amps: bool, sent: float) -> None:
    entry = StationEntry(id="garage", whole_amps=whole_amps, max_a=16.0)
    async with house(entry) as place, place.peer() as peer:
        await connected(place)
        await place.station.set_limit(replace(LEASE, limit_a=limit_a))

        assert periods(peer.profiles[-1])[0][1] == sent


@pytest.mark.parametrize(
    ("takes", "form", "purpose"),
    [
        (lambda p: p["stackLevel"] == 0, Form.TWO_PERIODS, Purpose.STATION_MAX),
        (lambda p: len(periods(p)) == 1, Form.ENDING_OVER_FALLBACK, Purpose.STATION_MAX),
        (lambda p: p["connectorId"] == 1, Form.TWO_PERIODS_OVER_FALLBACK, Purpose.TX_DEFAULT),
        (
            lambda p: p["connectorId"] == 0 and p["chargingProfilePurpose"] == "TxDefaultProfile",
            Form.TWO_PERIODS_OVER_FALLBACK,
            Purpose.TX_DEFAULT,
        ),
        (lambda p: p["chargingProfileKind"] == "Relative", Form.RELATIVE, Purpose.TX_DEFAULT),
        (
            lambda p: p["chargingSchedule"]["chargingRateUnit"] == "W",
            Form.TWO_PERIODS_OVER_FALLBACK,
            Purpose.STATION_MAX,
        ),
    ],
)
async def test_next_form_is_tried_and_remembered(takes: Any, form: Form, purpose: Purpose) -> None:
    script = {"SetChargingProfile": only(takes), "GetConfiguration": configured({})}
    async with house() as place, place.peer(script=script) as peer:
        await connected(place)
        await place.station.set_limit(LEASE)
        tried = len(peer.profiles)
        await place.station.set_limit(replace(LEASE, limit_a=8.0))

        way = place.station.limits.way
        assert way is not None
        assert (way.form, way.purpose) == (form, purpose)
        assert tried <= 24
        assert len(peer.profiles) == tried + 1
        assert takes(peer.profiles[-1])


async def test_watt_station_gets_the_sum_of_its_phases() -> None:
    settings = {**SETTINGS, "ChargingScheduleAllowedChargingRateUnit": "power"}
    async with house() as place, place.peer(script={"GetConfiguration": configured(settings)}) as peer:
        await peer.hears("GetConfiguration")
        await place.until(lambda _: place.station.configuration is not None or bool(peer.asked))
        await peer.tell("StatusNotification", status("Available"))
        while place.station.configuration is None:
            await peer.tell("Heartbeat", {})
        await place.station.set_limit(LEASE)

        assert peer.profiles[-1]["chargingSchedule"]["chargingRateUnit"] == "W"
        assert periods(peer.profiles[-1]) == [(0, 6900), (90, 1380)]


async def test_station_that_takes_only_transaction_profiles() -> None:
    def takes(profile: Payload) -> bool:
        alone = profile["chargingProfilePurpose"] == "TxDefaultProfile" and profile["stackLevel"] == 0
        return profile["chargingProfilePurpose"] == "TxProfile" or (alone and len(periods(profile)) == 1)

    settings = {**SETTINGS, "ChargingScheduleMaxPeriods": "1", "ChargeProfileMaxStackLevel": "0"}
    script = {"SetChargingProfile": only(takes), "GetConfiguration": configured(settings)}
    async with house() as place, place.peer(script=script) as peer:
        while place.station.configuration is None:
            await peer.tell("Heartbeat", {})
        await place.station.set_limit(replace(LEASE, limit_a=0.0))
        assert periods(peer.profiles[-1]) == [(0, 0)]
        await place.station.set_limit(replace(LEASE, limit_a=0.0))
        waiting = len(peer.profiles)
        answer = await peer.tell("StartTransaction", start(place.stamp()))
        await place.station.set_limit(LEASE)

        lease = peer.profiles[-1]
        assert waiting == 1
        assert lease["transactionId"] == answer["transactionId"]
        assert "validFrom" not in lease
        assert lease["chargingSchedule"]["duration"] == 90
        assert periods(peer.profiles[-2]) == [(0, 6)]


async def test_refusal_of_every_form_is_one_refusal_and_bounded() -> None:
    async with house() as place, place.peer(script={"SetChargingProfile": reject}) as peer:
        await connected(place)
        with pytest.raises(StationRefused, match="every form"):
            await place.station.set_limit(LEASE)

        assert len(peer.profiles) <= 40
        peer.script["SetChargingProfile"] = accept
        await place.station.set_limit(LEASE)


async def test_station_without_smart_charging_is_not_asked_twenty_times() -> None:
    script = {"SetChargingProfile": lambda _: Error(("NotImplemented", "", {}))}
    async with house() as place, place.peer(script=script) as peer:
        await connected(place)
        with pytest.raises(StationRefused, match="NotImplemented"):
            await place.station.set_limit(LEASE)

        assert len(peer.profiles) == 1


async def test_form_that_is_never_answered_is_left_after_two_attempts() -> None:
    def absolute_kills(payload: Payload) -> Any:
        way = payload["csChargingProfiles"]
        return accept(payload) if way["chargingProfilePurpose"] == "TxDefaultProfile" else mute(payload)

    async with (
        house(speed=100, pace=replace(CALM, answer_within_s=5.0)) as place,
        place.peer(script={"SetChargingProfile": absolute_kills}),
    ):
        await connected(place)
        for _ in range(2):
            with pytest.raises(StationSilent):
                await place.station.set_limit(LEASE)
        await place.station.set_limit(LEASE)

        assert place.station.limits.way is not None
        assert place.station.limits.way.purpose is Purpose.TX_DEFAULT


async def test_profiles_of_the_form_that_lost_are_cleared_after_the_new_one_is_in_place() -> None:
    def no_leases(profile: Payload) -> bool:
        return profile["chargingProfilePurpose"] == "TxDefaultProfile" or len(periods(profile)) == 1

    settings = {**SETTINGS, "ChargingScheduleMaxPeriods": "24"}

    def takes(profile: Payload) -> bool:
        return no_leases(profile) and "duration" not in profile["chargingSchedule"]

    script = {"SetChargingProfile": only(takes), "GetConfiguration": configured(settings)}
    script["ClearChargingProfile"] = lambda _: {"status": "Unknown"}
    async with house() as place, place.peer(script=script) as peer:
        await connected(place)
        await place.station.set_limit(LEASE)
        cleared = await peer.hears("ClearChargingProfile")

        actions = [asked.action for asked in peer.asked]
        stations_own = [p["chargingProfileId"] for p in peer.profiles if p["connectorId"] == 0]
        assert cleared.payload == {"id": stations_own[0]}
        assert actions.index("ClearChargingProfile") > len(actions) - 1 - actions[::-1].index("SetChargingProfile")


async def test_disobeyed_form_can_be_given_up() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        await place.station.set_limit(LEASE)
        first = place.station.limits.way
        place.station.limits.give_up_way()
        place.station.limits.give_up_way()
        await place.station.set_limit(LEASE)
        second = place.station.limits.way

        assert second not in (None, first)
        assert peer.profiles


async def test_station_that_obeys_no_form_is_tried_from_the_first_again() -> None:
    settings = {**SETTINGS, "ChargingScheduleMaxPeriods": "1", "ChargeProfileMaxStackLevel": "0"}
    async with house() as place, place.peer(script={"GetConfiguration": configured(settings)}) as peer:
        while place.station.configuration is None:
            await peer.tell("Heartbeat", {})
        for _ in range(2):
            await place.station.set_limit(LEASE)
            assert place.station.limits.way is not None
            assert place.station.limits.way.form is Form.TRANSACTION_OVER_FALLBACK
            place.station.limits.give_up_way()


async def test_limit_reaches_a_station_that_has_told_nothing_before_set_up() -> None:
    pace = replace(CALM, limit_first_s=3.0)
    async with house(pace=pace) as place, place.peer(script={"GetConfiguration": mute}) as peer:
        await connected(place)
        await place.station.set_limit(LEASE)

        assert peer.asked[0].action == "SetChargingProfile"
        await peer.hears("GetConfiguration")


async def test_limits_and_fallback_are_sent_again_after_a_reconnect() -> None:
    async with house() as place:
        async with place.peer() as peer:
            await connected(place)
            await place.station.set_limit(LEASE)
            await peer.hears("GetConfiguration")
        state = await place.until(lambda state: not state.connected)
        assert place.station.limits.resident_a == 6.0
        async with place.peer() as peer:
            back = await place.until(lambda state: state.connected)
            await place.station.set_limit(LEASE)

            assert [periods(profile)[0][1] for profile in peer.profiles] == [6, 10]
        assert state.came_at_s is not None
        assert back.came_at_s is not None
        assert back.came_at_s > state.came_at_s
        assert (state.kept_a, back.kept_a) == (None, 6.0)


async def test_boot_forgets_the_limits_and_says_so() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        await place.station.set_limit(LEASE)
        before = place.states[-1]
        await peer.tell("BootNotification", BOOT)

        state = place.states[-1]
        assert before.came_at_s is not None
        assert state.came_at_s is not None
        assert state.came_at_s > before.came_at_s
        assert state.kept_a is None
        assert place.station.limits.resident_a is None
        assert state.connected
        assert state.connections == before.connections + 1
        await place.station.set_limit(LEASE)
        assert [periods(profile)[0][1] for profile in peer.profiles[-2:]] == [6, 10]


async def test_limit_that_a_booting_station_swallowed_does_not_hold_up_the_next() -> None:
    pace = replace(CALM, give_way_s=0.1)
    async with house(pace=pace) as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        swallowed = asyncio.create_task(place.station.set_limit(LEASE))
        await peer.hears("SetChargingProfile")
        peer.script["SetChargingProfile"] = accept
        await peer.tell("BootNotification", BOOT)

        await place.station.set_limit(LEASE)
        with pytest.raises((StationSilent, Superseded)):
            await swallowed


async def test_limit_accepted_across_a_boot_is_not_trusted() -> None:
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        pending = asyncio.create_task(place.station.set_limit(LEASE))
        asked = await peer.hears("SetChargingProfile")
        await peer.tell("BootNotification", BOOT)
        await peer.answer(asked, {"status": "Accepted"})

        with pytest.raises(StationOffline, match="restarted"):
            await pending
        assert place.station.limits.resident_a is None


@pytest.mark.parametrize("slow_s", [-7200.0, 7200.0])
async def test_schedules_are_written_in_station_time(slow_s: float) -> None:
    async with house(speed=20) as place, place.peer() as peer:
        await connected(place)
        for _ in range(3):
            await peer.tell("StatusNotification", status("Charging", at=place.stamp(slow_s)))
            await place.clock.sleep(2.0)
        await place.station.set_limit(LEASE)

        begin = parse_timestamp(peer.profiles[-1]["chargingSchedule"]["startSchedule"])
        assert begin is not None
        assert place.station.station_clock.skew_s == pytest.approx(slow_s, abs=5)
        late_s = (place.clock.utc_now() + timedelta(seconds=slow_s) - begin).total_seconds()
        assert 25 <= late_s <= 60
        await peer.tell("MeterValues", meter_values(current(6, "L1"), at=place.stamp(slow_s)))
        assert place.states[-1].car is not None


async def test_a_later_limit_wins_over_one_whose_forms_are_still_being_tried() -> None:
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        await connected(place)
        older = asyncio.create_task(place.station.set_limit(LEASE))
        asked = await peer.hears("SetChargingProfile")
        newer = asyncio.create_task(place.station.set_limit(replace(LEASE, limit_a=7.0)))
        await peer.tell("Heartbeat", {})
        peer.script["SetChargingProfile"] = accept
        await peer.answer(asked, {"status": "Accepted"})

        with pytest.raises(StationRefused, match="newer"):
            await older
        await newer
        assert periods(peer.profiles[-1])[0] == (0, 7)


async def test_phases_are_stated_and_totals_are_shared_among_them() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        await place.station.set_limit(replace(LEASE, phases=1))
        await peer.tell("MeterValues", meter_values({"value": "2300", "measurand": "Power.Active.Import"}))

        period = peer.profiles[-1]["chargingSchedule"]["chargingSchedulePeriod"][0]
        assert period["numberPhases"] == 1
        assert place.states[-1].car is not None
        assert place.states[-1].car.current_a == (10.0, 0.0, 0.0)


async def test_one_phase_station_in_watts_never_gets_the_watts_of_three_phases() -> None:
    entry = StationEntry(id="garage", wired=("L2",), fallback_a=6.0)
    settings = {**SETTINGS, "ChargingScheduleAllowedChargingRateUnit": "Power"}
    async with house(entry) as place, place.peer(script={"GetConfiguration": configured(settings)}) as peer:
        while place.station.configuration is None:
            await peer.tell("Heartbeat", {})
        await place.station.set_limit(LEASE)

        assert periods(peer.profiles[-1])[0] == (0, 2300)
        assert peer.profiles[-1]["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] == 1


async def test_clearing_profiles_that_are_not_there_is_a_success() -> None:
    script = {"ClearChargingProfile": lambda _: {"status": "Unknown"}}
    async with house() as place, place.peer(script=script) as peer:
        await connected(place)
        await place.station.clear_charging_profile(purpose=Purpose.TX_DEFAULT, connector=1, level=0)

        expected = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
        assert peer.all("ClearChargingProfile")[0].payload == expected


async def test_composite_schedule_without_content_is_a_hint_of_nothing() -> None:
    async with house() as place, place.peer() as peer:
        await connected(place)
        schedule = await place.station.composite_schedule(60)

        assert schedule.periods == ()
        assert schedule.unit is None
        assert peer.all("GetCompositeSchedule")[0].payload == {"connectorId": 0, "duration": 60}


async def test_clock_guard_of_zero_starts_schedules_now() -> None:
    async with house(pace=Pace(limit_first_s=0, clock_guard_s=0, report_within_s=3600)) as place, place.peer() as peer:
        await connected(place)
        await place.station.set_limit(LEASE)

        assert periods(peer.profiles[-1])[1][0] == 60


async def test_a_limit_of_somebody_else_in_a_station_of_1_6_is_found_and_planned_with() -> None:
    """S16."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]}
    told = {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule}
    script: dict[str, Script] = {"GetCompositeSchedule": lambda _: told}
    pace = replace(CALM, watch_every_s=5.0)
    async with house(speed=200, pace=pace) as place, place.peer(script=script) as peer:
        await place.station.set_limit(LEASE)
        await peer.tell("StatusNotification", status("Charging"))
        await peer.tell("StartTransaction", start(place.stamp()))
        await peer.tell(
            "MeterValues", meter_values(current(8, "L1"), current(8, "L2"), current(8, "L3"), at=place.stamp())
        )

        state = await place.until(lambda state: state.outside_a is not None)

        assert state.outside_a == 8.0
        assert StationAlarm.FOREIGN_PROFILE in state.alarms
        assert [each.payload for each in peer.all("GetCompositeSchedule")] == [{"connectorId": 1, "duration": 60}] * 2
