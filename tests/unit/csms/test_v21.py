"""What OCPP 2.1 adds: limits by their value alone, ends with the connection, streams; and no discharge, ever."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.capabilities import Capabilities
from ems.csms.charging_profiles import Form, Installation, Moment, constructions, profiles, still_possible
from ems.csms.ports import LeasedLimit
from ems.csms.v21.discharge import discharges
from ems.errors import StationRefused
from tests.unit.csms.neutral import PaperStation, Payload

NOW = datetime(2026, 6, 21, 10, tzinfo=UTC)
DYNAMIC = Capabilities(dynamic=True, max_stack_level=3)
LEASE = LeasedLimit(limit_a=10.0, phases=3, fallback_a=6.0, lease_s=60.0)


def planned(limit_a: float = 10.0, *, running: str | None = None) -> Installation:
    way = constructions(DYNAMIC)[0]
    moment = Moment(station_now=NOW, guard_s=30.0, transaction_id=running, drawing_phases=3)
    return profiles(way, replace(LEASE, limit_a=limit_a), moment)


def paper() -> PaperStation:
    return PaperStation(subprotocol="ocpp2.1")


async def install(dialect: Any, *limits_a: float) -> None:
    for limit_a in limits_a:
        await dialect.install(planned(limit_a).working)


def test_dynamic_limit_is_first_choice_where_the_station_has_it_and_none_elsewhere() -> None:
    """S19."""
    forms = [way.form for way in constructions(DYNAMIC)]

    assert forms[0] is Form.DYNAMIC_OVER_FALLBACK
    assert all(way.form is not Form.DYNAMIC_OVER_FALLBACK for way in constructions(Capabilities()))
    assert not still_possible(constructions(DYNAMIC)[0], Capabilities())


def test_dynamic_limit_ends_by_time_and_by_connection_over_a_fallback_that_does_not() -> None:
    """S06, S07: construction D."""
    plan = planned()
    station = paper()

    async def both(dialect: Any) -> None:
        await dialect.install(plan.resident)
        await dialect.install(plan.working)

    station.asks(both)
    fallback, limit = (payload["chargingProfile"] for _, payload in station.asked)
    assert (limit["chargingProfileKind"], limit["maxOfflineDuration"]) == ("Dynamic", 60)
    assert limit["validTo"] == "2026-06-21T10:01:00Z"
    assert limit["chargingSchedule"][0]["duration"] == 90
    assert [period["limit"] for period in limit["chargingSchedule"][0]["chargingSchedulePeriod"]] == [10]
    assert limit["stackLevel"] == fallback["stackLevel"] + 1
    assert fallback["chargingProfileKind"] == "Absolute"
    assert not {"maxOfflineDuration", "validTo"} & fallback.keys()
    assert fallback["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 6


def test_changes_send_the_value_alone_until_the_whole_is_due() -> None:
    """S19, S23."""
    station = paper()

    async def story(dialect: Any) -> None:
        await install(dialect, 10.0, 12.5)
        await station.clock.sleep(20.0)
        await install(dialect, 12.5, 8.0)

    station.asks(story)
    assert [action for action, _ in station.asked] == [
        "SetChargingProfile",
        "UpdateDynamicSchedule",
        "SetChargingProfile",
        "UpdateDynamicSchedule",
    ]
    assert station.asked[1][1] == {"chargingProfileId": 8481, "scheduleUpdate": {"limit": 12.5}}


def test_value_alone_does_not_lengthen_what_it_was_changed_in() -> None:
    """S07, S23: control must not count on a limit for longer than the station does."""
    station = paper()

    async def story(dialect: Any) -> None:
        whole = await dialect.install(planned(10.0).working)
        await station.clock.sleep(15.0)
        value = await dialect.install(planned(8.0).working)
        assert (whole.counts_from_s, value.counts_from_s) == (None, whole.sent_at_s)

    station.asks(story)
    assert [action for action, _ in station.asked] == ["SetChargingProfile", "UpdateDynamicSchedule"]


def test_value_that_is_refused_is_sent_as_a_whole() -> None:
    """S04."""
    station = paper()
    station.replies["UpdateDynamicSchedule"] = lambda _asked: {"status": "Rejected"}
    station.asks(lambda dialect: install(dialect, 10.0, 8.0))

    assert [action for action, _ in station.asked][1:] == ["UpdateDynamicSchedule", "SetChargingProfile"]
    assert station.says("PullDynamicScheduleUpdate", {"chargingProfileId": 8481})["scheduleUpdate"] == {"limit": 8}


def test_new_connection_begins_with_the_whole() -> None:
    station = paper()
    station.asks(lambda dialect: install(dialect, 10.0))
    station.asks(lambda dialect: install(dialect, 8.0))

    assert [action for action, _ in station.asked] == ["SetChargingProfile"] * 2


def test_station_that_asks_gets_the_value_of_the_plan_as_long_as_it_holds() -> None:
    """S19: a lease that nobody renews does not live on because the station asks."""
    station = paper()
    pull = {"chargingProfileId": 8481}
    assert station.says("PullDynamicScheduleUpdate", pull)["status"] == "Rejected"
    station.asks(lambda dialect: install(dialect, 10.0, 12.0))

    assert station.says("PullDynamicScheduleUpdate", pull) == {"status": "Accepted", "scheduleUpdate": {"limit": 12}}

    station.clock.advance(60.0)
    assert station.says("PullDynamicScheduleUpdate", pull)["status"] == "Rejected"


def test_two_periods_end_with_the_connection_too() -> None:
    way = constructions(Capabilities())[0]
    plan = profiles(way, LEASE, Moment(station_now=NOW, guard_s=30.0))
    station = paper()
    station.asks(lambda dialect: dialect.install(plan.working))

    profile = station.last["chargingProfile"]
    assert (profile["chargingProfileKind"], profile["maxOfflineDuration"]) == ("Absolute", 60)
    assert len(profile["chargingSchedule"][0]["chargingSchedulePeriod"]) == 2


def test_dynamic_profiles_are_found_in_the_device_model() -> None:
    station = paper()
    variable = {
        "component": {"name": "SmartChargingCtrlr"},
        "variable": {"name": "SupportsFeature", "instance": "DynamicProfiles"},
        "variableAttribute": [{"value": "true"}],
    }
    report = {"requestId": 1, "generatedAt": "2026-06-21T10:00:00Z", "seqNo": 0, "reportData": [variable]}
    station.says("NotifyReport", report)

    async def features(dialect: Any) -> Any:
        return dialect.features()

    assert station.asks(features) == {"DynamicProfiles": "true"}


def test_priority_is_noted_and_asked_for() -> None:
    """S20."""
    station = paper()
    noted = []
    for activated in (True, False):
        station.says("NotifyPriorityCharging", {"transactionId": "T1", "activated": activated})
        noted.append(station.heard.energy.priority)

    assert noted == [True, False]
    assert station.asks(lambda dialect: dialect.use_priority("T1", on=True)).done
    assert station.last == {"transactionId": "T1", "activate": True}


def test_values_of_a_stream_are_kept_while_it_is_open() -> None:
    """R11."""
    station = paper()
    values = {
        "id": 3,
        "pending": 0,
        "basetime": "2026-06-21T10:00:00Z",
        "data": [{"t": 0.5, "v": "1"}, {"t": 1, "v": "2"}],
    }
    constant = {"id": 3, "variableMonitoringId": 7, "params": {"interval": 5}}
    book = station.versions._in_v21().book

    station.speech.answer("NotifyPeriodicEventStream", values, "m")
    assert book.streams == {}
    assert station.says("OpenPeriodicEventStream", {"constantStreamData": constant}) == {"status": "Accepted"}
    station.speech.answer("NotifyPeriodicEventStream", values, "m")
    assert book.streams[7][0] == "2"
    assert station.says("ClosePeriodicEventStream", {"id": 3}) == {}


@pytest.mark.parametrize(
    "payload",
    [
        {"chargingProfileId": 1, "scheduleUpdate": {"limit": -1.0}},
        {"chargingProfileId": 1, "scheduleUpdate": {"setpoint": -100.0}},
        {"chargingProfileId": 1, "scheduleUpdate": {"setpoint_L2": -1.0}},
        {"chargingProfileId": 1, "scheduleUpdate": {"dischargeLimit": -2000.0}},
        {"chargingProfileId": 1, "scheduleUpdate": {"dischargeLimit_L3": -1.0}},
    ],
)
def test_discharge_never_leaves(payload: Payload) -> None:
    station = paper()

    with pytest.raises(StationRefused, match="give energy back"):
        station.asks(lambda dialect: dialect._ask("UpdateDynamicSchedule", payload))
    assert station.asked == []


@pytest.mark.parametrize("mode", ["CentralFrequency", "LocalFrequency", "ExternalSetpoint", "LocalLoadBalancing"])
def test_modes_that_include_discharge_are_not_sent(mode: str) -> None:
    assert discharges([{"chargingSchedulePeriod": [{"startPeriod": 0, "operationMode": mode}]}])


names = st.sampled_from(
    ["limit", "limit_L2", "setpoint", "setpoint_L3", "dischargeLimit", "dischargeLimit_L2", "other"]
)
messages = st.recursive(
    st.dictionaries(names, st.floats(-100, 100)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.sampled_from(["a", "b"]), inner)),
    max_leaves=10,
)


@given(messages)
def test_nothing_that_passes_holds_a_discharge(message: object) -> None:
    def flows_back(value: object) -> bool:
        if isinstance(value, list):
            return any(map(flows_back, value))
        if not isinstance(value, dict):
            return False
        return any(
            flows_back(each)
            or (key.startswith(("limit", "setpoint")) and each < 0)
            or (key.startswith("dischargeLimit") and each != 0)
            for key, each in value.items()
        )

    assert discharges(message) or not flows_back(message)


@given(st.floats(-50, 100), st.sampled_from([0.0, 6.0, 16.0]), st.sampled_from([*constructions(DYNAMIC)]))
def test_no_lease_ever_becomes_a_discharge(limit_a: float, fallback_a: float, way: Any) -> None:
    lease = LeasedLimit(limit_a=limit_a, phases=3, fallback_a=fallback_a, lease_s=60.0)
    plan = profiles(way, lease, Moment(station_now=NOW, guard_s=30.0, transaction_id="T1"))
    for each in (plan.resident, plan.working):
        assert each is None or all(period.limit >= 0 for period in each.periods)
