import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.config.schema import SimulatedBattery
from ems.model.electrical import NOMINAL_V
from ems.model.station import ConnectorStatus, StationState
from ems.sim.plant.battery import BOUND_LASTS_S, HomeBattery
from ems.sim.plant.bay import CONTACTOR_OPEN_S
from ems.sim.plant.faults import BOOTS_WITHIN_S
from ems.sim.plant.plugged_car import KWH_PER_A, USUAL_START_DELAY_S, CarKind
from ems.sim.plant.sheet import Sheet
from tests.unit.sim.plant.houses import SITE, START, House, SteadyDays, plant, stay

CHARGING_FROM_S = 60


def charging(limit_a: float = 16.0, **kind: float) -> House:
    house = House(plant(stay(), cars={"one": CarKind(offset_a=0.0, **kind)}))  # type: ignore[arg-type] # numbers only
    house.limit(limit_a, at_s=0)
    house.at(CHARGING_FROM_S)
    return house


def test_house_less_sun_flows_through_the_main_fuse_and_the_sun_is_shared_by_the_phases() -> None:
    house = House(plant(days=SteadyDays((2300.0, 230.0, 0.0), 690.0)))

    assert house.main_a(10) == pytest.approx((9.0, 0.0, -1.0))


def test_inverter_clips_the_sun() -> None:
    house = House(plant(days=SteadyDays((0.0, 0.0, 0.0), 9000.0), inverter_max_w=6900.0))

    assert house.main_a(10) == pytest.approx((-10.0, -10.0, -10.0))


def test_rotated_one_phase_car_loads_the_phase_behind_the_stations_first_one_in_every_circuit_above() -> None:
    house = House(plant(stay(phases=1), cars={"one": CarKind(offset_a=0.3)}))
    house.limit(10.3, at_s=0)

    assert house.main_a(60) == pytest.approx((0.0, 10.0, 0.0))
    assert house.plant.current_a("garage", 60) == pytest.approx((0.0, 10.0, 0.0))


def test_car_starts_after_its_dead_time_and_start_delay() -> None:
    house = House(plant(stay(), cars={"one": CarKind(dead_time_s=2)}))
    first_s = 2 + USUAL_START_DELAY_S

    assert house.main_a(int(first_s) - 1) == (0, 0, 0)
    assert min(house.main_a(int(first_s))) > 0


@given(
    before_a=st.floats(6, 16),
    after_a=st.sampled_from([0.0, 6.0, 8.5]),
    at_s=st.floats(100, 101),
    dead_s=st.floats(0, 4),
)
@settings(max_examples=30)
def test_car_follows_a_lower_limit_within_five_seconds(
    before_a: float, after_a: float, at_s: float, dead_s: float
) -> None:
    house = charging(before_a, dead_time_s=dead_s)
    house.limit(after_a, at_s=at_s)

    assert max(house.main_a(math.ceil(at_s + 5))) <= max(after_a, 0.0) + 1e-9


def test_limit_without_renewal_falls_to_the_fallback_current_by_itself() -> None:
    house = charging()
    house.limit(12.0, at_s=100, ends_s=160)

    assert max(house.main_a(159)) == pytest.approx(12.0)
    assert max(house.main_a(166)) == pytest.approx(6.0)
    assert house.plant.bays["one"].limit_a == 6.0


def test_lease_of_infinite_length_never_ends() -> None:
    house = charging()
    house.limit(12.0, at_s=100, ends_s=math.inf)

    assert max(house.main_a(3500)) == pytest.approx(12.0)


def test_phase_change_opens_the_contactor_and_the_car_starts_anew() -> None:
    house = charging()
    house.limit(10.0, phases=1, at_s=100)
    back_s = int(100 + CONTACTOR_OPEN_S + 2 + USUAL_START_DELAY_S)

    assert house.main_a(101) == (0, 0, 0)
    assert house.main_a(back_s - 1) == (0, 0, 0)
    assert house.main_a(back_s + 10) == pytest.approx((0.0, 10.0, 0.0))
    assert house.plant.bays["one"].counts.phase_switches == 1


def test_phase_change_while_the_car_is_paused_counts_when_it_may_draw_again() -> None:
    house = charging()
    house.limit(0.0, phases=1, at_s=100)
    counts = house.plant.bays["one"].counts

    assert counts.phase_switches == 0
    house.limit(8.0, phases=1, at_s=200)
    assert counts.phase_switches == 1


def test_car_takes_what_it_can_and_not_more() -> None:
    house = House(plant(stay(energy_kwh=1.0, phases=1, max_a=16.0), cars={"one": CarKind(battery_kwh=5)}))
    house.limit(16.0, at_s=0)
    house.at(3000)
    sheet = house.plant.today

    assert sum(sheet.drawn_a["one"]) * KWH_PER_A == pytest.approx(1.0)
    assert house.plant.bays["one"].state.status is ConnectorStatus.SUSPENDED_EV


