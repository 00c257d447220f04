"""What is known of cars: it pauses them at their target, never on old news, and hurries those that are nearly empty."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from ems.api.access.persons import Person
from ems.api.errors import NoCar
from ems.api.mqtt.orders import obey
from ems.api.vehicle_book import BURST, EVERY_S, MOST_VEHICLES
from ems.api.vehicle_goal import STALE_AFTER_S
from ems.api.wire import GoalWish, PlanKind, Role, SettingsWish, VehicleReport, VehicleState, VehicleWish
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode
from tests.api_bench import ApiBench
from tests.live import LiveBench, session

WHO = "anna"


class Stay:
    """The family's car in the garage, in the middle of a session, and a program that knows it."""

    def __init__(self, *, mode: ChargeMode = ChargeMode.FAST) -> None:
        self.bench = LiveBench()
        self.bench.run(20)
        self.bench.live.set_mode("garage", mode, who=WHO)
        self.began = self.bench.clock.utc_now()
        self.charged(2.0)

    def charged(self, kwh: float) -> None:
        counted = session(kwh).model_copy(update={"began": self.began, "vehicle": "family"})
        self.bench.ledger.sessions["garage"] = counted
        self.bench.run(5)

    def wants(self, *, target: float | None = None, minimum: float | None = None) -> None:
        wish = VehicleWish(vehicle="family", target_soc=target, minimum_soc=minimum)
        self.bench.live.cars.set(wish, who=WHO)
        self.bench.run(5)

    def tells(self, soc: float, *, age_s: float = 0.0, name: str = "family") -> None:
        person = Person(name="Home Assistant", role=Role.HOMEOWNER, token_id=7, is_session=False)
        self.bench.live.cars.report([VehicleReport(vehicle=name, age_s=age_s, soc=soc)], by=person)
        self.bench.run(5)

    @property
    def is_paused(self) -> bool:
        return self.bench.station("garage").limit_a == 0.0

    @property
    def car(self) -> VehicleState:
        return next(car for car in self.bench.live.state().vehicles if car.name == "family")


def test_a_car_pauses_once_what_its_target_needs_is_in() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.tells(0.7)  # of 60 kWh, with 2 kWh in the session: 6 more
    stay.charged(7.9)
    assert not stay.is_paused

    stay.charged(8.1)

    garage = stay.bench.station("garage")
    assert (garage.limit_a, garage.reason) == (0.0, LimitReason.PLAN)
    assert garage.because.text == "the car is charged to its 80 %"
    assert garage.because.key == "reason.plan.soc"


def test_a_car_that_tells_its_target_is_paused_whatever_was_counted() -> None:
    stay = Stay()
    stay.wants(target=0.8)

    stay.tells(0.81)

    assert stay.is_paused


def test_old_news_stop_no_car() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.bench.clock.advance(STALE_AFTER_S + 120.0)
    stay.bench.house.now_s += STALE_AFTER_S + 120.0

    stay.tells(0.9, age_s=STALE_AFTER_S + 1.0)

    assert not stay.is_paused
    assert (stay.car.soc, stay.car.soc_stale) == (0.9, True)


def test_news_that_grow_old_stop_no_car_either() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.tells(0.7)
    stay.bench.skip(STALE_AFTER_S + 60.0)
    stay.bench.run(60)

    stay.charged(30.0)

    assert not stay.is_paused


def test_what_a_car_told_before_it_came_stops_it_not() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.began += timedelta(seconds=600)
    stay.bench.clock.advance(700.0)
    stay.bench.house.now_s += 700.0
    stay.charged(1.0)

    stay.tells(0.9, age_s=400.0)

    assert not stay.is_paused


def test_a_target_that_was_reached_stays_reached_when_the_car_falls_asleep() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.tells(0.8)
    assert stay.is_paused

    stay.bench.skip(2 * STALE_AFTER_S)
    stay.bench.run(60)

    assert stay.is_paused


def test_rounding_starts_no_car_again_and_a_real_loss_does() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.tells(0.8)
    stay.tells(0.78)
    assert stay.is_paused

    stay.tells(0.7)
    stay.bench.run(120)

    assert not stay.is_paused


