"""Verdicts on faults: what a run shows that came through, and one that did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from ems.sim.lab.fault_scene import Scene
from ems.sim.lab.fault_script import FaultKind
from ems.sim.lab.fault_verdicts import EXPECTED, not_played, problems, verdict
from ems.sim.lab.records import DaySeconds, RunRecord, Series
from tests.unit.sim.lab.scene import START, figures, record

SECONDS = 500
FROM_S, UNTIL_S, ALLOWED_S = 100.0, 300.0, 20.0
LOAD_S, LOAD_A = 110.0, 5.0
METER = [FaultKind.METER_LOST, FaultKind.METER_FROZEN, FaultKind.METER_BACKWARDS, FaultKind.METER_IMPOSSIBLE]


def scene(fault: FaultKind) -> Scene:
    return Scene(
        fault=fault,
        label=fault.value,
        target="garage",
        from_s=FROM_S,
        until_s=UNTIL_S,
        answer_within_s=ALLOWED_S,
        promise="lease",
        fallback_a={"garage": 6.0},
        car_phases={"garage": (0, 1, 2), "carport": (1,)},
        max_a={"garage": 16.0, "carport": 32.0},
        behind={"main": ("garage", "carport")},
        load_a=LOAD_A,
        load_from_s=LOAD_S,
        reacts_within_s=8.0,
        back_within_s=100.0,
        trusted_after_s=9.0,
        lease_s=60.0,
        more_sun_w=2000.0,
    )


def amps(before: float, meanwhile: float, after_s: float = 0.0, *, again: float | None = None) -> Series:
    """One current before the fault and until `after_s` into it, then another one; `again` 20 s after it."""
    second = np.arange(SECONDS)
    drawn_a = np.where(second < FROM_S + after_s, before, meanwhile).astype(np.float64)
    drawn_a[second >= UNTIL_S + 20] = before if again is None else again
    return drawn_a


def run(
    garage_a: Series,
    carport_a: Series | None = None,
    *,
    trips: int = 0,
    limit_a: Series | None = None,
    policy: str = "evcc",
    sun_w: float = 0.0,
) -> RunRecord:
    nothing = np.zeros(SECONDS)
    carport_a = nothing if carport_a is None else carport_a
    second = np.arange(SECONDS)
    house_a = np.where((second >= LOAD_S) & (second < UNTIL_S), 2.0 + LOAD_A, 2.0)
    seen = DaySeconds(
        start_utc=START,
        pv_w=nothing + sun_w,
        house_w=house_a * 3 * 230.0,
        battery_w=nothing,
        cars_w={"garage": garage_a * 3 * 230.0, "carport": carport_a * 230.0},
        limits_a={"garage": garage_a if limit_a is None else limit_a, "carport": carport_a},
        phases={"garage": np.full(SECONDS, 3.0), "carport": np.ones(SECONDS)},
        reasons={},
        current_a={"main": np.stack([house_a + garage_a, house_a + garage_a + carport_a, house_a + garage_a], axis=1)},
        thermal={},
    )
    return replace(record(breakers=(figures(trips=trips),), policy=policy), picture=seen)


def ours(
    played: RunRecord,
    *,
    reasons: Sequence[tuple[float, float, str]] = (),
    sent_at_s: Sequence[float] = (),
    escalations: Sequence[tuple[float, str]] = (),
    notices: Mapping[str, float] | None = None,
) -> RunRecord:
    """The same run under Fusewise, with what it said of the garage."""
    assert played.picture is not None
    said = replace(
        played.picture,
        reasons={"garage": reasons},
        sent_at_s={"garage": sent_at_s, "carport": sent_at_s},
        escalations={"garage": escalations},
        notices=notices or {},
    )
    return replace(played, policy="fusewise", picture=said)


@pytest.mark.parametrize(("after_s", "passed"), [(0, True), (19, True), (20, True), (21, False), (199, False)])
def test_a_lost_meter_brings_every_car_down_in_time(after_s: float, passed: bool) -> None:
    assert verdict(scene(FaultKind.METER_LOST), run(amps(16, 6.3, after_s))).passed is passed


def test_a_car_that_comes_up_again_during_the_fault_has_not_come_down() -> None:
    drawn_a = amps(16, 6)
    drawn_a[250] = 16.0

    assert verdict(scene(FaultKind.SERVICE_DIES), run(drawn_a)).passed is False


def test_one_phase_at_the_same_power_is_three_times_the_current() -> None:
    played = run(amps(6, 6))
    assert played.picture is not None
    on_one = replace(played, picture=replace(played.picture, phases={**played.picture.phases, "garage": np.ones(500)}))

    assert verdict(scene(FaultKind.METER_LOST), played).passed is True
    assert verdict(scene(FaultKind.METER_LOST), on_one).passed is False


@pytest.mark.parametrize("fault", METER)
def test_fusewise_says_that_the_meter_is_lost(fault: FaultKind) -> None:
    lost = (105.0, 310.0, "meter_lost")

    assert verdict(scene(fault), ours(run(amps(16, 6)), reasons=[lost])).passed is True
    assert (
        "did not name its reason: grid meter not trusted (yet)"
        in verdict(scene(fault), ours(run(amps(16, 6)))).sentence
    )


def test_fusewise_raises_nothing_before_enough_good_samples() -> None:
    early = amps(16, 6)
    early[305:] = 16.0
    found = verdict(scene(FaultKind.METER_LOST), ours(run(early), reasons=[(105.0, 310.0, "meter_lost")]))

    assert found.passed is False
    assert "the first limit rose 5 s after it" in found.sentence


def test_cars_that_stay_down_for_good_are_not_back() -> None:
    found = verdict(scene(FaultKind.NETWORK_CUT), run(amps(16, 6, again=6)))

    assert found.passed is False
    assert found.sentence == "no limit rose within 100 s after it."


def test_cars_under_a_held_peak_are_on_their_way_back() -> None:
    assert verdict(scene(FaultKind.NETWORK_CUT), run(amps(16, 6, again=8))).passed is True


@pytest.mark.parametrize(("after_s", "passed"), [(15, True), (25, False)])
def test_the_others_make_room_in_time_while_one_keeps_what_it_has(after_s: float, passed: bool) -> None:
    """House 7 A, garage 10 A and carport 12 A are 29 A in a fuse of 25 A; the load comes 10 s after the fault."""
    played = run(amps(10, 10), amps(12, 6, after_s))
    found = verdict(scene(FaultKind.STATION_REJECTS), played)

    assert found.passed is passed
    assert "garage drew 10.0 A, carport went from 2.8" in found.sentence
    assert verdict(scene(FaultKind.STATION_REJECTS), played, looks_every_s=10.0).passed is True


@pytest.mark.parametrize(
    ("sent_at_s", "passed"),
    [([101, 103, 107, 115, 131, 161], True), ([101], False), (list(range(101, 300, 3)), False)],
    ids=["ever slower", "once", "every 3 s"],
)
def test_fusewise_asks_again_after_growing_pauses(sent_at_s: list[float], passed: bool) -> None:
    assert verdict(scene(FaultKind.STATION_TIMES_OUT), ours(run(amps(6, 6)), sent_at_s=sent_at_s)).passed is passed


STOPPED = [(140.0, "suspend"), (160.0, "remote_stop")]


def ignoring(carport_a: Series, *, escalations: Sequence[tuple[float, str]] = STOPPED) -> RunRecord:
    garage_a = amps(10, 10)
    garage_a[165:] = 0.0
    return ours(run(garage_a, carport_a), escalations=escalations, notices={"ignores_limit": 125.0})


def test_fusewise_leaves_a_station_that_ignores_its_limit_all_that_it_can_draw() -> None:
    """16 A and the house's 7 A leave nobody 6 A."""
    assert verdict(scene(FaultKind.STATION_IGNORES), ignoring(amps(8, 0, 12))).passed is True
    assert "did not leave it" in verdict(scene(FaultKind.STATION_IGNORES), ignoring(amps(8, 6, 12))).sentence


