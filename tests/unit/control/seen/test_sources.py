"""What sun and battery give on which phase."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.guarding.reaction import sun_at_risk_a
from ems.control.seen.sources import given_a, held_given_a, most_given_a, sun_a
from ems.model.electrical import NOMINAL_V, PerPhase, Phase, Wiring
from ems.model.readings import BatteryReading, SolarReading
from ems.model.snapshot import Snapshot
from tests.unit.control.scene import MAIN, NOW_S, STATION, look, state

L1, L2, L3 = Phase


def sun(power_w: float, *current_a: float) -> SolarReading:
    return SolarReading(power_w=power_w, taken_at_s=NOW_S, current_a=PerPhase.of(current_a) if current_a else None)


def fed(*readings: SolarReading, wired: Wiring | None = None) -> PerPhase | None:
    """What these inverters feed; the wiring of the first is stated where there is one."""
    site = replace(look([STATION], [state()]).site, sun_wiring={} if wired is None else {"0": wired})
    return sun_a(site, {str(i): reading for i, reading in enumerate(readings)})


def at_risk(seen: Snapshot) -> PerPhase:
    return sun_at_risk_a(seen, MAIN, 23.75, PerPhase(), given_a(seen))


def test_a_one_phase_inverter_feeds_the_phase_that_it_is_wired_to() -> None:
    assert fed(sun(4600.0), wired=(L2,)) == PerPhase(0.0, 20.0, 0.0)
    assert fed(sun(4600.0, 19.5), wired=(L2,)) == PerPhase(0.0, 19.5, 0.0)


def test_what_a_rotated_inverter_tells_of_its_phases_lands_on_those_of_the_house() -> None:
    assert fed(sun(3000.0, 6.0, 4.0, 3.0), wired=(L3, L1, L2)) == PerPhase(4.0, 3.0, 6.0)


def test_phases_of_unknown_wiring_count_with_the_largest_everywhere() -> None:
    assert fed(sun(4600.0, 20.0)) == PerPhase(20.0, 20.0, 20.0)


def test_nothing_is_known_of_phases_that_nobody_tells() -> None:
    assert fed(sun(4600.0)) is None
    assert fed(sun(-5.0, -0.1, 0.0, 0.0), wired=(L1, L2, L3)) == PerPhase()


def test_one_that_tells_no_phases_is_spread_evenly_beside_one_that_does() -> None:
    assert fed(sun(2300.0), sun(6900.0), wired=(L1,)) == PerPhase(20.0, 10.0, 10.0)


def test_sun_on_one_phase_is_at_risk_there_and_nowhere_else() -> None:
    seen = look([STATION], [state()])
    spread = replace(seen, solar=sun(6900.0))
    on_one = replace(seen, solar=sun(6900.0, 30.0, 0.0, 0.0))

    assert at_risk(spread) == PerPhase()
    assert at_risk(on_one).l1 == pytest.approx(30.0 - 12.7, abs=0.3)
    assert (at_risk(on_one).l2, at_risk(on_one).l3) == (0.0, 0.0)


def test_the_battery_gives_evenly_beside_the_sun() -> None:
    seen = look([STATION], [state()], battery=BatteryReading(power_w=690.0, taken_at_s=NOW_S))

    assert given_a(replace(seen, solar=sun(2300.0, 10.0, 0.0, 0.0))) == PerPhase(11.0, 1.0, 1.0)
    assert given_a(replace(seen, solar=sun(2300.0))).total == pytest.approx(13.0)
    assert given_a(seen) == PerPhase(1.0, 1.0, 1.0)


def test_an_inverter_that_falls_silent_may_go_on_giving_what_it_gave() -> None:
    seen = look([STATION], [state()])
    roof = replace(seen, site=replace(seen.site, inverters=1))
    noon_a = held_given_a(replace(roof, solar=sun(6900.0)), None)

    assert noon_a == PerPhase(10.0, 10.0, 10.0)
    assert held_given_a(roof, noon_a) == noon_a
    assert held_given_a(replace(roof, solar=sun(2300.0)), noon_a).total == pytest.approx(10.0)
    assert held_given_a(roof, None) == PerPhase()


def test_an_inverter_that_was_never_heard_may_give_its_peak() -> None:
    seen = look([STATION], [state()])
    roof = replace(seen, site=replace(seen.site, inverters=1, sun_peak_w=6900.0))
    unheard_a = held_given_a(roof, None)

    assert unheard_a == PerPhase(10.0, 10.0, 10.0)
    assert held_given_a(roof, unheard_a) == unheard_a
    assert held_given_a(replace(roof, solar=sun(690.0)), unheard_a).total == pytest.approx(3.0)


@given(
    power_w=st.floats(-100, 20_000),
    wired=st.sampled_from([None, (L1,), (L2,), (L1, L2, L3), (L3, L1, L2)]),
)
def test_no_sun_is_lost_on_its_way_to_the_phases(power_w: float, wired: Wiring | None) -> None:
    reading = sun(power_w)
    seen = replace(look([STATION], [state()]), solar=replace(reading, current_a=fed(reading, wired=wired)))

    assert given_a(seen).total * NOMINAL_V == pytest.approx(max(0.0, power_w))


def test_the_peak_of_the_inverters_bounds_the_sun_until_they_speak() -> None:
    seen = look([STATION], [state()])
    roof = replace(seen, site=replace(seen.site, inverters=1, sun_peak_w=20_700.0))

    assert most_given_a(seen) == PerPhase()
    assert most_given_a(roof) == PerPhase(30.0, 30.0, 30.0)
    assert most_given_a(replace(roof, site=replace(roof.site, sun_peak_w=None))) is None
    assert most_given_a(replace(roof, solar=sun(6900.0, 30.0, 0.0, 0.0))) == PerPhase(30.0, 0.0, 0.0)


def test_a_feed_of_unknown_phases_may_be_all_on_one_up_to_20_amps() -> None:
    seen = look([STATION], [state()])
    roof = replace(seen, site=replace(seen.site, inverters=1))

    assert most_given_a(replace(roof, solar=sun(2300.0))) == PerPhase(10.0, 10.0, 10.0)
    assert most_given_a(replace(roof, solar=sun(6900.0))) == PerPhase(20.0, 20.0, 20.0)


def test_a_battery_that_nobody_has_heard_of_may_give_anything() -> None:
    seen = look([STATION], [state()])
    house = replace(seen, site=replace(seen.site, has_battery=True))
    discharging = BatteryReading(power_w=2300.0, taken_at_s=NOW_S)

    assert most_given_a(house) is None
    assert most_given_a(replace(house, battery=discharging)) == PerPhase(10.0, 10.0, 10.0)
    assert most_given_a(replace(house, battery=replace(discharging, power_w=-2300.0))) == PerPhase()


@given(st.floats(0, 14_000), st.floats(-5_000, 5_000))
def test_no_more_can_be_given_on_any_phase_than_the_bound_says(sun_w: float, battery_w: float) -> None:
    """Whatever phases feed it: what is taken to be given is never above the bound."""
    seen = look([STATION], [state()])
    battery = BatteryReading(power_w=battery_w, taken_at_s=NOW_S)
    house = replace(seen, site=replace(seen.site, inverters=1, has_battery=True), solar=sun(sun_w), battery=battery)
    most_a = most_given_a(house)

    assert most_a is not None
    assert all(each <= most + 1e-9 for each, most in zip(given_a(house), most_a, strict=True))


def test_a_battery_whose_phase_is_stated_feeds_that_phase_alone() -> None:
    seen = look([STATION], [state()])
    site = replace(seen.site, inverters=1, has_battery=True, battery_wiring=(L2,))
    battery = BatteryReading(power_w=2300.0, taken_at_s=NOW_S)
    house = replace(seen, site=site, battery=battery, solar=sun(690.0))
    charging = replace(house, battery=replace(battery, power_w=-2300.0))

    assert given_a(house) == PerPhase(1.0, 11.0, 1.0)
    assert given_a(charging) == PerPhase(1.0, 1.0, 1.0)
    assert most_given_a(house) == PerPhase(3.0, 13.0, 3.0)
    assert most_given_a(replace(house, battery=None)) is None