def test_a_time_for_a_target_is_shown_as_one_for_an_energy() -> None:
    stay = Stay(mode=ChargeMode.SOLAR)
    stay.bench.house.sun_w = 0.0
    stay.bench.house.utc_s = stay.bench.clock.utc_now().timestamp()
    stay.wants(target=0.8)
    stay.tells(0.6)  # 12 kWh are missing
    by = stay.bench.clock.utc_now() + timedelta(hours=8)
    stay.bench.live.set_goal("garage", GoalWish(ready_by=by), who=WHO)
    stay.bench.run(5)

    garage, plan = stay.bench.station("garage"), stay.bench.live.plan("garage")

    assert garage.latest_start_at is not None
    assert garage.finish_at is not None
    assert garage.latest_start_at < garage.finish_at <= by
    assert [kind for kind, _ in groupby(slot.kind for slot in plan.slots)][-2:] == [PlanKind.GOAL, PlanKind.FINISHED]


def test_a_car_at_its_target_is_finished_in_the_plan() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.tells(0.81)

    assert {slot.kind for slot in stay.bench.live.plan("garage").slots} == {PlanKind.FINISHED}


def test_a_higher_target_lets_the_car_go_on() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.tells(0.8)
    assert stay.is_paused

    stay.wants(target=0.9)
    stay.bench.run(120)

    assert not stay.is_paused


def test_a_persons_own_energy_for_this_stay_goes_first() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.bench.live.set_goal("garage", GoalWish(energy_kwh=20.0), who=WHO)

    stay.tells(0.85)

    assert not stay.is_paused


def test_below_its_minimum_a_car_charges_without_sun_and_then_waits_for_it() -> None:
    stay = Stay(mode=ChargeMode.SOLAR)
    stay.bench.house.sun_w = 0.0
    stay.bench.run(300)
    assert stay.is_paused

    stay.wants(minimum=0.3)
    stay.tells(0.2)
    stay.bench.run(120)
    hurried, told = stay.bench.station("garage"), stay.car
    stay.tells(0.31)
    stay.bench.run(300)

    assert (hurried.limit_a > 6.0, hurried.mode, told.below_minimum) == (True, ChargeMode.SOLAR, True)
    assert stay.is_paused
    assert not stay.car.below_minimum


def test_off_stays_off_below_the_minimum() -> None:
    stay = Stay(mode=ChargeMode.OFF)
    stay.wants(minimum=0.3)

    stay.tells(0.1)
    stay.bench.run(60)

    assert stay.is_paused


def test_a_guest_is_there_until_the_car_leaves() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    stay.bench.live.set_settings("garage", SettingsWish(vehicle="family"), who=WHO)
    stay.bench.live.set_guest("garage", "Aunt Ida", who=WHO)
    stay.tells(0.9)
    with_guest = stay.bench.station("garage")
    assert not stay.is_paused  # the family's state of charge is no news of a guest's car

    stay.bench.house.unplug("garage")
    stay.bench.run(5)

    assert (with_guest.vehicle, with_guest.guest, with_guest.user_vehicle) == ("Aunt Ida", True, "family")
    after = stay.bench.station("garage")
    assert (after.vehicle, after.guest) == ("family", False)
    assert stay.bench.ledger.vehicles["garage"] == "family"


def test_a_guest_does_not_become_the_usual_car_when_mqtt_sets_something_else() -> None:
    stay = Stay()
    stay.bench.live.set_guest("garage", "Aunt Ida", who=WHO)
    stay.bench.run(2)

    obey(stay.bench.live, "stations/garage/max_a", b"10")

    garage = stay.bench.station("garage")
    assert (garage.user_max_a, garage.vehicle, garage.guest, garage.user_vehicle) == (10.0, "Aunt Ida", True, None)


def test_there_is_no_guest_without_a_car() -> None:
    bench = LiveBench()
    bench.house.unplug("garage")
    bench.run(5)

    with pytest.raises(NoCar):
        bench.live.set_guest("garage", "Guest", who=WHO)


def test_settings_outlive_a_restart_and_what_cars_told_does_not() -> None:
    stay = Stay()
    stay.wants(target=0.8, minimum=0.2)
    stay.tells(0.5)

    stay.bench.started()
    stay.bench.run(5)

    assert (stay.car.target_soc, stay.car.minimum_soc, stay.car.soc) == (0.8, 0.2, None)


