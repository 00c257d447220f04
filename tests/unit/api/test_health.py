"""What supervisors and Prometheus are told: well, less well, or standing still; figures, and none for the unknown."""

from __future__ import annotations

import pytest

from ems.api.devices import device_state
from ems.api.health import STALLED_AFTER_S, health
from ems.api.metrics import Figures, exposition
from ems.api.wire import HealthRecord
from ems.runtime.reads import DeviceHealth
from tests.api_bench import ApiBench
from tests.live import LiveBench


def said(bench: LiveBench) -> HealthRecord:
    return health(bench.live, bench.clock)


def test_before_the_first_decision_it_starts() -> None:
    assert said(LiveBench()) == HealthRecord(status="stalled", cycle_age_s=None, reasons=("starting",))


def test_while_decisions_are_made_it_is_well() -> None:
    bench = LiveBench()
    bench.run(60)

    assert said(bench) == HealthRecord(status="ok", cycle_age_s=0.0, reasons=())


def test_a_silent_meter_makes_it_less_well_and_not_dead() -> None:
    bench = LiveBench()
    bench.run(60)
    bench.house.meter_works = False
    bench.run(10)

    assert (said(bench).status, said(bench).reasons) == ("degraded", ("meter_lost",))


@pytest.mark.parametrize(("silent_s", "status"), [(STALLED_AFTER_S, 200), (STALLED_AFTER_S + 1.0, 503)])
async def test_a_loop_that_stands_still_is_told_to_whoever_asks(silent_s: float, status: int) -> None:
    api = ApiBench()
    api.clock.advance(silent_s)
    async with api.client() as nobody:
        answer = await nobody.get("/api/v1/health")

    assert (answer.status_code, answer.json()["cycle_age_s"]) == (status, silent_s)


def test_metrics_have_units_in_their_names_and_leave_out_what_nobody_knows() -> None:
    bench = LiveBench()
    lines = exposition(bench.run(60), Figures(cycles=5)).decode().splitlines()
    bench.house.meter_works = False
    later = exposition(bench.run(10), Figures()).decode()

    assert "fusewise_cycles_total 5.0" in lines
    assert 'fusewise_power_watts{of="solar"} 6000.0' in lines
    assert 'fusewise_fuse_amperes{circuit="main"} 25.0' in lines
    assert 'fusewise_energy_kwh_total{of="grid_import"} 0.0' in lines
    assert sum(line.startswith("fusewise_headroom_amperes{") for line in lines) == 3
    assert 'of="grid"' not in later
    assert 'fusewise_meter_age_seconds{circuit="main"} 10.0' in later


def test_devices_that_nobody_should_rely_on_are_named_and_no_fault() -> None:
    bench = LiveBench()
    bench.run(60)

    told = health(bench.live, bench.clock, experimental=("grid",))

    assert (told.status, told.experimental) == ("ok", ("grid",))


def test_metrics_tell_how_well_devices_are_read() -> None:
    bench = LiveBench()
    bench.run(60)
    health = DeviceHealth(
        device_id="grid", kind="meter", period_s=1.0, pushes=False, good_at_s=5.0, good=9, bad=1, error_share=0.1,
        latency_p50_s=0.01, latency_p99_s=0.05, reconnects=2, bad_in_a_row=1,
    )  # fmt: skip
    silent = DeviceHealth(device_id="roof", kind="inverter", period_s=5.0, pushes=True)

    lines = exposition(bench.live.state(), Figures(), (device_state(health, 7.0), device_state(silent, 7.0))).decode()

    of = 'device="grid",kind="meter"'
    assert f"fusewise_device_age_seconds{{{of}}} 2.0" in lines
    assert f'fusewise_device_reads_total{{{of},outcome="bad"}} 1.0' in lines
    assert f'fusewise_device_latency_seconds{{{of},quantile="0.99"}} 0.05' in lines
    assert f"fusewise_device_reconnects_total{{{of}}} 2.0" in lines
    assert 'fusewise_device_age_seconds{device="roof"' not in lines
