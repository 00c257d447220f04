"""Readings that a program brings: how old they are, which count, and how little is filled behind such a meter."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.control.breaker import Edge, model_of
from ems.control.headroom import usable
from ems.devices.plausibility import Bounds
from ems.devices.pushed import NotNewer, PushedDevice, TooOld
from ems.devices.views import GridView, Mounting
from ems.errors import NoAnswer, Nonsense
from ems.model.electrical import PHASES_OF, Circuit, Fuse, FuseDevice, PerPhase
from ems.model.readings import GridReading
from ems.runtime.loop import LONGEST_WAIT_S
from ems.runtime.poller import follow

THREE = {"power_l1": 2300.0, "power_l2": -460.0, "power_l3": 230.0}


class Bench:
    """A meter, and a program that brings its readings."""

    def __init__(self, *, period_s: float = 10.0, phases: int = 3) -> None:
        self.clock = VirtualClock()
        mounting = Mounting(bounds=Bounds(phases=PHASES_OF[phases], fuse_a=25))
        self.meter: PushedDevice[GridReading] = PushedDevice(
            name="grid",
            kind="meter",
            phases=phases,
            period_s=period_s,
            view=GridView(mounting).reading,
            clock=self.clock,
        )

    def bring(self, values: Mapping[str, float] = THREE, *, age_s: float = 0.0) -> None:
        self.meter.take(values, age_s=age_s)

    def read(self) -> GridReading:
        return run_virtual(self.meter.read(), self.clock)


def test_a_reading_is_as_old_as_its_sensor_says() -> None:
    bench = Bench()
    bench.clock.advance(100.0)
    bench.bring(age_s=7.5)

    reading = bench.read()

    assert reading.current_a == PerPhase(10.0, -2.0, 1.0)
    assert reading.power_w == 2070.0
    assert reading.taken_at_s == pytest.approx(bench.clock.monotonic_s() - 7.5)


def test_a_value_brought_again_and_again_grows_old() -> None:
    bench = Bench()
    measured_at_s = bench.clock.monotonic_s() - 1.0
    bench.bring(age_s=1.0)
    bench.read()
    for _ in range(4):
        bench.clock.advance(10.0)
        with pytest.raises(NotNewer):
            # A few tenths are lost between asking the sensor and telling us.
            bench.bring(age_s=bench.clock.monotonic_s() - measured_at_s - 0.3)
    bench.clock.advance(10.0)

    with pytest.raises(TooOld, match="after 50 s it is silent"):
        bench.bring(age_s=51.0)

    assert bench.meter.measured_at_s == measured_at_s
    with pytest.raises(NoAnswer, match="nobody has brought a reading of grid for 50 s"):
        bench.read()


def test_a_total_alone_tells_nothing_of_three_phases() -> None:
    bench = Bench()

    with pytest.raises(Nonsense, match="neither current nor power for L1"):
        bench.bring({"power": 4000.0})

    assert bench.meter.refusal is not None
    assert bench.meter.refusal.code == "nonsense"
    with pytest.raises(Nonsense):
        bench.read()


def test_a_total_is_everything_on_one_phase() -> None:
    bench = Bench(phases=1)
    bench.bring({"power": 4600.0})

    assert bench.read().current_a == PerPhase(20.0)


def test_an_impossible_reading_is_none_and_the_next_good_one_clears_it() -> None:
    bench = Bench()
    with pytest.raises(Nonsense, match="more than 75 A is impossible"):
        bench.bring({**THREE, "current_l1": 400.0})
    assert bench.meter.measured_at_s is None

    bench.bring(THREE)

    assert bench.meter.refusal is None
    assert bench.read().power_w == 2070.0


def test_numbers_of_different_sensors_need_not_fit_together() -> None:
    bench = Bench()
    bench.bring({**THREE, "power": 9000.0})

    assert bench.read().power_w == 9000.0


def test_a_current_without_direction_counts_as_import() -> None:
    bench = Bench()
    bench.bring({"power": -900.0, "current_l1": 2.0, "current_l2": 1.0, "current_l3": 3.0})

    assert bench.read().current_a == PerPhase(2.0, 1.0, 3.0)


def test_the_poller_hands_on_what_is_brought() -> None:
    bench = Bench()
    posted: list[GridReading] = []
    began_s = bench.clock.monotonic_s()

    async def brought() -> None:
        following = asyncio.create_task(follow(bench.meter, posted.append, bench.clock))
        for _ in range(3):
            await bench.clock.sleep(10.0)
            bench.bring(age_s=2.0)
        await bench.clock.sleep(1.0)
        following.cancel()
        await asyncio.wait([following])

    run_virtual(brought(), bench.clock)

    assert [reading.taken_at_s - began_s for reading in posted] == [8.0, 18.0, 28.0]


@given(
    rating_a=st.floats(16.0, 125.0),
    device=st.sampled_from(FuseDevice),
    derating=st.floats(0.5, 1.0),
    period_s=st.floats(1.0, 30.0),
)
def test_a_fuse_survives_a_silent_sensor_as_it_survives_a_meter_read_every_second(
    rating_a: float, device: FuseDevice, derating: float, period_s: float
) -> None:
    heard = Circuit(
        circuit_id="main",
        fuse=Fuse(rating_a=rating_a, device=device),
        phases=PHASES_OF[3],
        derating=derating,
    )
    pushed = Circuit(
        circuit_id="main",
        fuse=heard.fuse,
        phases=heard.phases,
        derating=derating,
        pushed_period_s=period_s,
    )
    fuse = model_of(heard.fuse, derating, Edge.TYPICAL)
    follows_s = 0.6 + 1.0 + 5.0

    step_a = fuse.survivable_step_a(usable(heard, 0.95), 1.0 + follows_s)
    blind_s = max(5.0 * period_s, 5.0) + LONGEST_WAIT_S + follows_s

    assert usable(pushed, 0.95) <= usable(heard, 0.95)
    assert fuse.survivable_step_a(usable(pushed, 0.95), blind_s) >= step_a - 1e-6


def test_the_reserve_counts_towards_what_a_pushed_meter_leaves_free() -> None:
    fuse = Fuse(rating_a=25.0, device=FuseDevice.MCB_B)
    tight = Circuit(circuit_id="main", fuse=fuse, phases=PHASES_OF[3], reserve_a=2.0, pushed_period_s=10.0)
    roomy = Circuit(circuit_id="main", fuse=fuse, phases=PHASES_OF[3], reserve_a=10.0, pushed_period_s=10.0)

    assert usable(tight, 0.95) == pytest.approx(16.15, abs=0.01)
    assert usable(roomy, 0.95) == pytest.approx(13.75)
