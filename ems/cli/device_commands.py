"""The commands `ems devices …`: thin doors, each of which calls one function."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

devices_app = typer.Typer(
    name="devices", help="Which meters and inverters we can read, and what a real one says.", no_args_is_help=True
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value on one line instead of tables.")]
ProfileArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A profile of `ems devices list`.", show_default=False)
]
DevicePortOption = Annotated[
    int | None,
    typer.Option("--port", metavar="PORT", min=1, max=65535, help="Its Modbus port; the profile's when left out."),
]
OverOption = Annotated[
    Literal["tcp", "udp", "tls", "rtu_over_tcp"] | None,
    typer.Option("--over", help="What requests travel over; what the profile says when left out."),
]
BaudOption = Annotated[int | None, typer.Option("--baud", min=300, max=1_000_000, help="Of a serial line; 9600.")]
ParityOption = Annotated[
    Literal["none", "even", "odd"] | None, typer.Option("--parity", help="Of a serial line; none when left out.")
]
UnitOption = Annotated[
    int | None,
    typer.Option("--unit", metavar="UNIT", min=0, max=255, help="Its Modbus unit; the profile's when left out."),
]


@devices_app.command("list")
def list_devices(as_json: JsonOption = False) -> None:
    """List the device profiles."""
    from ems.cli.devices import list_profiles

    raise typer.Exit(list_profiles(as_json=as_json))


@devices_app.command("show")
def show_device(
    what: Annotated[
        str, typer.Argument(metavar="ID|HOST", help="A profile; or, with --profile, a device.", show_default=False)
    ],
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="ID", help="Read the device at HOST by this profile.")
    ] = None,
    port: DevicePortOption = None,
    unit: UnitOption = None,
    over: OverOption = None,
    baud: BaudOption = None,
    parity: ParityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a profile reads: registers or topics, types, units, signs.

    With --profile, show what a real device says: its raw registers beside our numbers, and what does not fit together.
    """
    if profile is None:
        if {port, unit, over, baud, parity} != {None}:
            raise typer.BadParameter(
                "they go with --profile, which says how to read the device", param_hint="--port, --unit, --over, …"
            )
        from ems.cli.devices import show_profile

        raise typer.Exit(show_profile(what, as_json=as_json))
    from ems.cli import device_probe

    asked = device_probe.asked_at(what, port=port, unit=unit, over=over, baud=baud, parity=parity)
    raise typer.Exit(device_probe.show_device(profile, asked, as_json=as_json))


@devices_app.command("probe")
def probe_device(
    what: Annotated[
        str,
        typer.Argument(metavar="HOST|ID", help="Where to search; or, with --host, a profile.", show_default=False),
    ],
    host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Read the device here by the profile: a name, an address, or /dev/ttyUSB0."),
    ] = None,
    port: DevicePortOption = None,
    unit: UnitOption = None,
    over: OverOption = None,
    baud: BaudOption = None,
    parity: ParityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find out what answers at a host, how sure that is, and what the site file says of it.

    With --host, read a device once by its profile and print everything it says, decoded. Nothing is ever written.
    """
    if host is None:
        if {over, baud, parity} != {None}:
            raise typer.BadParameter("they go with --host, which says what to read", param_hint="--over, --baud, …")
        from ems.cli import device_search

        raise typer.Exit(device_search.search_device(what, port=port, unit=unit, as_json=as_json))
    from ems.cli import device_probe

    asked = device_probe.asked_at(host, port=port, unit=unit, over=over, baud=baud, parity=parity)
    raise typer.Exit(device_probe.probe_device(what, asked, as_json=as_json))


@devices_app.command("simulate")
def simulate_device(
    profile: ProfileArgument,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What it measures, such as power_l1=2300 or battery.soc=0.5."),
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 5020,
    unit: UnitOption = None,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="What MQTT topics begin with; the profile's name when left out."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Play a device of any profile on a real socket until Ctrl-C. What you do not set is filled in so that it fits.

    Lines such as `power_l1=2300`, written while it runs, change what it measures. A device that speaks MQTT brings a
    broker of its own.
    """
    from ems.cli import simulated_device
    from ems.sim.wire.played import Place

    place = Place(host=host, port=port, unit=unit, prefix=prefix)
    raise typer.Exit(simulated_device.simulate_device(profile, settings or (), place, as_json=as_json))
