"""What stations of OCPP 2.0.1 and 2.1 are asked; the schema judges every request (`neutral.PaperStation`)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.capabilities import Capabilities, RateUnit, capabilities
from ems.csms.charging_profiles import Moment, Period, Profile, Purpose, constructions, open_offer, profiles
from ems.csms.messages import Report
from ems.csms.on_request_words import MonitorBase, MonitorKind, MonitorOrder
from ems.csms.ports import LeasedLimit
from ems.csms.service_words import (
    FirmwareOrder,
    ListAnswer,
    ListedTag,
    ListOrder,
    LogOrder,
    ReservationOrder,
    SignedWith,
)
from ems.csms.v201.smart_charging import charging_profile, forbidden_by
from ems.csms.v201.variables import NAMES, name_of, place_named
from ems.errors import StationRefused
from tests.unit.csms.neutral import PaperStation, Payload

NOW = datetime(2026, 6, 21, 10, tzinfo=UTC)
MOMENT = Moment(station_now=NOW, guard_s=30.0, transaction_id="T1", drawing_phases=3)
LEASE = LeasedLimit(limit_a=10.0, phases=3, fallback_a=6.0, lease_s=60.0)
TX = Profile(
    profile_id=8501,
    connector=1,
    purpose=Purpose.TX,
    level=1,
    unit=RateUnit.AMPERE,
    phases=3,
    counted_phases=3,
    periods=(Period(start_s=0, limit=10.5),),
    start=NOW,
    duration_s=90,
    transaction_id="T1",
)
BOTH = pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])


def always(reply: Payload) -> Callable[[Payload], Payload]:
    return lambda _asked: reply


def paper(protocol: str = "ocpp2.0.1", **replies: Any) -> PaperStation:
    station = PaperStation(subprotocol=protocol)
    station.replies.update({action: always(reply) for action, reply in replies.items()})
    return station


@BOTH
def test_profile_is_spelled_by_the_strict_rules(protocol: str) -> None:
    """S10."""
    station = paper(protocol)
    station.asks(lambda dialect: dialect.install(TX))

    profile = station.last["chargingProfile"]
    assert station.last["evseId"] == 1
    assert profile == {
        "id": 8501,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": "T1",
        "chargingSchedule": [
            {
                "id": 8501,
                "startSchedule": "2026-06-21T10:00:00Z",
                "duration": 90,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.5, "numberPhases": 3}],
            }
        ],
    }


WAYS = (*constructions(Capabilities()), *constructions(Capabilities(max_periods=1)))


@given(
    # A relative limit of the whole station is for 1.6 alone; it is refused before it is sent.
    st.sampled_from([way for way in WAYS if not (way.is_relative and way.purpose is Purpose.STATION_MAX)]),
    st.floats(0, 80),
    st.sampled_from([0.0, 6.0, 16.0]),
    st.sampled_from(["T1", None]),
)
def test_whatever_is_sent_keeps_the_strict_rules(
    way: Any, limit_a: float, fallback_a: float, running: str | None
) -> None:
    """S10, S12: no profile of ours is one that K01 has a station refuse, and none lets current flow back."""
    lease = LeasedLimit(limit_a=limit_a, phases=3, fallback_a=fallback_a, lease_s=60.0)
    moment = Moment(station_now=NOW, guard_s=30.0, transaction_id=running)
    plan = profiles(way, lease, moment)
    if way.is_relative and way.purpose is Purpose.STATION_MAX:
        assert plan.working is not None
        assert forbidden_by(plan.working) is not None
        return
    for each in (plan.resident, plan.working):
        if each is None:
            continue
        said: Any = charging_profile(each)
        (schedule,) = said["chargingSchedule"]
        starts = [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]]
        assert forbidden_by(each) is None
        assert (said["chargingProfileKind"] == "Absolute") is (schedule["startSchedule"] is not None)
        assert starts[0] == 0
        assert starts == sorted(set(starts))
        assert all(period["limit"] == 0 or period["limit"] >= 6 for period in schedule["chargingSchedulePeriod"])


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": Purpose.STATION_MAX, "connector": 0, "start": None},
        {"purpose": Purpose.STATION_MAX, "connector": 1},
        {"transaction_id": None},
        {"connector": 0},
    ],
)
def test_what_a_strict_station_must_refuse_is_not_sent(changes: dict[str, Any]) -> None:
    """S10."""
    station = paper()
    with pytest.raises(StationRefused, match="must refuse"):
        station.asks(lambda dialect: dialect.install(replace(TX, **changes)))
    assert station.asked == []


def test_refusal_tells_the_reason() -> None:
    """S04."""
    refusal = {"status": "Rejected", "statusInfo": {"reasonCode": "TxNotFound"}}

    with pytest.raises(StationRefused, match="Rejected, TxNotFound"):
        paper(SetChargingProfile=refusal).asks(lambda dialect: dialect.install(TX))


def test_offer_is_what_the_station_may_have() -> None:
    """S18."""
    way = constructions(Capabilities())[0]
    station = paper()
    station.asks(lambda dialect: dialect.offer(open_offer(way, MOMENT, 16.0, 3)))

    profile = station.last["chargingProfile"]
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", "T1")
    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 16
    assert "duration" not in profile["chargingSchedule"][0]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"profile_id": 8481}, {"chargingProfileId": 8481}),
        (
            {"purpose": Purpose.STATION_MAX, "level": 0},
            {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationMaxProfile", "stackLevel": 0}},
        ),
        ({}, {}),
    ],
)
def test_clearing_names_a_profile_or_what_is_meant(asked: dict[str, Any], sent: Payload) -> None:
    """S15: that nothing matched is a success."""
    station = paper(ClearChargingProfile={"status": "Unknown"})
    station.asks(lambda dialect: dialect.clear_profiles(**asked))

    assert station.last == sent


@pytest.mark.parametrize("schedule", [{}, {"chargingSchedulePeriod": "x"}, {"chargingRateUnit": "kW"}])
def test_composite_that_says_nothing_is_only_a_hint(schedule: Payload) -> None:
    """S14."""
    station = paper(GetCompositeSchedule={"status": "Accepted", "schedule": schedule})
    composite = station.asks(lambda dialect: dialect.composite_schedule(0, 600))

    assert (composite.unit, composite.periods) == (None, ())


def variables(values: dict[str, str]) -> Any:
    """Answers GetVariables from these, by `Component.Variable`."""

    def answer(asked: Payload) -> Payload:
        results = []
        for each in asked["getVariableData"]:
            value = values.get(f"{each['component']['name']}.{each['variable']['name']}")
            told = (
                {"attributeStatus": "UnknownVariable"}
                if value is None
                else {"attributeStatus": "Accepted", "attributeValue": value}
            )
            results.append({"component": each["component"], "variable": each["variable"], **told})
        return {"getVariableResult": results}

    return answer


SMART = {
    "SmartChargingCtrlr.ProfileStackLevel": "3",
    "SmartChargingCtrlr.RateUnit": "A,W",
    "SmartChargingCtrlr.PeriodsPerSchedule": "24",
    "SmartChargingCtrlr.Available": "true",
    "SampledDataCtrlr.TxUpdatedInterval": "60",
}


def test_neutral_settings_are_variables() -> None:
    """B07 for version 2."""
    station = PaperStation(subprotocol="ocpp2.0.1")
    station.replies["GetVariables"] = variables(SMART)
    keys = (
        "ChargeProfileMaxStackLevel",
        "ChargingScheduleAllowedChargingRateUnit",
        "ChargingScheduleMaxPeriods",
        "MeterValueSampleInterval",
        "SupportedFeatureProfiles",
        "MaxChargingProfilesInstalled",
    )
    told = station.asks(lambda dialect: dialect.get_configuration(keys))

    can = capabilities({key: setting.value for key, setting in told.known.items()})
    assert can == Capabilities(
        units=(RateUnit.AMPERE, RateUnit.WATT), max_stack_level=3, max_periods=24, smart_charging=True
    )
    assert told.unknown == {"MaxChargingProfilesInstalled"}


def report(request_id: int, part: int, *, tbc: bool, **about: Any) -> Payload:
    variable: dict[str, Any] = {
        "component": {"name": about.get("component", "SmartChargingCtrlr"), "evse": about.get("evse")},
        "variable": {"name": about.get("variable", "Enabled"), "instance": about.get("instance")},
        "variableAttribute": [
            {"value": about.get("value", "true"), "mutability": about.get("mutability", "ReadWrite")}
        ],
        "variableCharacteristics": {
            "dataType": "integer",
            "supportsMonitoring": False,
            "maxLimit": about.get("most", 1.0),
        },
    }
    for place in (variable["component"], variable["variable"]):
        for key in [key for key, value in place.items() if value is None]:
            del place[key]
    return {
        "requestId": request_id,
        "generatedAt": "2026-06-21T10:00:00Z",
        "seqNo": part,
        "tbc": tbc,
        "reportData": [variable],
    }


def test_report_in_parts_is_put_together_in_any_order() -> None:
    """B08."""
    station = PaperStation(subprotocol="ocpp2.0.1")

    def tell(asked: Payload) -> Payload:
        number = asked["requestId"]
        parts = [
            report(number, 2, tbc=False, component="EVSE", variable="Available", evse={"id": 2}),
            report(number, 0, tbc=True, variable="Entries", instance="ChargingProfiles", value="1", most=10.0),
            report(number, 1, tbc=True, component="EVSE", variable="Available", evse={"id": 1}, mutability="ReadOnly"),
        ]
        for each in parts:
            station.says("NotifyReport", each)
        return {"status": "Accepted"}

    station.replies["GetBaseReport"] = tell
    began_s = station.clock.monotonic_s()
    told = station.asks(lambda dialect: dialect.get_configuration(()))
    most = station.asks(lambda dialect: dialect.get_configuration(("MaxChargingProfilesInstalled",)))

    assert station.clock.monotonic_s() == began_s
    assert told.known["EVSE.Available#1"].readonly
    assert not told.known["EVSE.Available#2"].readonly
    assert most.known["MaxChargingProfilesInstalled"].value == "10"
    assert [action for action, _ in station.asked] == ["GetBaseReport"]


def test_report_that_does_not_end_is_used_as_far_as_it_came() -> None:
    """B08."""
    station = PaperStation(subprotocol="ocpp2.0.1")

    def tell(asked: Payload) -> Payload:
        station.says("NotifyReport", report(asked["requestId"], 1, tbc=True))
        return {"status": "Accepted"}

    station.replies["GetBaseReport"] = tell
    told = station.asks(lambda dialect: dialect.get_configuration(()))
    station.asks(lambda dialect: dialect.read_model())

    assert list(told.known) == ["SmartChargingCtrlr.Enabled"]
    assert station.versions._in_v201().book.model.evses == 1
    assert len(station.asked) == 1


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired", "Rejected", "UnknownVariable"])
def test_change_of_a_variable_tells_what_became_of_it(status: str) -> None:
    """B09."""
    station = PaperStation(subprotocol="ocpp2.0.1")
    station.replies["SetVariables"] = lambda asked: {
        "setVariableResult": [
            {"attributeStatus": status, **{key: asked["setVariableData"][0][key] for key in ("component", "variable")}}
        ]
    }
    outcome = station.asks(lambda dialect: dialect.change_setting("MeterValueSampleInterval", "10"))

    assert (outcome.answer, outcome.done) == (status, status in {"Accepted", "RebootRequired"})
    assert station.last["setVariableData"] == [
        {
            "attributeValue": "10",
            "component": {"name": "SampledDataCtrlr"},
            "variable": {"name": "TxUpdatedInterval"},
        }
    ]


def test_setting_without_a_variable_is_refused_here() -> None:
    station = paper()
    with pytest.raises(StationRefused, match="refused Nonsense"):
        station.asks(lambda dialect: dialect.change_configuration("Nonsense", "1"))
    assert station.asked == []


@pytest.mark.parametrize("key", [*NAMES, "OCPPCommCtrlr.RetryBackOffWaitMinimum", "A/b.C/d"])
def test_names_of_settings_go_both_ways(key: str) -> None:
    place = place_named(key)

    assert place is not None
    assert name_of(place) == key


@pytest.mark.parametrize(
    ("report_", "connector", "sent"),
    [
        (Report.BOOT, None, {"requestedMessage": "BootNotification"}),
        (Report.STATUS, 1, {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
        (Report.METER_VALUES, 1, {"requestedMessage": "MeterValues", "evse": {"id": 1}}),
        (Report.DIAGNOSTICS, None, {"requestedMessage": "LogStatusNotification"}),
    ],
)
def test_reports_are_asked_for(report_: Report, connector: int | None, sent: Payload) -> None:
    """F06."""
    station = paper()
    station.asks(lambda dialect: dialect.trigger(report_, connector))

    assert station.last == sent


def test_meter_values_of_a_session_are_asked_as_an_event_of_it() -> None:
    station = paper()
    begin(station)
    station.asks(lambda dialect: dialect.trigger(Report.METER_VALUES, 1))

    assert station.last == {"requestedMessage": "TransactionEvent", "evse": {"id": 1}}


def begin(station: PaperStation) -> None:
    station.says(
        "TransactionEvent",
        {
            "eventType": "Started",
            "timestamp": "2026-06-21T10:00:00Z",
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"},
            "evse": {"id": 1},
        },
    )


def test_sessions_are_begun_and_ended_from_here() -> None:
    """X02, X03, X04."""
    station = paper()
    station.asks(lambda dialect: dialect.remote_start("FUSEWISE", 1))
    station.asks(lambda dialect: dialect.remote_start("04A1B2C3", None))
    station.asks(lambda dialect: dialect.remote_stop("T1"))

    (_, first), (_, second), (_, stopped) = station.asked
    assert (first["idToken"], first["evseId"]) == ({"idToken": "FUSEWISE", "type": "Central"}, 1)
    assert second["idToken"]["type"] == "ISO14443"
    assert "evseId" not in second
    assert first["remoteStartId"] != second["remoteStartId"]
    assert stopped == {"transactionId": "T1"}


@pytest.mark.parametrize(("hard", "kind"), [(True, "Immediate"), (False, "OnIdle")])
def test_restart_now_or_when_idle(hard: bool, kind: str) -> None:
    """B12."""
    station = paper(Reset={"status": "Scheduled"})
    outcome = station.asks(lambda dialect: dialect.restart(hard=hard))

    assert (station.last, outcome.done, outcome.answer) == ({"type": kind}, True, "Scheduled")


@pytest.mark.parametrize("status", ["Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"])
def test_unlocking_ends_a_session_first(status: str) -> None:
    """F07."""
    station = paper(UnlockConnector={"status": status})
    begin(station)
    outcome = station.asks(lambda dialect: dialect.unlock(1))

    assert [action for action, _ in station.asked] == ["RequestStopTransaction", "UnlockConnector"]
    assert (outcome.done, outcome.answer) == (status == "Unlocked", status)


@BOTH
def test_services_are_asked_in_words_that_the_schema_knows(protocol: str) -> None:
    """B13, A05 to A07, F01 to F05."""
    station = paper(protocol, SendLocalList={"status": "VersionMismatch"}, GetLocalListVersion={"versionNumber": 3})
    tags = (ListedTag(tag="04A1B2C3", expires=NOW, parent="FAMILY"), ListedTag(tag="GONE", status=None))
    signed = SignedWith(certificate="PEM", signature="c2ln")
    order = FirmwareOrder(request_id=1, location="http://h/f.bin", fetch_at=NOW, signed=signed)

    async def everything(dialect: Any) -> tuple[ListAnswer, int]:
        await dialect.change_availability(0, operative=False)
        await dialect.clear_cache()
        await dialect.send_vendor_data("acme", None, "{}")
        await dialect.update_firmware(order)
        await dialect.send_log(LogOrder(request_id=2, location="http://h/up", since=NOW))
        await dialect.reserve(ReservationOrder(reservation_id=3, connector=1, tag="A", until=NOW, parent="FAMILY"))
        await dialect.cancel_reservation(3)
        return await dialect.send_local_list(
            ListOrder(version=4, whole=True, tags=tags)
        ), await dialect.local_list_version()

    assert station.asks(everything) == (ListAnswer.VERSION_MISMATCH, 3)
    assert station.asked[0][1] == {"operationalStatus": "Inoperative"}


def test_foreign_profiles_are_found_after_connecting(caplog: pytest.LogCaptureFixture) -> None:
    """S16."""
    station = PaperStation(subprotocol="ocpp2.0.1")

    def tell(asked: Payload) -> Payload:
        for profile_id, purpose in ((8480, "ChargingStationMaxProfile"), (77, "TxDefaultProfile")):
            schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32.0}]}
            profile = {
                "id": profile_id,
                "stackLevel": 5,
                "chargingProfilePurpose": purpose,
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [schedule],
            }
            told = {
                "requestId": asked["requestId"],
                "chargingLimitSource": "CSO",
                "evseId": 0,
                "chargingProfile": [profile],
            }
            station.says("ReportChargingProfiles", {**told, "tbc": profile_id == 8480})
        return {"status": "Accepted"}

    station.replies["GetChargingProfiles"] = tell
    station.asks(lambda dialect: dialect.read_profiles())

    book = station.versions._in_v201().book
    assert [each.profile_id for each in book.installed.held] == [8480, 77]
    assert [each.profile_id for each in book.installed.foreign] == [77]
    assert "not ours" in caplog.text
    assert station.heard.security.foreign == ["TxDefaultProfile 77"]


def test_queue_of_a_station_is_awaited() -> None:
    """X14."""
    station = PaperStation(subprotocol="ocpp2.0.1")
    waits = iter([True, True, False])
    station.replies["GetTransactionStatus"] = lambda _asked: {"messagesInQueue": next(waits)}
    began_s = station.clock.monotonic_s()
    station.asks(lambda dialect: dialect.catch_up())

    assert len(station.asked) == 3
    assert station.clock.monotonic_s() - began_s == pytest.approx(20.0)
    assert station.versions._in_v201().book.queue_waits is False


def test_station_that_tells_nothing_is_asked_and_left_alone() -> None:
    station = paper(GetChargingProfiles={"status": "NoProfiles"}, GetBaseReport={"status": "NotSupported"})
    station.asks(lambda dialect: dialect.prepare())

    assert [action for action, _ in station.asked] == ["GetBaseReport", "GetChargingProfiles"]


@BOTH
def test_what_somebody_wants_is_asked_in_words_that_the_schema_knows(protocol: str) -> None:
    """F10."""
    station = paper(
        protocol,
        SetVariableMonitoring={"setMonitoringResult": [{"status": "Accepted", "id": 5}]},
        ClearVariableMonitoring={"clearMonitoringResult": [{"status": "NotFound", "id": 5}]},
        ClearDisplayMessage={"status": "Unknown"},
        CostUpdated={},
    )
    wanted = MonitorOrder(variable="SmartChargingCtrlr.Enabled", kind=MonitorKind.CHANGE, value=1.0)

    async def everything(dialect: Any) -> list[bool]:
        outcomes = [
            await dialect.tell_cost("T1", 1.25),
            await dialect.monitor(wanted),
            await dialect.stop_monitors([5]),
            await dialect.monitor_base(MonitorBase.ALL),
            await dialect.monitor_level(5),
            await dialect.report_monitors(),
            await dialect.show(1, "Hello", transaction_id="T1"),
            await dialect.report_shown(),
            await dialect.show_no_more(1),
            await dialect.customer("04A1B2C3", report=True, clear=False),
        ]
        return [outcome.done for outcome in outcomes]

    assert station.asks(everything) == [True] * 10
    assert len(station.asked) == 10


def test_what_the_schema_forbids_is_refused_before_it_leaves() -> None:
    station = paper()

    with pytest.raises(StationRefused, match="cannot be asked that"):
        station.asks(lambda dialect: dialect.remote_stop("T" * 37))
    assert station.asked == []
