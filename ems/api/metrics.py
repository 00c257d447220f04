"""The house and the service as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from ems.api.wire import CircuitState, DeviceState, State, StationState
from ems.runtime.usage import usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the service counts of itself."""

    cycles: int = 0
    """Decisions since the start."""

    cycle_s: float = 0.0
    """What the last one took."""

    push_clients: int = 0
    push_dropped: int = 0
    """Clients that were too slow, since the start."""


def exposition(state: State, figures: Figures, devices: tuple[DeviceState, ...] = ()) -> bytes:
    """All metrics as text. What is unknown is left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(state, figures, devices))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, state: State, figures: Figures, devices: tuple[DeviceState, ...]) -> None:
        self._state = state
        self._figures = figures
        self._devices = devices

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("fusewise", "The service", value={"version": self._state.version})
        yield from _powers(self._state)
        yield from _energies(self._state)
        yield from _circuits(self._state.circuits)
        yield from _stations(self._state.stations)
        yield from _device_reads(self._devices)
        yield from _service(self._state, self._figures)


def _powers(state: State) -> Iterator[Metric]:
    powers = GaugeMetricFamily(
        "fusewise_power_watts",
        "Power now: grid + import, battery + discharge, solar + production, others + consumption",
        labels=["of"],
    )
    for name, watts in state.powers:
        if watts is not None:
            powers.add_metric([name.removesuffix("_w")], watts)
    yield powers


def _energies(state: State) -> Iterator[Metric]:
    energies = CounterMetricFamily("fusewise_energy_kwh", "Lifetime energy", labels=["of"])
    for name, kwh in state.energies:
        if kwh is not None:
            energies.add_metric([name.removesuffix("_kwh")], kwh)
    yield energies


def _circuits(circuits: tuple[CircuitState, ...]) -> Iterator[Metric]:
    fuse = GaugeMetricFamily("fusewise_fuse_amperes", "Rating of the fuse", labels=["circuit"])
    age = GaugeMetricFamily("fusewise_meter_age_seconds", "Age of the last good sample", labels=["circuit"])
    per_phase = {
        name: GaugeMetricFamily(f"fusewise_{name}", said, labels=["circuit", "phase"])
        for name, said in (
            ("current_amperes", "Current through the fuse, negative while exporting"),
            ("headroom_amperes", "What is left of the usable part of the fuse"),
            ("thermal_ratio", "Thermal image of the fuse: 0 cold, 1 may trip"),
        )
    }
    for circuit in circuits:
        fuse.add_metric([circuit.id], circuit.fuse_a)
        if circuit.meter_age_s is not None:
            age.add_metric([circuit.id], circuit.meter_age_s)
        for metric, values in zip(
            per_phase.values(), (circuit.measured_a, circuit.headroom_a, circuit.thermal), strict=True
        ):
            for phase, value in zip(circuit.phases, values or (), strict=False):
                metric.add_metric([circuit.id, phase], value)
    yield from (fuse, age, *per_phase.values())


def _stations(stations: tuple[StationState, ...]) -> Iterator[Metric]:
    connected = GaugeMetricFamily("fusewise_station_connected", "1 while connected", labels=["station"])
    limit = GaugeMetricFamily("fusewise_station_limit_amperes", "Set-point; 0 pauses", labels=["station", "reason"])
    power = GaugeMetricFamily("fusewise_station_power_watts", "What the car draws", labels=["station"])
    energy = CounterMetricFamily("fusewise_station_energy_kwh", "Lifetime energy", labels=["station"])
    for station in stations:
        connected.add_metric([station.id], float(station.connected))
        limit.add_metric([station.id, station.reason], station.limit_a)
        if station.power_w is not None:
            power.add_metric([station.id], station.power_w)
        energy.add_metric([station.id], station.energy_kwh)
    yield from (connected, limit, power, energy)


def _device_reads(devices: tuple[DeviceState, ...]) -> Iterator[Metric]:
    of = ["device", "kind"]
    age = GaugeMetricFamily("fusewise_device_age_seconds", "Age of the last good reading", labels=of)
    reads = CounterMetricFamily("fusewise_device_reads", "Reads since the start", labels=[*of, "outcome"])
    row = GaugeMetricFamily("fusewise_device_errors_in_a_row", "Reads that failed since the last good one", labels=of)
    again = CounterMetricFamily("fusewise_device_reconnects", "Of the connection, which devices may share", labels=of)
    latency = GaugeMetricFamily(
        "fusewise_device_latency_seconds",
        "From asking to having a good reading, of the last hundred",
        labels=[*of, "quantile"],
    )
    for device in devices:
        who = [device.id, device.kind]
        reads.add_metric([*who, "good"], device.good)
        reads.add_metric([*who, "bad"], device.bad)
        row.add_metric(who, device.bad_in_a_row)
        if device.age_s is not None:
            age.add_metric(who, device.age_s)
        if device.reconnects is not None:
            again.add_metric(who, device.reconnects)
        for quantile, seconds in (("0.5", device.latency_p50_s), ("0.99", device.latency_p99_s)):
            if seconds is not None:
                latency.add_metric([*who, quantile], seconds)
    yield from (age, reads, row, again, latency)


def _service(state: State, figures: Figures) -> Iterator[Metric]:
    spent = usage()
    yield GaugeMetricFamily("fusewise_notices", "Notices to people that are open", value=len(state.notices))
    yield CounterMetricFamily("fusewise_cycles", "Decisions since the start", value=figures.cycles)
    yield GaugeMetricFamily("fusewise_cycle_seconds", "What the last decision took", value=figures.cycle_s)
    yield GaugeMetricFamily("fusewise_push_clients", "Clients of the push socket", value=figures.push_clients)
    yield CounterMetricFamily("fusewise_push_dropped", "Clients that were too slow", value=figures.push_dropped)
    yield GaugeMetricFamily("fusewise_memory_peak_megabytes", "Largest resident memory", value=spent.rss_mb)
    yield CounterMetricFamily("fusewise_processor_seconds", "Processor time", value=spent.cpu_s)
