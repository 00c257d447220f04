"""Laws of the accounting, whatever meters and stations say: nothing runs backwards, nothing is counted twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.store.entries import Counters, Page
from tests.unit.runtime.yard import Yard

POWERS = st.none() | st.floats(-15_000, 15_000)
HUGE = 2e5
"""More Wh than any of these houses can turn over in a test."""


@dataclass(frozen=True)
class Moment:
    """What a house may say from one look to the next."""

    seconds: float
    grid_w: float | None
    solar_w: float | None
    battery_w: float | None
    car_w: float
    import_kwh: float | None
    register_kwh: float | None
    plugged: bool
    offline: bool
    wall_jump_s: float
    restart: str


MOMENTS = st.builds(
    Moment,
    seconds=st.sampled_from([0.0, 0.3, 1.0, 2.0, 9.0, 40.0]),
    grid_w=POWERS,
    solar_w=POWERS,
    battery_w=POWERS,
    car_w=st.floats(0, 22_000),
    import_kwh=st.none() | st.floats(0, 100_000) | st.floats(100, 100.2),
    register_kwh=st.none() | st.floats(0, 5_000) | st.floats(10, 10.3),
    plugged=st.booleans(),
    offline=st.booleans(),
    wall_jump_s=st.sampled_from([0.0] * 8 + [-3.0, -5000.0, 70.0, 90_000.0]),
    restart=st.sampled_from(["no"] * 12 + ["clean", "cut"]),
)
CALM = st.builds(
    Moment,
    seconds=st.sampled_from([0.5, 1.0, 2.0]),
    grid_w=POWERS,
    solar_w=POWERS,
    battery_w=POWERS,
    car_w=st.floats(0, 22_000),
    import_kwh=st.none(),
    register_kwh=st.none() | st.floats(10, 10.3),
    plugged=st.booleans(),
    offline=st.just(False),
    wall_jump_s=st.just(0.0),
    restart=st.sampled_from(["no"] * 12 + ["clean"]),
)


def play(yard: Yard, moment: Moment) -> None:
    """One moment after another."""
    yard.utc_s += moment.wall_jump_s
    if moment.restart != "no":
        if moment.restart == "clean":
            yard.ledger.close()
        yard.restart(after_s=30.0, new_machine_time=moment.restart == "cut")
    yard.grid_w, yard.solar_w, yard.battery_w = moment.grid_w, moment.solar_w, moment.battery_w
    yard.cars_w["garage"] = moment.car_w
    yard.import_kwh = moment.import_kwh
    if moment.register_kwh is None:
        yard.registers_kwh.pop("garage", None)
    else:
        yard.registers_kwh["garage"] = moment.register_kwh
    (yard.plugged.add if moment.plugged else yard.plugged.discard)("garage")
    (yard.offline.add if moment.offline else yard.offline.discard)("garage")
    yard.step(moment.seconds)


def no_lower(later: Counters, earlier: Counters) -> bool:
    before = asdict(earlier)
    return all(kwh >= before[name] for name, kwh in asdict(later).items())


def states_of(pages: list[Page]) -> list[Counters]:
    return [page.state.counters for page in pages if page.state is not None]


@settings(max_examples=80)
@given(st.lists(MOMENTS, max_size=60))
def test_counters_never_run_backwards(moments: list[Moment]) -> None:
    yard = Yard(has_battery=True)
    before, before_kwh = yard.ledger.counters, 0.0
    for moment in moments:
        if moment.restart == "cut":
            before, before_kwh = Counters(), 0.0
        play(yard, moment)
        assert no_lower(yard.ledger.counters, before)
        assert yard.ledger.station_kwh("garage") >= before_kwh
        before, before_kwh = yard.ledger.counters, yard.ledger.station_kwh("garage")

    yard.ledger.close()
    kept = states_of(yard.pages)
    assert all(no_lower(later, earlier) for earlier, later in pairwise(kept))


@settings(max_examples=80)
@given(st.lists(MOMENTS, max_size=60))
def test_sun_is_never_more_than_the_whole(moments: list[Moment]) -> None:
    yard = Yard(has_battery=True)
    for moment in moments:
        play(yard, moment)
        stay, counters, today = yard.ledger.stay("garage"), yard.ledger.counters, yard.ledger.today
        assert stay is None or 0.0 <= stay.solar_kwh <= stay.energy_kwh < HUGE
        assert 0.0 <= counters.charging_solar_kwh <= counters.charging_kwh + 1e-9
        assert 0.0 <= today.charging_solar_wh <= today.charging_wh + 1e-6

    yard.ledger.close()
    for step in yard.minutes:
        assert (step.flows.charging_solar_wh or 0.0) <= (step.flows.charging_wh or 0.0) + 1e-6


@settings(max_examples=80)
@given(st.lists(CALM, max_size=80))
def test_minutes_add_up_to_what_the_counters_rose_by(moments: list[Moment]) -> None:
    yard = Yard(has_battery=True)
    for moment in moments:
        play(yard, moment)
    yard.ledger.close()

    counters = asdict(yard.ledger.counters)
    # What a register told of the time of a restart is in the counters alone.
    restarted = any(moment.restart != "no" for moment in moments)
    for name, kwh in counters.items():
        in_minutes_kwh = yard.kwh_in_minutes(name.replace("_kwh", "_wh"))
        assert in_minutes_kwh <= kwh + 1e-9
        if not (restarted and name.startswith("charging")):
            assert in_minutes_kwh == pytest.approx(kwh, abs=1e-9)
    by_station = sum(step.flows.stations_wh.get("garage", 0.0) for step in yard.minutes) / 1000.0
    assert by_station == pytest.approx(yard.kwh_in_minutes("charging_wh"), abs=1e-9)
