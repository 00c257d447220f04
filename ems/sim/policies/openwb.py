"""`openwb`: every 10 s minimums, then fast cars, then the sun, down a tree of counters (`baselines.md` B)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from ems.model.electrical import NOMINAL_V
from ems.model.goals import ChargeMode
from ems.model.readings import GridReading
from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.sim.policies.openwb_counters import Counters, fresh_counters
from ems.sim.policies.openwb_point import Point
from ems.sim.policies.ports import Order
from ems.sim.policies.seen import battery_w, fresh_meter, on_house, order_for, patience_s

METER_LOST_S: Final = 30.0
RANGE_W: Final = (0.0, 230.0)
"""Surplus inside which a solar car keeps its current."""

STEP_A: Final = 5.0
UNUSED_A: Final = 2.0


class OpenWb:
    """Section B with its defaults; limits in 0.1 A, no unbalance limit, main power limit = fuse at 230 V.

    SOLAR is its pv mode, MIN_SOLAR pv mode with a permanent minimum current, FAST instant, OFF stop. Solar cars have
    automatic phases where the station can change them and always begin on one; FAST cars use all. The control range
    is read as surplus, so it leaves 115 W to the grid. Cars come before the home battery (its default).
    Silent facts, assumed: the meter is lost after 30 s (three cycles); then surplus is unknown, solar cars run at the
    minimum until their stop time is over; the 5 A step binds the surplus pass only; a car that can still change to one
    phase does that before its stop time counts.
    """

    name: Final = "openwb"
    tick_s: Final = 10.0

    def __init__(self, site: Site) -> None:
        self._site = site
        self._patience_s = patience_s(site, METER_LOST_S)
        self._points = [Point(station=s, phases=1 if s.can_switch_phases else len(s.wiring)) for s in site.stations]

    def decide(self, now: Snapshot) -> Mapping[str, Order]:
        """One order per station."""
        for point in self._points:
            point.look(now)
        grid = fresh_meter(now, self._site.circuits.main.circuit_id, self._patience_s)
        export_w = None if grid is None else -grid.power_w - battery_w(now, self._patience_s)
        self._start_and_stop(now.now_s, -math.inf if export_w is None else export_w)
        counters = self._counters(now)
        admitted = [point for point in _ranked(self._points) if point.admitted]
        served = _minimums(admitted, counters)
        _additional([point for point in served if not point.solar], counters)
        _surplus([point for point in served if point.solar], counters, export_w)
        return {point.station.station_id: _order(point) for point in self._points}

    def _counters(self, now: Snapshot) -> Counters:
        meters: dict[str, GridReading] = {}
        for circuit_id in now.meters:
            reading = fresh_meter(now, circuit_id, self._patience_s)
            if reading is not None:
                meters[circuit_id] = reading
        cars_a = {s.station_id: on_house(s.wiring, now.state_of(s.station_id)) for s in self._site.stations}
        return fresh_counters(self._site, meters, cars_a, sum(point.drawn_w for point in self._points))

    def _start_and_stop(self, now_s: float, export_w: float) -> None:
        """Timers of the solar cars: phases, stops from the last in rank, starts from the first."""
        for point in self._points:
            if point.wants:
                point.change_phases(now_s, export_w)
        running = [point for point in _ranked(self._points) if point.solar and point.admitted]
        surplus_w = export_w + sum(point.spare_w() for point in running)
        released_w = 0.0
        for point in reversed(running):
            if point.mode is ChargeMode.SOLAR and point.stop_or_wait(now_s, surplus_w + released_w):
                released_w += point.counted_a(point.station.min_a) * NOMINAL_V * len(point.wiring)
        for point in _ranked(self._points):
            waiting = point.solar and not point.admitted and point not in running
            if waiting and point.start_or_wait(now_s, surplus_w):
                surplus_w -= point.start_w


def _ranked(points: Sequence[Point]) -> list[Point]:
    return sorted(points, key=lambda point: (point.solar, -point.priority))


def _minimums(points: Sequence[Point], counters: Counters) -> list[Point]:
    """The minimum for everyone whose whole way up allows it; returns those."""
    served = []
    for point in points:
        weight_a = point.counted_a(point.station.min_a)
        if counters.room_a(point.station, point.wiring) >= weight_a:
            counters.take(point.station, point.wiring, weight_a)
            point.next_a = point.station.min_a
            served.append(point)
    return served


def _additional(points: Sequence[Point], counters: Counters) -> None:
    """Fast cars up to what they are allowed, equal within a priority."""
    for _, group in groupby(points, key=lambda point: point.priority):
        peers = list(group)
        _fill(peers, counters, counters.left_w)
        for point in peers:
            if point.lazy_a is not None:
                extra_a = min(UNUSED_A, point.max_a - point.next_a, counters.room_a(point.station, point.wiring))
                point.next_a += extra_a
                counters.take(point.station, point.wiring, extra_a)


def _fill(points: Sequence[Point], counters: Counters, available_w: float) -> float:
    """Raise the points from their minimum as fuses and `available_w` allow; returns the watts that stay unused."""
    waiting = list(points)
    while waiting:
        point = waiting[0]
        missing = {id(other): _missing_a(other) for other in waiting}
        wanted_w = sum(missing[id(other)] * NOMINAL_V * len(other.wiring) for other in waiting)
        share_a = counters.share_a(point.station, point.wiring, [(other.station, other.wiring) for other in waiting])
        scale = max(0.0, available_w) / wanted_w if wanted_w > max(0.0, available_w) else 1.0
        given_a = min(share_a, missing[id(point)] * scale)
        counters.take(point.station, point.wiring, given_a)
        point.next_a += given_a
        available_w -= given_a * NOMINAL_V * len(point.wiring)
        waiting.pop(0)
    return available_w


def _missing_a(point: Point) -> float:
    ceiling_a = max(point.station.min_a, point.counted_a(point.max_a))
    return max(0.0, ceiling_a - point.next_a)


def _surplus(points: Sequence[Point], counters: Counters, export_w: float | None) -> None:
    """Solar cars share the surplus above their minimums; inside the control range they keep what they have."""
    if export_w is None or not points:
        return
    low_w, high_w = RANGE_W
    if low_w <= export_w <= high_w:
        for point in points:
            _settle(point, counters, point.set_a)
        return
    weights_w = sum(point.counted_a(point.station.min_a) * NOMINAL_V * len(point.wiring) for point in points)
    available_w = export_w - (low_w + high_w) / 2 + sum(point.drawn_w for point in points) - weights_w
    for _, group in groupby(points, key=lambda point: point.priority):
        peers = list(group)
        trial = Counters(counters.site, {key: list(left) for key, left in counters.left_a.items()}, counters.left_w)
        available_w = _fill(peers, trial, available_w)
        for point in peers:
            wanted_a, point.next_a = point.next_a, point.station.min_a
            _settle(point, counters, _within_step_a(point, wanted_a))


def _within_step_a(point: Point, wanted_a: float) -> float:
    """At most 5 A from what the car draws, plus up to 2 A of what it left unused of its set-point."""
    stepped_a = min(max(wanted_a, point.drawn_a - STEP_A), point.drawn_a + STEP_A)
    unused_a = max(0.0, point.set_a - point.drawn_a) if point.charging else 0.0
    return stepped_a + min(UNUSED_A, unused_a)


def _settle(point: Point, counters: Counters, wanted_a: float) -> None:
    room_a = point.station.min_a + counters.room_a(point.station, point.wiring)
    point.next_a = max(point.station.min_a, min(wanted_a, point.max_a, room_a))
    counters.take(point.station, point.wiring, point.next_a - point.station.min_a)


def _order(point: Point) -> Order:
    order = order_for(point.station, point.next_a, point.phases)
    point.set_a = order.limit_a
    return order
