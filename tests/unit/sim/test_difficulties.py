"""Every difficult station by name: what a central system notices of it, and no more than that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ems.sim.charging_profiles import Answer
from ems.sim.wire.difficulties import DIFFICULTIES, VENDORS, UnknownDifficulty, difficult
from ems.sim.wire.station_box import Forget, StationBuild
from ems.sim.wire.version import Version
from tests.unit.sim.station_stand import Stand


def odd(*names: str, version: Version = Version.V16) -> Stand:
    """A stand with that station, charging for a while."""
    return Stand(version, judged=False, names=names)


def lease(stand: Stand, limit: float, *, connector: int = 1, unit: str = "A", **changes: Any) -> Any:
    schedule = {
        "chargingRateUnit": unit,
        "startSchedule": "2026-06-21T09:59:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    schedule = {key: value for key, value in {**schedule, **changes.pop("schedule", {})}.items() if value is not None}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **changes,
    }
    return stand.ask("SetChargingProfile", connectorId=connector, csChargingProfiles=profile)


def values(stand: Stand) -> list[dict[str, Any]]:
    return [sample for told in stand.heard("MeterValues") for sample in told["meterValue"][0]["sampledValue"]]


@pytest.mark.parametrize("name", DIFFICULTIES)
@pytest.mark.parametrize("version", Version)
def test_station_lives_and_charges_whatever_its_manners(name: str, version: Version) -> None:
    stand = odd(name, version=version)
    stand.run(20)
    stand.cut()
    stand.run(2)
    stand.connect()
    stand.run(10)

    waits = not stand.build.free_vending
    assert stand.drawn_a == (0 if waits else pytest.approx(9.7 if "stranger" in name else 15.7))


def test_unknown_name_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UnknownDifficulty, match="'coffee'; known are no_subprotocol, "):
        difficult(StationBuild(station_id="x", identity="x"), ["coffee"])


def test_names_add_up_and_later_ones_win() -> None:
    build = difficult(StationBuild(station_id="x", identity="x"), ["watts_only", "clock_fast", "clock_slow"])

    assert build.firmware.units == frozenset({"W"})
    assert build.difficulty.clock_off_s == -300


def test_docs_list_every_name() -> None:
    page = (Path(__file__).parents[3] / "docs" / "difficult-stations.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z0-9_]+)` \|", page, re.MULTILINE))

    assert set(DIFFICULTIES) <= listed


def test_vendors_say_who_they_are() -> None:
    assert all(trait.build.get("vendor") for trait in VENDORS.values())


@pytest.mark.parametrize("name", ["no_boot", "wallbox_6"])
def test_no_boot(name: str) -> None:
    """Q4, B04."""
    stand = odd(name)
    stand.run(10)

    assert not stand.heard("BootNotification")
    assert stand.heard("StatusNotification")


def test_no_status_until_it_is_asked() -> None:
    """Q5, B06."""
    stand = odd("no_status")
    stand.run(20)
    before = len(stand.heard("StatusNotification"))
    stand.ask("TriggerMessage", requestedMessage="StatusNotification")
    stand.talk()

    assert before == 0
    assert stand.heard("StatusNotification")[0]["status"] == "Charging"


@pytest.mark.parametrize(
    ("name", "number"),
    [("transaction_zero", 0), ("transaction_minus_one", -1), ("transaction_huge", 2**63 - 1), ("en_plus", 4711)],
)
def test_transaction_by_another_number(name: str, number: int) -> None:
    """Q9."""
    stand = odd(name)
    stand.run(30)

    assert {told["transactionId"] for told in stand.heard("MeterValues")} == {number}


def test_late_values_follow_the_stop() -> None:
    """Q10, X08."""
    stand = odd("late_values")
    stand.run(20)
    stand.ask("RemoteStopTransaction", transactionId=77)
    stand.run(1)

    actions = [action for action, _ in stand.told]
    assert actions.index("StopTransaction") < len(actions) - 1 - actions[::-1].index("MeterValues")
    assert stand.heard("MeterValues")[-1]["transactionId"] == 77


@pytest.mark.parametrize(("name", "stops"), [("boots_always", 1), ("forgets_sessions", 0)])
def test_reboot_with_and_without_a_stop(name: str, stops: int) -> None:
    """Q11, X10."""
    stand = odd(name)
    stand.run(20)
    stand.box.reboot(Forget.TRANSACTION_PROFILES, "PowerLoss")
    stand.cut()
    stand.tongue.power_lost()
    stand.run(10)
    stand.connect()
    stand.run(10)

    assert len(stand.heard("StopTransaction")) == stops
    assert len(stand.heard("StartTransaction")) == 2
    assert len(stand.heard("BootNotification")) == 2


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("no_zone", r"2026-06-21T10:00:\d\d"),
        ("short_zone", r"2026-06-21T12:00:\d\d\+02"),
        ("local_marked_z", r"2026-06-21T12:00:\d\dZ"),
        ("epoch", r"1970-01-01T00:00:\d\dZ"),
        ("clock_fast", r"2026-06-21T10:05:\d\dZ"),
        ("clock_slow", r"2026-06-21T09:55:\d\dZ"),
    ],
)
@pytest.mark.parametrize("version", Version)
def test_times(name: str, looks: str, version: Version) -> None:
    """Q14, B11."""
    stand = odd(name, version=version)
    stand.run(20)

    assert all(re.fullmatch(looks, told["timestamp"]) for told in stand.heard("StatusNotification"))


def test_fast_clock_counts_its_schedules_too() -> None:
    """S24."""
    stand = odd("clock_fast")
    stand.run(5)
    lease(stand, 8.0, schedule={"startSchedule": "2026-06-21T10:04:00Z"})
    stand.run(1)

    assert stand.box.limit.limit_a == 8


@pytest.mark.parametrize(
    ("name", "phases"),
    [
        ("plain_phases", {"L1", "L2", "L3"}),
        ("phases_to_neutral", {"L1-N", "L2-N", "L3-N"}),
        ("only_neutral", {"N"}),
        ("no_phases", {None}),
    ],
)
def test_phases(name: str, phases: set[str | None]) -> None:
    """M01."""
    stand = odd(name)
    stand.run(20)

    assert {sample.get("phase") for sample in values(stand) if sample["measurand"] == "Current.Import"} == phases


def test_units_and_words_that_nobody_expects() -> None:
    """Q17, M02."""
    kilo, strange = odd("kilo_units"), odd("odd_words")
    for stand in (kilo, strange):
        stand.run(20)

    assert {"kW", "kWh"} <= {sample["unit"] for sample in values(kilo)}
    assert "Hz" in {sample["unit"] for sample in values(strange)}
    assert strange.heard("StatusNotification")[0]["errorCode"] == "Error"


def test_values_that_are_missing_in_one_way_or_another() -> None:
    """M03, M05."""
    none, empty, idle, asked = odd("no_power"), odd("empty_values"), odd("energy_only_idle"), odd("values_when_asked")
    for stand in (none, empty, idle, asked):
        stand.world.unplug("one")
        stand.run(2)
        stand.ask("TriggerMessage", requestedMessage="MeterValues")
        stand.talk()

    assert "Power.Active.Import" not in {sample["measurand"] for sample in values(none)}
    assert [s["value"] for s in values(empty) if s["measurand"] == "Power.Active.Import"] == [""]
    assert {sample["measurand"] for sample in values(idle)} == {"Energy.Active.Import.Register"}
    asked.world.plug_in("one")
    asked.run(30)
    assert len(asked.heard("MeterValues")) == 1


def test_registers_that_cannot_be_trusted() -> None:
    """M04."""
    impossible, anew = odd("meter_start_max"), odd("session_register")
    for stand in (impossible, anew):
        stand.run(60)
        stand.ask("RemoteStopTransaction", transactionId=77)
        stand.world.unplug("one")
        stand.run(1)
        stand.world.plug_in("one")
        stand.run(20)

    assert {told["meterStart"] for told in impossible.heard("StartTransaction")} == {2**31 - 1}
    assert [told["meterStart"] for told in anew.heard("StartTransaction")] == [0, 0]
    assert anew.heard("StopTransaction")[0]["meterStop"] > 0


def test_tags_too_long_and_empty() -> None:
    """Q13, X15."""
    long, empty = odd("long_tag"), odd("empty_tag")
    for stand in (long, empty):
        stand.run(5)

    assert len(long.heard("StartTransaction")[0]["idTag"]) > 20
    assert empty.heard("StartTransaction")[0]["idTag"] == ""


def test_offer_that_never_changes_and_endless_chatter() -> None:
    stand = odd("en_plus")
    stand.run(10)
    stand.ask("ChangeConfiguration", key="MeterValuesSampledData", value="Current.Offered")
    lease(stand, 8.0)
    stand.run(20)

    assert {sample["value"] for sample in values(stand) if sample["measurand"] == "Current.Offered"} == {"32.0"}
    assert len(stand.heard("DataTransfer")) > 10


def test_keys_that_are_cut_hidden_or_misspelled() -> None:
    """Q18, B07."""
    short, hidden, lower = odd("short_pages"), odd("no_keys"), odd("lower_case_unit")
    unit = "ChargingScheduleAllowedChargingRateUnit"

    assert len(short.ask("GetConfiguration")["configurationKey"]) == 3
    assert hidden.ask("GetConfiguration", key=[unit])["unknownKey"] == [unit]
    assert lower.ask("GetConfiguration", key=[unit])["configurationKey"][0]["value"] == "power"


def test_questions_that_take_it_down() -> None:
    """Q18, Q19."""
    full, poison = odd("full_list_reboots"), odd("abb_terra")
    full.ask("GetConfiguration", key=["HeartbeatInterval"])
    assert full.tongue.reset_wanted() is None
    full.ask("GetConfiguration")
    assert full.tongue.reset_wanted() == "Reboot"
    change = {"key": "MeterValuesSampledData", "value": "SoC,Current.Import"}
    assert poison.ask("ChangeConfiguration", **change) == {"status": "Accepted"}
    poison.ask("GetConfiguration", key=["HeartbeatInterval"])
    assert poison.tongue.reset_wanted() == "Reboot"


def test_changes_refused_or_only_after_a_reset() -> None:
    change = {"key": "MeterValueSampleInterval", "value": "5"}
    firm, resets = odd("no_changes"), odd("mennekes")
    resets.run(5)

    assert firm.ask("ChangeConfiguration", **change) == {"status": "Rejected"}
    assert lease(resets, 8.0) == {"status": "Accepted"}
    assert resets.ask("ChangeConfiguration", **change) == {"status": "RebootRequired"}
    assert lease(resets, 9.0) == {"status": "Rejected"}
    resets.tongue.power_lost()
    assert lease(resets, 9.0) == {"status": "Accepted"}


def test_trigger_refused() -> None:
    assert odd("project_ev").ask("TriggerMessage", requestedMessage="Heartbeat") == {"status": "Rejected"}


@pytest.mark.parametrize("name", ["mute_on_absolute", "timxon"])
def test_absolute_profile_is_never_answered_and_a_relative_one_is(name: str) -> None:
    """S09."""
    stand = odd(name)
    stand.run(5)

    assert lease(stand, 8.0) is None
    relative: dict[str, Any] = {"chargingProfileKind": "Relative", "schedule": {"startSchedule": None}}
    assert lease(stand, 8.0, **relative) == {"status": "Accepted"}


def taken(connector: int = 1, unit: str = "A", **changes: Any) -> Callable[[Stand], Any]:
    return lambda stand: lease(stand, 8.0, connector=connector, unit=unit, **changes)["status"]


MAX: dict[str, Any] = {"chargingProfilePurpose": "ChargePointMaxProfile"}
TX: dict[str, Any] = {"chargingProfilePurpose": "TxProfile"}
PERIODS = [{"startPeriod": 0, "limit": 8.0}, {"startPeriod": 60, "limit": 6.0}]


@pytest.mark.parametrize(
    ("name", "refused", "accepted"),
    [
        ("watts_only", taken(), taken(unit="W")),
        ("stack_zero", taken(stackLevel=1), taken()),
        ("two_levels", taken(stackLevel=2), taken(stackLevel=1)),
        ("abb_terra", taken(stackLevel=3), taken(stackLevel=2)),
        ("one_period", taken(schedule={"chargingSchedulePeriod": PERIODS}), taken()),
        ("relative_only", taken(), taken(chargingProfileKind="Relative", schedule={"startSchedule": None})),
        ("default_only", taken(connector=0, **MAX), taken()),
        ("transaction_only", taken(), taken(**TX)),
        ("station_is_one", taken(connector=0, **MAX), taken(**MAX)),
        ("huawei", taken(), taken(unit="W")),
        ("homecharge", taken(stackLevel=1, unit="W"), taken(unit="W")),
    ],
)
def test_limits_that_it_refuses_and_takes(
    name: str, refused: Callable[[Stand], Any], accepted: Callable[[Stand], Any]
) -> None:
    """S04, S09."""
    stand = odd(name)
    stand.run(5)

    assert refused(stand) == "Rejected"
    assert accepted(stand) == "Accepted"


def test_limits_that_are_refused_all_unknown_or_ignored() -> None:
    """S04, S05."""
    refuses, none, ignores = odd("refuses"), odd("no_smart_charging"), odd("never_obeys")
    ignores.run(20)

    assert lease(refuses, 8.0) == {"status": "Rejected"}
    assert lease(none, 8.0) == {"status": "NotSupported"}
    assert lease(ignores, 8.0) == {"status": "Accepted"}
    ignores.run(10)
    assert ignores.drawn_a == pytest.approx(15.7)
    assert ignores.tongue.log.frames[-1].answer is Answer.ACCEPTED


@pytest.mark.parametrize(
    ("name", "limit", "offered"), [("whole_amps", 9.9, 9), ("stepped", 12.9, 10), ("stepped", 5, 0)]
)
def test_limits_are_rounded_down(name: str, limit: float, offered: float) -> None:
    """S11."""
    stand = odd(name)
    stand.run(5)
    lease(stand, limit)
    stand.run(1)

    assert stand.box.offer.limit_a == offered


def test_limit_is_gone_with_the_connection() -> None:
    """S07, S08."""
    stand = odd("go_e")
    stand.run(10)
    lease(stand, 8.0)
    stand.run(1)
    before_a = stand.box.limit.limit_a
    stand.cut()
    stand.run(1)

    assert (before_a, stand.box.limit.limit_a) == (8, 16)


def test_first_limit_after_zero_is_missed_and_the_second_one_holds() -> None:
    stand = odd("go_e")
    stand.run(10)
    lease(stand, 0.0)
    stand.run(1)
    assert lease(stand, 8.0) == {"status": "Accepted"}
    stand.run(1)
    missed_a = stand.box.limit.limit_a
    lease(stand, 8.0)
    stand.run(1)

    assert (missed_a, stand.box.limit.limit_a) == (0, 8)


def test_profile_before_a_transaction_is_accepted_and_void() -> None:
    stand = odd("go_e", "remote_start")
    stand.run(5)
    assert lease(stand, 8.0, **TX) == {"status": "Accepted"}
    stand.ask("RemoteStartTransaction", idTag="ME")
    stand.run(5)

    assert stand.box.limit.limit_a == 16


def test_zero_ends_the_transaction_until_the_car_was_replugged() -> None:
    stand = odd("huawei")
    stand.run(20)
    lease(stand, 0.0, unit="W")
    stand.run(5)
    lease(stand, 6900.0, unit="W")
    stand.run(10)
    assert len(stand.heard("StopTransaction")) == 1
    assert stand.box.session is None
    stand.world.unplug("one")
    stand.run(1)
    stand.world.plug_in("one")
    stand.run(5)

    assert stand.box.session is not None


def test_strangers_limit_can_be_replaced_at_its_level_and_not_at_a_lower_one() -> None:
    """S16, Q24."""
    low, high = odd("strangers_limit"), odd("strangers_high_limit")
    for stand in (low, high):
        stand.run(5)
        lease(stand, 16.0, connector=0, **MAX)
        stand.run(1)

    assert (low.box.limit.limit_a, high.box.limit.limit_a) == (16, 10)


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_201_station_that_refuses_everything(version: Version) -> None:
    stand = odd("foxess_201", version=version)
    stand.run(5)

    assert stand.limit(0, stand.profile((0, 8.0)))["status"] == "Rejected"
    assert replace(stand.build, version=version).vendor == "FoxESS"
