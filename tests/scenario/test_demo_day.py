"""The demo as a newcomer sees it: a lively day, every station kept busy, the fuse unharmed."""

from __future__ import annotations

import pytest

from ems.config.examples import example, examples
from ems.config.loader import load_site
from ems.sim.demo import played
from ems.sim.demo_figures import Figures, figures, percentiles
from tests.scenario.stage import elsewhere, staged


async def test_every_station_takes_limits_and_the_house_changes_them_all_the_time() -> None:
    """Ninety seconds show it on a quiet machine; a busy one may take longer over the same changes."""
    file = elsewhere(load_site(example("demo")))
    async with played(file, speed=6.0) as demo:
        async with demo.clock.timeout(600.0):
            while not is_lively(figures(demo, file.site.name)):
                await demo.clock.sleep(5.0)
        shown = figures(demo, file.site.name)

    assert shown.ok
    assert shown.seconds_over_rating == 0
    assert all(station.profiles_accepted > 0 for station in shown.stations)
    assert shown.first_limit_s is not None
    assert shown.reaction_ms.p99 is not None
    assert shown.rss_mb is not None


def is_lively(shown: Figures) -> bool:
    """Which station's limits change how often depends on the sky and on who is full; all take them."""
    changes = sum(station.limit_changes for station in shown.stations)
    return changes >= 10 and all(station.profiles_accepted >= 3 for station in shown.stations)


@pytest.mark.parametrize("name", [name for name in examples() if name != "demo"])
async def test_every_example_runs_and_its_stations_take_limits(name: str) -> None:
    async with staged(load_site(example(name)), speed=6.0) as stage:
        await stage.until(lambda: all(each.profiles_accepted > 0 for each in stage.house.report().stations))
        await stage.after(15.0)
        report = stage.house.report()

    assert report.meter_samples > 0
    assert all(circuit.seconds_over_rating == 0 for circuit in report.circuits)


def test_percentiles_are_nearest_rank() -> None:
    assert percentiles([]).p50 is None
    assert percentiles([5.0, 1.0, 3.0]).p50 == 3.0
    assert percentiles([float(n) for n in range(1, 101)]).p99 == 99.0
