"""All measurements in turn, and the machine they were made on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ems.bench.allocation import measure_allocation
from ems.bench.decision import measure_decisions
from ems.bench.devices import measure_devices
from ems.bench.figures import BenchFigures, Machine
from ems.bench.push import measure_push
from ems.bench.simulation import measure_simulation
from ems.bench.sockets import measure_sockets
from ems.bench.stations import measure_stations
from ems.clock import Clock
from ems.runtime.usage import usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    quick: bool
    cars: Sequence[int]
    garages: int
    """Random garages for every number of cars."""

    stations: Sequence[int]
    cycles: int
    """For every number of stations."""

    simulated_s: int
    demo_s: float
    """0 leaves the demo out."""

    push_cycles: int
    """0 leaves the push socket out."""

    ocpp_stations: int
    ocpp_s: float
    """0 leaves the thousand stations out."""

    devices_s: float
    """0 leaves the devices out."""


THOROUGH: Final = Effort(
    quick=False,
    cars=(1, 2, 6, 10, 20, 50, 100, 200),
    garages=200,
    stations=(1, 2, 6, 40, 200),
    cycles=200,
    simulated_s=4 * 3600,
    demo_s=20.0,
    push_cycles=60,
    ocpp_stations=1000,
    ocpp_s=60.0,
    devices_s=30.0,
)
QUICK: Final = Effort(
    quick=True,
    cars=(1, 2, 6, 20),
    garages=10,
    stations=(1, 2, 6),
    cycles=20,
    simulated_s=120,
    demo_s=20.0,
    push_cycles=5,
    ocpp_stations=50,
    ocpp_s=12.0,
    devices_s=5.0,
)


def measure(effort: Effort, clock: Clock) -> BenchFigures:
    """Measure everything, one after the other, so that nothing disturbs the rest."""
    return BenchFigures(
        machine=machine(),
        quick=effort.quick,
        allocation=measure_allocation(effort.cars, effort.garages, clock),
        decision=measure_decisions(effort.stations, effort.cycles, clock),
        simulation=measure_simulation(effort.simulated_s),
        sockets=measure_sockets(effort.demo_s),
        push=measure_push(effort.push_cycles),
        stations=measure_stations(effort.ocpp_stations, effort.ocpp_s),
        devices=measure_devices(effort.devices_s),
        bench_rss_mb=round(usage().rss_mb, 1),
    )


def machine() -> Machine:
    """What can be told of this machine."""
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        load_1min=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
