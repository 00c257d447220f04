"""What meters see of a station's steps, where they see them late, on fewer phases, or not at all."""

from __future__ import annotations

from collections.abc import Callable

from ems.commissioning.charger_figures import MeterSees, best_sight, meter_late_s, what_meters_see
from ems.commissioning.plateau import Plateau
from ems.commissioning.trace import NO_SUN, Trace
from ems.model.electrical import PerPhase, Phase
from ems.model.readings import GridReading
from ems.model.site import Site, Station
from ems.model.station import CarReading
from tests.house import House

LASTS_S = 20
CAR_A = (6.0, 10.0, 0.0, 6.0, 10.0, 0.0)
"""One plateau after the other."""


def site() -> Site:
    return House().with_car("garage").snapshot().site


def plateaus(phases: int) -> list[Plateau]:
    held = []
    for place, amps in enumerate(CAR_A):
        began_s = float(place * LASTS_S)
        reading = CarReading(current_a=(amps,) * phases + (0.0,) * (3 - phases), taken_at_s=began_s + 15)
        held.append(
            Plateau(
                limit_a=amps,
                phases=3,
                since_s=began_s,
                taken_s=began_s,
                settled_s=began_s + 7,
                until_s=began_s + LASTS_S,
                reading=reading,
                window_s=4.0,
            )
        )
    return held


def seen(shows: Callable[[float], PerPhase], *, late_s: float = 0.0) -> Trace:
    """A meter that shows the car so, 3 s after each limit and then late."""
    trace = Trace()
    for second in range(len(CAR_A) * LASTS_S + 15):
        place = int(second - 3 - late_s) // LASTS_S
        car_a = CAR_A[place] if 0 <= place < len(CAR_A) else 0.0
        trace.meter("main", GridReading(current_a=shows(car_a), power_w=0.0, taken_at_s=float(second)), None, NO_SUN)
    return trace


def on_l2(car_a: float) -> PerPhase:
    return PerPhase(2.0, 3.0 + car_a, 1.0)


def sight(trace: Trace, station: Station, held: list[Plateau]) -> MeterSees:
    best = best_sight(what_meters_see(trace, site(), station, held))
    assert best is not None
    return best


def test_a_car_is_seen_on_its_phase() -> None:
    station, held = site().station("garage"), plateaus(1)

    assert sight(seen(on_l2), station, held).sound
    assert sight(seen(on_l2), station, held).seen[0][1].phases == {Phase.L2}


def test_a_meter_that_is_late_is_found_out() -> None:
    station, held, trace = site().station("garage"), plateaus(1), seen(on_l2, late_s=9.0)

    assert not sight(trace, station, held).sound
    late_s = meter_late_s(trace, site(), station, held)
    assert late_s is not None
    # Windows have room for a little more than the car needs.
    assert 4 <= late_s <= 9


def test_a_car_that_no_meter_shows_is_not_a_late_one() -> None:
    station, held, trace = site().station("garage"), plateaus(1), seen(lambda _: PerPhase(2.0, 3.0, 1.0))

    assert sight(trace, station, held).certain
    assert not sight(trace, station, held).sound
    assert meter_late_s(trace, site(), station, held) is None


def test_a_clamp_that_is_missing_makes_what_is_seen_unsound() -> None:
    station, held = site().station("garage"), plateaus(3)
    trace = seen(lambda car_a: PerPhase(2.0 + car_a, 3.0 + car_a, 0.0))

    assert sight(trace, station, held).certain
    assert not sight(trace, station, held).sound
    assert meter_late_s(trace, site(), station, held) is None


def test_a_single_sample_is_no_level() -> None:
    trace = Trace()
    trace.meter("main", GridReading(current_a=PerPhase(), power_w=0.0, taken_at_s=5.0), None, NO_SUN)

    assert trace.level_a("main", 0.0, 9.0) == PerPhase()
    assert trace.level_a("main", 0.0, 9.0, least=2) is None
