"""The home battery as the reason of a limit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.explain import explain
from ems.control.sun.battery_first import with_battery_named
from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.electrical import PerPhase
from ems.model.explanation_sentences import chain
from ems.model.goals import ChargeMode
from ems.model.readings import BatteryReading
from ems.model.sentences import sentence
from ems.model.site import Policy
from ems.model.snapshot import Snapshot
from tests.house import House
from tests.unit.control.scene import NOW_S, STATION, look, state

SURPLUS, BATTERY = LimitReason.SOLAR_SURPLUS, LimitReason.BATTERY_FIRST


@dataclass
class HouseWithBattery(House):
    """Its battery takes `charges_w` of the sun, evenly from all phases."""

    charges_w: float = 0.0

    def house_a(self, circuit_id: str = "main") -> PerPhase:
        each_a = self.charges_w / 3 / 230.0
        return super().house_a(circuit_id) + PerPhase(each_a, each_a, each_a)

    def snapshot(self) -> Snapshot:
        return replace(super().snapshot(), battery=BatteryReading(power_w=-self.charges_w, taken_at_s=self.now_s))


def named(limit_a: float, reason: Reason, power_w: float | None, share: float = 0.0) -> Reason:
    battery = None if power_w is None else BatteryReading(power_w=power_w, taken_at_s=NOW_S)
    seen = look([STATION], [state()], battery=battery, policy=Policy(battery_share=share))
    setpoint = Setpoint(station_id="a", limit_a=limit_a, phases=3, reason=reason)
    return with_battery_named({"a": setpoint}, seen)["a"].reason


def test_a_car_that_the_battery_leaves_too_little_to_start_is_told_so() -> None:
    house = HouseWithBattery(sun_w=5500, charges_w=3500.0).with_car("a").run(minutes=4)

    assert house.limit_a("a") == 0.0
    assert house.reason("a") is BATTERY
    assert sentence(house.setpoint("a").reason) == (
        "home battery goes first: it takes 3500 W, surplus 1309 W, 4140 W needed with this car"
    )
    assert any("home battery goes first" in line for line in chain(explain(house.snapshot(), house.memory, "a")))


def test_a_car_that_gets_what_the_battery_leaves_is_told_so() -> None:
    house = HouseWithBattery(sun_w=9000, charges_w=2000.0).with_car("a").run(minutes=4)

    assert 8.0 < house.limit_a("a") < 10.0
    assert house.reason("a") is BATTERY


def test_the_sun_is_the_reason_where_the_battery_could_not_help() -> None:
    house = HouseWithBattery(sun_w=2500, charges_w=1000.0).with_car("a").run(minutes=4)

    assert house.limit_a("a") == 0.0
    assert house.reason("a") is SURPLUS


def test_no_battery_is_blamed_for_a_fuse() -> None:
    house = HouseWithBattery(sun_w=9000, charges_w=2000.0).with_car("a", mode=ChargeMode.FAST).run(minutes=4)

    assert house.reason("a") is not BATTERY


@pytest.mark.parametrize(
    ("power_w", "share", "expected"),
    [
        (None, 0.0, SURPLUS),
        (3000.0, 0.0, SURPLUS),
        (-50.0, 0.0, SURPLUS),
        (-3000.0, 1.0, SURPLUS),
        (-3000.0, 0.5, BATTERY),
        (-3000.0, 0.0, BATTERY),
    ],
)
def test_only_sun_that_the_battery_takes_and_keeps_counts(
    power_w: float | None, share: float, expected: LimitReason
) -> None:
    assert named(8.0, Reason(code=SURPLUS, surplus_w=5000.0), power_w, share).code is expected


@pytest.mark.parametrize(
    ("surplus_w", "needed_w", "expected"),
    [(1000.0, 1380.0, BATTERY), (-500.0, 1380.0, BATTERY), (-2000.0, 1380.0, SURPLUS), (1500.0, 1380.0, SURPLUS)],
)
def test_a_car_that_is_off_must_have_enough_with_the_battery_and_too_little_without(
    surplus_w: float, needed_w: float, expected: LimitReason
) -> None:
    assert named(0.0, Reason(code=SURPLUS, surplus_w=surplus_w, needed_w=needed_w), -3000.0).code is expected


@given(
    code=st.sampled_from(list(LimitReason)),
    limit_a=st.sampled_from([0.0, 6.0, 16.0]),
    power_w=st.none() | st.floats(-10_000, 10_000),
    share=st.floats(0, 1),
    surplus_w=st.none() | st.floats(-5000, 10_000),
)
def test_only_the_reason_of_the_sun_is_ever_changed(
    code: LimitReason, limit_a: float, power_w: float | None, share: float, surplus_w: float | None
) -> None:
    before = Reason(code=code, surplus_w=surplus_w)
    after = named(limit_a, before, power_w, share)

    assert after == before or (code, after.code) == (SURPLUS, BATTERY)