def test_car_tapers_before_it_is_full() -> None:
    house = House(plant(stay(energy_kwh=1.0, max_a=16.0), cars={"one": CarKind(battery_kwh=100)}))
    house.limit(16.0, at_s=0)
    drawn_a = house.at(600).plant.today.drawn_a["one"]

    half_of_the_taper = next(s for s in range(600) if 3 * KWH_PER_A * sum(drawn_a[: s + 1]) >= 0.985)
    assert drawn_a[half_of_the_taper] == pytest.approx(16.0 / 2, abs=0.5)
    assert max(drawn_a) == pytest.approx(15.7)


@given(
    limits=st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0.0, 6.0, 9.5, 16.0]), st.sampled_from([1, 3]))),
    energy_kwh=st.floats(0.05, 2.0),
)
@settings(max_examples=25)
def test_energy_at_the_main_fuse_is_house_plus_cars_less_sun(
    limits: list[tuple[int, float, int]], energy_kwh: float
) -> None:
    house = House(plant(stay(energy_kwh=energy_kwh), days=SteadyDays((500.0, 0.0, 100.0), 900.0)))
    at_s = 0
    for wait_s, limit_a, phases in limits:
        at_s = min(at_s + wait_s, 3000)
        house.limit(limit_a, phases, at_s=at_s)
    house.at(3599)
    car = house.plant.bays["one"].car

    ampere_seconds = sum(sum(house.plant.current_a("main", s)) for s in range(3600))
    assert car is not None
    assert car.taken_kwh <= energy_kwh + 1e-9
    assert ampere_seconds * NOMINAL_V == pytest.approx(-300.0 * 3600 + car.taken_kwh * 3.6e6, abs=1.0)


def test_battery_holds_the_grid_at_nothing() -> None:
    battery = SimulatedBattery(capacity_kwh=10, max_w=5000, soc=0.5, reacts_within_s=2)
    house = House(plant(days=SteadyDays((900.0, 0.0, 0.0), 300.0), battery=battery))

    assert sum(house.main_a(0)) * NOMINAL_V == pytest.approx(600.0 * math.exp(-0.5))
    assert sum(house.main_a(30)) * NOMINAL_V == pytest.approx(0.0, abs=0.01)


def test_empty_battery_gives_nothing_and_a_full_one_takes_nothing() -> None:
    kind = SimulatedBattery(capacity_kwh=1, max_w=5000, soc=0.0, reacts_within_s=0)
    empty = House(plant(days=SteadyDays((900.0, 0.0, 0.0), 0.0), battery=kind))
    full = House(plant(days=SteadyDays((0.0, 0.0, 0.0), 900.0), battery=kind.model_copy(update={"soc": 1.0})))

    assert sum(empty.main_a(100)) * NOMINAL_V == pytest.approx(900.0)
    assert sum(full.main_a(100)) * NOMINAL_V == pytest.approx(-900.0)


def test_station_tells_every_change_of_its_state_and_the_current_every_ten_seconds() -> None:
    told: list[StationState] = []
    house = House(plant(stay(arrival_s=10, departure_s=200)))
    house.plant.station_changed = told.append
    house.limit(16.0, at_s=0)
    house.limit(0.0, at_s=100)
    house.at(250)

    statuses = list(dict.fromkeys((state.status, state.in_transaction) for state in told))
    assert [status for status, _ in statuses] == [
        ConnectorStatus.PREPARING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.AVAILABLE,
    ]
    times = sorted({state.car.taken_at_s - house.plant.start_s for state in told if state.car and state.in_transaction})
    assert times[1:] == list(range(12, 200, 10))


def test_car_that_ignores_its_limit_draws_all_it_can_but_not_through_an_open_contactor() -> None:
    house = charging(10.0, max_a=16.0)
    house.plant.faults.car_ignores_limit("one", at_s=100)
    ignoring = House(plant(stay(max_a=16.0)))
    ignoring.plant.faults.car_ignores_limit("one", at_s=0)
    ignoring.limit(8.0, at_s=10)

    assert max(ignoring.main_a(100)) == pytest.approx(16.0)
    ignoring.limit(0.0, at_s=110)
    assert max(ignoring.main_a(120)) == 0


