"""The options that say where a device is, the same for every command that looks at one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_type_hints

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value on one line instead of tables.")]
PortOption = Annotated[
    int | None,
    typer.Option("--port", metavar="PORT", min=1, max=65535, help="Its port; the profile's when left out."),
]
UnitOption = Annotated[
    int | None,
    typer.Option("--unit", metavar="UNIT", min=0, max=255, help="Its Modbus unit; the profile's when left out."),
]
SECRET_HELP = "env:NAME or file:PATH; a secret itself does not belong on a command line."  # noqa: S105 (a sentence)

Stated = Mapping[str, Any]
"""What was stated of a device, by the names of `ems.devices.inspection.subject.KEYS`."""


def _stated(
    *,
    port: PortOption = None,
    unit: UnitOption = None,
    over: Annotated[
        Literal["tcp", "udp", "tls", "rtu_over_tcp"] | None,
        typer.Option("--over", help="What Modbus travels over; what the profile says when left out."),
    ] = None,
    baud: Annotated[
        int | None, typer.Option("--baud", metavar="BAUD", min=300, max=1_000_000, help="Of a serial line; 9600.")
    ] = None,
    parity: Annotated[
        Literal["none", "even", "odd"] | None, typer.Option("--parity", help="Of a serial line; none when left out.")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option("--prefix", metavar="PREFIX", help="What its MQTT topics begin with.")
    ] = None,
    interface: Annotated[
        str | None,
        typer.Option(
            "--interface", metavar="ADDRESS", help="Our own on the network of a meter that speaks to everybody."
        ),
    ] = None,
    serial_number: Annotated[
        int | None,
        typer.Option("--serial-number", metavar="NUMBER", min=1, help="Of such a meter, where there are more."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Whom the device or broker lets in.")
    ] = None,
    password: Annotated[
        str | None, typer.Option("--password", metavar="WHERE", help=f"Where the password is: {SECRET_HELP}")
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", metavar="WHERE", help=f"Where the token is: {SECRET_HELP}")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="WHERE", help=f"Where the key of its encrypted telegrams is: {SECRET_HELP}"),
    ] = None,
    any_certificate: Annotated[
        bool, typer.Option("--any-certificate", help="HTTPS: take a certificate that nobody vouches for.")
    ] = False,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", metavar="SHA256", help="HTTPS: take the certificate with that one.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="Fills braces of the profile; may stand several times."),
    ] = None,
) -> Stated:
    stated = {
        "port": port,
        "unit": unit,
        "over": over,
        "baud": baud,
        "parity": parity,
        "prefix": prefix,
        "interface": interface,
        "serial_number": serial_number,
        "user": user,
        "password": _secret("--password", password),
        "token": _secret("--token", token),
        "key": _secret("--key", key),
        "trust_any_certificate": any_certificate or None,
        "fingerprint": fingerprint,
        "parameters": _parameters(parameter or ()),
    }
    return {name: value for name, value in stated.items() if value is not None}


def _parameters(settings: Sequence[str]) -> Mapping[str, str] | None:
    """What stands in the braces of a profile, by name."""
    pairs = [setting.partition("=") for setting in settings]
    if any(not equals for _, equals, _ in pairs):
        raise typer.BadParameter("write NAME=VALUE, such as power=grid_power", param_hint="--parameter")
    return {name: value for name, _, value in pairs} or None


def _secret(option: str, text: str | None) -> Mapping[str, str] | None:
    """Where a secret is, as the site file says it. A text that is none is not repeated: it may be the secret."""
    if text is None:
        return None
    kind, colon, place = text.partition(":")
    if kind not in {"env", "file"} or not colon or not place:
        raise typer.BadParameter("write env:NAME or file:PATH, and keep the secret there", param_hint=option)
    return {kind: place}


def takes_device(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with these options in place of its parameter `stated`."""
    own, shared = inspect.signature(command), inspect.signature(_stated)
    hints = get_type_hints(command, include_extras=True) | get_type_hints(_stated, include_extras=True)
    hints.pop("stated", None)

    def run(**given: Any) -> None:  # noqa: ANN401 (what typer parsed)
        stated = _stated(**{name: given.pop(name) for name in shared.parameters})
        command(**given, stated=stated)

    parameters = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name])
        for each in (*own.parameters.values(), *shared.parameters.values())
        if each.name != "stated"
    ]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # (as `inspect` reads it)
    return run