def test_fusewise_stops_a_station_that_ignores_its_limit() -> None:
    only_suspended = ignoring(amps(8, 0, 12), escalations=STOPPED[:1])

    assert "remote stop was never due" in verdict(scene(FaultKind.STATION_IGNORES), only_suspended).sentence
    assert "nobody was told" in verdict(scene(FaultKind.STATION_IGNORES), ours(run(amps(6, 6)))).sentence


@pytest.mark.parametrize("fault", [fault for fault in EXPECTED if fault is not FaultKind.NOT_COMMISSIONED])
def test_a_tripped_fuse_fails_every_fault(fault: FaultKind) -> None:
    calm = amps(6, 6)

    assert verdict(scene(fault), run(calm)).passed is True
    assert verdict(scene(fault), run(calm, trips=1)).passed is False


def test_a_late_meter_allows_no_raise() -> None:
    raised = amps(10, 12, after_s=60)
    lowered = amps(12, 10, after_s=60)

    assert verdict(scene(FaultKind.METER_LATE), run(amps(6, 6), limit_a=raised)).passed is False
    assert verdict(scene(FaultKind.METER_LATE), run(amps(6, 6), limit_a=lowered)).passed is True


def test_fusewise_raises_once_the_meter_is_in_time_again() -> None:
    late = scene(FaultKind.METER_LATE)

    assert verdict(late, ours(run(amps(6, 6, again=10)))).passed is True
    assert verdict(late, ours(run(amps(6, 6)))).sentence == "no limit rose after it either."


