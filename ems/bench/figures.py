"""The figures of `ems bench`: one JSON object, and what the table is drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import BaseModel


class Spread(BaseModel):
    """Milliseconds, nearest rank."""

    p50_ms: float
    p99_ms: float
    max_ms: float


class AllocationFigures(BaseModel):
    """Sharing the current among so many cars."""

    cars: int
    garages: int
    """Random garages asked, each once."""

    ours: Spread
    milp: Spread | None
    """The same garages, admission alone, by scipy's MILP; None where it was not asked."""

    milp_garages: int
    """How many of them it was asked for before its time was up."""

    as_good_as_milp: int | None
    """In how many of these our set of cars is as worthy, class by class."""


class DecisionFigures(BaseModel):
    """One whole cycle of control, guard and all, for so many stations."""

    stations: int
    cycles: int
    decide: Spread
    guard: Spread
    """The last step alone."""


class SimulationFigures(BaseModel):
    """A simulated house under the real service loop."""

    skipped: str | None = None
    """Why nothing was simulated."""

    simulated_s: float | None = None
    cycles: int | None = None
    wall_s: float | None = None
    cycles_per_s: float | None = None


class SocketFigures(BaseModel):
    """The demo on loopback sockets, in real time."""

    skipped: str | None = None
    lasted_s: float | None = None
    meter_samples: int | None = None
    reactions: int | None = None
    """Limits that a meter sample caused; few, so that the 99th percentile is the worst of them."""

    reaction_p50_ms: float | None = None
    """From the meter's answer to the limit that it caused, received by the station."""

    reaction_p99_ms: float | None = None
    rss_mb: float | None = None
    """Largest resident memory of the service's process."""

    cpu_share: float | None = None
    """Of one core, once the service runs."""


class PushFigures(BaseModel):
    """Clients of the push socket, and what control feels of them."""

    skipped: str | None = None
    clients: int | None = None
    """That read everything; one more is connected and never reads."""

    cycles: int | None = None
    """Of control, one a second, without clients and again with them."""

    cycle_alone_ms: float | None = None
    """Median of a cycle while nobody is connected."""

    cycle_ratio: float | None = None
    """The same with all clients, divided by it."""

    late_p99_ms: float | None = None
    """How late a cycle began with all clients, 99th percentile; what sending to them keeps it waiting."""

    messages: int | None = None
    """That the clients got in all."""

    dropped: int | None = None
    """Clients that were dropped: the one that does not read, once its buffers are full."""

    dropped_after_s: float | None = None
    """How long that took; null when it was not dropped."""

    stayed: int | None = None
    """Clients at the end."""

    grown_mb: float | None = None
    """Resident memory with all clients at the end, less that before the first came."""

    grown_most_mb: float | None = None
    """The same at its largest, looked at every cycle."""


class StationsFigures(BaseModel):
    """Simulated stations with meter values every 10 s on one central system."""

    skipped: str | None = None
    stations: int | None = None
    lasted_s: float | None = None
    join_failed: int | None = None
    """Of those that came at the begin, fifty a second."""

    messages: int | None = None
    """That stations sent in that time, boot and start left out."""

    answers: Spread | None = None
    """How long they waited for an answer, measured at the station."""

    alive: int | None = None
    """Stations at the end that never lost their connection, by their own word."""

    charging: int | None = None
    """By the central system's word."""

    cpu_share: float | None = None
    """Of one core, of the central system's process."""

    kb_per_station: float | None = None
    """Resident memory with all stations at the end, less that without, by station; in KiB."""

    limits_s: float | None = None
    """Until every station had taken a new limit."""

    limits_cpu_s: float | None = None
    """Processor seconds of the central system for that."""

    limits_refused: int | None = None
    storm_s: float | None = None
    """All hang up at once and come back, a hundred a second: until the last one charges again."""

    storm_cpu_s: float | None = None
    """Processor seconds of the central system for that."""

    storm_failed: int | None = None
    storm_connected: int | None = None
    """After the storm, by the central system's word."""

    resident_mb: list[float] = []
    """At the begin and after each twelfth; empty where the system does not tell."""

    grown_mb: float | None = None
    """The last of them less that after the first twelfth."""


class LongRunFigures(BaseModel):
    """Months of the simulated house with two cars that come and go."""

    simulated_days: float
    cycles: int
    wall_s: float
    cycles_per_s: float
    stays: int
    """How often a car came."""

    resident_mb: list[float]
    """Resident memory at the end of each twelfth; empty where the system does not tell."""

    grown_mb: float | None
    """The last of them less the first; a result keeps 11.5 kB a day, the surplus of every minute."""


class ReadsFigures(BaseModel):
    """Meters over Modbus TCP on loopback, read for a while; the meters are another process."""

    devices: int
    endpoints: int
    """Connections, which the devices share evenly."""

    period_s: float
    lasted_s: float
    readings: int
    share: float
    """Of the readings that the periods ask for."""

    reads: Spread
    """From asking to having a reading, the turns of others on the connection included."""

    oldest_s: float
    """The greatest age of a newest reading, looked at four times a second."""

    cpu_share: float
    """Of one core, reading and decoding."""


class DevicesFigures(BaseModel):
    """One meter ten times a second, and twenty on five connections once a second."""

    skipped: str | None = None
    fast: ReadsFigures | None = None
    many: ReadsFigures | None = None


class Machine(BaseModel):
    """Where this was measured."""

    python: str
    system: str
    processor: str
    cores: int
    load_1min: float | None
    """Processes that wanted a core in the minute before; with more than `cores` the figures are too high."""


class BenchFigures(BaseModel):
    """All of them."""

    machine: Machine
    quick: bool
    allocation: list[AllocationFigures]
    decision: list[DecisionFigures]
    simulation: SimulationFigures
    sockets: SocketFigures
    push: PushFigures
    stations: StationsFigures
    devices: DevicesFigures
    bench_rss_mb: float
    """Largest resident memory of the bench itself, scipy and simulation included."""


def spread(durations_s: Sequence[float]) -> Spread:
    """Of at least one duration in seconds."""
    in_order = sorted(durations_s)

    def at(share: float) -> float:
        return round(in_order[max(0, math.ceil(share * len(in_order)) - 1)] * 1000, 4)

    return Spread(p50_ms=at(0.50), p99_ms=at(0.99), max_ms=at(1.0))
