"""Stays of the cars in a site file's `simulation` section: when they are at home, and how empty they come back."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ems.config.schema import HomeTime, SimulatedCar
from ems.sim.lab.records import Stay
from ems.sim.traces.gaps import DAY_S

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPREAD: Final = 0.4
"""A stay's energy is drawn evenly within this share around `kwh_per_stay`."""

Span = tuple[float, float]
"""From, to; seconds since the start of the run."""


def stays_at_home(cars: Iterable[SimulatedCar], start_utc: datetime, days: float, seed: int) -> list[Stay]:
    """One stay for each time that a car is at home without a break, by arrival; home times are UTC.

    A car without `kwh_per_stay` is never full: its energy is infinite. The same seed draws the same energy for the
    same day of arrival, whenever the run starts.
    """
    stays = [stay for car in cars for stay in _stays(car, start_utc, days * DAY_S, seed)]
    return sorted(stays, key=lambda stay: (stay.arrival_s, stay.station_id))


def _stays(car: SimulatedCar, start_utc: datetime, length_s: float, seed: int) -> Iterator[Stay]:
    spans = [(min(car.arrives_after_s, length_s), length_s)]
    if car.home:
        spans = _joined(span for home in car.home for span in _spans(home, start_utc, length_s))
    for begin_s, end_s in spans:
        arrival_s, departure_s = max(begin_s, 0.0), min(end_s, length_s)
        if departure_s <= arrival_s:
            continue
        arrives_utc = start_utc + timedelta(seconds=begin_s)
        yield Stay(
            station_id=car.station,
            arrival_s=arrival_s,
            departure_s=departure_s,
            energy_kwh=_energy_kwh(car, seed, arrives_utc),
            phases=car.phases,
            max_a=car.max_a,
        )


def _spans(home: HomeTime, start_utc: datetime, length_s: float) -> Iterator[Span]:
    """Every time at home that touches the run; the day before it counts, since a night at home began there."""
    arrives_s, leaves_s = _second_of(home.arrives), _second_of(home.leaves)
    if leaves_s <= arrives_s:
        leaves_s += DAY_S
    first = start_utc.astimezone(UTC).date() - timedelta(days=1)
    for count in range(math.ceil(length_s / DAY_S) + 2):
        day = first + timedelta(days=count)
        if WEEKDAYS[day.weekday()] in home.days:
            midnight_s = (_midnight(day) - start_utc) / timedelta(seconds=1)
            yield midnight_s + arrives_s, midnight_s + leaves_s


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch or overlap are one."""
    joined: list[Span] = []
    for begin_s, end_s in sorted(spans):
        if joined and begin_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((begin_s, end_s))
    return joined


def _energy_kwh(car: SimulatedCar, seed: int, arrives_utc: datetime) -> float:
    if car.kwh_per_stay is None:
        return math.inf
    draw = random.Random(f"{seed}/{car.station}/{arrives_utc:%Y-%m-%dT%H:%M}")
    return car.kwh_per_stay * draw.uniform(1 - SPREAD, 1 + SPREAD)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _second_of(clock_time: str) -> int:
    hours, minutes = clock_time.split(":")
    return int(hours) * 3600 + int(minutes) * 60