def test_a_time_before_all_calendars_is_old_news_and_stops_nothing_else() -> None:
    stay = Stay()
    stay.wants(target=0.8)
    began = datetime.fromisoformat("0001-01-01T00:00:00+14:00")
    person = Person(name="Home Assistant", role=Role.HOMEOWNER, token_id=7, is_session=False)

    stay.bench.live.cars.report([VehicleReport(vehicle="family", age_s=0.0, taken_at=began, soc=0.9)], by=person)
    stay.bench.run(5)

    assert not stay.is_paused
    assert (stay.car.soc, stay.car.soc_stale) == (0.9, True)


def test_an_older_report_replaces_no_newer_one() -> None:
    stay = Stay()
    stay.tells(0.5, age_s=10.0)
    stay.tells(0.4, age_s=100.0)

    assert stay.car.soc == 0.5


@pytest.fixture
async def api() -> ApiBench:
    return await ApiBench(seconds=20).peopled()


async def reported(api: ApiBench, *reports: dict[str, Any], role: Role = Role.HOMEOWNER) -> Any:
    async with api.client(role) as client:
        return await client.post("/api/v1/vehicles/reports", json={"reports": reports})


async def test_reports_are_shown_with_their_age_and_where_the_car_stands(api: ApiBench) -> None:
    report = {"vehicle": "family", "age_s": 130.0, "soc": 0.5, "range_km": 210.0, "at_home": True}
    answer = await reported(api, report, {"vehicle": "Aunt/Ida", "age_s": 0, "soc": 0.3, "capacity_kwh": 40})
    async with api.client(Role.HOMEOWNER) as client:
        wish = {"vehicle": "family", "target_soc": 0.8, "minimum_soc": 0.2}
        states = (await client.put("/api/v1/vehicles/settings", json=wish)).json()
        names = (await client.get("/api/v1/vehicles")).json()

    assert answer.status_code == 200
    family, _, ida = states
    assert (family["station"], family["soc"], family["soc_age_s"], family["soc_stale"]) == ("garage", 0.5, 120.0, False)
    assert (family["range_km"], family["at_home"], family["client"]) == (210.0, True, "homeowner's client")
    assert (family["target_soc"], family["minimum_soc"], family["to_target_kwh"]) == (0.8, 0.2, 18.0)
    assert (ida["name"], ida["station"], ida["capacity_kwh"]) == ("Aunt/Ida", None, 40.0)
    assert names == ["family", "city", "Aunt/Ida"]


@pytest.mark.parametrize(
    "report",
    [
        {"vehicle": "family", "age_s": 0, "soc": 62},
        {"vehicle": "family", "age_s": -1, "soc": 0.5},
        {"vehicle": "family", "age_s": 0, "range_km": 1e9},
        {"vehicle": "", "age_s": 0, "soc": 0.5},
    ],
)
async def test_impossible_reports_make_no_sense(api: ApiBench, report: dict[str, Any]) -> None:
    assert (await reported(api, report)).json()["code"] == "invalid"


async def test_viewers_report_nothing_and_nobody_reports_too_often_or_of_too_many(api: ApiBench) -> None:
    viewer = await reported(api, {"vehicle": "family", "age_s": 0, "soc": 0.5}, role=Role.VIEWER)
    most = [{"vehicle": f"car {number}", "age_s": 0, "soc": 0.5} for number in range(MOST_VEHICLES - 2)]
    parts = [(await reported(api, *most[begin : begin + 20])).status_code for begin in (0, 20, 40)]
    one_more = await reported(api, {"vehicle": "one more", "age_s": 0, "soc": 0.5})
    answers = [await reported(api, {"vehicle": "family", "age_s": 0, "soc": 0.5}) for _ in range(BURST)]
    api.clock.advance(EVERY_S)

    assert viewer.json()["code"] == "may_not"
    assert parts == [200, 200, 200]
    assert (one_more.status_code, one_more.json()["code"]) == (409, "too_many")
    assert (answers[-1].status_code, answers[-1].headers["Retry-After"]) == (429, "1")
    assert (await reported(api, {"vehicle": "family", "age_s": 0, "soc": 0.5})).status_code == 200


async def test_a_guest_over_the_api(api: ApiBench) -> None:
    async with api.client(Role.HOMEOWNER) as client:
        put = await client.put("/api/v1/stations/garage/guest", json={})
        gone = await client.delete("/api/v1/stations/garage/guest")

    assert (put.json()["vehicle"], put.json()["guest"]) == ("Guest", True)
    assert (gone.json()["vehicle"], gone.json()["guest"]) == ("family", False)
