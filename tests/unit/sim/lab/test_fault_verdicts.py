"""Verdicts on faults: what a run shows that came through, and one that did not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ems.sim.lab.fault_script import FaultKind
from ems.sim.lab.fault_verdicts import EXPECTED, Scene, not_played, problems, verdict
from ems.sim.lab.records import DaySeconds, RunRecord, Series
from tests.unit.sim.lab.scene import START, figures, record

SECONDS = 400
FROM_S, UNTIL_S, ALLOWED_S = 100.0, 300.0, 20.0


def scene(fault: FaultKind) -> Scene:
    return Scene(
        fault=fault,
        label=fault.value,
        from_s=FROM_S,
        until_s=UNTIL_S,
        answer_within_s=ALLOWED_S,
        fallback_a={"garage": 6.0},
        car_phases={"garage": 3},
        promise="lease",
    )


def amps(before: float, meanwhile: float, after_s: float = 0.0) -> Series:
    """One current before the fault and until `after_s` into it, then another one."""
    return np.where(np.arange(SECONDS) < FROM_S + after_s, before, meanwhile).astype(np.float64)


def run(drawn_a: Series, *, trips: int = 0, limit_a: Series | None = None, policy: str = "fusewise") -> RunRecord:
    nothing = np.zeros(SECONDS)
    seen = DaySeconds(
        start_utc=START,
        pv_w=nothing,
        house_w=nothing,
        battery_w=nothing,
        cars_w={"garage": drawn_a * 3 * 230.0},
        limits_a={"garage": drawn_a if limit_a is None else limit_a},
        phases={"garage": np.full(SECONDS, 3.0)},
        reasons={},
        current_a={},
        thermal={},
    )
    return replace(record(breakers=(figures(trips=trips),), policy=policy), picture=seen)


@pytest.mark.parametrize(("after_s", "passed"), [(0, True), (19, True), (20, True), (21, False), (250, False)])
def test_a_lost_meter_brings_every_car_down_in_time(after_s: float, passed: bool) -> None:
    assert verdict(scene(FaultKind.METER_LOST), run(amps(16, 6.3, after_s))).passed is passed


def test_a_car_that_comes_up_again_during_the_fault_has_not_come_down() -> None:
    drawn_a = amps(16, 6)
    drawn_a[250] = 16.0

    assert verdict(scene(FaultKind.SERVICE_DIES), run(drawn_a)).passed is False


def test_one_phase_at_the_same_power_is_three_times_the_current() -> None:
    played = run(amps(6, 6))
    assert played.picture is not None
    on_one = replace(played, picture=replace(played.picture, phases={"garage": np.ones(SECONDS)}))

    assert verdict(scene(FaultKind.METER_LOST), played).passed is True
    assert verdict(scene(FaultKind.METER_LOST), on_one).passed is False


@pytest.mark.parametrize("fault", [fault for fault in EXPECTED if fault is not FaultKind.NOT_COMMISSIONED])
def test_a_tripped_fuse_fails_every_fault(fault: FaultKind) -> None:
    calm = amps(6, 6)

    assert verdict(scene(fault), run(calm)).passed is True
    assert verdict(scene(fault), run(calm, trips=1)).passed is False


def test_a_late_meter_allows_no_raise() -> None:
    raised = amps(10, 12, after_s=60)

    assert verdict(scene(FaultKind.METER_LATE), run(amps(6, 6), limit_a=raised)).passed is False
    assert verdict(scene(FaultKind.METER_LATE), run(amps(6, 6), limit_a=raised[::-1])).passed is True


def test_a_clock_that_jumps_pauses_nobody() -> None:
    assert verdict(scene(FaultKind.CLOCK_JUMPS), run(amps(10, 0, after_s=60))).passed is False
    assert verdict(scene(FaultKind.CLOCK_JUMPS), run(amps(0, 0))).passed is False


@pytest.mark.parametrize(("drawn_a", "passed"), [(2.0, True), (2.2, False)])
def test_without_a_stated_fuse_six_amps_on_one_phase_are_the_most(drawn_a: float, passed: bool) -> None:
    """Two amperes on three phases are the power of six on one."""
    assert verdict(scene(FaultKind.NOT_COMMISSIONED), run(amps(drawn_a, drawn_a))).passed is passed


def test_a_run_without_seconds_gets_no_verdict() -> None:
    assert verdict(scene(FaultKind.METER_LOST), record()).passed is None


def test_problems_are_the_failed_rows_of_one_policy() -> None:
    failed = verdict(scene(FaultKind.METER_LOST), run(amps(16, 16)))
    others = replace(failed, policy="evcc"), not_played("store_full", "fusewise", "no store")

    assert problems([failed, *others], "fusewise") == [failed]
