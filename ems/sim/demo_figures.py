"""The figures of a demo: what `ems demo --json` ends with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from ems.sim.charging_profiles import Answer
from ems.sim.demo import Demo
from ems.sim.wire.house import HouseReport


class Percentiles(BaseModel):
    """Milliseconds; None when nothing was measured."""

    p50: float | None
    p99: float | None


class StationFigures(BaseModel):
    """One station of the demo."""

    id: str
    protocol: str | None
    profiles_sent: int
    """Charging profiles that reached it."""

    profiles_accepted: int
    limit_changes: int
    """Changes of the limit in force, as the station saw them."""

    limit_a: float | None
    measured_a: float | None
    """Largest phase current at its last report."""

    reason: str | None
    energy_kwh: float


class Figures(BaseModel):
    """The whole demo."""

    ok: bool
    """The service lived, every fuse held, the meter was read, and every station took its profiles."""

    problems: list[str]
    """Which of these was not so, in words; none when `ok`."""

    site: str
    lasted_s: float
    meter_samples: int
    grid_max_a: list[float]
    main_fuse_a: float
    seconds_over_rating: float
    reaction_ms: Percentiles
    """From the meter's answer to the frame that it caused, received by the station."""

    first_limit_s: float | None
    """From the start of the service's process to the first limit at any station."""

    rss_mb: float | None
    """Largest resident memory of the service's process."""

    cpu_share: float | None
    """Share of one core that the service used once it ran."""

    stations: list[StationFigures]


def figures(demo: Demo, site_name: str) -> Figures:
    """The figures up to now."""
    report = demo.house.report()
    stations = _stations(demo, report)
    problems = list(_problems(demo, report))
    return Figures(
        ok=not problems,
        problems=problems,
        site=site_name,
        lasted_s=round(demo.clock.monotonic_s() - demo.began_at_s, 1),
        meter_samples=report.meter_samples,
        grid_max_a=[round(amps, 1) for amps in report.grid_max_a],
        main_fuse_a=report.main_fuse_a,
        seconds_over_rating=round(report.seconds_over_rating, 1),
        reaction_ms=percentiles(reactions_ms(demo)),
        first_limit_s=_first_limit_s(demo),
        rss_mb=demo.told.last_usage.get("rss_mb"),
        cpu_share=_cpu_share(demo),
        stations=stations,
    )


def _problems(demo: Demo, report: HouseReport) -> Iterator[str]:
    if demo.service_end is not None:
        yield f"the service ended ({demo.service_end}) after {demo.service_end.at_s - demo.began_at_s:.0f} s"
    for circuit in report.circuits:
        if circuit.seconds_over_rating > 0:
            yield f"{circuit.circuit_id} carried more than its rating for {circuit.seconds_over_rating:.0f} s"
    if report.meter_samples == 0:
        yield "nobody read the grid meter"
    for station in report.stations:
        if station.profiles_accepted == 0:
            yield f"{station.station_id} took no limit"


def reactions_ms(demo: Demo) -> list[float]:
    """For every limit that a meter sample caused: how long after the sample the station had it, in real time."""
    received_at_s = {
        frame.message_id: frame.received_at_s for station in demo.house.stations.values() for frame in station.frames
    }
    return [
        (received_at_s[sent["message_id"]] - sent["decided_on_s"]) * 1000 / demo.clock.speed
        for sent in demo.told.sent
        if sent["decided_on_s"] is not None and sent["message_id"] in received_at_s
    ]


def percentiles(samples: Sequence[float]) -> Percentiles:
    """Nearest-rank percentiles."""

    def at(share: float) -> float | None:
        if not samples:
            return None
        return round(sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)], 1)

    return Percentiles(p50=at(0.50), p99=at(0.99))


def _first_limit_s(demo: Demo) -> float | None:
    received = [
        frame.received_at_s
        for station in demo.house.stations.values()
        for frame in station.frames
        if frame.answer is Answer.ACCEPTED
    ]
    return round((min(received) - demo.began_at_s) / demo.clock.speed, 2) if received else None


def _cpu_share(demo: Demo) -> float | None:
    told = demo.told
    if told.usage_span_s <= 0:
        return None
    cpu_s: float = told.last_usage["cpu_s"] - told.first_usage["cpu_s"]
    return round(cpu_s / told.usage_span_s, 4)


def _stations(demo: Demo, report: HouseReport) -> list[StationFigures]:
    decided: dict[str, dict[str, Any]] = demo.told.decision.get("stations", {})
    rows = []
    for station in report.stations:
        told = decided.get(station.station_id, {})
        measured_a = told.get("measured_a")
        rows.append(
            StationFigures(
                id=station.station_id,
                protocol=told.get("protocol"),
                profiles_sent=station.profiles_sent,
                profiles_accepted=station.profiles_accepted,
                limit_changes=station.limit_changes,
                limit_a=told.get("limit_a"),
                measured_a=round(max(measured_a), 1) if measured_a else None,
                reason=told.get("because"),
                energy_kwh=round(station.energy_kwh, 3),
            )
        )
    return rows
