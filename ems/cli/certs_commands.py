"""The commands `ems certs …`: thin doors, each of which calls one function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ems.csms.security.key_kind import KeyKind

certs_app = typer.Typer(
    name="certs", help="Certificates of stations and of the encrypted door, by our own authority.", no_args_is_help=True
)
SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site file, YAML.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object about it.")]
NamesOption = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="NAME", help="Name or address of this machine; several times. Else found out."),
]
KeyOption = Annotated[KeyKind, typer.Option("--key", help="ec, or rsa for stations that know nothing else.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there, not to the standard output.")
]


@certs_app.command("init")
def init(
    site: SiteArgument, name: NamesOption = None, key: KeyOption = KeyKind.EC, as_json: JsonOption = False
) -> None:
    """Make the authority: a root, and a certificate for the door. The service does it too where it is missing."""
    from ems.cli import certs  # noqa: PLC0415 (loads slowly)

    raise typer.Exit(certs.begin(site, name or (), key, as_json=as_json))


@certs_app.command("root")
def root(site: SiteArgument, out: OutOption = None, as_json: JsonOption = False) -> None:
    """Print the root that stations have to trust."""
    from ems.cli import certs  # noqa: PLC0415 (the same)

    raise typer.Exit(certs.root(site, out, as_json=as_json))


@certs_app.command("issue")
def issue(
    site: SiteArgument,
    station: Annotated[str, typer.Argument(metavar="NAME", help="The station's identity or serial number.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where key and certificate go.")],
    key: KeyOption = KeyKind.EC,
    as_json: JsonOption = False,
) -> None:
    """Make key and certificate for a station that cannot make a request."""
    from ems.cli import certs  # noqa: PLC0415 (the same)

    raise typer.Exit(certs.issue(site, station, key, out, as_json=as_json))


@certs_app.command("sign")
def sign(
    site: SiteArgument,
    request: Annotated[Path, typer.Argument(metavar="CSR", help="The station's request, PEM.", show_default=False)],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The station's identity or serial number.")],
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a station's request, when it is in that station's name."""
    from ems.cli import certs  # noqa: PLC0415 (the same)

    raise typer.Exit(certs.sign(site, request, name, out, as_json=as_json))


@certs_app.command("rotate")
def rotate(
    site: SiteArgument,
    name: NamesOption = None,
    key: Annotated[KeyKind | None, typer.Option("--key", help="ec or rsa; as it is when left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Give the door a new key and certificate; a running service takes them within seconds."""
    from ems.cli import certs  # noqa: PLC0415 (the same)

    raise typer.Exit(certs.rotate(site, name or (), key, as_json=as_json))


@certs_app.command("list")
def list_issued(site: SiteArgument, as_json: JsonOption = False) -> None:
    """Show what was signed, and what was taken back."""
    from ems.cli import certs  # noqa: PLC0415 (the same)

    raise typer.Exit(certs.list_issued(site, as_json=as_json))


@certs_app.command("revoke")
def revoke(
    site: SiteArgument,
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="As `ems certs list` shows it.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Take a certificate back; a running service hangs up on who shows it."""
    from ems.cli import certs  # noqa: PLC0415 (the same)

    raise typer.Exit(certs.revoke(site, serial, as_json=as_json))
