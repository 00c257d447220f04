"""The commands under `ems trace`; the lab's numpy is loaded by the command that needs it, so `ems --help` is quick."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

trace_app = typer.Typer(
    name="trace", help="Energy traces for `ems simulate`: look at, make, import, record.", no_args_is_help=True
)

LAB: Final = ("numpy", "scipy")

OutArgument = Annotated[
    Path, typer.Argument(metavar="OUT", help="The trace to write, .csv or .csv.gz.", show_default=False)
]


def need_lab() -> None:
    """Leave with exit code 1 and the cure when the packages of the lab are not installed."""
    missing = [name for name in LAB if find_spec(name) is None]
    if missing:
        typer.echo(f"{' and '.join(missing)} not installed: pip install fusewise[lab]", err=True)
        raise typer.Exit(1)


def _first_day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 (the day begins at midnight UTC, see below)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-06-15") from error


@trace_app.command("info")
def show_info(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="A trace, .csv or .csv.gz.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Tell what a trace holds: time, steps, gaps, energy, peaks."""
    need_lab()
    from ems.cli.trace import trace_info  # noqa: PLC0415  numpy loads slowly

    raise typer.Exit(trace_info(trace, as_json=as_json))


@trace_app.command("make")
def make(
    out: OutArgument,
    start: Annotated[
        datetime, typer.Option(parser=_first_day, metavar="DATE", help="First day, UTC.", show_default=False)
    ],
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days.")] = 7,
    step_s: Annotated[int, typer.Option("--step", min=1, max=900, metavar="SECONDS", help="Length of a step.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed makes the same trace.")] = 1,
    kwp: Annotated[float, typer.Option(min=0, max=200, help="Size of the solar system, facing south.")] = 9.0,
    inverter_max_w: Annotated[
        float | None, typer.Option("--inverter-max", min=100, metavar="WATTS", help="Where the inverter clips.")
    ] = None,
    latitude: Annotated[float, typer.Option(min=-66, max=66, help="Degrees north.")] = 50.0,
    longitude: Annotated[float, typer.Option(min=-180, max=180, help="Degrees east.")] = 10.0,
    base_w: Annotated[
        float, typer.Option("--base", min=0, max=5000, metavar="WATTS", help="What the house always draws.")
    ] = 150.0,
    house: Annotated[
        Literal["usual", "heavy"],
        typer.Option(help="heavy: flow heater, hob and other large appliances, on stated phases."),
    ] = "usual",
    sky: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SKY[=WEIGHT]", help="clear, broken or overcast; repeat for a mixture. Mixed if left out."
        ),
    ] = None,
) -> None:
    """Make a trace: a drawn household under a drawn sky."""
    need_lab()
    from ems.cli.trace import trace_make  # noqa: PLC0415  numpy loads slowly
    from ems.sim.traces.generate import TracePlan  # noqa: PLC0415  numpy loads slowly

    plan = TracePlan(
        start_utc=start.replace(tzinfo=UTC),
        days=days,
        step_s=step_s,
        seed=seed,
        kwp=kwp,
        inverter_max_w=inverter_max_w,
        latitude=latitude,
        longitude=longitude,
        base_w=base_w,
        house=house,
    )
    raise typer.Exit(trace_make(out, plan, skies=sky or ()))


@trace_app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A Home Assistant history export, or any CSV.", show_default=False)
    ],
    out: OutArgument,
    maps: Annotated[
        list[str],
        typer.Option("--map", metavar="WHAT=COLUMN:UNIT", help="Such as load_w=sensor.house:kW; -kW turns the sign."),
    ],
    step_s: Annotated[
        int | None,
        typer.Option(
            "--step",
            min=1,
            max=3600,
            metavar="SECONDS",
            help="Step to write, at most 900; 3600 for prices alone. As in the file if left out.",
        ),
    ] = None,
    time_column: Annotated[str, typer.Option(metavar="COLUMN", help="Where the time stands.")] = "time",
    time_format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Such as '%d.%m.%Y %H:%M'; ISO 8601 if left out.")
    ] = None,
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="Of times that name none: Europe/Berlin.")] = "UTC",
    delimiter: Annotated[str, typer.Option(metavar="CHARACTER", help="Between the cells.")] = ",",
    decimal_comma: Annotated[bool, typer.Option("--decimal-comma", help="Numbers are written like 1.234,5.")] = False,
    hold_s: Annotated[
        float | None,
        typer.Option("--hold", min=1, metavar="SECONDS", help="How long a row counts when the next is missing."),
    ] = None,
) -> None:
    """Turn a Home Assistant history export or a CSV into a trace."""
    need_lab()
    if len(delimiter) != 1:
        raise typer.BadParameter("give one character", param_hint="--delimiter")
    from ems.cli.trace import trace_import  # noqa: PLC0415  numpy loads slowly
    from ems.sim.traces.imports import CsvLayout  # noqa: PLC0415  numpy loads slowly

    layout = CsvLayout(
        time_column=time_column,
        timezone=timezone,
        time_format=time_format,
        delimiter=delimiter,
        decimal_comma=decimal_comma,
        hold_s=hold_s,
    )
    raise typer.Exit(trace_import(source, out, maps=maps, layout=layout, step_s=step_s))


@trace_app.command("record")
def record(
    site: Annotated[Path, typer.Argument(metavar="SITE", help="The site file, YAML.", show_default=False)],
    out: OutArgument,
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=1, metavar="SECONDS", help="End after so long; until Ctrl-C if left out."),
    ] = None,
    step_s: Annotated[int, typer.Option("--step", min=1, max=900, metavar="SECONDS", help="Length of a step.")] = 1,
) -> None:
    """Record a trace from the meter, inverters and battery of a site. Nothing is written to them."""
    need_lab()
    from ems.cli.trace import trace_record  # noqa: PLC0415  numpy loads slowly

    raise typer.Exit(trace_record(site, out, seconds=for_s, step_s=step_s))
