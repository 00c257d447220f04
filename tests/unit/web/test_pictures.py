"""What the balance and the gauges draw."""

from __future__ import annotations

import pytest

from ems.api.wire import CircuitState, Powers
from ems.model.electrical import FuseDevice
from ems.web.balance import scale_w, sinks, sources
from ems.web.gauge import phase_load
from ems.web.now import in_tree


def powers(**known: float) -> Powers:
    names = ("grid_w", "solar_w", "battery_w", "home_w", "charging_w", "surplus_w")
    return Powers.model_validate({name: known.get(name) for name in names})


def circuit(name: str = "main", fed_from: str | None = None, **more: object) -> CircuitState:
    return CircuitState.model_validate(
        {
            "id": name,
            "fed_from": fed_from,
            "phases": ("L1",),
            "fuse_a": 20.0,
            "fuse_device": FuseDevice.MCB_B,
            "usable_a": 18.0,
            "measured_a": (10.0,),
            "house_a": (4.0,),
            "headroom_a": (8.0,),
            "meter_age_s": 1.0,
            "thermal": None,
            **more,
        }
    )


def test_a_balanced_house_fills_both_bars() -> None:
    now = powers(grid_w=-1000.0, solar_w=6000.0, battery_w=500.0, home_w=1500.0, charging_w=4000.0)

    assert sum(flow.power_w or 0.0 for flow in sources(now)) == 6500.0
    assert sum(flow.power_w or 0.0 for flow in sinks(now)) == 6500.0
    assert scale_w(now) == 6500.0


def test_what_is_unknown_is_drawn_as_nothing_and_stays_unknown() -> None:
    now = powers(home_w=300.0)

    assert scale_w(now) == 300.0
    assert [flow.power_w for flow in sources(now)] == [None, None, None]


def test_a_phase_shows_house_cars_and_what_the_rules_allow() -> None:
    load = phase_load(circuit(), 0)

    assert (load.house, load.cars, load.export) == pytest.approx((0.2, 0.3, 0.0))
    assert load.usable == pytest.approx(0.9)
    assert load.strain == ""


def test_a_phase_that_exports_has_no_load_to_show() -> None:
    load = phase_load(circuit(measured_a=(-5.0,), house_a=(-5.0,)), 0)

    assert (load.house, load.cars, load.export) == pytest.approx((0.0, 0.0, 0.25))


def test_a_phase_in_its_reserve_and_one_above_its_rating_are_marked() -> None:
    assert phase_load(circuit(measured_a=(18.5,)), 0).strain == "reserve"
    assert phase_load(circuit(measured_a=(20.5,)), 0).strain == "over"


def test_a_circuit_without_a_meter_has_no_values() -> None:
    load = phase_load(circuit(measured_a=None, headroom_a=None, meter_age_s=None), 0)

    assert (load.measured_a, load.free_a, load.strain) == (None, None, "")


def test_circuits_stand_below_the_one_that_feeds_them() -> None:
    barn, annex, main, shed = (
        circuit("barn", "main"),
        circuit("annex", "barn"),
        circuit("main"),
        circuit("shed", "main"),
    )

    assert [each.id for each in in_tree((annex, shed, main, barn))] == ["main", "shed", "barn", "annex"]
