"""`ems bench`: the shape and the units of its figures, from a bench small enough for every test run."""

from __future__ import annotations

import io
import json
import random
import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from rich.console import Console

from ems.bench import figures as shapes
from ems.bench import whole
from ems.bench.decision import bench_site
from ems.bench.devices import measure_devices
from ems.bench.figures import BenchFigures, LongRunFigures, SocketFigures, spread
from ems.bench.garages import random_garage
from ems.bench.long_run import MadeDays, measure_long_run
from ems.bench.oracle import best_counts, counts_of
from ems.bench.push import measure_push
from ems.bench.simulation import measure_simulation
from ems.bench.sockets import measure_sockets
from ems.bench.whole import Effort, machine, measure
from ems.cli.bench import print_bench, print_long_run, run_bench, run_long_bench
from ems.clock import WallClock
from ems.control.allocate import allocate
from ems.control.fallback import is_covered, proof

TINY = Effort(
    quick=True,
    cars=(1, 3),
    garages=2,
    stations=(1, 3),
    cycles=3,
    simulated_s=30,
    demo_s=0.0,
    push_cycles=0,
    ocpp_stations=0,
    ocpp_s=0.0,
    devices_s=0.0,
)
PAGE = Path(__file__).parents[3] / "docs" / "bench.md"


@pytest.fixture(scope="module")
def tiny() -> BenchFigures:
    return measure(TINY, WallClock())


def test_the_json_is_one_object_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ems.cli.bench.QUICK", TINY)

    assert run_bench(as_json=True, quick=True) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert set(json.loads(printed)) == set(BenchFigures.model_fields)


def test_every_size_is_measured(tiny: BenchFigures) -> None:
    assert [row.cars for row in tiny.allocation] == [1, 3]
    assert [row.stations for row in tiny.decision] == [1, 3]
    assert all(row.garages == 2 for row in tiny.allocation)
    assert all(row.cycles == 3 for row in tiny.decision)


def test_a_spread_rises_from_the_middle_to_the_worst(tiny: BenchFigures) -> None:
    for each in [row.ours for row in tiny.allocation] + [row.decide for row in tiny.decision]:
        assert 0.0 < each.p50_ms <= each.p99_ms <= each.max_ms


def test_a_long_run_tells_cycles_stays_and_memory() -> None:
    shown = measure_long_run(0.01)

    assert shown.cycles >= shown.simulated_days * 86_400 / 2
    assert shown.stays == 2
    assert shown.grown_mb is None or len(shown.resident_mb) >= 1


def test_made_days_are_the_same_each_time_and_end() -> None:
    made = MadeDays(86_400 + 3600)

    assert (made.day(0).load_w == made.day(0).load_w).all()
    assert made.days == 2
    assert len(made.day(1).pv_w) == 3600
    with pytest.raises(IndexError):
        made.day(2)


def test_a_long_run_is_one_object_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    short = measure_long_run(0.001)
    monkeypatch.setattr("ems.bench.long_run.measure_long_run", lambda _days, _how_far: short)

    assert run_long_bench(1, as_json=True) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert set(json.loads(printed)) == set(LongRunFigures.model_fields)


def test_people_read_how_much_the_memory_grew() -> None:
    told = io.StringIO()

    print_long_run(measure_long_run(0.001).model_copy(update={"grown_mb": 4.2}), Console(file=told, width=200))

    assert "grown by 4.2 MB from the first to the last" in told.getvalue()


def test_small_garages_are_as_good_as_milp(tiny: BenchFigures) -> None:
    for row in tiny.allocation:
        assert row.milp is not None
        assert row.as_good_as_milp == row.milp_garages == 2


def test_the_simulation_takes_a_decision_for_every_second() -> None:
    shown = measure_simulation(30)

    assert shown.skipped is None
    assert shown.simulated_s == 30.0
    assert shown.cycles is not None
    assert shown.cycles >= 30
    assert shown.wall_s is not None
    assert shown.cycles_per_s == pytest.approx(shown.cycles / shown.wall_s, rel=0.05)