def test_a_clock_that_jumps_pauses_nobody() -> None:
    jumps = replace(scene(FaultKind.CLOCK_JUMPS), load_from_s=170.0)

    assert verdict(jumps, run(amps(10, 0, after_s=60))).passed is False
    assert verdict(jumps, run(amps(10, 10))).passed is True


def test_a_clock_that_jumps_keeps_no_lease_from_its_renewal() -> None:
    jumps = replace(scene(FaultKind.CLOCK_JUMPS), load_from_s=170.0)

    assert verdict(jumps, ours(run(amps(10, 10)), sent_at_s=range(41, 300, 20))).passed is True
    assert verdict(jumps, ours(run(amps(10, 10)), sent_at_s=[60, 80, 100, 240, 260, 280])).passed is False


@pytest.mark.parametrize(("drawn_a", "passed"), [(7.5, True), (6.0, False)])
def test_cars_follow_the_sun_as_well_as_with_the_inverter(drawn_a: float, passed: bool) -> None:
    """8 A a phase are the surplus; a tenth of 2 kW more or less is as good."""
    lost = replace(scene(FaultKind.INVERTER_LOST), load_from_s=150.0)
    twin = run(amps(6, 7.6), sun_w=15 * 3 * 230.0)
    found = verdict(lost, run(amps(6, drawn_a), sun_w=15 * 3 * 230.0), with_inverter=twin)

    assert found.passed is passed
    assert "with the inverter 0.28 kW" in found.sentence


@pytest.mark.parametrize(("drawn_a", "passed"), [(2.0, True), (2.2, False)])
def test_without_a_stated_fuse_six_amps_on_one_phase_are_the_most(drawn_a: float, passed: bool) -> None:
    """Two amperes on three phases are the power of six on one."""
    assert verdict(scene(FaultKind.NOT_COMMISSIONED), run(amps(drawn_a, drawn_a))).passed is passed


def test_a_run_without_seconds_gets_no_verdict() -> None:
    assert verdict(scene(FaultKind.METER_LOST), record()).passed is None


def test_problems_are_the_failed_rows_of_one_policy() -> None:
    failed = replace(verdict(scene(FaultKind.METER_LOST), run(amps(16, 16))), policy="fusewise")
    others = replace(failed, policy="evcc"), not_played("store_full", "fusewise", "no store")

    assert problems([failed, *others], "fusewise") == [failed]
