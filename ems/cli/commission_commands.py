"""The doors of `ems commission SITE …`: each calls one function of `ems.cli.commission`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ems.cli.commission import Work

commission_app = typer.Typer(
    name="commission",
    help="Commission a running house: limits, proofs, hand-over. The token of an installer is in FUSEWISE_TOKEN.",
    no_args_is_help=True,
)

StationArgument = Annotated[str, typer.Argument(metavar="STATION", help="Its id in the site file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
PhaseOption = Annotated[str | None, typer.Option(metavar="L1|L2|L3", help="A phase of the house.")]
Phase = Literal["L1", "L2", "L3"]


@commission_app.callback()
def _door(
    context: typer.Context,
    site: Annotated[Path, typer.Argument(metavar="SITE", help="The site file: it says where the API is.")],
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The service, if it is not where the site file says.")
    ] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="PEM file of who vouches for the service's own certificate.")
    ] = None,
) -> None:
    """Where the running service is."""
    context.obj = (site, url, certificate)


@commission_app.command()
def status(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show how far commissioning is; exit 1 while a step is open."""
    from ems.cli import commission

    _leave(context, as_json, lambda service: commission.show_status(service, as_json=as_json))


@commission_app.command()
def connection(
    context: typer.Context,
    fuse: Annotated[float | None, typer.Option(metavar="A", help="Rating of the main fuse.")] = None,
    again: Annotated[float | None, typer.Option(metavar="A", help="The same, typed a second time.")] = None,
    phases: Annotated[int | None, typer.Option(help="1 or 3.")] = None,
    device: Annotated[str | None, typer.Option(help="mcb_b, mcb_c, mcb_d, sls or gg.")] = None,
    reserve: Annotated[float | None, typer.Option(metavar="A", help="Kept free on every phase.")] = None,
    derating: Annotated[float | None, typer.Option(help="Factor for heat in the cabinet.")] = None,
    other_load: Annotated[
        float | None, typer.Option(metavar="A", help="Largest current per phase without the cars.")
    ] = None,
    max_import: Annotated[float | None, typer.Option(metavar="KW", help="Contract power.")] = None,
    imbalance: Annotated[
        float | None, typer.Option(metavar="A", help="Most between two phases; 20 in Germany.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the house connection; with an option, state it. It counts when the rating of the fuse was typed twice."""
    from ems.cli import commission

    options = {
        "phases": phases,
        "main_fuse_a": fuse,
        "main_fuse_device": device,
        "reserve_a": reserve,
        "derating": derating,
        "largest_other_load_a": other_load,
        "max_import_kw": max_import,
        "max_imbalance_a": imbalance,
    }
    told = {name: value for name, value in options.items() if value is not None}
    _leave(context, as_json, lambda service: commission.state_connection(service, told, again, as_json=as_json))


@commission_app.command()
def meter(
    context: typer.Context,
    phase: PhaseOption = None,
    sun: Annotated[bool, typer.Option("--sun", help="Compare with the inverters instead of a load.")] = False,
    circuit: Annotated[str, typer.Option(metavar="CIRCUIT", help="Whose meter.")] = "main",
    as_json: JsonOption = False,
) -> None:
    """Show the meters; with --phase test the sign with a load that you switch on and off there."""
    from ems.api.wire_commissioning import ProofWish
    from ems.cli import commission

    wish = None
    if sun or phase is not None:
        against: Literal["load", "sun"] = "sun" if sun else "load"
        wish = ProofWish(kind="sign", circuit=circuit, phase=None if sun else _phase(phase), against=against)
    _leave(context, as_json, lambda service: commission.check_meter(service, wish, as_json=as_json))


@commission_app.command()
def station(
    context: typer.Context,
    station_id: StationArgument,
    adopt: Annotated[
        str | None, typer.Option(metavar="IDENTITY", help="No proof; let this stranger in as the station.")
    ] = None,
    take_wiring: Annotated[bool, typer.Option("--take-wiring", help="State the wiring that was found.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove a station: 6 A, 10 A, pause; measures obedience, reaction and wiring."""
    from ems.cli import commission

    _leave(
        context,
        as_json,
        lambda service: commission.prove_station(
            service, station_id, adopt=adopt, take_wiring=take_wiring, as_json=as_json
        ),
    )


@commission_app.command()
def loss(context: typer.Context, station_id: StationArgument, as_json: JsonOption = False) -> None:
    """Prove that a station falls back by itself: no message until its lease has ended."""
    from ems.api.wire_commissioning import ProofWish
    from ems.cli import commission

    wish = ProofWish(kind="loss", station=station_id)
    _leave(context, as_json, lambda service: commission.prove(service, wish, as_json=as_json))


@commission_app.command()
def overload(
    context: typer.Context,
    circuit: Annotated[str, typer.Option(metavar="CIRCUIT", help="Whose fuse.")] = "main",
    phase: PhaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove the guard: a load that is not there brings the meter's reading above the fuse."""
    from ems.api.wire_commissioning import ProofWish
    from ems.cli import commission

    wish = ProofWish(kind="overload", circuit=circuit, phase=_phase(phase))
    _leave(context, as_json, lambda service: commission.prove(service, wish, as_json=as_json))


@commission_app.command("hand-over")
def hand_over(
    context: typer.Context,
    installer: Annotated[str, typer.Option(metavar="NAME", help="Who hands over.")],
    company: Annotated[str, typer.Option(metavar="NAME", help="The installer's company.")] = "",
    remark: Annotated[str, typer.Option(metavar="TEXT", help="Goes into the document.")] = "",
    accept_open: Annotated[bool, typer.Option("--accept-open", help="Although a step is open.")] = False,
    page: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Write the page to print there.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign what was proven, and lock the limits. With --json the signed document is printed."""
    from ems.api.wire_commissioning import HandOverWish
    from ems.cli import commission

    wish = HandOverWish(installer=installer, company=company, remark=remark, accept_open=accept_open)
    _leave(context, as_json, lambda service: commission.hand_over(service, wish, page, as_json=as_json))


@commission_app.command()
def unlock(
    context: typer.Context,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Goes into the audit.")],
    as_json: JsonOption = False,
) -> None:
    """Let limits be changed again after a hand-over."""
    from ems.api.wire_commissioning import UnlockWish
    from ems.cli import commission

    wish = UnlockWish(why=why)
    _leave(context, as_json, lambda service: commission.unlock(service, wish, as_json=as_json))


def _leave(context: typer.Context, as_json: bool, work: Work) -> None:
    from ems.cli.commission import Door, at_desk

    site, url, certificate = context.obj
    raise typer.Exit(at_desk(Door(site=site, url=url, certificate=certificate, as_json=as_json), work))


def _phase(name: str | None) -> Phase | None:
    if name is None or name in {"L1", "L2", "L3"}:
        return name  # type: ignore[return-value] # checked just now
    raise typer.BadParameter("give L1, L2 or L3", param_hint="--phase")