def test_a_demo_of_no_time_is_left_out_with_a_reason() -> None:
    assert measure_sockets(0.0) == SocketFigures(skipped="left out")


def test_durations_are_told_in_milliseconds_by_nearest_rank() -> None:
    shown = spread([n / 1000 for n in range(1, 101)])

    assert (shown.p50_ms, shown.p99_ms, shown.max_ms) == (50.0, 99.0, 100.0)


def test_garages_are_scarce_and_the_same_every_time() -> None:
    first, again = (random_garage(random.Random(5), 30) for _ in range(2))
    shares = allocate(first.cars, first.rows)

    assert (first.cars, first.rows) == (again.cars, again.rows)
    assert any(share.limit_a == 0.0 for share in shares.values())
    assert any(share.limit_a > 0.0 for share in shares.values())


def test_the_oracle_admits_what_fits_and_gives_up_in_time() -> None:
    garage = random_garage(random.Random(6), 8)

    assert best_counts(garage, WallClock(), within_s=60.0) == counts_of(garage.cars, allocate(garage.cars, garage.rows))
    assert best_counts(garage, WallClock(), within_s=0.0) is None


def test_the_stations_of_the_bench_stand_behind_sub_panels_that_hold() -> None:
    site = bench_site(40)

    assert [circuit.circuit_id for circuit in site.circuits] == ["main", "panel0", "panel1"]
    assert len(site.below("panel1")) == 20
    assert is_covered(proof(site))


def test_the_thorough_bench_covers_every_size_that_is_promised() -> None:
    assert whole.THOROUGH.cars == (1, 2, 6, 10, 20, 50, 100, 200)
    assert whole.THOROUGH.stations == (1, 2, 6, 40, 200)


def test_the_machine_is_named() -> None:
    shown = machine()

    assert re.match(r"\w+ 3\.\d+", shown.python)
    assert shown.cores >= 1


def test_people_read_tables(tiny: BenchFigures) -> None:
    text = printed(tiny)

    assert "Sharing the current, milliseconds" in text
    assert "2 of 2" in text
    assert "cycles per second" in text
    assert "demo left out: left out" in text


def test_people_read_what_the_sockets_took(tiny: BenchFigures) -> None:
    sockets = SocketFigures(
        lasted_s=20.0,
        meter_samples=20,
        reactions=9,
        reaction_p50_ms=30.0,
        reaction_p99_ms=41.0,
        rss_mb=54.0,
        cpu_share=0.01,
    )

    assert "30 ms in the middle, 41 ms at the 99th percentile, 9 times in 20 s" in printed(
        tiny.model_copy(update={"sockets": sockets})
    )


def printed(figures: BenchFigures) -> str:
    text = io.StringIO()
    print_bench(figures, Console(file=text, width=120, soft_wrap=True))
    return text.getvalue()


def test_every_figure_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    models = [each for each in vars(shapes).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    keys = {key for model in models for key in model.model_fields}

    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_clients_of_the_push_socket_hear_and_are_counted() -> None:
    shown = measure_push(2, clients=2)

    assert shown.skipped is None
    assert (shown.clients, shown.cycles) == (2, 2)
    assert shown.messages is not None
    assert shown.messages >= 4
    assert shown.cycle_ratio is not None


def test_devices_are_read_over_real_sockets() -> None:
    figures = measure_devices(0.5)

    assert figures.fast is not None
    assert figures.many is not None
    assert (figures.fast.devices, figures.fast.endpoints, figures.fast.period_s) == (1, 1, 0.1)
    assert (figures.many.devices, figures.many.endpoints, figures.many.period_s) == (20, 5, 1.0)
    assert figures.fast.reads.p50_ms <= figures.fast.reads.p99_ms
