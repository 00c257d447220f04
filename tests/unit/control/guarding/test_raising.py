"""Limits go up slowly, and never into what another car may still draw."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from ems.control.guard import guard
from ems.control.headroom import headroom
from ems.control.memory import Memory, StationTimers
from ems.control.seen.in_force import commanded, phases_allowed
from ems.control.settle import rounded_down
from ems.model.decision import LimitReason, Setpoint
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.model.readings import GridReading
from ems.model.site import Station
from ems.model.snapshot import Snapshot
from ems.model.station import SendOutcome, SentLimit, StationState
from tests.strategies import looks
from tests.unit.control.scene import CALM, NOW_S, STATION, grid, limit, look, report, state, view

ROOM_FOR_LONG = {("main", phase): NOW_S - 60 for phase in Phase}
RIPE = replace(CALM, room_since_s=ROOM_FOR_LONG)
SHED = replace(RIPE, timers={"a": StationTimers(off_since_s=NOW_S - 90, shed_at_s=NOW_S - 59)})


def drawing(name: str, amps: float, *sent: SentLimit) -> StationState:
    steady = (limit(0.0, ago_s=55), limit(amps, ago_s=50))
    return state(name, sent=sent or steady, car=report(amps, amps, amps))


def raised(
    wanted_a: float,
    *states: StationState,
    memory: Memory = RIPE,
    sample: GridReading | None = None,
    station: Station = STATION,
    phases: int = 3,
    goals: dict[str, Goal] | None = None,
) -> dict[str, Setpoint]:
    """What the guard makes of the wish that every station should get `wanted_a`."""
    stations = [replace(station, station_id=each.station_id) for each in states]
    seen = look(stations, states, goals=goals)
    drawn_a = sum(max(each.car.current_a) for each in states if each.car is not None)
    views = {"main": view(sample or grid(drawn_a + 1, drawn_a + 1, drawn_a + 1))}
    wanted = {each.station_id: Setpoint(station_id=each.station_id, limit_a=wanted_a, phases=phases) for each in states}
    return dict(guard(wanted, seen, memory, headroom(seen, memory, views), views).setpoints)


def test_a_limit_rises_by_one_step() -> None:
    setpoint = raised(16.0, drawing("a", 8.0), sample=grid(18.0, 1.0, 1.0))["a"]

    assert setpoint.limit_a == 12.0
    assert setpoint.reason.code is LimitReason.SETTLING


def test_a_car_that_follows_the_sun_rises_by_half_of_the_room() -> None:
    sunny = {"a": Goal(mode=ChargeMode.SOLAR)}

    assert raised(16.0, drawing("a", 6.0), sample=grid(1.0, 1.0, 1.0), goals=sunny)["a"].limit_a == 16.0
    assert raised(16.0, drawing("a", 6.0), sample=grid(15.0, 1.0, 1.0), goals=sunny)["a"].limit_a == 10.3
    assert raised(16.0, drawing("a", 6.0), sample=grid(18.0, 1.0, 1.0), goals=sunny)["a"].limit_a == 10.0


def test_the_last_step_ends_at_the_wish() -> None:
    assert raised(10.0, drawing("a", 8.0))["a"].limit_a == 10.0


def test_a_paused_car_starts_at_its_minimum() -> None:
    paused = state("a", sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))

    assert raised(16.0, paused)["a"].limit_a == 6.0


def test_steps_come_no_closer_than_five_seconds() -> None:
    just_raised = drawing("a", 8.0, limit(6.0, ago_s=50), limit(8.0, ago_s=4.5))
    setpoint = raised(16.0, just_raised)["a"]

    assert setpoint.limit_a == 8.0
    assert setpoint.reason.remaining_s == 0.5


def test_room_must_have_lasted() -> None:
    memory = replace(CALM, room_since_s={("main", phase): NOW_S - 9 for phase in Phase})
    setpoint = raised(16.0, drawing("a", 8.0), memory=memory)["a"]

    assert setpoint.limit_a == 8.0
    assert setpoint.reason.remaining_s == 1.0


def test_one_tight_phase_holds_a_three_phase_car() -> None:
    setpoint = raised(16.0, drawing("a", 8.0), sample=grid(9.0, 23.0, 9.0))["a"]

    assert setpoint.limit_a == 8.0
    assert setpoint.reason.code is LimitReason.MAIN_FUSE
    assert setpoint.reason.phase is Phase.L2


def test_the_fuse_ends_a_rise_and_is_named() -> None:
    setpoint = raised(16.0, drawing("a", 8.0), sample=grid(21.0, 9.0, 9.0))["a"]

    assert setpoint.limit_a == 10.7
    assert setpoint.reason.code is LimitReason.MAIN_FUSE
    assert setpoint.reason.phase is Phase.L1


def test_a_held_peak_ends_a_rise_and_is_named() -> None:
    memory = replace(RIPE, house_a={"main": PerPhase(1, 1, 1)}, held_a={"main": PerPhase(14.0, 1.0, 1.0)})
    setpoint = raised(16.0, drawing("a", 8.0), memory=memory)["a"]

    assert setpoint.limit_a == 9.7
    assert setpoint.reason.held_a is not None


def test_whole_amps_only_where_the_station_takes_no_others() -> None:
    whole = replace(STATION, step_a=1.0)

    assert raised(16.0, drawing("a", 8.0), sample=grid(21.0, 9.0, 9.0), station=whole)["a"].limit_a == 10.0
    assert raised(16.0, drawing("a", 8.0), sample=grid(22.2, 9.0, 9.0), station=whole)["a"].limit_a == 9.0


def test_where_less_than_a_whole_step_is_left_the_limit_stays() -> None:
    whole = replace(STATION, step_a=1.0)
    setpoints = raised(16.0, drawing("a", 8.0), drawing("b", 6.0), sample=grid(22.3, 9.0, 9.0), station=whole)

    assert [setpoints[name].limit_a for name in ("a", "b")] == [9.0, 6.0]
    assert setpoints["b"].reason.code is LimitReason.MAIN_FUSE


def test_the_higher_priority_rises_first() -> None:
    both = drawing("a", 6.0), drawing("b", 6.0)
    goals = {"b": Goal(priority=3)}
    setpoints = raised(16.0, *both, sample=grid(20.0, 20.0, 20.0), goals=goals)

    assert setpoints["b"].limit_a == 9.7
    assert setpoints["a"].limit_a == 6.0


def test_nobody_rises_into_what_another_car_has_not_let_go() -> None:
    memory = replace(RIPE, house_a={"main": PerPhase(6, 6, 6)})
    lowered = drawing("b", 12.0, limit(12.0, ago_s=50), limit(6.0, ago_s=2))
    let_go = drawing("b", 6.0, limit(12.0, ago_s=50), limit(6.0, ago_s=8))

    held_back = raised(16.0, drawing("a", 6.0), lowered, memory=memory, sample=grid(24.0, 24.0, 24.0))["a"]
    free = raised(16.0, drawing("a", 6.0), let_go, memory=memory, sample=grid(18.0, 18.0, 18.0))["a"]

    assert (held_back.limit_a, held_back.reason.code) == (6.0, LimitReason.MAIN_FUSE)
    assert free.limit_a == 10.0


def test_nobody_rises_into_what_another_car_may_take_on_an_unanswered_limit() -> None:
    memory = replace(RIPE, house_a={"main": PerPhase(1.5, 1.5, 1.5)})
    unanswered = drawing("b", 6.0, limit(6.0, ago_s=50), limit(16.0, ago_s=10, outcome=SendOutcome.UNANSWERED))

    assert raised(16.0, drawing("a", 6.0), unanswered, memory=memory, sample=grid(13.5, 13.5, 13.5))["a"].limit_a == 6.0


def test_after_a_stop_by_the_guard_a_car_waits_a_minute() -> None:
    paused = state("a", sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))
    setpoint = raised(16.0, paused, memory=SHED)["a"]

    assert setpoint.limit_a == 0.0
    assert setpoint.reason.remaining_s == 1.0


def test_after_that_minute_it_needs_its_minimum_and_two_amps() -> None:
    paused = state("a", sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))
    memory = replace(SHED, timers={"a": StationTimers(off_since_s=NOW_S - 90, shed_at_s=NOW_S - 61)})

    tight = raised(16.0, paused, memory=memory, sample=grid(16.0, 1.0, 1.0))["a"]
    wide = raised(16.0, paused, memory=memory, sample=grid(15.7, 1.0, 1.0))["a"]

    assert (tight.limit_a, tight.reason.code) == (0.0, LimitReason.MAIN_FUSE)
    assert wide.limit_a == 6.0


def test_after_five_minutes_its_minimum_is_enough() -> None:
    paused = state("a", sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))
    memory = replace(SHED, timers={"a": StationTimers(off_since_s=NOW_S - 400, shed_at_s=NOW_S - 301)})

    assert raised(16.0, paused, memory=memory, sample=grid(16.0, 1.0, 1.0))["a"].limit_a == 6.0


def test_a_car_that_the_sharing_stopped_waits_as_long_and_needs_its_minimum_only() -> None:
    paused = state("a", sent=[limit(0.0, ago_s=50)], car=report(0.0, 0.0, 0.0))
    waits, comes = (
        replace(RIPE, timers={"a": StationTimers(off_since_s=NOW_S - ago_s, squeezed_at_s=NOW_S - ago_s)})
        for ago_s in (59, 61)
    )

    assert raised(16.0, paused, memory=waits, sample=grid(16.0, 1.0, 1.0))["a"].limit_a == 0.0
    assert raised(16.0, paused, memory=comes, sample=grid(16.0, 1.0, 1.0))["a"].limit_a == 6.0


def test_more_phases_count_as_a_start() -> None:
    one_phase = state("a", sent=[limit(8.0, ago_s=50, phases=1)], car=report(8.0, 0.0, 0.0))
    setpoint = raised(16.0, one_phase, sample=grid(9.0, 1.0, 1.0))["a"]

    assert (setpoint.limit_a, setpoint.phases) == (6.0, 3)


def test_near_the_fuse_a_step_is_one_ramp_and_never_into_what_is_not_there() -> None:
    four_a, two_a = (raised(16.0, drawing("a", 8.0), sample=grid(amps, 1.0, 1.0))["a"].limit_a for amps in (19.0, 21.5))

    assert (four_a, two_a) == (12.0, 10.2)


def test_a_large_step_ends_at_the_wish() -> None:
    assert raised(11.0, drawing("a", 8.0), sample=grid(9.0, 9.0, 9.0))["a"].limit_a == 11.0


def test_more_phases_begin_at_the_minimum_however_high_one_phase_was() -> None:
    one_phase = state("a", sent=[limit(16.0, ago_s=50, phases=1)], car=report(16.0, 0.0, 0.0))
    setpoint = raised(16.0, one_phase, sample=grid(17.0, 1.0, 1.0))["a"]

    assert (setpoint.limit_a, setpoint.phases) == (6.0, 3)


def test_without_room_on_the_other_phases_it_stays_on_one_and_names_the_fuse() -> None:
    one_phase = state("a", sent=[limit(8.0, ago_s=50, phases=1)], car=report(8.0, 0.0, 0.0))
    tight = raised(16.0, one_phase, sample=grid(9.0, 1.0, 17.8))["a"]
    wide = raised(16.0, one_phase, sample=grid(9.0, 1.0, 17.7))["a"]

    assert (tight.limit_a, tight.phases, tight.reason.code) == (8.0, 1, LimitReason.MAIN_FUSE)
    assert tight.reason.phase is Phase.L3
    assert (wide.limit_a, wide.phases) == (6.0, 3)


def test_more_phases_come_no_sooner_than_five_seconds_after_the_last_change() -> None:
    changed = state("a", sent=[limit(8.0, ago_s=50, phases=1), limit(10.0, ago_s=4, phases=1)], car=report(8.0, 0, 0))
    setpoint = raised(16.0, changed, sample=grid(11.0, 1.0, 1.0))["a"]

    assert (setpoint.limit_a, setpoint.phases, setpoint.reason.remaining_s) == (10.0, 1, 1.0)


def test_fewer_phases_need_no_room_and_no_waiting() -> None:
    just_raised = drawing("a", 8.0, limit(6.0, ago_s=50), limit(8.0, ago_s=1))
    setpoint = raised(8.0, just_raised, memory=CALM, sample=grid(23.0, 23.0, 23.0), phases=1)["a"]

    assert (setpoint.limit_a, setpoint.phases) == (8.0, 1)


@given(st.floats(6.0, 15.9), st.floats(6.0, 32.0), st.floats(0.0, 20.0))
def test_a_step_is_a_ramp_and_ends_at_wish_and_fuse(from_a: float, wish_a: float, house_a: float) -> None:
    from_a, wish_a = rounded_down(from_a, STATION), rounded_down(wish_a, STATION)
    setpoint = raised(wish_a, drawing("a", from_a), sample=grid(from_a + house_a, 0.0, 0.0))["a"]
    left_a = 25 * 0.95 - house_a - from_a

    assert setpoint.limit_a <= wish_a
    assert setpoint.limit_a - from_a <= 4.0 + 1e-6
    assert setpoint.limit_a <= from_a or setpoint.limit_a <= from_a + left_a + 1.0 + 1e-6


@given(looks())
def test_a_raise_fits_beside_all_that_any_car_may_still_draw(case: tuple[Snapshot, Memory]) -> None:
    seen, memory = case
    memory = replace(
        memory,
        timers={},
        room_since_s={(c.circuit_id, phase): NOW_S - 60 for c in seen.site.circuits for phase in c.phases},
    )
    views = {name: view(sample, name) for name, sample in seen.meters.items()}
    room = headroom(seen, memory, views)
    wanted = {
        s.station_id: Setpoint(station_id=s.station_id, limit_a=s.max_a, phases=len(s.wiring))
        for s in seen.site.stations
    }
    kept = guard(wanted, seen, memory, room, views).setpoints
    risen = [s for s in seen.site.stations if kept[s.station_id].limit_a > _commanded_a(s, seen) + 1e-6]
    event(f"{len(risen)} rise")

    for station in risen:
        for circuit in seen.site.circuits.above(station.circuit_id):
            # On the others nothing is raised; what another car may draw there uncontrolled is not its doing.
            for phase in phases_allowed(station, kept[station.station_id].phases):
                total_a = sum(
                    max(
                        kept[s.station_id].limit_a if phase in phases_allowed(s, kept[s.station_id].phases) else 0.0,
                        room.ceilings_a[s.station_id][phase],
                    )
                    for s in seen.site.below(circuit.circuit_id)
                )
                assert total_a <= room.rooms[circuit.circuit_id, phase].for_raises_a + 1e-3


def _commanded_a(station: Station, seen: Snapshot) -> float:
    newest = commanded(seen.state_of(station.station_id), seen.now_s)
    return station.fallback_a if newest is None else newest.limit_a
