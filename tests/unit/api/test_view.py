"""What people see of a cycle: words, powers, the sentence above."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ems.api.view import build_state, seen_age_s
from ems.api.wire import BatteryMode, SiteCondition, StationStatus
from ems.model.battery import BatteryOrder, BatteryReason, BatteryStanding
from ems.model.electrical import PerPhase
from ems.model.goals import ChargeMode
from ems.model.readings import BatteryReading
from ems.model.station import ConnectorStatus, StationState
from tests.contract.test_golden import scene
from tests.live import LiveBench, WatchedHouse, session, sunny_house


def test_a_sunny_house_says_what_its_cars_do() -> None:
    state = LiveBench().run(240)

    assert state.condition is SiteCondition.OPTIMISING
    assert state.headline.key == "headline.sun_charging"
    assert state.headline.text.startswith("6.0 kW sun, ")


def test_powers_add_up() -> None:
    bench = LiveBench()
    powers = bench.run(240).powers

    assert powers.grid_w is not None
    assert powers.solar_w == 6000.0
    assert powers.charging_w is not None
    assert powers.charging_w > 1000.0
    assert powers.home_w == pytest.approx(690.0, abs=150.0)


def test_powers_are_unknown_rather_than_nothing_while_the_meter_is_silent() -> None:
    bench = LiveBench()
    bench.run(60)
    bench.house.meter_works = False

    state = bench.run(10)

    assert (state.powers.grid_w, state.powers.home_w, state.powers.surplus_w) == (None, None, None)
    assert state.condition is SiteCondition.FALLBACK
    assert state.headline.key == "headline.fallback"
    assert state.circuits[0].meter_age_s is not None


def test_a_silent_car_leaves_its_power_unknown() -> None:
    bench = LiveBench()
    bench.run(60)
    bench.house.offline.add("garage")

    state = bench.run(10)

    assert bench.station("garage").status is StationStatus.OFFLINE
    assert (bench.station("garage").power_w, state.powers.charging_w) == (None, None)


@pytest.mark.parametrize(
    ("power_w", "mode"),
    [
        (-800.0, BatteryMode.CHARGING),
        (-29.0, BatteryMode.IDLE),
        (0.0, BatteryMode.IDLE),
        (31.0, BatteryMode.DISCHARGING),
    ],
)
def test_a_battery_says_what_it_does(power_w: float, mode: BatteryMode) -> None:
    found = scene()
    battery = BatteryReading(power_w=power_w, taken_at_s=found.look.now_s, soc=0.5)

    state = build_state(replace(found, look=replace(found.look, battery=battery)))

    assert state.battery is not None
    assert state.battery.mode is mode


def test_an_order_that_the_battery_does_not_take_is_a_notice_and_its_time_and_size_are_told() -> None:
    found = scene()
    battery = BatteryReading(power_w=900.0, taken_at_s=found.look.now_s, soc=0.5)
    order = BatteryOrder(reason=BatteryReason.FAST_CAR, since_s=found.look.now_s - 40, discharge_at_most_w=0.0)
    refused = BatteryStanding(order=order, in_force=False, trouble="refused")
    look = replace(found.look, battery=battery, utc_s=1_750_000_000.0)

    state = build_state(replace(found, look=look, battery=refused, battery_kwh=10.0))
    calm = build_state(replace(found, look=look, battery=replace(refused, trouble=None)))
    sized = build_state(replace(found, look=replace(look, battery=replace(battery, capacity_kwh=7.5)), battery_kwh=10))

    assert [notice.code for notice in state.notices][-1:] == ["battery_refuses"]
    assert all(notice.code != "battery_refuses" for notice in calm.notices)
    assert state.battery is not None
    assert state.battery.orders is not None
    assert state.battery.orders.since == datetime.fromtimestamp(1_749_999_960, UTC)
    assert (state.battery.capacity_kwh, sized.battery and sized.battery.capacity_kwh) == (10.0, 7.5)


def test_a_silent_battery_keeps_its_energies_and_a_house_without_one_has_none() -> None:
    found = scene()
    silent = build_state(replace(found, look=replace(found.look, battery=None)))
    without = replace(found.look, battery=None, site=replace(found.look.site, has_battery=False))

    assert (silent.battery, silent.energies.battery_charged_kwh) == (None, 180.5)
    assert build_state(replace(found, look=without)).energies.battery_discharged_kwh is None


def test_an_empty_station_draws_nothing() -> None:
    bench = LiveBench()
    bench.run(20)
    bench.house.unplug("garage")
    bench.run(3)

    garage = bench.station("garage")

    assert (garage.status, garage.power_w, garage.plugged) == (StationStatus.UNPLUGGED, 0.0, False)


def test_a_car_without_sun_waits_for_it() -> None:
    bench = LiveBench(sunny_house(sun_w=0.0))

    state = bench.run(60)

    assert bench.station("garage").status is StationStatus.WAITING_SUN
    assert state.headline.key == "headline.waiting_sun"
    assert bench.station("garage").because.key == "reason.solar_surplus.short"


def test_a_car_that_a_fuse_holds_down_makes_the_house_protect() -> None:
    bench = LiveBench(sunny_house(sun_w=0.0))
    bench.live.set_mode("garage", ChargeMode.FAST, who="anna")
    bench.house.base_a = PerPhase(10.0, 12.0, 10.0)

    state = bench.run(240)

    assert state.condition is SiteCondition.PROTECTING
    assert state.headline.key == "headline.protecting"
    assert state.headline.numbers["phase"] == "L2"
    assert "main L2" in state.headline.text


def test_a_house_that_is_too_much_for_its_fuse_says_so() -> None:
    bench = LiveBench(sunny_house(sun_w=0.0))
    bench.house.base_a = PerPhase(30.0, 1.0, 1.0)

    state = bench.run(60)

    assert state.headline.key == "headline.overload"
    assert [notice.code for notice in state.notices] == ["house_overload"]
    assert state.notices[0].says.numbers["phase"] == "L1"


def test_a_house_without_a_stated_fuse_is_not_commissioned() -> None:
    house = WatchedHouse(sun_w=6000.0, commissioned=False)
    house.with_car("garage")

    state = LiveBench(house).run(30)

    assert (state.condition, state.headline.key) == (SiteCondition.NOT_COMMISSIONED, "headline.not_commissioned")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (ConnectorStatus.FAULTED, StationStatus.FAULT),
        (ConnectorStatus.UNAVAILABLE, StationStatus.FAULT),
        (ConnectorStatus.AVAILABLE, StationStatus.UNPLUGGED),
        (ConnectorStatus.SUSPENDED_EV, StationStatus.WAITING_CAR),
        (ConnectorStatus.FINISHING, StationStatus.FINISHED),
    ],
)
def test_words_for_stations(status: ConnectorStatus, word: StationStatus) -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who="anna")
    bench.house.cars["garage"].appetite_a = 0.0
    bench.house.states["garage"] = StationState(station_id="garage", status=status)
    bench.run(30)

    assert bench.station("garage").status is word


def test_a_car_that_took_energy_and_wants_no_more_is_done() -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who="anna")
    bench.run(60)
    bench.ledger.sessions["garage"] = session(20.0)
    bench.house.cars["garage"].appetite_a = 0.0
    bench.house.states["garage"] = StationState(
        station_id="garage", status=ConnectorStatus.SUSPENDED_EV, in_transaction=True
    )

    bench.run(200)

    assert bench.station("garage").status is StationStatus.FINISHED


def test_a_car_that_may_draw_starts_and_is_then_waited_for() -> None:
    bench = LiveBench()
    bench.live.set_mode("garage", ChargeMode.FAST, who="anna")
    bench.house.cars["garage"].appetite_a = 0.0
    starting = next(state for state in (bench.run(1) for _ in range(60)) if state.stations[0].limit_a > 0)
    bench.run(120)

    assert starting.stations[0].status is StationStatus.STARTING
    assert bench.station("garage").status is StationStatus.WAITING_CAR


def test_ages_are_whole_seconds_and_then_tens() -> None:
    assert [seen_age_s(age) for age in (0.4, 3.6, 59.4, 64.9, 66.0, 3604.0)] == [0.0, 4.0, 59.0, 60.0, 70.0, 3600.0]


def test_a_station_keeps_what_the_site_file_says_until_somebody_wishes() -> None:
    bench = LiveBench()
    bench.run(10)

    garage = bench.station("garage")

    assert (garage.mode, garage.priority, garage.vehicle) == (ChargeMode.SOLAR, 0, "family")
    assert (garage.min_a, garage.max_a, garage.user_max_a, garage.fallback_a) == (6.0, 16.0, None, 6.0)
