"""What is known of a kind of station makes plans more careful, and never less."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ems.control.demand import demand
from ems.control.seen.in_force import limits_within
from ems.control.seen.peculiar import as_known, narrowed
from ems.control.settle import rounded_down
from ems.model.electrical import CircuitTree
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.station import ConnectorStatus, Peculiar, SentLimit, StationState
from tests.unit.control.scene import MAIN, NOW_S, STATION, limit

PECULIAR = st.builds(
    Peculiar, lets_go=st.booleans(), keeps_phases=st.booleans(), least_w=st.sampled_from([0.0, 1400.0, 4200.0])
)
SENT = st.lists(
    st.builds(limit, st.sampled_from([0.0, 6.0, 12.0]), ago_s=st.floats(0, 200), phases=st.sampled_from([1, 3])),
    max_size=4,
).map(lambda limits: tuple(sorted(limits, key=lambda each: each.sent_at_s)))


def look(*sent: SentLimit, peculiar: Peculiar | None, connected: bool = True, **station: object) -> Snapshot:
    state = StationState(
        station_id="a",
        connected=connected,
        status=ConnectorStatus.CHARGING,
        in_transaction=True,
        sent=sent,
        peculiar=peculiar,
    )
    entry = replace(STATION, **station)  # type: ignore[arg-type]
    site = Site(circuits=CircuitTree((MAIN,)), stations=(entry,))
    return Snapshot(now_s=NOW_S, site=site, stations={"a": state})


def bounds(now: Snapshot) -> tuple[float, int]:
    known = as_known(now)
    found = limits_within(
        known.site.station("a"), known.state_of("a"), NOW_S - 5.0, NOW_S, unknown_until_s=NOW_S - 1000.0
    )
    return found.high_a, found.phases


@given(PECULIAR, SENT, st.booleans(), st.booleans(), st.booleans())
def test_no_quirk_makes_a_station_count_with_less(
    peculiar: Peculiar, sent: tuple[SentLimit, ...], connected: bool, verified: bool, switches: bool
) -> None:
    """The law behind every quirk: hearsay takes trust away and gives none."""
    plain = look(*sent, peculiar=None, connected=connected, lease_verified=verified, can_switch_phases=switches)
    told = look(*sent, peculiar=peculiar, connected=connected, lease_verified=verified, can_switch_phases=switches)

    assert bounds(told)[0] >= bounds(plain)[0]
    assert bounds(told)[1] >= bounds(plain)[1]


@given(PECULIAR, st.booleans(), st.booleans())
def test_narrowing_gives_nothing_and_is_the_same_twice(peculiar: Peculiar, verified: bool, switches: bool) -> None:
    before = replace(STATION, lease_verified=verified, can_switch_phases=switches)
    after = narrowed(before, peculiar)

    assert after.lease_verified <= before.lease_verified
    assert after.can_switch_phases <= before.can_switch_phases
    assert before.min_a <= after.min_a <= after.max_a
    assert (after.max_a, after.hardware_max_a, after.fallback_a) == (before.max_a, before.hardware_max_a, 6.0)
    assert narrowed(after, peculiar) == after


def test_station_that_lets_go_counts_with_all_it_can_draw_while_it_is_away() -> None:
    """persist_on_disconnect and deadman: a proof of the installer does not help against what others saw."""
    gone = limit(8.0, ago_s=200.0)

    assert bounds(look(gone, peculiar=None, connected=False))[0] == 6.0
    assert bounds(look(gone, peculiar=Peculiar(lets_go=True), connected=False))[0] == 16.0


def test_station_that_keeps_its_phases_counts_on_all_of_them_and_is_not_switched() -> None:
    """phase_switch, S22: told one phase, it may still draw on three."""
    now = look(limit(10.0, ago_s=20.0, phases=1), peculiar=Peculiar(keeps_phases=True), can_switch_phases=True)

    assert bounds(now) == (10.0, 3)
    assert not as_known(now).site.station("a").can_switch_phases


def test_car_that_a_pause_would_end_is_left_the_minimum_without_sun_but_not_without_room() -> None:
    """min_pause_w: 1400 W are 6.1 A on one phase; only fuses and people pause it."""
    solar = Goal(mode=ChargeMode.SOLAR)
    now = as_known(look(limit(10.0, ago_s=20.0), peculiar=Peculiar(least_w=1400.0), goal=solar))
    wish = demand(now.site.station("a"), now)

    assert wish.candidate is not None
    assert (wish.candidate.must, wish.candidate.lo_a) == (True, 6.1)
    off = replace(now, goals={"a": Goal(mode=ChargeMode.OFF)})
    assert demand(off.site.station("a"), off).candidate is None


def test_least_power_is_counted_in_whole_amperes_where_a_station_knows_no_others() -> None:
    """min_pause_w: a minimum of 6.1 A would be rounded down to a pause, which ends the session."""
    whole = narrowed(replace(STATION, step_a=1.0), Peculiar(least_w=1400.0))

    assert rounded_down(7.9, whole) == whole.min_a == 7.0


def test_look_without_anything_peculiar_is_left_as_it_is() -> None:
    now = look(limit(10.0, ago_s=20.0), peculiar=None)

    assert as_known(now) is now
