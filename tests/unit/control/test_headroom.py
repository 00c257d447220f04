"""Amps left per fuse and phase."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ems.control.demand import demands
from ems.control.headroom import Headroom, Room, headroom
from ems.control.memory import Memory
from ems.control.seen.blind import without_sight
from ems.control.seen.trust import MeterView
from ems.model.decision import LimitReason
from ems.model.electrical import PHASES_OF, Circuit, Fuse, FuseDevice, PerPhase, Phase
from ems.model.readings import GridReading, SolarReading
from ems.model.station import ConnectorStatus, StationState
from tests.unit.control.scene import CALM, MAIN, NOW_S, STATION, grid, limit, look, report, state, view

CHARGING = state(sent=[limit(10.0, ago_s=50)], car=report(10.0, 10.0, 10.0))
NO_CAR = state(status=ConnectorStatus.AVAILABLE, car=report(0.0, 0.0, 0.0, ago_s=50), sent=[limit(0.0, ago_s=50)])
GARAGE = Circuit(
    circuit_id="garage",
    fuse=Fuse(rating_a=20.0),
    parent_id="main",
    phases=(Phase.L1, Phase.L2),
    largest_other_load_a=3.0,
)


def room(
    sample: GridReading | None,
    *states: StationState,
    memory: Memory = CALM,
    main: Circuit = MAIN,
    phase: Phase = Phase.L1,
) -> Room:
    views: dict[str, MeterView] = {} if sample is None else {"main": view(sample)}
    seen = look([STATION], states or [CHARGING], circuits=(main,))
    return headroom(seen, memory, views).rooms["main", phase]


def test_the_cars_own_draw_is_handed_back() -> None:
    spot = room(grid(18.0, 12.0, 11.0))

    assert spot.house_a == pytest.approx(8.0)
    assert spot.now_a == pytest.approx(25 * 0.95 - 8.0)


def test_reserve_and_derating_come_off_the_rating() -> None:
    spot = room(grid(18.0, 12.0, 11.0), main=replace(MAIN, reserve_a=2.0, derating=0.9))

    assert spot.usable_a == pytest.approx(0.95 * 25 * 0.9 - 2.0)


@pytest.mark.parametrize(
    ("device", "most_a"), [(FuseDevice.MCB_C, 28.25), (FuseDevice.SLS, 26.25), (FuseDevice.GG, 31.25)]
)
def test_cars_alone_never_get_more_than_the_device_carries_however_strong_the_sun(
    device: FuseDevice, most_a: float
) -> None:
    spot = room(grid(-30.0, 0.0, 0.0), NO_CAR, main=replace(MAIN, fuse=Fuse(rating_a=25.0, device=device)))

    assert spot.now_a == spot.for_raises_a == pytest.approx(most_a)


def test_a_peak_is_held_against_raises_and_slowly_forgotten() -> None:
    memory = replace(CALM, house_a={"main": PerPhase(2.0, 2.0, 2.0)}, held_a={"main": PerPhase(9.0, 2.0, 2.0)})
    spot = room(grid(12.0, 12.0, 12.0), memory=memory)

    assert spot.now_a == pytest.approx(23.75 - 2.0)
    assert spot.for_raises_a == pytest.approx(23.75 - 9.0 + 0.02)
    assert spot.raise_reason.held_a == pytest.approx(8.98)
    assert spot.reason.held_a is None


def test_inside_the_band_the_house_stays_as_it_was() -> None:
    moving = state(sent=[limit(16.0, ago_s=50), limit(8.0, ago_s=2)], car=report(15.8, 15.8, 15.8, ago_s=5))
    memory = replace(CALM, house_a={"main": PerPhase(5.0, 5.0, 5.0)})

    assert room(grid(18.0, 18.0, 18.0), moving, memory=memory).house_a == 5.0
    assert room(grid(23.0, 18.0, 18.0), moving, memory=memory).house_a == 7.0
    assert room(grid(10.0, 18.0, 18.0), moving, memory=memory).house_a == 2.0


def test_a_car_that_nobody_has_heard_of_is_no_peak_of_the_house() -> None:
    unknown = state(status=None)
    seen = look([STATION], [unknown])
    found = headroom(seen, CALM, {"main": view(grid(17.0, 17.0, 17.0))})

    assert found.held_a["main"] == PerPhase(1.0, 1.0, 1.0)
    assert found.rooms["main", Phase.L1].house_a == 17.0


def test_a_car_that_starts_unseen_is_no_peak_of_the_house() -> None:
    idle = state(sent=[limit(16.0, ago_s=50)], car=report(0.0, 0.0, 0.0, ago_s=6))
    memory = replace(CALM, house_a={"main": PerPhase(1.0, 1.0, 1.0)}, held_a={"main": PerPhase(1.0, 1.0, 1.0)})
    found = headroom(look([STATION], [idle]), memory, {"main": view(grid(17.0, 17.0, 17.0))})

    assert found.held_a["main"] == PerPhase(1.0, 1.0, 1.0)
    assert found.rooms["main", Phase.L1].house_a == 17.0


def test_without_a_sample_the_largest_load_counts() -> None:
    assert room(None).house_a == 10.0
    assert room(None, main=replace(MAIN, largest_other_load_a=None)).house_a == 0.0


def test_a_circuit_without_a_meter_has_rooms_on_its_own_phases_only() -> None:
    seen = look([replace(STATION, circuit_id="garage", wiring=GARAGE.phases)], [CHARGING], circuits=(MAIN, GARAGE))
    rooms = headroom(seen, CALM, {"main": view(grid(11.0, 11.0, 1.0))}).rooms

    assert {key[1] for key in rooms if key[0] == "garage"} == {Phase.L1, Phase.L2}
    assert rooms["garage", Phase.L1].now_a == pytest.approx(19.0 - 3.0)
    assert rooms["garage", Phase.L1].reason.code is LimitReason.CIRCUIT_FUSE
    assert rooms["main", Phase.L1].house_a == pytest.approx(1.0)


def test_a_house_of_one_phase_has_one_room() -> None:
    main = replace(MAIN, phases=PHASES_OF[1])
    seen = look(
        [replace(STATION, wiring=PHASES_OF[1])],
        [state(car=report(0.0), sent=[limit(0.0, ago_s=60, phases=1)])],
        circuits=(main,),
    )
    rooms = headroom(seen, CALM, {"main": view(grid(7.0))}).rooms

    assert list(rooms) == [("main", Phase.L1)]
    assert rooms["main", Phase.L1].house_a == 7.0


def test_the_draw_is_looked_up_at_the_time_of_the_sample() -> None:
    raised = state(sent=[limit(6.0, ago_s=50), limit(16.0, ago_s=3)], car=report(15.8, 15.8, 15.8, ago_s=0.5))
    late = grid(7.0, 7.0, 7.0, ago_s=4.0)

    assert NOW_S - late.taken_at_s == 4.0
    assert room(late, raised).house_a == pytest.approx(1.0)


UNKNOWN = replace(GARAGE, largest_other_load_a=None)
OPEN_MAIN = replace(MAIN, largest_other_load_a=None)


def behind(*, main: Circuit = OPEN_MAIN, middle: Circuit | None = None, **known: Any) -> Headroom:
    """The room of a circuit that nobody measures or states, behind a house that draws 8, 2 and 1 A."""
    circuits = (main, UNKNOWN) if middle is None else (main, middle, replace(UNKNOWN, parent_id=middle.circuit_id))
    seen = look([replace(STATION, circuit_id="garage", wiring=GARAGE.phases)], [CHARGING], circuits=circuits)
    site = replace(seen.site, inverters=known.pop("inverters", 0), has_battery=known.pop("has_battery", False))
    return headroom(replace(seen, site=site, **known), CALM, {"main": view(grid(18.0, 12.0, 1.0))})


def test_a_circuit_that_nobody_measures_or_states_draws_at_most_what_the_house_does() -> None:
    found = behind()

    assert found.rooms["garage", Phase.L1].house_a == pytest.approx(8.0)
    assert found.rooms["garage", Phase.L2].house_a == pytest.approx(2.0)
    assert found.unseen_a["garage"] is not None


def test_the_sun_hides_part_of_what_the_house_draws() -> None:
    sunny = behind(inverters=1, solar=SolarReading(power_w=6900.0, taken_at_s=NOW_S))
    on_one = behind(inverters=1, solar=SolarReading(power_w=2300.0, taken_at_s=NOW_S, current_a=PerPhase(0.0, 10.0)))

    assert sunny.rooms["garage", Phase.L1].house_a == pytest.approx(18.0)
    assert on_one.rooms["garage", Phase.L1].house_a == pytest.approx(8.0)
    assert on_one.rooms["garage", Phase.L2].house_a == pytest.approx(12.0)


@pytest.mark.parametrize(
    "silent",
    [
        {"inverters": 1},
        {"inverters": 2, "solar": SolarReading(power_w=900.0, taken_at_s=NOW_S, complete=False)},
        {"has_battery": True},
    ],
)
def test_while_an_inverter_is_silent_only_what_was_stated_in_front_bounds_it(silent: dict[str, Any]) -> None:
    assert behind(**silent).unseen_a == {"garage": None}
    assert behind(main=replace(MAIN, largest_other_load_a=9.0), **silent).rooms["garage", Phase.L2].house_a == 9.0


def test_the_smallest_of_all_bounds_counts() -> None:
    middle = Circuit(circuit_id="shed", fuse=Fuse(rating_a=32.0), parent_id="main", phases=PHASES_OF[3])
    found = behind(middle=replace(middle, largest_other_load_a=5.0))

    assert found.rooms["garage", Phase.L1].house_a == 5.0
    assert found.rooms["garage", Phase.L2].house_a == pytest.approx(2.0)


def test_a_station_behind_an_unknown_load_stays_at_its_fallback_current() -> None:
    site = look([replace(STATION, circuit_id="garage", wiring=GARAGE.phases)], [CHARGING], circuits=(MAIN, UNKNOWN))
    wish = demands(site, {})
    views = {"main": view(grid(18.0, 12.0, 1.0))}

    assert without_sight(wish, views, site, {"garage": PerPhase()})["a"].candidate is not None
    blind = without_sight(wish, views, site, {"garage": None})["a"]
    assert (blind.candidate, blind.rest_a) == (None, 6.0)
    assert blind.why_not.code is LimitReason.CIRCUIT_FUSE
