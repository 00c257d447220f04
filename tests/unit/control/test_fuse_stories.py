"""Whole houses at the edge of their fuse: the sun fails, the house takes all, a fuse further up is the tight one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from ems.control.breaker import Edge, model_of
from ems.control.explain import explain
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase, Phase
from ems.model.explanation_sentences import chain
from ems.model.goals import ChargeMode
from ems.model.readings import SolarReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from tests.house import House
from tests.plant import Car

FUSE = Fuse(rating_a=25.0)


@dataclass
class SunnyHouse(House):
    """With 2 A in reserve on every phase, and an inverter that says what it gives."""

    def _built(self) -> Site:
        site = super()._built()
        return replace(site, circuits=CircuitTree((replace(site.circuits.main, reserve_a=2.0),)))

    def snapshot(self) -> Snapshot:
        return replace(super().snapshot(), solar=SolarReading(power_w=self.sun_w, taken_at_s=self.now_s))


@pytest.mark.parametrize("mode", [ChargeMode.SOLAR, ChargeMode.FAST])
@pytest.mark.parametrize(("period_s", "dead_s", "base_a"), [(1, 5, 16.0), (5, 5, 12.0), (10, 3, 12.0), (10, 5, 8.0)])
def test_the_fuse_survives_the_sudden_end_of_strong_sun(
    mode: ChargeMode, period_s: int, dead_s: int, base_a: float
) -> None:
    house = SunnyHouse(main_fuse_a=25, base_a=PerPhase(base_a, 1.0, 1.0), sun_w=11_000.0, meter_period_s=period_s)
    car = Car(phases=1, dead_s=dead_s, report_every_s=10)
    house.with_car("a", mode=mode, max_a=32.0, wiring=(Phase.L1,), car=car).run(minutes=7)

    house.sun_w = 0.0
    breaker, theta, hottest = model_of(FUSE, edge=Edge.TYPICAL), 0.3, 0.0
    for _ in range(40):
        house.run(seconds=1)
        theta = breaker.step(theta, house.grid_a().l1, 1.0)
        hottest = max(hottest, theta)

    assert hottest <= 0.95


@pytest.mark.parametrize("load_a", [18.0, 22.0])
def test_a_car_that_the_sharing_stops_for_a_fuse_waits_a_minute_like_one_that_the_guard_stops(load_a: float) -> None:
    house = House(main_fuse_a=25).with_car("a", mode=ChargeMode.FAST).run(minutes=2)

    house.base_a = PerPhase(load_a, load_a, load_a)
    house.run(seconds=6)
    house.base_a = PerPhase(1.0, 1.0, 1.0)
    house.run(seconds=50)

    assert house.limit_a("a") == 0.0


def test_a_fuse_further_up_is_counted_when_a_pattern_is_weighed() -> None:
    """One phase of the main fuse is nearly full: the strong sun is worth the change to three phases."""
    house = House(main_fuse_a=25, base_a=PerPhase(28.0, 0.0, 0.0), sun_w=7900.0)
    house.circuits.append(Circuit(circuit_id="garage", fuse=Fuse(rating_a=40.0), phases=PHASES_OF[3], parent_id="main"))
    house.with_car("a", mode=ChargeMode.SOLAR, max_a=32.0, can_switch_phases=True, circuit_id="garage")
    house.run(seconds=400)

    house.sun_w = 12_400.0
    house.run(seconds=800)

    assert house.setpoint("a").phases == 3


def test_sun_that_nobody_may_count_on_is_told() -> None:
    house = SunnyHouse(main_fuse_a=25, base_a=PerPhase(1.0, 1.0, 1.0), sun_w=13_800.0, meter_period_s=10)
    house.with_car("a", max_a=32.0, wiring=(Phase.L1,), car=Car(phases=1)).run(minutes=3)

    told = chain(explain(house.snapshot(), house.memory, "a"))

    assert any("A of sun not counted on, it may fail" in line for line in told)


def test_a_station_that_booted_and_takes_no_limit_counts_with_all_it_can_before_its_car_draws() -> None:
    house = House(main_fuse_a=25).with_car("a", mode=ChargeMode.OFF, car=Car(start_s=30))
    house.with_car("b", mode=ChargeMode.FAST).run(minutes=3)
    before_a = house.limit_a("b")

    house.refusing.add("a")
    house.reboot("a")
    house.run(seconds=6)
    beside_a = house.limit_a("b")
    house.run(minutes=2)

    assert before_a == 16.0
    assert house.cars["a"].drawn_a == 16.0
    assert beside_a + 16.0 + 1.0 <= 0.95 * 25
    assert house.grid_max_a.upper(PerPhase()).l1 <= 25.0


def test_a_station_that_boots_and_takes_its_limit_at_once_lowers_nobody() -> None:
    house = House(main_fuse_a=25).with_car("a", mode=ChargeMode.OFF, car=Car(start_s=30))
    house.with_car("b", mode=ChargeMode.FAST).run(minutes=3)

    house.reboot("a")
    house.run(minutes=1)

    assert min(limits["b"] for at_s, limits in house.history if at_s > house.now_s - 60) == 16.0
    assert house.cars["a"].drawn_a == 0.0


@dataclass
class HouseWithSilentInverter(SunnyHouse):
    """Its inverter goes on, but nobody hears it any more."""

    heard: bool = True

    def _built(self) -> Site:
        return replace(super()._built(), inverters=1)

    def snapshot(self) -> Snapshot:
        look = super().snapshot()
        return look if self.heard else replace(look, solar=None)


@pytest.mark.parametrize("period_s", [1, 5, 10])
def test_the_fuse_survives_the_sudden_end_of_sun_whose_inverter_went_silent_before(period_s: int) -> None:
    house = HouseWithSilentInverter(
        main_fuse_a=25, base_a=PerPhase(16.0, 1.0, 1.0), sun_w=13_000.0, meter_period_s=period_s
    )
    for name in ("garage", "carport"):
        house.with_car(name, mode=ChargeMode.FAST, car=Car(dead_s=5))
    house.run(minutes=8)
    house.heard = False
    house.run(minutes=10)
    device = model_of(FUSE, 1.0, Edge.TYPICAL)
    theta = device.theta_at(house.grid_a()[0])

    house.sun_w = 0.0
    thetas = []
    for _ in range(60):
        house.run(seconds=1)
        theta = device.step(theta, house.grid_a()[0], 1.0)
        thetas.append(theta)

    assert max(thetas) < 0.95
