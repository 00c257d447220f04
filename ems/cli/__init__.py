"""The command `ems`: thin doors, each of which calls one function. Exit codes: 0 ok, 1 problem found, 2 wrong use."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ems.cli import storage_commands
from ems.cli.certs_commands import certs_app
from ems.cli.commission_commands import commission_app
from ems.cli.device_commands import devices_app
from ems.cli.station_commands import station_app
from ems.cli.trace_commands import need_lab, trace_app

app = typer.Typer(
    name="ems",
    help="Fusewise, a local home energy manager: cars charge from surplus sun, and the main breaker holds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(devices_app)
app.add_typer(trace_app)
storage_commands.add_to(app)
app.add_typer(commission_app)
app.add_typer(certs_app)
app.add_typer(station_app)

SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site file, YAML.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


def main() -> None:
    """Entry point of the installed command and of `python -m ems`."""
    app(prog_name="ems")


@app.command()
def check(site: SiteArgument, as_json: JsonOption = False) -> None:
    """Check a site file and prove that every fuse holds.

    Names every problem of the file with its line and cure. A valid one is printed as a tree of circuits, with the
    proof that each fuse holds when the stations hear nothing any more.
    """
    from ems.cli.check import check_site

    raise typer.Exit(check_site(site, as_json=as_json))


@app.command()
def run(
    site: SiteArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every decision and every limit sent, one JSON object per line.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is said on every wire.")] = False,
    ocpp_port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Listen here for stations, not at csms.port; 0: any free port.")
    ] = None,
    api_port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Serve API and pages here, not at api.port; 0: any free port.")
    ] = None,
    clock: Annotated[str, typer.Option(hidden=True, help="A scaled clock, as `ems demo --speed` hands it on.")] = "",
) -> None:
    """Run the service: read the meters, share the current, limit the stations.

    Ends with Ctrl-C or SIGTERM. The stations then fall back by themselves when their leases end.
    """
    from ems.cli.run import Ports, run_service

    ports = Ports(ocpp=ocpp_port, api=api_port)
    raise typer.Exit(run_service(site, as_json=as_json, verbose=verbose, ports=ports, clock_spec=clock))


@app.command()
def demo(
    site: Annotated[
        Path | None,
        typer.Argument(metavar="[SITE]", help="A site file to play; the demo house when left out.", show_default=False),
    ] = None,
    for_s: Annotated[
        float,
        typer.Option(
            "--for", metavar="SECONDS", min=0, help="End so many seconds after its service listens; 0: never."
        ),
    ] = 0.0,
    speed: Annotated[float, typer.Option(min=0.1, max=20, help="Run so many times faster than real time.")] = 1.0,
    meter: Annotated[str | None, typer.Option(metavar="ID", help="Profile of the meter to play instead.")] = None,
    inverter: Annotated[str | None, typer.Option(metavar="ID", help="Profile of the inverter to play instead.")] = None,
    battery: Annotated[str | None, typer.Option(metavar="ID", help="Profile of a home battery to play.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="No table; one JSON object at the end.")] = False,
) -> None:
    """Play a whole house on this machine, with the real service in it.

    A Modbus meter, a SunSpec inverter, an MQTT meter and OCPP stations with cars stand on loopback sockets; the service
    keeps the cars on surplus sun under the main fuse. Meter, inverter and battery may be of any profile of
    `ems devices list`.
    """
    from ems.cli.demo import OtherDevices, play_demo

    other = OtherDevices(meter=meter, inverter=inverter, battery=battery)
    raise typer.Exit(play_demo(site, other, for_s=for_s, speed=speed, as_json=as_json))


@app.command()
def schema(
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file instead.", show_default=False)
    ] = None,
) -> None:
    """Print the JSON Schema of site files, for editors."""
    from ems.cli.schema import print_schema

    raise typer.Exit(print_schema(output))


@app.command()
def simulate(
    site: SiteArgument,
    trace: Annotated[Path, typer.Option(metavar="FILE", help="The recorded house, CSV or CSV.gz.")],
    sessions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="When cars come and go; else the site file's simulation.cars.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="ISO 8601, UTC; the start of the trace when left out.")
    ] = None,
    days: Annotated[
        float | None, typer.Option(metavar="N", min=0.001, max=3660, help="How long; 7 when left out.")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(metavar="P", help="Who controls; several to compare; fusewise when left out.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Draws what the trace does not say; the site file's when left out.")
    ] = None,
    json_to: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the result there; - prints it and nothing else.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write one HTML page.")] = None,
    faults: Annotated[
        str | None, typer.Option(metavar="FILE", help="Play faults too: a script, or all for the whole table.")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day that the report draws; its first when left out.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=256, help="Processes side by side; one per core when left out."),
    ] = None,
) -> None:
    """Replay a recorded trace and score who controls, side by side.

    The code that runs in a house plays days in minutes, with simulated cars; other systems' rules meet the same days.
    """
    need_lab()
    from ems.cli.simulate import simulate_site
    from ems.cli.simulate_request import SimulateOptions

    raise typer.Exit(
        simulate_site(
            SimulateOptions(
                site=site,
                trace=trace,
                sessions=sessions,
                start=start,
                days=days,
                policies=policy or (),
                seed=seed,
                json_to=json_to,
                report_to=report,
                faults=faults,
                picture=picture,
                jobs=jobs,
            )
        )
    )


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on one line.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds, for a first impression.")] = False,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3660, metavar="N", help="Only simulate so many days, and watch the memory."),
    ] = None,
    stations: Annotated[
        int | None,
        typer.Option("--stations", min=1, max=5000, metavar="N", help="Only so many stations on one central system."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=86_400, metavar="N", help="With --stations: for so long.")
    ] = 60.0,
) -> None:
    """Measure this machine: sharing, deciding, simulating, reacting on sockets, memory."""
    need_lab()
    from ems.cli.bench import run_bench, run_long_bench, run_stations_bench

    if stations is not None:
        raise typer.Exit(run_stations_bench(stations, seconds, as_json=as_json))
    if days is not None:
        raise typer.Exit(run_long_bench(days, as_json=as_json))
    raise typer.Exit(run_bench(as_json=as_json, quick=quick))


@app.command()
def replay(
    journal: Annotated[
        Path, typer.Argument(metavar="JOURNAL", help="A journal, or the folder it is in.", show_default=False)
    ],
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="ISO 8601, UTC without a zone; the first cycle.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="The last cycle.")] = None,
    station: Annotated[
        str | None, typer.Option("--explain", metavar="STATION", help="Tell how this station's limit came about.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="With --explain: when; the newest cycle when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Decide again what the journal recorded, and show what comes out otherwise.

    With --explain one cycle is told step by step. Nothing is written.
    """
    if station is None:
        if at is not None:
            raise typer.BadParameter("it goes with --explain; otherwise give --from and --to", param_hint="--at")
        from ems.cli.replay import replay_journal

        raise typer.Exit(replay_journal(journal, as_json=as_json, since=since, until=until))
    if since is not None or until is not None:
        raise typer.BadParameter("it tells one cycle; say which with --at, not --from and --to", param_hint="--explain")
    from ems.cli.replay_explain import explain_recorded

    raise typer.Exit(explain_recorded(journal, station, at=at, as_json=as_json))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fusewise {version('fusewise')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options before the command."""
