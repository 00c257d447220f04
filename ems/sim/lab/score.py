"""The figures of one run (design §7), and those of the optimum beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Final, TypeAlias

from ems.sim.lab.records import BreakerFigures, RunRecord, StayOutcome

Score: TypeAlias = dict[str, object]
"""The keys of design §7 and a few more; ready for JSON. None where a figure has no meaning in this run."""

FORESIGHT: Final = "foresight"
"""The name by which `--policy` asks for the optimum."""

FULL_ENOUGH: Final = 0.99
"""A goal counts as met from this share of its energy: cars taper off before they are full."""

MINUTES_PER_DAY: Final = 1440.0


def score(record: RunRecord, foresight_solar_kwh: float, lag_free_kwh: float | None = None) -> Score:
    """What the run reached, beside what perfect foresight would have: energy in kWh, times in s.

    `lag_free_kwh` is what always-hungry cars could have taken without any delay; None where not all of them were fast.
    """
    ev_kwh = sum(outcome.energy_kwh for outcome in record.stays)
    solar_kwh = sum(outcome.solar_kwh for outcome in record.stays)
    grid_kwh = ev_kwh - solar_kwh
    return {
        "policy": record.policy,
        "days": record.days,
        "cycles": record.cycles,
        "wall_s": record.wall_s,
        "cycles_per_s": _ratio(record.cycles, record.wall_s),
        "ev_energy_kwh": ev_kwh,
        "ev_solar_kwh": solar_kwh,
        "ev_grid_kwh": grid_kwh,
        "solar_share": _ratio(solar_kwh, ev_kwh),
        "foresight_solar_kwh": foresight_solar_kwh,
        "solar_capture": _ratio(solar_kwh, foresight_solar_kwh),
        "solar_net": _ratio(solar_kwh - grid_kwh, foresight_solar_kwh),
        "lag_free_kwh": lag_free_kwh,
        "lag_free_share": None if lag_free_kwh is None else _ratio(ev_kwh, lag_free_kwh),
        **_goals(record.stays),
        **_switching(record),
        "breaker": _breaker(record.breakers),
        "house_only": _breaker(record.house_only),
    }


def foresight_score(days: float, foresight_solar_kwh: float, whole_steps_kwh: float | None = None) -> Score:
    """The optimum as a run of its own: all its energy is solar. Only the keys that make sense.

    `whole_steps_kwh` is what a schedule reaches that gives each car nothing or at least its minimum current.
    """
    return {
        "policy": FORESIGHT,
        "days": days,
        "ev_energy_kwh": foresight_solar_kwh,
        "ev_solar_kwh": foresight_solar_kwh,
        "ev_grid_kwh": 0.0,
        "solar_share": _ratio(foresight_solar_kwh, foresight_solar_kwh),
        "foresight_solar_kwh": foresight_solar_kwh,
        "solar_capture": _ratio(foresight_solar_kwh, foresight_solar_kwh),
        "solar_net": _ratio(foresight_solar_kwh, foresight_solar_kwh),
        "whole_steps_solar_kwh": whole_steps_kwh,
    }


def tripped(record: RunRecord) -> bool:
    """Whether the cars tripped a fuse: one that the house alone would have tripped as often does not count."""
    alone = {figures.circuit_id: figures.trips for figures in record.house_only}
    return any(figures.trips > alone.get(figures.circuit_id, 0) for figures in record.breakers)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _goals(stays: Iterable[StayOutcome]) -> dict[str, object]:
    goals = [outcome for outcome in stays if outcome.stay.target_by_s is not None and isfinite(outcome.stay.energy_kwh)]
    met = sum(_in_time_kwh(outcome) >= FULL_ENOUGH * outcome.stay.energy_kwh for outcome in goals)
    return {"goals_met": met, "goals_missed": len(goals) - met}


def _in_time_kwh(outcome: StayOutcome) -> float:
    return outcome.energy_kwh if outcome.in_time_kwh is None else outcome.in_time_kwh


def _switching(record: RunRecord) -> dict[str, object]:
    counts = record.counts.values()
    messages = sum(each.messages for each in counts)
    limit_changes = sum(each.limit_changes for each in counts)
    station_minutes = record.days * MINUTES_PER_DAY * len(counts)
    return {
        "starts": sum(each.starts for each in counts),
        "phase_switches": sum(each.phase_switches for each in counts),
        "phase_switches_per_station_day_max": max((each.most_phase_switches_in_a_day for each in counts), default=0),
        "limit_changes": limit_changes,
        "limit_changes_per_station_minute": _ratio(limit_changes, station_minutes),
        "messages": messages,
        "messages_per_station_minute": _ratio(messages, station_minutes),
    }


def _breaker(circuits: Sequence[BreakerFigures]) -> Mapping[str, object]:
    return {
        figures.circuit_id: {
            "trips": figures.trips,
            "max_thermal": figures.max_thermal,
            "seconds_over_rating": figures.seconds_over_rating,
            "seconds_over_1_13": figures.seconds_over_1_13,
            "worst_day_seconds_over_1_13": figures.worst_day_seconds_over_1_13,
        }
        for figures in circuits
    }
