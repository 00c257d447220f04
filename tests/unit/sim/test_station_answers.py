"""A simulated station meets whatever a central system may send."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.sim.car import Car
from ems.sim.charging_profiles import Firmware
from ems.sim.day import SummerDay
from ems.sim.schedules import RateUnit
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult, Malformed, decode
from ems.sim.wire.station_box import StationBox, StationBuild
from ems.sim.wire.v16.answers import StationAnswers
from ems.sim.wire.v16.profile_json import profile_from
from ems.sim.wire.v16.reports import StationReports
from ems.sim.wire.v16.settings import Settings
from ems.sim.world import Place, World

TREE = CircuitTree((Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=tuple(Phase)),))
GOOD: Final[dict[str, Any]] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": "2026-06-21T09:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    },
}
ACTIONS = [
    "SetChargingProfile",
    "ClearChargingProfile",
    "GetCompositeSchedule",
    "GetConfiguration",
    "ChangeConfiguration",
    "TriggerMessage",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "Reset",
    "ChangeAvailability",
    "Nonsense",
]


def answers(firmware: Firmware | None = None) -> tuple[StationAnswers, StationBox]:
    clock = VirtualClock()
    place = Place(station_id="one", circuit_id="main", wiring=tuple(Phase), car=Car())
    world = World(circuits=TREE, day=SummerDay(), places=[place], start_s=clock.monotonic_s())
    build = StationBuild(station_id="one", identity="one", firmware=firmware or Firmware())
    box, settings_ = StationBox(build, world, clock), Settings(build)
    return StationAnswers(box, settings_, StationReports(box, settings_, clock), clock), box


def ask(desk: StationAnswers, action: str, payload: dict[str, Any]) -> CallResult | CallError:
    answer = desk.answer(Call(message_id="m", action=action, payload=payload))
    assert answer is not None
    return answer


WORDS = st.sampled_from([*GOOD, "connectorId", "csChargingProfiles", "chargingProfile", "key", "duration", "A", "Soft"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -1, 0, 1, 2**63])
JUNK = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(ACTIONS), st.dictionaries(WORDS, JUNK, max_size=5))
def test_no_request_takes_the_station_down(action: str, payload: dict[str, Any]) -> None:
    desk, box = answers()

    assert ask(desk, action, payload).message_id == "m"
    box.tick()


@given(st.sampled_from(list(GOOD)), JUNK)
@settings(max_examples=200)
def test_profile_with_one_odd_field_is_answered_and_the_station_lives(odd: str, value: Any) -> None:
    desk, box = answers()

    ask(desk, "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": {**GOOD, odd: value}})
    ask(desk, "GetCompositeSchedule", {"connectorId": 0, "duration": 600})
    box.tick()

    assert box.limit.limit_a <= 16


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("startSchedule", "yesterday"),
        ("startSchedule", "0001-01-01T00:00:00Z"),
        ("startSchedule", 5),
        ("chargingRateUnit", "kW"),
        ("chargingSchedulePeriod", {}),
        ("chargingSchedulePeriod", [{"startPeriod": "0", "limit": 1}]),
        ("chargingSchedulePeriod", [{"startPeriod": 0, "limit": "16"}]),
        ("chargingSchedulePeriod", [{"startPeriod": 0, "limit": 10**400}]),
    ],
)
def test_schedule_that_is_none_is_malformed(path: str, value: Any) -> None:
    schedule = {**GOOD["chargingSchedule"], path: value}

    with pytest.raises(Malformed):
        profile_from({**GOOD, "chargingSchedule": schedule})


def test_settings_show_what_the_firmware_can_do() -> None:
    desk, _ = answers(Firmware(units=frozenset({RateUnit.WATT}), max_periods=1, max_stack_level=0))
    answer = ask(desk, "GetConfiguration", {})

    assert isinstance(answer, CallResult)
    shown = {setting["key"]: setting.get("value") for setting in answer.payload["configurationKey"]}
    assert shown["ChargingScheduleAllowedChargingRateUnit"] == "Power"
    assert shown["ChargingScheduleMaxPeriods"] == "1"
    assert shown["ChargeProfileMaxStackLevel"] == "0"


def test_station_without_smart_charging_does_not_list_it() -> None:
    desk, _ = answers(Firmware(smart_charging=False))
    answer = ask(desk, "GetConfiguration", {"key": ["SupportedFeatureProfiles", "ChargeProfileMaxStackLevel"]})

    assert isinstance(answer, CallResult)
    assert answer.payload["configurationKey"][0]["value"] == "Core,RemoteTrigger"
    assert answer.payload["unknownKey"] == ["ChargeProfileMaxStackLevel"]


@pytest.mark.parametrize("value", ["soon", "-5", "99999999", ""])
def test_nonsense_interval_is_rejected(value: str) -> None:
    desk, _ = answers()
    answer = ask(desk, "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": value})

    assert isinstance(answer, CallResult)
    assert answer.payload == {"status": "Rejected"}


@given(st.text() | st.binary() | st.just("[" * 100_000))
def test_decoding_anything_gives_a_frame_or_says_malformed(raw: str | bytes) -> None:
    with pytest.raises(Malformed):
        decode(raw)
