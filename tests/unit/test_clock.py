"""Time, injected: three clocks with one face."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ems.clock import Clock, ScaledClock, VirtualClock, WallClock, clock_from_spec, run_virtual

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def test_wall_clock_runs_forward_and_knows_its_time_zone() -> None:
    clock = WallClock()
    first_s = clock.monotonic_s()

    assert clock.monotonic_s() >= first_s
    assert clock.utc_now().tzinfo is UTC


async def test_wall_clock_waits_and_times_out() -> None:
    clock = WallClock()
    await clock.sleep(0)

    with pytest.raises(TimeoutError):
        async with clock.timeout(0.001):
            await asyncio.Event().wait()


def test_scaled_clock_moves_wall_time_and_monotonic_time_together() -> None:
    clock = ScaledClock(1000.0, origin_utc=NOON)

    before_s, now, after_s = clock.monotonic_s(), clock.utc_now(), clock.monotonic_s()

    assert before_s <= clock.origin_monotonic_s + (now - NOON).total_seconds() + 1e-3
    assert clock.origin_monotonic_s + (now - NOON).total_seconds() <= after_s + 1e-3


def test_scaled_clock_starts_now_unless_told_otherwise() -> None:
    clock = ScaledClock(60.0)

    assert clock.monotonic_s() >= clock.origin_monotonic_s
    assert clock.utc_now() >= clock.origin_utc


async def test_scaled_clock_waits_and_times_out_in_its_own_seconds() -> None:
    clock = ScaledClock(1_000_000.0)
    start_s = clock.monotonic_s()

    await clock.sleep(60)
    with pytest.raises(TimeoutError):
        async with clock.timeout(60):
            await asyncio.Event().wait()

    assert clock.monotonic_s() - start_s >= 120


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_scaled_clock_runs_forward_only(speed: float) -> None:
    with pytest.raises(ValueError, match="a clock runs forward"):
        ScaledClock(speed)


def test_scaled_clock_survives_the_trip_to_another_process() -> None:
    clock = ScaledClock(37.5, origin_monotonic_s=1234.5678901234, origin_utc=NOON + timedelta(microseconds=7))

    other = clock_from_spec(clock.spec())

    assert isinstance(other, ScaledClock)
    assert (other.speed, other.origin_monotonic_s, other.origin_utc) == (
        clock.speed,
        clock.origin_monotonic_s,
        clock.origin_utc,
    )


def test_two_scaled_clocks_of_one_spec_agree() -> None:
    spec = ScaledClock(100.0).spec()
    one, other = clock_from_spec(spec), clock_from_spec(spec)

    first_s, second_s, third_s = one.monotonic_s(), other.monotonic_s(), one.monotonic_s()

    assert first_s <= second_s <= third_s


def test_empty_spec_is_wall_time() -> None:
    assert isinstance(clock_from_spec(""), WallClock)


@pytest.mark.parametrize("spec", ["fast", "1,2", "1,2,yesterday", "0,0,2026-06-21T12:00:00+00:00", "a,b,c"])
def test_spec_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        clock_from_spec(spec)


def test_virtual_clock_jumps_over_a_day_at_once() -> None:
    clock = VirtualClock(start_utc=NOON)
    start_s = clock.monotonic_s()

    run_virtual(clock.sleep(86_400), clock)

    assert clock.monotonic_s() - start_s == pytest.approx(86_400)
    assert clock.utc_now() - NOON == pytest.approx(timedelta(days=1), abs=timedelta(milliseconds=1))


def test_virtual_waiters_wake_in_the_order_of_their_times() -> None:
    clock = VirtualClock()
    start_s = clock.monotonic_s()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, delay_s: float) -> None:
        await clock.sleep(delay_s)
        woken.append((name, clock.monotonic_s() - start_s))

    async def everybody() -> None:
        await asyncio.gather(sleeper("late", 3600), sleeper("early", 1), sleeper("middle", 60))

    run_virtual(everybody(), clock)

    assert [name for name, _ in woken] == ["early", "middle", "late"]
    assert [at_s for _, at_s in woken] == pytest.approx([1, 60, 3600])


def test_virtual_time_stands_still_while_anybody_works() -> None:
    clock = VirtualClock()

    async def work() -> float:
        start_s = clock.monotonic_s()
        for _ in range(100):
            await clock.sleep(0)
        return clock.monotonic_s() - start_s

    assert run_virtual(work(), clock) == 0


def test_timeouts_obey_virtual_time() -> None:
    clock = VirtualClock()
    start_s = clock.monotonic_s()

    async def impatient() -> None:
        async with clock.timeout(30):
            await clock.sleep(3600)

    with pytest.raises(TimeoutError):
        run_virtual(impatient(), clock)

    assert clock.monotonic_s() - start_s == pytest.approx(30)


def test_work_that_ends_before_its_timeout_is_left_alone() -> None:
    clock = VirtualClock()

    async def quick() -> str:
        async with clock.timeout(30):
            await clock.sleep(29)
            return "done"

    assert run_virtual(quick(), clock) == "done"


def test_waiting_for_what_never_comes_is_reported() -> None:
    clock = VirtualClock()

    async def forsaken() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="virtual time cannot bring"):
        run_virtual(forsaken(), clock)


def test_jump_of_the_wall_clock_leaves_durations_alone() -> None:
    clock = VirtualClock(start_utc=NOON)
    start_s = clock.monotonic_s()

    clock.jump_wall_clock(-3600)

    assert clock.monotonic_s() == start_s
    assert clock.utc_now() == NOON - timedelta(hours=1)


def test_two_virtual_runs_are_the_same() -> None:
    async def diary(clock: Clock) -> list[float]:
        pages = []
        for delay_s in (0.1, 0.7, 2.0, 0.0, 5.5):
            await clock.sleep(delay_s)
            pages.append(clock.monotonic_s())
        return pages

    one, other = VirtualClock(), VirtualClock()

    assert run_virtual(diary(one), one) == run_virtual(diary(other), other)