def test_ended_transaction_cuts_the_car_off_until_the_next_one_comes() -> None:
    house = House(plant(stay(departure_s=200), stay(arrival_s=210)))
    house.limit(16.0, at_s=0)
    house.at(100)
    house.plant.bays["one"].end_transaction(100)
    house.limit(10.0, 1, at_s=120)

    assert house.main_a(101) == (0, 0, 0)
    assert house.main_a(190) == (0, 0, 0)
    assert house.plant.bays["one"].state.status is ConnectorStatus.FINISHING
    assert not house.plant.bays["one"].state.in_transaction
    assert max(house.main_a(300)) > 9


def test_car_that_starts_from_ten_amperes_waits_for_them() -> None:
    house = House(plant(stay()))
    house.plant.faults.car_starts_from("one", 10.0, at_s=0)
    house.limit(8.0, at_s=0)

    assert max(house.main_a(100)) == 0
    house.limit(10.0, at_s=100)
    house.limit(7.0, at_s=150)
    assert max(house.main_a(200)) == pytest.approx(6.7)


def test_days_are_read_one_after_the_other_and_only_two_are_kept() -> None:
    days = SteadyDays((230.0, 0.0, 0.0), 0.0, days=4, seconds=600)
    house = House(plant(stay(), days=days))
    done: list[Sheet] = []
    house.plant.day_done = lambda sheet, _bays: done.append(sheet)
    house.limit(6.0, at_s=0)

    house.at(599)
    assert days.asked == [0]
    house.at(2399)
    assert days.asked == [0, 1, 2, 3]
    assert [sheet.first_s for sheet in done] == [0, 600, 1200]
    kept = [value for value in vars(house.plant).values() if isinstance(value, Sheet)]
    assert len(kept) == 2
    assert len(house.plant.bays["one"].log) == 1
    assert house.at(2400).plant.over


def test_car_goes_on_charging_over_midnight() -> None:
    house = House(plant(stay(), days=SteadyDays((0.0, 0.0, 0.0), 0.0, days=2, seconds=600)))
    house.limit(16.0, at_s=0)

    assert max(house.main_a(605)) == pytest.approx(15.7)
    assert house.plant.current_a("main", 595) == pytest.approx(house.main_a(605))
    assert house.plant.today.start_utc == START + timedelta(seconds=600)


def test_next_car_takes_the_place_of_one_that_should_have_left() -> None:
    house = House(plant(stay(arrival_s=0, departure_s=500), stay(arrival_s=100, departure_s=200)))
    left: list[float] = []
    house.plant.left = lambda gone: left.append(gone.arrival_s)

    house.at(600)
    assert left == [0, 100]
    assert SITE.stations[0].station_id == house.plant.bays["one"].state.station_id
    assert house.plant.bays["one"].state.status is ConnectorStatus.AVAILABLE


@pytest.mark.parametrize(("ends_s", "keeps_a"), [(1e9, 6.0), (math.inf, 16.0)], ids=["under leases", "never told"])
def test_station_that_reboots_knows_its_fallback_current_where_it_had_one(ends_s: float, keeps_a: float) -> None:
    house = House(plant(stay(), cars={"one": CarKind(offset_a=0.0)}))
    house.plant.faults.station_reboots("one", at_s=100, for_s=60)
    house.limit(12.0, at_s=0, ends_s=ends_s)
    before_a, dark_a = max(house.main_a(99)), max(house.main_a(101))
    back_s = 100 + int(BOOTS_WITHIN_S + USUAL_START_DELAY_S)
    still_dark_a, after_a = max(house.main_a(back_s)), max(house.main_a(back_s + 15))

    assert (before_a, dark_a, still_dark_a, after_a) == pytest.approx((12.0, 0.0, 0.0, keeps_a))
    assert not house.plant.bays["one"].state.connected
    assert house.at(170).plant.bays["one"].state.connected


def test_station_that_reboots_has_no_connection_before_it_has_booted() -> None:
    house = House(plant(stay()))
    house.plant.faults.station_reboots("one", at_s=100, for_s=5)

    assert not house.at(100 + int(BOOTS_WITHIN_S) - 1).plant.bays["one"].state.connected
    assert house.at(100 + int(BOOTS_WITHIN_S) + 1).plant.bays["one"].state.connected


def test_battery_keeps_to_its_bounds_and_forgets_them_by_itself() -> None:
    kind = SimulatedBattery(capacity_kwh=10, max_w=5000, soc=0.5, reacts_within_s=0)
    battery = HomeBattery(kind)
    battery.bound(charge_at_most_w=1000.0, discharge_at_most_w=0.0)

    bounded = [battery.step(needed_w) for needed_w in (2000.0, -3000.0)]
    battery.run([2000.0] * (BOUND_LASTS_S - 3))
    still, free = battery.step(2000.0), battery.step(2000.0)

    assert bounded == [0.0, -1000.0]
    assert free == 2000.0
    assert still in {0.0, 2000.0}
