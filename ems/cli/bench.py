"""`ems bench`: how fast Fusewise is on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ems.bench.figures import (
    AllocationFigures,
    BenchFigures,
    DecisionFigures,
    DevicesFigures,
    LongRunFigures,
    PushFigures,
    Spread,
    StationsFigures,
)
from ems.bench.whole import QUICK, THOROUGH, measure
from ems.clock import WallClock


def run_bench(*, as_json: bool, quick: bool) -> int:
    """Measure, and print one JSON object or tables. The exit code is always 0: figures are no verdict."""
    figures = measure(QUICK if quick else THOROUGH, WallClock())
    if as_json:
        sys.stdout.write(figures.model_dump_json() + "\n")
    else:
        print_bench(figures, Console(soft_wrap=True))
    return 0


def run_long_bench(days: int, *, as_json: bool) -> int:
    """Play so many days and tell what became of the memory. The exit code is always 0."""
    # Needs numpy and scipy, which the other figures can do without.
    from ems.bench.long_run import measure_long_run  # noqa: PLC0415 (the reason stands above)

    told = Console(stderr=True)
    with Progress(console=told, disable=not told.is_terminal) as bars:
        task = bars.add_task(f"{days} days", total=1.0)
        figures = measure_long_run(days, lambda share: bars.update(task, completed=share))
    if as_json:
        sys.stdout.write(figures.model_dump_json() + "\n")
    else:
        print_long_run(figures, Console(soft_wrap=True))
    return 0


def run_stations_bench(stations: int, seconds: float, *, as_json: bool) -> int:
    """So many stations for so long. The exit code is always 0."""
    from ems.bench.stations import measure_stations  # noqa: PLC0415 (its processes need none of the rest)

    told = Console(stderr=True)
    with Progress(console=told, disable=not told.is_terminal) as bars:
        task = bars.add_task(f"{stations} stations", total=1.0)
        figures = measure_stations(stations, seconds, lambda share: bars.update(task, completed=share))
    if as_json:
        sys.stdout.write(figures.model_dump_json() + "\n")
    else:
        for line in _stations_lines(figures):
            Console(soft_wrap=True).print(line)
    return 0


def print_long_run(figures: LongRunFigures, console: Console) -> None:
    """The figures for people."""
    console.print(
        f"{figures.simulated_days:g} days with {figures.stays} stays of cars: {figures.cycles} cycles in "
        f"{figures.wall_s:.0f} s, {figures.cycles_per_s:.0f} per second"
    )
    if figures.grown_mb is None:
        console.print("this system does not tell how much memory was used")
        return
    console.print(f"resident at the end of each twelfth, MB: {', '.join(f'{mb:.1f}' for mb in figures.resident_mb)}")
    console.print(f"grown by {figures.grown_mb:.1f} MB from the first to the last")


def print_bench(figures: BenchFigures, console: Console) -> None:
    """The figures for people."""
    machine = figures.machine
    load = "" if machine.load_1min is None else f", load {machine.load_1min:.2f} before"
    console.print(f"{machine.processor}, {machine.cores} cores{load}; {machine.python} on {machine.system}")
    console.print(_allocation(figures.allocation))
    console.print(_decision(figures.decision))
    for line in _lines(figures):
        console.print(line)


def _allocation(rows: list[AllocationFigures]) -> Table:
    table = Table(title="Sharing the current, milliseconds")
    for title in ("cars", "garages", "p50", "p99", "max", "milp p50", "milp p99", "as good as milp"):
        table.add_column(title, justify="right")
    for row in rows:
        good = "-" if row.milp is None else f"{row.as_good_as_milp} of {row.milp_garages}"
        table.add_row(str(row.cars), str(row.garages), *_cells(row.ours), *_cells(row.milp)[:2], good)
    return table


def _decision(rows: list[DecisionFigures]) -> Table:
    table = Table(title="One whole cycle of control, milliseconds")
    for title in ("stations", "cycles", "p50", "p99", "max", "guard p50", "guard p99"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(str(row.stations), str(row.cycles), *_cells(row.decide), *_cells(row.guard)[:2])
    return table


def _cells(spread: Spread | None) -> tuple[str, str, str]:
    if spread is None:
        return ("-", "-", "-")
    return (f"{spread.p50_ms:.3f}", f"{spread.p99_ms:.3f}", f"{spread.max_ms:.3f}")


def _lines(figures: BenchFigures) -> Iterator[str]:
    simulation, sockets = figures.simulation, figures.sockets
    if simulation.skipped is not None:
        yield f"simulation left out: {simulation.skipped}"
    else:
        yield (
            f"simulation: {simulation.cycles_per_s:.0f} cycles per second "
            f"({simulation.cycles} cycles of {simulation.simulated_s:.0f} s in {simulation.wall_s:.1f} s)"
        )
    if sockets.skipped is not None:
        yield f"demo left out: {sockets.skipped}"
    else:
        yield (
            f"sockets: from the meter's answer to the limit at the station {_ms(sockets.reaction_p50_ms)} in the "
            f"middle, {_ms(sockets.reaction_p99_ms)} at the 99th percentile, {sockets.reactions} times in "
            f"{sockets.lasted_s:.0f} s"
        )
        if sockets.rss_mb is not None and sockets.cpu_share is not None:
            yield f"the service took {sockets.rss_mb:.0f} MB and {sockets.cpu_share:.1%} of a core"
    yield from _push_lines(figures.push)
    yield from _stations_lines(figures.stations)
    yield from _devices_lines(figures.devices)
    yield f"this bench took {figures.bench_rss_mb:.0f} MB"


def _push_lines(push: PushFigures) -> Iterator[str]:
    if push.skipped is not None:
        yield f"push socket left out: {push.skipped}"
        return
    after = "" if push.dropped_after_s is None else f" after {push.dropped_after_s:.0f} s"
    yield (
        f"push socket: {push.clients} clients and one that never reads; a cycle of control takes {push.cycle_ratio} "
        f"times what it takes alone ({push.cycle_alone_ms} ms), and begins {_ms(push.late_p99_ms)} late at the 99th "
        f"percentile; {push.messages} messages, {push.dropped} dropped{after}, {push.stayed} stayed, "
        f"{push.grown_most_mb} MB more at most"
    )


def _stations_lines(figures: StationsFigures) -> Iterator[str]:
    if figures.skipped is not None or figures.answers is None:
        yield f"stations left out: {figures.skipped or 'they sent nothing'}"
        return
    yield (
        f"{figures.stations} stations for {figures.lasted_s:.0f} s: answered within {figures.answers.p50_ms:.1f} ms in "
        f"the middle, {figures.answers.p99_ms:.1f} ms at the 99th percentile, {figures.answers.max_ms:.0f} ms at most, "
        f"{figures.messages} times; {figures.cpu_share:.0%} of a core, {figures.kb_per_station} KiB for each"
    )
    yield (
        f"a limit is everywhere after {figures.limits_s:.2f} s and {figures.limits_cpu_s:.2f} s of a core "
        f"({figures.limits_refused} refused); all back {figures.storm_s:.1f} s and {figures.storm_cpu_s:.1f} s of a "
        f"core after all hung up ({figures.storm_failed} failed)"
    )
    if figures.grown_mb is not None:
        yield f"resident, MB: {', '.join(f'{mb:.1f}' for mb in figures.resident_mb)}; grown by {figures.grown_mb:.1f}"


def _devices_lines(figures: DevicesFigures) -> Iterator[str]:
    if figures.skipped is not None:
        yield f"devices left out: {figures.skipped}"
    for each in (figures.fast, figures.many):
        if each is not None:
            yield (
                f"{each.devices} devices on {each.endpoints} connections every {each.period_s:g} s for "
                f"{each.lasted_s:.0f} s: {each.share:.1%} of the readings, {each.reads.p50_ms:.1f} ms in the middle, "
                f"{each.reads.p99_ms:.1f} ms at the 99th percentile, the oldest {each.oldest_s:.2f} s; "
                f"{each.cpu_share:.1%} of a core"
            )


def _ms(milliseconds: float | None) -> str:
    return "?" if milliseconds is None else f"{milliseconds:.0f} ms"
