"""Whole runs of the lab: our control and a plain policy over a simulated house in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import BatteryEntry, SimulatedBattery, SiteFile
from ems.control.cycle import Turn
from ems.control.memory import Memory
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode
from ems.model.snapshot import Snapshot
from ems.sim.lab.records import RunRecord, Stay
from ems.sim.lab.runner import simulate
from ems.sim.plant.faults import Faults
from ems.sim.policies.ports import Order
from ems.sim.traces.seconds import SecondsOfDay

START = datetime(2026, 6, 21, 9, tzinfo=UTC)
HOUR_S = 3600


class Days:
    """Some sun that comes and goes, and a house that cooks."""

    def __init__(self, *, days: int = 1, seconds: int = HOUR_S, pv_w: float = 7000.0) -> None:
        self.days = days
        self._seconds = seconds
        self._pv_w = pv_w

    def day(self, index: int) -> SecondsOfDay:
        seconds = np.arange(self._seconds)
        load_w = np.full((self._seconds, 3), 150.0)
        load_w[seconds % 900 < 200, 1] += 2500.0
        return SecondsOfDay(
            start_utc=START + timedelta(seconds=index * self._seconds),
            load_w=load_w,
            pv_w=self._pv_w * (0.75 + 0.25 * np.sin(seconds / 300)),
        )


def stay(station_id: str = "garage", **changes: object) -> Stay:
    car = Stay(
        station_id=station_id,
        arrival_s=60,
        departure_s=3500,
        energy_kwh=30,
        phases=3 if station_id == "garage" else 1,
        max_a=16 if station_id == "garage" else 32,
        mode=ChargeMode.SOLAR,
    )
    return replace(car, **changes)  # type: ignore[arg-type] # a test's own words


BOTH = (stay(), stay("carport", mode=ChargeMode.FAST))


def site(**simulation: object) -> SiteFile:
    file = load_site(example("two_cars"))
    return file.model_copy(update={"simulation": file.simulation.model_copy(update=simulation)})


class Steady:
    """Always the same orders."""

    name = "steady"
    tick_s = 10.0

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        assert set(now.stations) == {"garage", "carport"}
        return {"garage": Order(limit_a=10, phases=3), "carport": Order(limit_a=16, phases=1)}


def test_a_stay_with_a_time_is_ready_by_then_although_no_sun_comes() -> None:
    wanted = stay(energy_kwh=4.0, target_by_s=3000.0)
    charging: list[float] = []

    def watch(look: Snapshot, _before: Memory, turn: Turn) -> None:
        setpoint = turn.decision.setpoints["garage"]
        if setpoint.limit_a > 0.0 and setpoint.reason.code is LimitReason.PLAN and look.utc_s is not None:
            charging.append(look.utc_s - START.timestamp())

    record = simulate(site(), Days(pv_w=0.0), [wanted], start_utc=START, records=[watch])
    nobody = simulate(site(), Days(pv_w=0.0), [replace(wanted, target_by_s=None)], start_utc=START)

    assert record.stays[0].energy_kwh >= 3.99
    assert nobody.stays[0].energy_kwh < 1.0
    assert record.stays[0].in_time_kwh == record.stays[0].energy_kwh
    assert 600 < charging[0] < charging[-1] < 3000
    assert record.breakers[0].trips == 0


def without_wall(record: RunRecord) -> object:
    return replace(record, wall_s=0, surplus_w_by_minute=record.surplus_w_by_minute.tolist())


def test_our_control_charges_from_the_sun_and_no_fuse_trips() -> None:
    record = simulate(site(), Days(), [stay()], start_utc=START)

    car = record.stays[0]
    assert car.energy_kwh > 2
    assert car.solar_kwh / car.energy_kwh > 0.85
    assert record.breakers[0].trips == 0
    assert record.breakers[0].seconds_over_rating == 0
    assert record.cycles >= HOUR_S
    assert record.days == pytest.approx(1 / 24)


def test_same_run_gives_the_same_record() -> None:
    runs = [simulate(site(), Days(seconds=1200), BOTH, start_utc=START, seed=5) for _ in range(2)]

    assert without_wall(runs[0]) == without_wall(runs[1])


def test_fast_car_gets_all_that_the_main_fuse_leaves() -> None:
    record = simulate(site(), Days(pv_w=0), [stay("carport", mode=ChargeMode.FAST)], start_utc=START)

    assert record.stays[0].energy_kwh > 2
    assert record.stays[0].solar_kwh == 0
    assert record.breakers[0].trips == 0
    assert record.house_only[0].max_thermal < record.breakers[0].max_thermal


def test_other_policy_gets_the_same_plant_and_its_limits_never_expire() -> None:
    record = simulate(site(), Days(), BOTH, Steady, start_utc=START)

    assert record.policy == "steady"
    assert record.cycles == HOUR_S // 10
    assert record.counts["garage"].messages == 1
    hours = (3500 - 60) / 3600
    assert record.stays[0].energy_kwh == pytest.approx(9.7 * 3 * 0.23 * hours, rel=0.02)
    assert record.stays[1].energy_kwh == pytest.approx(15.7 * 0.23 * hours, rel=0.02)


def test_solar_of_several_cars_is_shared_by_their_power() -> None:
    record = simulate(site(), Days(), BOTH, Steady, start_utc=START)

    garage, carport = record.stays
    assert garage.solar_kwh / garage.energy_kwh == pytest.approx(carport.solar_kwh / carport.energy_kwh, rel=0.02)
    assert garage.solar_kwh + carport.solar_kwh <= record.surplus_w_by_minute.sum() / 60 / 1000


def test_killed_service_leaves_the_cars_at_their_fallback_current() -> None:
    def killed(faults: Faults) -> None:
        faults.service_killed(at_s=1500)

    car = stay("carport", mode=ChargeMode.FAST, departure_s=1e9)
    record = simulate(site(), Days(pv_w=0), [car], start_utc=START, faults=killed, picture_day=0)

    assert record.picture is not None
    drawn_w = record.picture.cars_w["carport"]
    assert drawn_w[1490] > 10 * 230
    assert drawn_w[1600] == pytest.approx(5.7 * 230)
    assert record.cycles < 1600


def test_service_that_hangs_starts_afresh_and_goes_on() -> None:
    def hangs(faults: Faults) -> None:
        faults.service_hangs(at_s=1500, for_s=100)

    car = stay("carport", mode=ChargeMode.FAST, departure_s=1e9)
    record = simulate(site(), Days(pv_w=0), [car], start_utc=START, faults=hangs, picture_day=0)

    assert record.picture is not None
    drawn_w = record.picture.cars_w["carport"]
    assert drawn_w[1590] == pytest.approx(5.7 * 230)
    assert drawn_w[3000:].max() > 10 * 230


def test_lost_meter_brings_the_cars_down_and_its_return_brings_them_back() -> None:
    def lost(faults: Faults) -> None:
        faults.meter_lost("main", at_s=1500, for_s=300)

    car = stay("carport", mode=ChargeMode.FAST, departure_s=1e9)
    record = simulate(site(), Days(pv_w=0), [car], start_utc=START, faults=lost, picture_day=0)

    assert record.picture is not None
    drawn_w = record.picture.cars_w["carport"]
    assert drawn_w[1530] <= 6 * 230
    assert drawn_w[3000:].max() > 10 * 230
    assert "meter_lost" in [reason for _, _, reason in record.picture.reasons["carport"]]


def test_picture_shows_the_day_that_was_asked_for() -> None:
    days = Days(days=3, seconds=600)
    record = simulate(site(), days, [stay(arrival_s=0, departure_s=1800)], Steady, start_utc=START, picture_day=1)

    picture = record.picture
    assert picture is not None
    assert picture.start_utc == START + timedelta(seconds=600)
    assert {len(picture.pv_w), len(picture.limits_a["garage"]), len(picture.current_a["main"])} == {600}
    assert set(picture.limits_a["garage"]) == {10.0}
    assert picture.cars_w["garage"][300] == pytest.approx(9.7 * 3 * 230)
    assert picture.reasons["garage"] == []
    assert len(record.surplus_w_by_minute) == 30


def test_home_battery_takes_what_the_cars_leave() -> None:
    battery = SimulatedBattery(capacity_kwh=10, max_w=3000, soc=0.5)
    record = simulate(site(battery=battery), Days(seconds=900), [stay(departure_s=800)], start_utc=START, picture_day=0)

    assert record.picture is not None
    assert record.picture.battery_w.min() < -500
    assert record.picture.battery_w.max() <= 3000


def evening(*, hold: bool) -> RunRecord:
    """A fast car after sunset for ten minutes beside a battery that could help; then it leaves."""
    entry = BatteryEntry.model_validate(
        {
            "id": "cellar",
            "profile": "kostal_plenticore",
            "modbus": {"host": "192.0.2.7"},
            **({"control": {"hold": True}} if hold else {}),
        }
    )
    file = site(battery=SimulatedBattery(capacity_kwh=10, max_w=3000, soc=0.5)).model_copy(update={"battery": entry})
    stays = [stay("carport", mode=ChargeMode.FAST, departure_s=600, max_a=10)]
    return simulate(file, Days(seconds=900, pv_w=0.0), stays, start_utc=START, picture_day=0)


def test_home_battery_is_held_while_a_car_charges_from_the_grid_and_let_go_then() -> None:
    held, free = evening(hold=True).picture, evening(hold=False).picture

    assert held is not None
    assert free is not None
    # While the house cooks the fuse needs the battery, and five minutes longer; 450 W are the house's own.
    assert held.battery_w[100:190].min() > 2000
    assert free.battery_w[540:590].min() > 2000
    assert abs(held.battery_w[540:590]).max() < 1.0
    assert held.battery_w[700:890].min() > 300


def test_progress_is_told_every_hour_and_ends_at_one() -> None:
    shares: list[float] = []
    simulate(site(), Days(seconds=4 * HOUR_S), [], Steady, start_utc=START, progress=shares.append)

    assert shares == sorted(shares)
    assert len(shares) >= 4
    assert shares[-1] == 1.0


def test_unknown_name_of_a_policy_is_an_error() -> None:
    with pytest.raises(ValueError, match="lazy"):
        simulate(site(), Days(), [], "lazy", start_utc=START)
