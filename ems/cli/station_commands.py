"""The doors of `ems station …`: each calls one function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

station_app = typer.Typer(
    name="station",
    help="Charging stations of a running house. The token of an installer is in FUSEWISE_TOKEN.",
    no_args_is_help=True,
)


@station_app.callback()
def _door() -> None:
    """Keeps `report` a command of its own."""


@station_app.command()
def report(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="The station's id in the site file.")],
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The service; port 8480 of this machine when left out.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option(metavar="SITE", help="A site file that says where the service is.")
    ] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="PEM file of who vouches for the service's own certificate.")
    ] = None,
    try_step: Annotated[
        bool, typer.Option("--try", help="Lower the limit a little below what control decided, while a car charges.")
    ] = False,
    try_pause: Annotated[bool, typer.Option("--try-pause", help="The same, and pause the car for a moment.")] = False,
    last: Annotated[bool, typer.Option("--last", help="Show the last card; ask nothing.")] = False,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write the card as a page to print.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Show what a connected station really supports and obeys; exit 1 where something is missing.

    Asks it questions alone, so it is safe while a car charges. With --try the limit is lowered for about a minute.
    """
    from ems.cli.commission import Door, at_desk
    from ems.cli.station_report import CardOptions, report_on, stations_path

    options = CardOptions(try_step=try_step, try_pause=try_pause, last=last, page=page, as_json=as_json)
    door = Door(site=site, url=url, certificate=certificate, as_json=as_json, path=stations_path(station_id))
    raise typer.Exit(at_desk(door, lambda service: report_on(service, options)))
