"""The commands about what is kept: `ems export`, `ems backup`, `ems restore`; only a call loads the database."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

export_app = typer.Typer(
    name="export", help="Sessions and history as CSV or XLSX, for other programs.", no_args_is_help=True
)


class Format(StrEnum):
    """What a table is written as."""

    CSV = "csv"
    XLSX = "xlsx"


class Step(StrEnum):
    """How fine a history is."""

    MINUTE = "minute"
    QUARTER = "quarter"
    DAY = "day"


SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site file, YAML.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object about it.")]
FormatOption = Annotated[Format, typer.Option("--format", help="csv or xlsx; xlsx needs --output.")]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="From then on; ISO 8601, house time where it names no zone.")
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="Before then.")]
OutputOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write there, not to the standard output.", show_default=False)
]


@export_app.command("sessions")
def export_sessions(
    site: SiteArgument,
    form: FormatOption = Format.CSV,
    since: SinceOption = None,
    until: UntilOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every stay of a car: energy, share of the sun, cost. Oldest first."""
    from ems.cli.export import Request, export  # noqa: PLC0415 (the database loads slowly)

    request = Request(site=site, as_xlsx=form is Format.XLSX, since=since, until=until, output=output)
    raise typer.Exit(export(request, as_json=as_json))


@export_app.command("history")
def export_history(
    site: SiteArgument,
    step: Annotated[Step, typer.Option(help="minute (60 days back), quarter (two years) or day (all).")] = Step.QUARTER,
    form: FormatOption = Format.CSV,
    since: SinceOption = None,
    until: UntilOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """What flowed, step by step: grid, sun, battery, house, cars. Oldest first."""
    from ems.cli.export import Request, export  # noqa: PLC0415 (the database loads slowly)

    request = Request(site=site, step=step.value, as_xlsx=form is Format.XLSX, since=since, until=until, output=output)
    raise typer.Exit(export(request, as_json=as_json))


def backup(
    site: SiteArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy the database into one file; the service may run meanwhile."""
    from ems.cli.backup import back_up_site  # noqa: PLC0415 (the database loads slowly)

    raise typer.Exit(back_up_site(site, file, force=force, as_json=as_json))


def restore(
    site: SiteArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy by `ems backup`.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Put a copy back in the place of the database, which is kept beside it. End the service first."""
    from ems.cli.backup import restore_site  # noqa: PLC0415 (the database loads slowly)

    raise typer.Exit(restore_site(site, file, as_json=as_json))


def add_to(app: typer.Typer) -> None:
    """All of them."""
    app.add_typer(export_app)
    app.command()(backup)
    app.command()(restore)
