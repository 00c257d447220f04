"""What `ems demo` draws: phases against the fuse, sun and surplus, and every station with its limit and reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ems.cli.counted import counted
from ems.config.schema import SiteFile
from ems.sim.demo import Demo
from ems.sim.demo_figures import Figures

BAR_CELLS: Final = 24
BUSY_SHARE: Final = 0.8
"""From this share of the fuse on, a phase is drawn yellow."""


def picture(demo: Demo, file: SiteFile) -> RenderableType:
    """The house now."""
    decision = demo.told.decision
    elapsed_s = demo.clock.monotonic_s() - demo.began_at_s
    if not decision:
        return Panel(Text("the service starts; meters and stations connect …"), title=file.site.name)
    headline = Text.assemble(
        (f"{elapsed_s:5.0f} s", "bold"),
        "   sun ",
        (_kw(decision["solar_w"]), "bold yellow"),
        "   left for cars ",
        (_kw(decision["surplus_w"]), "bold green"),
        f"   limits sent {demo.told.sent_count}",
    )
    parts = [headline, *_battery(decision.get("battery")), _circuits(decision), _stations(decision)]
    parts += _notices(decision)
    return Panel(Group(*parts), title=f"Fusewise demo: {file.site.name}")


def opening_lines(demo: Demo) -> Iterator[str]:
    """Where the pages are, and how to make the first account there."""
    told = demo.told
    if told.page is None:
        yield "The pages are not served: the service's log says why."
        return
    code = "" if told.setup_code is None else f"  (setup code for the first account: {told.setup_code})"
    yield f"Pages: {told.page}{code}"


def closing_lines(summary: Figures) -> Iterator[str]:
    """The figures in words, after the demo."""
    worst_a = max(summary.grid_max_a)
    samples, stations = counted(summary.meter_samples, "meter sample"), counted(len(summary.stations), "station")
    yield f"{summary.lasted_s:.0f} s, {samples}, {stations}"
    yield (
        f"main fuse {summary.main_fuse_a:.0f} A: at most {worst_a:.1f} A on a phase, "
        f"{summary.seconds_over_rating:.0f} s above its rating"
    )
    if summary.reaction_ms.p50 is not None:
        yield (
            f"from the meter's answer to the limit at the station: {summary.reaction_ms.p50:.0f} ms in the middle, "
            f"{summary.reaction_ms.p99:.0f} ms at the 99th percentile"
        )
    if summary.rss_mb is not None and summary.cpu_share is not None:
        yield f"the service took {summary.rss_mb:.0f} MB and {summary.cpu_share:.1%} of a core"
    for station in summary.stations:
        limits, changes = counted(station.profiles_accepted, "limit"), counted(station.limit_changes, "change")
        yield f"{station.id}: {limits} accepted, {changes}, {station.energy_kwh:.2f} kWh"
    yield "all is well" if summary.ok else f"not all went well: {'; '.join(summary.problems)}"


def _battery(battery: dict[str, Any] | None) -> Iterator[Text]:
    """The home battery, where the house has one: what it does, how full it is and what it is ordered."""
    if battery is None:
        return
    watts, soc, order = battery["power_w"], battery["soc"], battery["order"]
    does = "gives" if watts > 0 else "takes"
    line = Text.assemble(f"battery {does} ", (_kw(abs(watts)), "bold cyan"))
    if soc is not None:
        line.append(f"   charge {soc:.0%}")
    if order is not None:
        line.append("   " + _order(order))
    yield line


def _order(order: dict[str, Any]) -> str:
    if order["trouble"] is not None:
        return f"takes no order: {order['trouble']}"
    bounded = order["charge_at_most_w"] is not None or order["discharge_at_most_w"] is not None
    return f"{order['because']}{' (not taken yet)' if bounded and not order['in_force'] else ''}"


def _circuits(decision: dict[str, Any]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for circuit_id, load in decision["circuits"].items():
        if load["measured_a"] is None:
            continue
        add_phases(table, circuit_id, load["measured_a"], load["fuse_a"])
    return table


def add_phases(table: Table, circuit_id: str, measured_a: Iterable[float], fuse_a: float) -> None:
    """One row per phase of a fuse."""
    for phase, amps in zip(("L1", "L2", "L3"), measured_a, strict=True):
        table.add_row(circuit_id, phase, _bar(amps, fuse_a), f"{amps:6.1f} A of {fuse_a:.0f} A")


def _bar(amps: float, fuse_a: float) -> Text:
    """Import fills from the left in green to red; export is drawn in blue."""
    cells = min(BAR_CELLS, round(abs(amps) / fuse_a * BAR_CELLS))
    if amps < 0:
        colour = "blue"
    elif amps > fuse_a:
        colour = "red"
    else:
        colour = "yellow" if amps > BUSY_SHARE * fuse_a else "green"
    return Text.assemble(("█" * cells, colour), ("·" * (BAR_CELLS - cells), "dim"))


def _stations(decision: dict[str, Any]) -> RenderableType:
    table = station_table("station", "speaks", "state", "limit", "reported", "because")
    for station_id, station in decision["stations"].items():
        state = station["status"] if station["connected"] else "away"
        limit = f"{station['limit_a']:.1f} A" if station["limit_a"] else "pause"
        measured = station["measured_a"]
        drawn = " ".join(f"{amps:.1f}" for amps in measured) + " A" if measured else "?"
        table.add_row(station_id, station["protocol"] or "?", state or "?", limit, drawn, station["because"])
    return table


def station_table(*titles: str) -> Table:
    """A table of stations without rows; the reasons in the last column may wrap."""
    table = Table(expand=True, box=None, header_style="bold", padding=(0, 1))
    for title in titles:
        amps = title in {"limit", "reported", "draws"}
        table.add_column(title, justify="right" if amps else "left", no_wrap=title != titles[-1])
    return table


def _notices(decision: dict[str, Any]) -> Iterator[RenderableType]:
    """One line for all of them; none when there is nothing to tell."""
    if decision["notices"]:
        said = " · ".join(notice["says"] for notice in decision["notices"])
        yield Text(f"! {said}", style="bold red", no_wrap=True, overflow="ellipsis")


def _kw(watts: float | None) -> str:
    return "?" if watts is None else f"{watts / 1000:.1f} kW"
