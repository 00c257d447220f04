"""The trace: samples once, without what a proof added and what the sun changed; levels, and when they fell."""

from __future__ import annotations

from ems.commissioning.trace import NO_SUN, MeterPoint, Sun, Trace, crossed_at_s, fall_like, sun_of
from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading, SolarReading
from ems.model.station import CarReading


def sample(at_s: float, *amps: float) -> GridReading:
    return GridReading(current_a=PerPhase(*amps), power_w=0.0, taken_at_s=at_s)


def points(*l1_a: float) -> list[MeterPoint]:
    return [
        MeterPoint(taken_at_s=float(at_s), current_a=PerPhase(amps), without_sun_a=PerPhase(amps))
        for at_s, amps in enumerate(l1_a)
    ]


def test_a_sample_counts_once_and_an_older_one_not_at_all() -> None:
    trace = Trace()
    for at_s in (1.0, 2.0, 2.0, 1.5):
        trace.meter("main", sample(at_s, at_s), None, NO_SUN)

    assert [each.taken_at_s for each in trace.points("main", 0.0)] == [1.0, 2.0]


def test_a_virtual_load_is_taken_out_again() -> None:
    trace = Trace()
    trace.meter("main", sample(1.0, 5.0, 25.0, 5.0), PerPhase(0.0, 20.0, 0.0), NO_SUN)

    assert trace.points("main", 0.0)[0].current_a == PerPhase(5.0, 5.0, 5.0)


def test_a_cloud_leaves_the_level_as_it_was() -> None:
    trace = Trace()
    for at_s, sun_a in enumerate((10.0, 8.0, 2.0, 1.0)):
        sun = Sun(current_a=PerPhase(sun_a, sun_a, sun_a), power_w=sun_a * 690)
        trace.meter("main", sample(float(at_s), 4.0 - sun_a, -sun_a, -sun_a), None, sun)

    assert trace.level_a("main", 0.0, 9.0) == PerPhase(4.0, 0.0, 0.0)
    assert trace.level_a("main", 8.0, 9.0) is None


def test_the_sun_counts_only_when_every_inverter_tells_its_currents() -> None:
    told = SolarReading(power_w=690.0, taken_at_s=1.0, current_a=PerPhase(1.0, 1.0, 1.0))
    mute = SolarReading(power_w=690.0, taken_at_s=1.0)

    assert sun_of([told, told], 2).current_a == PerPhase(2.0, 2.0, 2.0)
    assert sun_of([told, mute], 2).current_a == PerPhase()
    assert sun_of([told, mute], 2).power_w == 1380.0
    assert sun_of([told], 2) == NO_SUN
    assert sun_of([], 0) == NO_SUN


def test_readings_of_a_station_are_kept_by_their_time() -> None:
    trace = Trace()
    for at_s in (1.0, 1.0, 3.0):
        trace.car("garage", CarReading(current_a=(at_s,), taken_at_s=at_s))
    trace.car("garage", None)

    assert [each.taken_at_s for each in trace.readings("garage", 0.0)] == [1.0, 3.0]


def test_a_level_is_crossed_when_it_stays_so() -> None:
    flicker = points(10, 10, 2, 10, 10, 2, 2, 2, 2)

    assert crossed_at_s(flicker, (Phase.L1,), 10.0, 2.0) == 5.0
    assert crossed_at_s(points(10, 10, 10), (Phase.L1,), 10.0, 2.0) is None
    assert crossed_at_s(flicker, (), 10.0, 2.0) is None


def test_the_fall_of_the_right_size_is_found_beside_another() -> None:
    fall = fall_like(points(20, 20, 20, 20, 11, 11, 11, 11, 8, 7, 7, 7, 7), (Phase.L1,), 4.0)

    assert fall is not None
    assert fall.by_a == 4.0
    assert fall.at_s == 8.0
    assert fall_like(points(1, 1), (Phase.L1,), 4.0) is None
    assert fall_like(points(*[1.0] * 20), (), 4.0) is None
