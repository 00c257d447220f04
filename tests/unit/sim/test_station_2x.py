"""A simulated station of OCPP 2.0.1 and 2.1: what it tells, and what it answers; the schemas judge every word."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.sim.car import Car
from ems.sim.charging_profiles import Firmware
from ems.sim.schedules import RateUnit
from ems.sim.wire.difficulty import Difficulty
from ems.sim.wire.station_box import Forget
from ems.sim.wire.version import Version
from tests.unit.sim.station_stand import Stand
from tests.unit.sim.test_station_answers import JUNK, WORDS

BOTH = [Version.V201, Version.V21]
ACTIONS = [
    "SetChargingProfile",
    "ClearChargingProfile",
    "GetChargingProfiles",
    "GetCompositeSchedule",
    "GetVariables",
    "SetVariables",
    "GetBaseReport",
    "GetReport",
    "TriggerMessage",
    "RequestStartTransaction",
    "RequestStopTransaction",
    "GetTransactionStatus",
    "Reset",
    "ChangeAvailability",
    "UnlockConnector",
    "SendLocalList",
    "GetLocalListVersion",
    "UpdateDynamicSchedule",
    "Nonsense",
]


@pytest.mark.parametrize("version", BOTH)
def test_it_boots_tells_its_state_and_then_its_transaction(version: Version) -> None:
    stand = Stand(version)
    stand.run(60)

    actions = [action for action, _ in stand.told]
    assert actions[:3] == ["BootNotification", "StatusNotification", "TransactionEvent"]
    assert stand.told[0][1]["reason"] == "PowerUp"
    assert stand.heard("StatusNotification")[-1]["connectorStatus"] == "Occupied"
    assert stand.events()[:2] == [("Started", "CablePluggedIn"), ("Updated", "ChargingStateChanged")]
    assert ("Updated", "MeterValuePeriodic") in stand.events()


def test_sequence_numbers_of_a_transaction_have_no_gaps_and_its_end_says_why() -> None:
    stand = Stand()
    stand.run(60)
    running = stand.heard("TransactionEvent")[0]["transactionInfo"]["transactionId"]
    assert stand.ask("RequestStopTransaction", transactionId="another") == {
        "status": "Rejected",
        "statusInfo": {"reasonCode": "TxNotFound"},
    }
    assert stand.ask("RequestStopTransaction", transactionId=running) == {"status": "Accepted"}
    stand.run(5)

    events = stand.heard("TransactionEvent")
    assert [event["seqNo"] for event in events] == list(range(len(events)))
    assert events[-1]["eventType"] == "Ended"
    assert events[-1]["triggerReason"] == "RemoteStop"
    assert events[-1]["transactionInfo"]["stoppedReason"] == "Remote"
    assert events[-1]["meterValue"][0]["sampledValue"][0]["value"] > 0


def test_what_happened_offline_is_told_later_in_order_and_marked() -> None:
    """X05, X11."""
    stand = Stand()
    stand.run(30)
    told = len(stand.heard("TransactionEvent"))
    stand.cut()
    stand.run(30)
    stand.world.unplug("one")
    stand.run(5)
    assert len(stand.heard("TransactionEvent")) == told
    assert stand.ask("GetTransactionStatus") == {"messagesInQueue": True}
    stand.connect()
    stand.run(5)

    late = stand.heard("TransactionEvent")[told:]
    assert all(event["offline"] for event in late)
    assert late[-1]["eventType"] == "Ended"
    assert [event["timestamp"] for event in late] == sorted(event["timestamp"] for event in late)
    assert stand.ask("GetTransactionStatus") == {"messagesInQueue": False}


def test_event_that_is_never_answered_is_dropped_in_the_end() -> None:
    stand = Stand()
    stand.run(30)
    stand.world.unplug("one")
    stand.box.tick()
    stand.tongue.tick()

    attempts = [stand.tongue.next_call() for _ in range(50)]

    assert [call.action for call in attempts if call].count("TransactionEvent") == 5


def test_remote_start_carries_its_number_into_the_first_event() -> None:
    """X02."""
    stand = Stand(free_vending=False)
    stand.run(10)
    token = {"idToken": "ME", "type": "Central"}
    profile = stand.profile((0, 7.0), chargingProfilePurpose="TxProfile")
    answer = stand.ask("RequestStartTransaction", idToken=token, remoteStartId=9, evseId=1, chargingProfile=profile)
    stand.run(30)

    started = stand.heard("TransactionEvent")[0]
    assert answer["transactionId"] == started["transactionInfo"]["transactionId"]
    assert (started["triggerReason"], started["transactionInfo"]["remoteStartId"]) == ("RemoteStart", 9)
    assert started["idToken"] == token
    assert stand.box.limit.limit_a == 7


def test_remote_start_waits_for_the_car() -> None:
    stand = Stand(free_vending=False)
    stand.world.unplug("one")
    stand.run(2)
    token = {"idToken": "ME", "type": "Central"}
    assert stand.ask("RequestStartTransaction", idToken=token, remoteStartId=3) == {"status": "Accepted"}
    stand.world.plug_in("one")
    stand.run(5)

    assert stand.heard("TransactionEvent")[0]["transactionInfo"]["remoteStartId"] == 3


def test_token_that_is_refused_ends_the_transaction() -> None:
    stand = Stand()
    stand.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    stand.run(5)

    assert stand.heard("TransactionEvent")[-1]["transactionInfo"]["stoppedReason"] == "DeAuthorized"


@pytest.mark.parametrize("version", BOTH)
def test_lease_lowers_the_car_and_ends_by_itself(version: Version) -> None:
    stand = Stand(version)
    stand.run(30)
    assert stand.limit(0, stand.profile((0, 12.0), (60, 6.0))) == {"status": "Accepted"}
    stand.run(29)
    before_a = stand.drawn_a
    stand.run(10)

    assert before_a == pytest.approx(11.7)
    assert stand.drawn_a <= 6
    assert [(f.limit_a, f.accepted) for f in stand.tongue.log.frames] == [(12.0, True)]


def refusals() -> list[Any]:
    tx = {"chargingProfilePurpose": "TxProfile"}
    own = {"chargingProfilePurpose": "TxDefaultProfile"}
    return [
        pytest.param(3, {}, "UnknownEvse", id="FR28-no-such-evse"),
        pytest.param(1, {}, "InvalidProfile", id="station-limit-on-an-evse"),
        pytest.param(0, {"chargingProfileKind": "Relative"}, "InvalidProfile", id="FR38-relative-station-limit"),
        pytest.param(1, {**own, "chargingProfileKind": "Relative"}, "InvalidSchedule", id="FR41-relative-with-start"),
        pytest.param(0, {"schedule": {"startSchedule": None}}, "InvalidSchedule", id="FR40-absolute-without-start"),
        pytest.param(0, {"schedule": {"chargingRateUnit": "W"}}, "UnsupportedRateUnit", id="FR26-unit"),
        pytest.param(0, {"stackLevel": 99}, "InvalidStackLevel", id="stack-level"),
        pytest.param(0, {"transactionId": "x"}, "InvalidProfile", id="transaction-of-a-station-limit"),
        pytest.param(0, {**tx, "transactionId": "x"}, "InvalidProfile", id="FR16-tx-profile-on-evse-0"),
        pytest.param(1, tx, "MissingParam", id="tx-profile-without-transaction"),
        pytest.param(1, {**tx, "transactionId": "x"}, "TxNotFound", id="FR33-another-transaction"),
        pytest.param(0, {"validTo": "2020-01-01T00:00:00Z"}, "InvalidProfile", id="valid-in-the-past"),
        pytest.param(0, {"recurrencyKind": "Daily"}, "InvalidProfile", id="absolute-with-a-cycle"),
        pytest.param(
            0, {"chargingProfilePurpose": "ChargingStationExternalConstraints"}, "InvalidProfile", id="external"
        ),
    ]


@pytest.mark.parametrize(("evse_id", "changes", "reason"), refusals())
def test_strict_station_says_why_it_refuses(evse_id: int, changes: dict[str, Any], reason: str) -> None:
    """S10."""
    stand = Stand()
    stand.run(20)
    profile = stand.profile((0, 8.0), **changes)
    profile["chargingSchedule"] = [{k: v for k, v in profile["chargingSchedule"][0].items() if v is not None}]

    answer = stand.limit(evse_id, profile)

    assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": reason}}
    assert stand.box.limit.limit_a == 16
    assert stand.tongue.log.frames[-1].reason_code == reason


@pytest.mark.parametrize("steps", [((5, 8.0),), ((0, 8.0), (9, 7.0), (4, 6.0))])
def test_periods_that_do_not_begin_at_zero_and_rise_are_refused(steps: tuple[tuple[int, float], ...]) -> None:
    """K01.FR.31 and FR.35."""
    stand = Stand()
    assert stand.limit(0, stand.profile(*steps))["statusInfo"]["reasonCode"] == "InvalidSchedule"


def test_only_the_same_id_replaces_a_profile() -> None:
    """K01.FR.06."""
    stand = Stand()
    assert stand.limit(0, stand.profile((0, 8.0)))["status"] == "Accepted"
    assert stand.limit(0, stand.profile((0, 9.0), id=2))["statusInfo"]["reasonCode"] == "DuplicateProfile"
    assert stand.limit(0, stand.profile((0, 10.0)))["status"] == "Accepted"
    assert stand.limit(0, stand.profile((0, 9.0), id=2, stackLevel=0))["status"] == "Accepted"
    stand.run(5)

    assert stand.box.limit.limit_a == 10


def test_profile_of_the_transaction_replaces_the_default_and_goes_with_it() -> None:
    stand = Stand()
    stand.run(20)
    own = stand.heard("TransactionEvent")[0]["transactionInfo"]["transactionId"]
    default = {"chargingProfilePurpose": "TxDefaultProfile"}
    stand.limit(1, stand.profile((0, 8.0), **default))
    stand.limit(1, stand.profile((0, 12.0), id=2, chargingProfilePurpose="TxProfile", transactionId=own))
    stand.run(2)
    with_own_a = stand.box.limit.limit_a
    stand.ask("RequestStopTransaction", transactionId=own)
    stand.run(2)

    assert (with_own_a, stand.box.limit.limit_a) == (12, 8)


def test_profiles_are_read_back_one_by_one_and_cleared() -> None:
    stand = Stand()
    stand.run(2)
    stand.limit(0, stand.profile((0, 10.0)))
    stand.limit(0, stand.profile((0, 6.0), id=2, stackLevel=0, validFrom="2026-06-21T09:00:00Z"))
    assert stand.ask("GetChargingProfiles", requestId=7, chargingProfile={}) == {"status": "Accepted"}
    assert stand.ask("GetChargingProfiles", requestId=8, chargingProfile={"stackLevel": 5}) == {"status": "NoProfiles"}
    stand.run(1)

    parts = stand.heard("ReportChargingProfiles")
    assert [(part["requestId"], part["tbc"]) for part in parts] == [(7, True), (7, False)]
    assert [part["chargingProfile"][0]["id"] for part in parts] == [1, 2]
    assert stand.ask("ClearChargingProfile", chargingProfileId=2) == {"status": "Accepted"}
    assert stand.ask("ClearChargingProfile", chargingProfileCriteria={"stackLevel": 0}) == {"status": "Unknown"}


def test_composite_schedule_shows_the_lowest_of_all_limits() -> None:
    stand = Stand(firmware=Firmware(units=frozenset(RateUnit)))
    stand.run(20)
    stand.limit(0, stand.profile((0, 10.0), (90, 6.0)))
    answer = stand.ask("GetCompositeSchedule", evseId=1, duration=300, chargingRateUnit="W")

    assert answer["status"] == "Accepted"
    assert [(p["startPeriod"], p["limit"]) for p in answer["schedule"]["chargingSchedulePeriod"]] == [
        (0, 6900),
        (60, 4140),
    ]


def test_inventory_comes_in_parts_and_says_what_the_station_can_do() -> None:
    """B08."""
    stand = Stand(firmware=Firmware(max_periods=3, max_stack_level=2))
    stand.run(1)
    assert stand.ask("GetBaseReport", requestId=4, reportBase="FullInventory") == {"status": "Accepted"}
    stand.run(1)

    parts = stand.heard("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    rows = {
        (row["component"]["name"], row["variable"]["name"]): row["variableAttribute"][0].get("value")
        for part in parts
        for row in part["reportData"]
    }
    assert rows["SmartChargingCtrlr", "PeriodsPerSchedule"] == "3"
    assert rows["SmartChargingCtrlr", "ProfileStackLevel"] == "2"
    assert rows["SmartChargingCtrlr", "RateUnit"] == "A"
    assert rows["SecurityCtrlr", "BasicAuthPassword"] is None


def asked(component: str, variable: str, **more: Any) -> dict[str, Any]:
    return {"component": {"name": component}, "variable": {"name": variable}, **more}


def test_variables_are_read_and_set_by_name() -> None:
    """B09."""
    stand = Stand()
    wanted = [
        asked("sampleddatactrlr", "TXUPDATEDINTERVAL"),
        asked("SampledDataCtrlr", "Nonsense"),
        asked("Nonsense", "X"),
        asked("SecurityCtrlr", "BasicAuthPassword"),
        asked("ClockCtrlr", "DateTime", attributeType="Target"),
    ]
    results = stand.ask("GetVariables", getVariableData=wanted)["getVariableResult"]
    changes = [
        asked("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="2"),
        asked("SampledDataCtrlr", "TxUpdatedMeasurands", attributeValue="Coffee"),
        asked("ChargingStation", "Model", attributeValue="Other"),
        asked("SecurityCtrlr", "BasicAuthPassword", attributeValue="0123456789abcdef"),
    ]
    changed = stand.ask("SetVariables", setVariableData=changes)["setVariableResult"]

    assert [(r["attributeStatus"], r.get("attributeValue")) for r in results] == [
        ("Accepted", "10"),
        ("UnknownVariable", None),
        ("UnknownComponent", None),
        ("Rejected", None),
        ("NotSupportedAttributeType", None),
    ]
    assert [r["attributeStatus"] for r in changed] == ["Accepted", "Rejected", "Rejected", "Accepted"]
    assert stand.tongue.credentials == "0123456789abcdef"


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        ("BootNotification", "BootNotification"),
        ("Heartbeat", "Heartbeat"),
        ("StatusNotification", "StatusNotification"),
        ("MeterValues", "MeterValues"),
        ("TransactionEvent", "TransactionEvent"),
    ],
)
def test_triggered_message_follows(wanted: str, heard: str) -> None:
    """F06."""
    stand = Stand()
    stand.run(30)
    before = len(stand.heard(heard))
    assert stand.ask("TriggerMessage", requestedMessage=wanted) == {"status": "Accepted"}
    stand.talk()

    assert len(stand.heard(heard)) == before + 1


def test_reset_on_idle_waits_for_the_end_of_the_transaction() -> None:
    """B12."""
    stand = Stand()
    stand.run(30)
    assert stand.ask("Reset", type="OnIdle") == {"status": "Scheduled"}
    assert stand.tongue.reset_wanted() is None
    stand.world.unplug("one")
    stand.run(2)

    assert stand.tongue.reset_wanted() == "ImmediateReset"


def test_reboot_keeps_station_limits_and_says_why_it_boots() -> None:
    """X10."""
    stand = Stand()
    stand.run(30)
    stand.limit(0, stand.profile((0, 8.0)))
    assert stand.ask("Reset", type="Immediate") == {"status": "Accepted"}
    reason = stand.tongue.reset_wanted()
    assert reason is not None
    stand.box.reboot(Forget.TRANSACTION_PROFILES, reason)
    stand.cut()
    stand.tongue.power_lost()
    stand.run(10)
    stand.connect()
    stand.run(30)

    assert stand.heard("BootNotification")[-1]["reason"] == "RemoteReset"
    ended = [event for event in stand.heard("TransactionEvent") if event["eventType"] == "Ended"]
    assert [event["transactionInfo"]["stoppedReason"] for event in ended] == ["ImmediateReset"]
    assert stand.box.limit.limit_a == 8


def test_cap_of_a_third_party_is_told_and_taken_back() -> None:
    """S17."""
    stand = Stand()
    stand.run(30)
    stand.box.outside_a = 10.0
    stand.run(10)
    capped_a = stand.drawn_a
    stand.box.outside_a = None
    stand.run(1)

    assert capped_a == pytest.approx(9.7)
    told = stand.heard("NotifyChargingLimit")[0]
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10.0}]
    assert stand.heard("ClearedChargingLimit") == [{"chargingLimitSource": "SO"}]
    assert ("Updated", "ChargingRateChanged") in stand.events()


def test_two_connectors_share_the_limit_of_their_station() -> None:
    stand = Stand(firmware=Firmware(connectors=2), further_places=("two",))
    stand.run(30)
    stand.limit(0, stand.profile((0, 20.0)))
    stand.run(15)

    assert {event["evse"]["id"] for event in stand.heard("TransactionEvent")} == {1, 2}
    assert [outlet.limit.limit_a for outlet in stand.box.outlets] == [10, 10]
    assert max(stand.world.car("two").current_a) == pytest.approx(9.7)


class Test21:
    def dynamic(self, stand: Stand, limit: float, **changes: Any) -> dict[str, Any]:
        return stand.profile((0, limit), chargingProfileKind="Dynamic", **changes)

    def test_dynamic_profile_follows_every_update(self) -> None:
        """S19."""
        stand = Stand(Version.V21)
        stand.run(30)
        stand.limit(0, self.dynamic(stand, 12.0))
        stand.run(10)
        before_a = stand.drawn_a
        answer = stand.ask("UpdateDynamicSchedule", chargingProfileId=1, scheduleUpdate={"limit": 8.0})
        unknown = stand.ask("UpdateDynamicSchedule", chargingProfileId=5, scheduleUpdate={"limit": 8.0})
        stand.run(10)

        assert before_a == pytest.approx(11.7)
        assert stand.drawn_a == pytest.approx(7.7)
        assert answer == {"status": "Accepted"}
        assert unknown["status"] == "Rejected"
        assert [frame.limit_a for frame in stand.tongue.log.frames] == [12.0, 8.0, None]

    def test_station_asks_for_the_newest_limit_as_often_as_the_profile_says(self) -> None:
        """S19."""
        stand = Stand(Version.V21)
        stand.answers["PullDynamicScheduleUpdate"] = {"status": "Accepted", "scheduleUpdate": {"limit": 7.0}}
        stand.run(30)
        stand.limit(0, self.dynamic(stand, 12.0, dynUpdateInterval=10))
        stand.run(31)

        assert len(stand.heard("PullDynamicScheduleUpdate")) == 3
        assert stand.box.limit.limit_a == 7

    def test_limit_lapses_so_long_after_the_connection_was_lost_and_comes_back_with_it(self) -> None:
        stand = Stand(Version.V21)
        stand.run(30)
        stand.limit(0, stand.profile((0, 6.0), id=2, stackLevel=0))
        stand.limit(0, self.dynamic(stand, 12.0, maxOfflineDuration=20))
        stand.run(10)
        stand.cut()
        stand.run(18)
        still_a = stand.box.limit.limit_a
        stand.run(3)
        lapsed_a = stand.box.limit.limit_a
        stand.connect()
        stand.run(1)

        assert (still_a, lapsed_a, stand.box.limit.limit_a) == (12, 6, 12)

    def test_limit_that_ends_offline_does_not_come_back(self) -> None:
        stand = Stand(Version.V21)
        stand.run(30)
        stand.limit(0, stand.profile((0, 6.0), id=2, stackLevel=0))
        stand.limit(0, self.dynamic(stand, 12.0, maxOfflineDuration=5, invalidAfterOfflineDuration=True))
        stand.cut()
        stand.run(10)
        stand.connect()
        stand.run(1)

        assert stand.box.limit.limit_a == 6

    def test_limits_per_phase_count_by_the_lowest(self) -> None:
        stand = Stand(Version.V21)
        stand.run(30)
        period = {"startPeriod": 0, "limit": 12.0, "limit_L2": 9.0, "limit_L3": 16.0}
        stand.limit(0, stand.profile((0, 0.0), schedule={"chargingSchedulePeriod": [period]}))
        stand.run(1)

        assert stand.box.limit.limit_a == 9

    def test_21_fields_are_no_words_of_201(self) -> None:
        stand = Stand(Version.V201)
        profile = stand.profile((0, 6.0), maxOfflineDuration=5)

        assert stand.ask_anything("SetChargingProfile", {"evseId": 0, "chargingProfile": profile}) == "FormatViolation"
        assert stand.ask_anything("UpdateDynamicSchedule", {"chargingProfileId": 1}) == "NotImplemented"


def test_station_without_smart_charging_answers_with_an_error() -> None:
    stand = Stand(firmware=Firmware(smart_charging=False))
    assert stand.limit(0, stand.profile((0, 6.0))) == "NotSupported"


@given(
    st.sampled_from(BOTH),
    st.sampled_from(ACTIONS),
    st.dictionaries(
        WORDS | st.sampled_from(["evseId", "chargingProfile", "requestId", "evse", "id"]), JUNK, max_size=5
    ),
)
@settings(max_examples=60)
def test_no_request_takes_the_station_down(version: Version, action: str, payload: dict[str, Any]) -> None:
    stand = Stand(version)

    stand.ask_anything(action, payload)
    stand.run(0.5)


def test_car_that_is_full_is_told_as_suspended_by_the_car() -> None:
    stand = Stand()
    stand.world.unplug("one")
    stand.world.plug_in("one", soc=1.0)
    stand.run(20)

    assert stand.heard("TransactionEvent")[-1]["transactionInfo"]["chargingState"] == "SuspendedEV"
    assert Car().max_a == 16


def test_shuffled_and_shortened_inventory() -> None:
    """B08: a station that loses the end, and one that mixes the parts."""
    lost = Stand(difficulty=Difficulty(loses_report_end=True))
    mixed = Stand(difficulty=Difficulty(shuffles_reports=True))
    for stand in (lost, mixed):
        stand.run(1)
        stand.ask("GetBaseReport", requestId=4, reportBase="ConfigurationInventory")
        stand.run(1)

    assert all(part["tbc"] for part in lost.heard("NotifyReport"))
    order = [part["seqNo"] for part in mixed.heard("NotifyReport")]
    assert order != sorted(order)
    assert sorted(order) == list(range(len(order)))
