"""What `ems demo` draws once its service has ended: how the stations fall back by themselves, as the house sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ems.cli.demo_table import add_phases, station_table
from ems.config.schema import SiteFile
from ems.sim.demo import Demo, ServiceEnd
from ems.sim.wire.ocpp_station import OBEYED_WITHIN_A

WATCHED_FOR_S: Final = 10.0
"""How long the house plays on once every lease is over, so that somebody can see it."""


async def alone(demo: Demo, file: SiteFile) -> None:
    """Until the service has ended and the stations have been seen at their fallback, in the demo's time."""
    await demo.service.wait()
    await demo.clock.sleep(file.policy.lease_s + WATCHED_FOR_S)


def picture_alone(demo: Demo, end: ServiceEnd, file: SiteFile) -> RenderableType:
    """The house now, with nobody in charge."""
    demo.house.world.advance_to(demo.clock.monotonic_s())
    headline = Text(_headline(demo, end, file), style="bold red")
    title = f"Fusewise demo: {file.site.name}, without the service"
    return Panel(Group(headline, _circuits(demo), _stations(demo, file)), title=title)


def _headline(demo: Demo, end: ServiceEnd, file: SiteFile) -> str:
    now_s = demo.clock.monotonic_s()
    left_s = end.at_s + file.policy.lease_s - now_s
    leases = f"stations fall back within {left_s:.0f} s, when their leases end" if left_s > 0 else "every lease is over"
    return f"{now_s - demo.began_at_s:5.0f} s   service ended ({end}); {leases}"


def _circuits(demo: Demo) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for circuit in demo.house.world.figures():
        measured_a = demo.house.world.circuit(circuit.circuit_id).current_a
        add_phases(table, circuit.circuit_id, measured_a, circuit.rating_a)
    return table


def _stations(demo: Demo, file: SiteFile) -> RenderableType:
    table = station_table("station", "speaks", "state", "limit", "draws", "because")
    for row in _rows(demo, file):
        table.add_row(*row)
    return table


def _rows(demo: Demo, file: SiteFile) -> Iterator[tuple[str, ...]]:
    for entry in file.stations:
        station, outlet = demo.house.outlet(entry.id)
        limit_a = outlet.limit.limit_a
        fell_back = abs(limit_a - entry.fallback_a) < OBEYED_WITHIN_A
        yield (
            entry.id,
            station.build.version.subprotocol,
            outlet.status(operative=station.box.operative).value,
            f"{limit_a:.1f} A" if limit_a else "pause",
            " ".join(f"{amps:.1f}" for amps in outlet.car.current_a) + " A",
            f"at its fallback of {entry.fallback_a:g} A" if fell_back else "the lease it got last",
        )
