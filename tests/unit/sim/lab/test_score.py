"""The keys of a score, what they mean, and None where they mean nothing."""

from __future__ import annotations

import json
import math

import pytest

from ems.sim.lab.records import StationCounts
from ems.sim.lab.score import foresight_score, score, tripped
from tests.unit.sim.lab.scene import figures, outcome, record

DESIGN_KEYS = (
    *("policy", "days", "cycles", "wall_s"),
    *("ev_energy_kwh", "ev_solar_kwh", "ev_grid_kwh", "solar_share"),
    *("foresight_solar_kwh", "solar_capture", "solar_net", "goals_met", "goals_missed"),
    *("starts", "phase_switches", "limit_changes", "breaker", "house_only"),
)
CIRCUIT_KEYS = ["trips", "max_thermal", "seconds_over_rating", "seconds_over_1_13", "worst_day_seconds_over_1_13"]


def test_every_key_of_the_design_is_there() -> None:
    found = score(record(outcome(10, 8)), 16.0)

    assert [key for key in DESIGN_KEYS if key not in found] == []
    assert found["breaker"] == {"main": dict(zip(CIRCUIT_KEYS, (0, 0.5, 12.0, 3.0, 2.0), strict=True))}
    assert found["house_only"] == found["breaker"]


def test_energies_add_up_over_all_stays() -> None:
    found = score(record(outcome(10, 8), outcome(6, 4)), 16.0)

    assert found["ev_energy_kwh"] == pytest.approx(16.0)
    assert found["ev_solar_kwh"] == pytest.approx(12.0)
    assert found["ev_grid_kwh"] == pytest.approx(4.0)
    assert found["solar_share"] == pytest.approx(0.75)
    assert found["solar_capture"] == pytest.approx(0.75)
    assert found["solar_net"] == pytest.approx(0.5)


def test_a_share_of_nothing_is_unknown() -> None:
    found = score(record(days=0.0, wall_s=0.0), 0.0)

    undefined = ("solar_share", "solar_capture", "solar_net", "cycles_per_s", "limit_changes_per_station_minute")
    assert [found[key] for key in undefined] == [None] * len(undefined)


def test_energy_stands_beside_what_cars_could_have_taken_without_delay() -> None:
    found = score(record(outcome(10, 8), outcome(6, 4)), 16.0, 20.0)

    assert (found["lag_free_kwh"], found["lag_free_share"]) == (20.0, pytest.approx(0.8))


def test_where_cars_waited_for_the_sun_there_is_no_such_share() -> None:
    found = score(record(outcome(10, 8)), 16.0)

    assert (found["lag_free_kwh"], found["lag_free_share"]) == (None, None)


def test_goals_count_only_where_there_is_one() -> None:
    stays = [outcome(20, 0, target_by_s=3600), outcome(19.9, 0, target_by_s=3600), outcome(12, 0, target_by_s=3600)]
    found = score(record(*stays, outcome(3, 0), outcome(3, 0, wanted_kwh=math.inf, target_by_s=3600)), 0.0)

    assert (found["goals_met"], found["goals_missed"]) == (2, 1)


def test_switching_is_summed_over_stations_and_the_busiest_day_kept() -> None:
    garage = StationCounts(limit_changes=40, messages=1440, starts=3, phase_switches=9, most_phase_switches_in_a_day=7)
    carport = StationCounts(limit_changes=2, messages=0, starts=1, phase_switches=4, most_phase_switches_in_a_day=4)
    found = score(record(counts={"garage": garage, "carport": carport}, days=1.0), 0.0)

    assert (found["starts"], found["phase_switches"], found["limit_changes"], found["messages"]) == (4, 13, 42, 1440)
    assert found["phase_switches_per_station_day_max"] == 7
    assert found["messages_per_station_minute"] == pytest.approx(0.5)


def test_a_score_is_json_without_nan() -> None:
    for each in (score(record(outcome(10, 8)), 0.0), foresight_score(2.0, 0.0), foresight_score(2.0, 3.0, 2.5)):
        assert json.loads(json.dumps(each, allow_nan=False)) == each


def test_the_optimum_captures_all_of_itself() -> None:
    found = foresight_score(2.0, 16.0, 15.0)

    assert (found["policy"], found["solar_capture"], found["solar_share"]) == ("foresight", 1.0, 1.0)
    assert "breaker" not in found
    assert "starts" not in found


def test_a_fuse_that_the_house_alone_would_trip_is_not_the_cars_fault() -> None:
    assert not tripped(record(breakers=(figures(trips=1),), house_only=(figures(trips=1),)))
    assert tripped(record(breakers=(figures(trips=1),), house_only=(figures(),)))
    assert tripped(record(breakers=(figures("main"), figures("garage", trips=1)), house_only=(figures("main"),)))
