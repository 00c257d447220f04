"""The accounting of energy: every Wh counted once, nothing runs backwards, a restart goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ems.model.battery import BatteryOrder, BatteryReason, BatteryStanding
from ems.model.decision import Escalation, LimitReason, Reason, Setpoint
from ems.model.electrical import Phase
from ems.model.tariff import Tariff
from ems.runtime.ledger import Ledger
from ems.runtime.terms import Terms
from ems.store.entries import EventEntry, LedgerState
from tests.unit.runtime.yard import Yard, energy

BERLIN = ZoneInfo("Europe/Berlin")


def test_an_hour_of_known_powers_is_counted_to_the_wh() -> None:
    yard = Yard(grid_w=-1000.0, solar_w=6000.0, cars_w={"garage": 3000.0}, plugged={"garage"})
    yard.look()
    yard.run(minutes=60)
    counters = yard.ledger.counters

    assert counters.grid_export_kwh == pytest.approx(1.0)
    assert counters.grid_import_kwh == 0.0
    assert counters.solar_kwh == pytest.approx(6.0)
    assert counters.home_kwh == pytest.approx(2.0)
    assert counters.charging_kwh == pytest.approx(3.0)
    assert counters.charging_solar_kwh == pytest.approx(3.0)
    assert yard.ledger.station_kwh("garage") == pytest.approx(3.0)


def test_minutes_add_up_to_the_counters() -> None:
    yard = Yard(grid_w=2000.0, solar_w=1500.0, cars_w={"garage": 3000.0}, plugged={"garage"})
    yard.look()
    yard.run(minutes=7.5)
    yard.ledger.close()

    assert len(yard.minutes) == 8
    assert yard.kwh_in_minutes("grid_import_wh") == pytest.approx(yard.ledger.counters.grid_import_kwh)
    assert yard.kwh_in_minutes("charging_wh") == pytest.approx(yard.ledger.counters.charging_kwh)
    assert yard.minutes[3].flows.stations_wh == {"garage": pytest.approx(50.0)}


def test_solar_energy_is_what_the_sun_leaves_and_shared_in_proportion() -> None:
    # 5 kW of sun less 500 W of house, 9 kW of cars: half of what each draws comes from the sun.
    yard = Yard(
        stations=("garage", "carport"),
        grid_w=4500.0,
        solar_w=5000.0,
        cars_w={"garage": 6000.0, "carport": 3000.0},
        plugged={"garage", "carport"},
    )
    yard.look()
    yard.run(minutes=60)
    garage, carport = yard.ledger.stay("garage"), yard.ledger.stay("carport")

    assert garage is not None
    assert carport is not None
    assert [garage.energy_kwh, garage.solar_kwh] == pytest.approx([6.0, 3.0])
    assert [carport.energy_kwh, carport.solar_kwh] == pytest.approx([3.0, 1.5])


def test_battery_that_discharges_is_no_sun() -> None:
    yard = Yard(grid_w=0.0, solar_w=1000.0, battery_w=2500.0, has_battery=True, cars_w={"garage": 3000.0})
    yard.look()
    yard.run(minutes=60)

    assert yard.ledger.counters.battery_discharge_kwh == pytest.approx(2.5)
    assert yard.ledger.counters.charging_solar_kwh == pytest.approx(0.5)


def test_at_night_stale_reports_of_cars_make_no_sun() -> None:
    yard = Yard(grid_w=500.0, solar_w=-4.0, cars_w={"garage": 3000.0}, plugged={"garage"})
    yard.look()
    yard.run(minutes=2)

    assert yard.ledger.counters.charging_solar_kwh == 0.0
    assert yard.ledger.counters.solar_kwh == 0.0


def test_session_costs_grid_at_its_price_and_sun_at_the_lost_feed_in() -> None:
    tariff = Tariff(import_per_kwh=0.30, feed_in_per_kwh=0.08, currency="EUR")
    yard = Yard(tariff=tariff, grid_w=2000.0, solar_w=1000.0, cars_w={"garage": 3000.0})
    yard.look()
    yard.plugged.add("garage")
    yard.look()
    yard.run(minutes=60)
    yard.plugged.clear()
    yard.look()
    [session] = yard.sessions

    assert [session.energy_kwh, session.solar_kwh] == pytest.approx([3.0, 1.0])
    assert session.cost == pytest.approx(2.0 * 0.30 + 1.0 * 0.08)
    assert (session.currency, session.vehicle, session.reason) == ("EUR", "family", "EVDisconnected")
    assert session.ended_utc_s == yard.utc_s
    assert yard.ledger.stay("garage") is None


def test_stations_register_has_the_last_word_over_its_power() -> None:
    yard = Yard(cars_w={"garage": 3600.0}, registers_kwh={"garage": 1234.0}, plugged={"garage"})
    yard.look()
    for _ in range(360):
        yard.run(seconds=10)
        yard.registers_kwh["garage"] += 0.009
        yard.look()
    yard.cars_w["garage"] = 0.0
    yard.run(seconds=1)
    yard.plugged.clear()
    yard.look()

    assert energy(yard.sessions) == [3.24]


def test_report_that_came_late_is_taken_back_from_the_session_not_from_the_counter() -> None:
    yard = Yard(cars_w={"garage": 11_000.0}, registers_kwh={"garage": 50.0}, plugged={"garage"})
    yard.look()
    for _ in range(10):
        yard.run(seconds=3)
        yard.registers_kwh["garage"] += 0.009
    yard.look()
    before_kwh = yard.ledger.station_kwh("garage")
    yard.cars_w["garage"] = 0.0
    yard.run(seconds=30)
    stay = yard.ledger.stay("garage")

    assert stay is not None
    assert stay.energy_kwh == pytest.approx(0.090, abs=0.001)
    assert yard.ledger.station_kwh("garage") >= before_kwh


def test_register_that_starts_at_zero_with_every_session_is_understood() -> None:
    yard = Yard(cars_w={"garage": 3600.0}, registers_kwh={"garage": 7.5}, plugged={"garage"})
    yard.look()
    yard.registers_kwh["garage"] = 0.0
    yard.look()
    for _ in range(100):
        yard.run(seconds=10)
        yard.registers_kwh["garage"] += 0.010
        yard.look()
    stay = yard.ledger.stay("garage")

    assert stay is not None
    assert stay.energy_kwh == pytest.approx(1.0, abs=0.0011)


def test_register_that_never_moves_is_no_register() -> None:
    yard = Yard(cars_w={"garage": 11_000.0}, registers_kwh={"garage": 0.0}, plugged={"garage"})
    yard.look()
    yard.run(minutes=60)
    yard.cars_w["garage"] = 0.0
    yard.run(minutes=1)
    stay = yard.ledger.stay("garage")

    assert stay is not None
    assert stay.energy_kwh == pytest.approx(11.0)


def test_new_station_with_another_register_counts_on() -> None:
    yard = Yard(cars_w={"garage": 3600.0}, registers_kwh={"garage": 5000.0}, plugged={"garage"})
    yard.look()
    yard.run(minutes=10)
    before_kwh = yard.ledger.station_kwh("garage")
    yard.registers_kwh["garage"] = 90_000.0
    yard.run(minutes=10)

    assert yard.ledger.station_kwh("garage") == pytest.approx(before_kwh + 0.6, abs=0.01)


def test_session_lives_on_over_a_restart_with_what_its_register_counted_meanwhile() -> None:
    yard = Yard(grid_w=3600.0, cars_w={"garage": 3600.0}, registers_kwh={"garage": 100.0}, plugged={"garage"})
    yard.look()
    for _ in range(60):
        yard.run(seconds=10)
        yard.registers_kwh["garage"] += 0.010
        yard.look()
    first = yard.ledger.stay("garage")
    counted_kwh = yard.ledger.counters.charging_kwh
    yard.registers_kwh["garage"] += 0.6
    yard.restart(after_s=600, new_machine_time=True)
    yard.look()
    second = yard.ledger.stay("garage")

    assert first is not None
    assert second is not None
    assert second.session_id == first.session_id
    assert second.energy_kwh == pytest.approx(1.2, abs=0.001)
    assert yard.ledger.counters.charging_kwh == pytest.approx(counted_kwh + 0.6, abs=0.011)
    yard.ledger.close()
    assert max(step.flows.charging_wh or 0.0 for step in yard.minutes) < 70.0


def test_power_cut_loses_the_last_minute_at_most() -> None:
    yard = Yard(grid_w=6000.0)
    yard.look()
    yard.run(minutes=10.9)
    before_kwh = yard.ledger.counters.grid_import_kwh
    yard.restart(after_s=5)

    assert before_kwh - 0.1 <= yard.ledger.counters.grid_import_kwh <= before_kwh


def test_clean_end_loses_nothing_and_the_minute_goes_on() -> None:
    yard = Yard(grid_w=6000.0)
    yard.look()
    yard.run(seconds=90)
    yard.ledger.close()
    yard.restart()
    yard.look()
    yard.run(seconds=30)
    yard.ledger.close()

    assert yard.ledger.counters.grid_import_kwh == pytest.approx(0.2)
    assert [round(step.flows.grid_import_wh or 0.0, 6) for step in yard.minutes] == [100.0, 100.0, 0.0]


def test_meters_counters_tell_what_flowed_while_the_service_was_down() -> None:
    yard = Yard(grid_w=2000.0, import_kwh=10_000.0, export_kwh=500.0)
    yard.look()
    yard.run(minutes=5)
    yard.ledger.close()
    before = yard.ledger.counters
    yard.import_kwh, yard.export_kwh = 10_002.5, 501.0
    yard.restart(after_s=3600)
    yard.look()

    assert yard.ledger.counters.grid_import_kwh == pytest.approx(before.grid_import_kwh + 2.5)
    assert yard.ledger.counters.grid_export_kwh == pytest.approx(before.grid_export_kwh + 1.0)


@pytest.mark.parametrize("new_kwh", [3.0, 99_000.0])
def test_meter_that_was_replaced_changes_no_counter(new_kwh: float) -> None:
    yard = Yard(grid_w=2000.0, import_kwh=10_000.0)
    yard.look()
    yard.run(minutes=5)
    yard.ledger.close()
    before = yard.ledger.counters
    yard.import_kwh = new_kwh
    yard.restart(after_s=3600)
    yard.look()

    assert yard.ledger.counters.grid_import_kwh == before.grid_import_kwh


def test_a_slow_meter_stands_for_the_present_until_its_next_sample() -> None:
    slow = Yard(grid_w=1200.0, meter_period_s=30.0)
    slow.look()
    for _ in range(4):
        slow.grid_w = None
        slow.run(seconds=29)
        slow.grid_w = 1200.0
        slow.run(seconds=1)

    assert slow.ledger.counters.grid_import_kwh == pytest.approx(0.04)


def test_silent_meter_makes_nothing_up_and_its_counter_fills_the_gap() -> None:
    yard = Yard(grid_w=6000.0, import_kwh=100.0)
    yard.look()
    yard.run(minutes=1)
    yard.grid_w = None
    yard.run(minutes=10)
    silent_kwh = yard.ledger.counters.grid_import_kwh
    yard.grid_w, yard.import_kwh = 6000.0, 101.0
    yard.look()

    # The last sample stands for the present for ten seconds.
    assert silent_kwh == pytest.approx(0.1 + 6.0 * 10 / 3600)
    assert yard.ledger.counters.grid_import_kwh == pytest.approx(1.1)
    assert yard.minutes[5].flows.grid_import_wh is None


def test_station_that_is_silent_keeps_its_session() -> None:
    yard = Yard(cars_w={"garage": 3000.0}, plugged={"garage"})
    yard.look()
    yard.offline.add("garage")
    yard.plugged.clear()
    yard.run(minutes=30)

    assert yard.ledger.stay("garage") is not None
    assert yard.ledger.powers.charging_w is None


def test_today_begins_at_midnight_of_the_house() -> None:
    before_midnight = datetime(2026, 6, 21, 23, 30, tzinfo=BERLIN).timestamp()
    yard = Yard(zone=BERLIN, utc_s=before_midnight, grid_w=3000.0, cars_w={"garage": 3000.0})
    yard.look()
    yard.run(minutes=29)
    assert yard.ledger.today.charging_wh == pytest.approx(1450.0)
    yard.run(minutes=61)

    assert yard.ledger.today.charging_wh == pytest.approx(3000.0, rel=0.01)
    assert yard.ledger.counters.charging_kwh == pytest.approx(4.5)


def test_wall_clock_that_jumps_back_a_little_opens_no_minute_twice() -> None:
    yard = Yard(grid_w=6000.0)
    yard.look()
    yard.run(seconds=70)
    yard.utc_s -= 30
    yard.run(seconds=120)
    yard.ledger.close()

    assert yard.kwh_in_minutes("grid_import_wh") == pytest.approx(yard.ledger.counters.grid_import_kwh)


def test_wall_clock_that_was_in_the_future_does_not_hold_up_the_minutes() -> None:
    yard = Yard(grid_w=6000.0)
    yard.look()
    yard.run(seconds=90)
    yard.utc_s -= 365 * 86_400
    yard.run(minutes=3)

    assert yard.kwh_in_minutes("grid_import_wh") == pytest.approx(yard.ledger.counters.grid_import_kwh, abs=0.11)


def test_vehicle_can_be_named_while_it_charges() -> None:
    yard = Yard(plugged={"garage"})
    yard.look()
    yard.ledger.name_vehicle("garage", "guest")
    yard.run(minutes=1)

    assert [session.vehicle for session in yard.sessions] == ["guest"]


def test_limits_are_logged_when_they_or_their_reason_change() -> None:
    def setpoint(limit_a: float, code: LimitReason) -> Setpoint:
        reason = Reason(code=code, surplus_w=limit_a * 690)
        return Setpoint(station_id="garage", limit_a=limit_a, phases=3, reason=reason)

    yard = Yard()
    for limit_a, code in (
        (6.0, LimitReason.SOLAR_SURPLUS),
        (6.2, LimitReason.SOLAR_SURPLUS),
        (6.6, LimitReason.SOLAR_SURPLUS),
        (6.6, LimitReason.MAIN_FUSE),
        (0.0, LimitReason.MAIN_FUSE),
    ):
        yard.setpoints["garage"] = setpoint(limit_a, code)
        yard.run(seconds=6)
    logged = [entry for page in yard.pages for entry in page.decisions]

    assert [(entry.limit_a, entry.reason.code.value) for entry in logged] == [
        (6.0, "solar_surplus"),
        (6.6, "solar_surplus"),
        (6.6, "main_fuse"),
        (0.0, "main_fuse"),
    ]


def test_events_tell_of_stations_that_go_and_come_back() -> None:
    yard = Yard()
    yard.look()
    yard.offline.add("garage")
    yard.run(seconds=6)
    yard.offline.clear()
    yard.ledger.note(EventEntry(utc_s=yard.utc_s, kind="login", who="anna"))
    yard.run(seconds=6)

    events = [event for page in yard.pages for event in page.events]
    assert [event.kind for event in events] == ["station_offline_began", "login", "station_offline_ended"]
    assert events[0].facts == {"station": "garage"}


def test_a_silent_meter_and_silent_devices_are_told_though_no_car_waits_for_them() -> None:
    yard = Yard(has_battery=True, battery_w=0.0)
    yard.look()
    yard.grid_w = yard.solar_w = yard.battery_w = None
    yard.run(seconds=12)
    yard.grid_w = yard.solar_w = yard.battery_w = 0.0
    yard.run(seconds=6)

    assert set(yard.told) == {
        *("meter_lost_began", "solar_silent_began", "battery_silent_began"),
        *("meter_lost_ended", "solar_silent_ended", "battery_silent_ended"),
    }
    assert len(yard.told) == 6


def test_what_the_home_battery_is_ordered_is_a_line_and_so_is_its_refusal() -> None:
    yard = Yard(has_battery=True, battery_w=0.0)
    held = BatteryOrder(reason=BatteryReason.FAST_CAR, discharge_at_most_w=0.0)
    yard.run(seconds=6)
    for ordered in (
        BatteryStanding(order=held, in_force=False),
        BatteryStanding(order=held, in_force=True),
        BatteryStanding(order=replace(held, reason=BatteryReason.FUSE_NEEDS_IT), in_force=False),
        BatteryStanding(order=held, in_force=False, trouble="no_answer"),
        None,
    ):
        yard.ordered = ordered
        yard.run(seconds=6)

    assert yard.told == [
        *("battery_held_began", "battery_needed_began", "battery_held_ended"),
        *("battery_refuses_began", "battery_needed_ended", "battery_refuses_ended"),
    ]


def test_a_car_that_a_fuse_has_no_room_for_is_told_once_and_its_end_too() -> None:
    yard = Yard()
    yard.look()
    reason = Reason(code=LimitReason.MAIN_FUSE, circuit_id="main", phase=Phase.L2, house_a=24.0, room_a=1.0)
    yard.setpoints["garage"] = Setpoint(station_id="garage", limit_a=0.0, phases=3, reason=reason)
    yard.run(seconds=12)
    yard.setpoints.clear()
    yard.run(seconds=6)

    assert yard.told == ["fuse_pause_began", "fuse_pause_ended"]


def test_what_a_disobedient_station_is_told_is_a_line_each() -> None:
    yard = Yard()
    yard.look()
    yard.escalations["garage"] = Escalation.SUSPEND
    yard.run(seconds=6)
    yard.escalations["garage"] = Escalation.REMOTE_STOP
    yard.run(seconds=6)
    yard.escalations.clear()
    yard.run(seconds=6)

    assert yard.told == ["suspend_began", "remote_stop_began"]


def test_without_an_inverter_export_says_nothing_of_the_house() -> None:
    yard = Yard(inverters=0, solar_w=None, grid_w=-500.0)
    yard.look()

    assert yard.ledger.powers.home_w is None
    assert yard.ledger.powers.surplus_w == 500.0


def test_what_an_earlier_run_counted_is_added_once_somebody_can_tell() -> None:
    first = Yard(grid_w=3000.0, cars_w={"garage": 3000.0}, plugged={"garage"})
    first.look()
    first.run(minutes=60)
    first.ledger.close()
    database: list[LedgerState] = []
    late = Yard(grid_w=3000.0, cars_w={"garage": 3000.0}, plugged={"garage"}, utc_s=first.utc_s)
    late.ledger = Ledger(late.site, Terms(zone=UTC), late.pages.append, late=lambda: database[-1] if database else None)
    late.look()
    late.run(minutes=10)
    assert [page.state.goes_on for page in late.pages if page.state] == [False] * 11
    assert first.state is not None
    database.append(first.state)
    late.run(minutes=10)
    stay = late.ledger.stay("garage")

    assert late.pages[-1].state is not None
    assert late.pages[-1].state.goes_on
    assert late.ledger.counters.charging_kwh == pytest.approx(4.0)
    assert late.ledger.station_kwh("garage") == pytest.approx(4.0)
    assert late.ledger.today.charging_wh == pytest.approx(4000.0)
    assert stay is not None
    assert stay.energy_kwh == pytest.approx(1.0)


def test_counters_that_others_saw_do_not_run_backwards_when_the_power_is_cut() -> None:
    yard = Yard(grid_w=6000.0, cars_w={"garage": 6000.0}, plugged={"garage"})
    written: list[LedgerState] = []
    yard.ledger = Ledger(
        yard.site, Terms(zone=UTC), yard.pages.append, lasting=lambda: written[-1] if written else None
    )
    yard.look()
    yard.run(seconds=90)
    # Nothing is kept yet, so there is nothing to run back to.
    assert yard.ledger.counters.grid_import_kwh == pytest.approx(0.15)
    assert yard.state is not None
    written.append(yard.state)
    assert yard.ledger.counters.grid_import_kwh == pytest.approx(0.15)
    yard.run(seconds=75)
    written.append(yard.state)
    yard.run(seconds=14)

    assert yard.ledger.counters.grid_import_kwh == yard.state.counters.grid_import_kwh == pytest.approx(0.2)
    assert yard.ledger.station_kwh("garage") == pytest.approx(0.2)
    assert yard.ledger.state(yard.utc_s).counters.grid_import_kwh == pytest.approx(6.0 * 179 / 3600)
