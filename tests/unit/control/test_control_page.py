"""The worked numbers of `docs/control.md` are what the code comes to."""

from __future__ import annotations

from math import isinf
from pathlib import Path

import pytest

from ems.control.breaker import BreakerThermalModel, Edge, model_of
from ems.control.guarding.reaction import COMPUTE_AND_NETWORK_S
from ems.control.headroom import usable
from ems.control.seen.obedience import HELPS_WITHIN_S, tolerated_a
from ems.control.sharing.caps import de14a_minimum_w
from ems.control.sharing.peak import PeakWindow, allowed_w
from ems.control.sun.patterns import Choice, Costs, Regrets, SunCar, weigh
from ems.model.electrical import PHASES_OF, Circuit, Fuse, FuseDevice
from ems.model.site import Keenness, PeakTariff, Policy

PAGE = Path(__file__).parents[3] / "docs" / "control.md"
DEFAULTS = Policy()
ONE_PHASE = Choice(phases=1, least_w=1380.0, most_w=3680.0)
THREE_PHASES = Choice(phases=3, least_w=4140.0, most_w=11_040.0)


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def breaker() -> BreakerThermalModel:
    return model_of(Fuse(rating_a=25.0), edge=Edge.TYPICAL)


def seconds_until_change(surplus_w: float, present: int, wanted: int) -> int:
    """How long a car under a constant surplus stays at the present phases."""
    car = SunCar(station_id="garage", choices=(Choice(phases=0), ONE_PHASE, THREE_PHASES))
    costs = Costs(start_wh=DEFAULTS.start_wh, stop_wh=DEFAULTS.stop_wh, switch_wh=DEFAULTS.switch_wh, aversion=1.0)
    known = Regrets(stations=("garage",), pattern=(present,))
    for second in range(1, 1000):
        known = weigh(
            known, [car], surplus_w, 1.0, costs, running={}, fits=lambda pattern: pattern in {(present,), (wanted,)}
        )
        if known.pattern == (wanted,):
            return second
    raise AssertionError("no change")


def test_headroom(page: str) -> None:
    circuit = Circuit(circuit_id="main", fuse=Fuse(rating_a=25.0), phases=PHASES_OF[3], reserve_a=2.0)

    assert usable(circuit, DEFAULTS.hold_fraction) == 21.75
    assert "usable = 0.95 × 25 − 2 = 21.75 A" in page
    assert 13 / DEFAULTS.hold_release_a_per_s == pytest.approx(650)
    assert "forgotten after 650 s" in page


@pytest.mark.parametrize("keenness", list(Keenness))
def test_where_the_minimum_pays(page: str, keenness: Keenness) -> None:
    weight = keenness.grid_weight
    pays_w = [round(choice.least_w * weight / (1 + weight)) for choice in (ONE_PHASE, THREE_PHASES)]

    assert f"| `{keenness}` | {weight:g} | {pays_w[0]} W | {pays_w[1]} W |" in page


def test_a_start_a_switch_and_a_stop(page: str) -> None:
    assert seconds_until_change(2000.0, 0, 1) in {9, 10}
    assert "5 Wh / 2 000 W = 9 s" in page
    assert seconds_until_change(3000.0, 3, 1) in {347, 348}
    assert "110 Wh / 1 140 W = 347 s" in page
    assert seconds_until_change(300.0, 1, 0) in {92, 93}
    assert "20 Wh / 780 W = 92 s" in page


def test_the_minimum_of_the_grid_operator(page: str) -> None:
    kilowatts = [f"{de14a_minimum_w(devices) / 1000:.2f}" for devices in range(1, 10)]

    assert f"| P_min, kW | {' | '.join(kilowatts)} |" in page


def test_the_rest_of_a_peak_window(page: str) -> None:
    window = PeakWindow(began_utc_s=0.0, seen_until_utc_s=360.0, imported_wh=150.0, whole=True, import_w=0.0, month=0)

    assert allowed_w(window, PeakTariff(limit_w=2500.0)) == pytest.approx(3167, abs=1)
    assert "(625 − 150) Wh / 9 min = 3 167 W" in page


@pytest.mark.parametrize("current_a", [30.0, 36.0, 50.0])
def test_time_to_trip(page: str, current_a: float) -> None:
    model = breaker()
    times_s = [model.time_to_trip_s(theta, current_a) for theta in (0.0, model.theta_at(20.0), model.theta_at(25.0))]
    cells = [f"{each:.0f} s" if each >= 10 else f"{each:.1f} s" for each in times_s]

    assert f"| {current_a:.0f} A | {' | '.join(cells)} |" in page
    assert isinf(model.time_to_trip_s(0.0, 28.0))


def test_what_a_breaker_survives_while_cars_react(page: str) -> None:
    reacts_s = DEFAULTS.meter_period_s + COMPUTE_AND_NETWORK_S + DEFAULTS.message_s + DEFAULTS.car_reacts_within_s
    steps_a = [breaker().survivable_step_a(0.95 * 25.0, each_s) for each_s in (reacts_s, reacts_s + 9.0)]

    assert f"= {reacts_s:.1f} s" in page
    assert f"twice the reaction time ({2 * reacts_s:.1f} s)" in page
    assert f"{steps_a[0]:.1f} A for that long" in page
    assert f"it is {steps_a[1]:.1f} A" in page


@pytest.mark.parametrize("edge", list(Edge))
def test_time_constants_of_breakers(page: str, edge: Edge) -> None:
    assert f"{model_of(Fuse(rating_a=25.0), edge=edge).tau_s:.4g}" in page


def test_time_constants_of_fuse_links(page: str) -> None:
    fuses = [Fuse(rating_a=rating_a, device=FuseDevice.GG) for rating_a in (16.0, 25.0, 32.0, 40.0, 63.0)]
    times_s = [f"{model_of(fuse, edge=Edge.TYPICAL).tau_s:.1f}" for fuse in fuses]

    assert f"| 1.25 | {' / '.join(times_s)} |" in page


def test_disobedience(page: str) -> None:
    assert tolerated_a(10.0) == pytest.approx(11.55)
    assert "above 11.55 A" in page
    for row, after_s in enumerate(HELPS_WITHIN_S.values(), start=2):
        assert f"| {row} | {after_s:.0f} s later" in page
