"""The commands `ems devices …`: thin doors, each of which calls one function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ems.cli.device_options import JsonOption, Stated, UnitOption, takes_device

devices_app = typer.Typer(
    name="devices", help="Which meters and inverters we can read, and what a real one says.", no_args_is_help=True
)
ProfileArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A profile of `ems devices list`.", show_default=False)
]
ListenHost = Annotated[str, typer.Option("--host", metavar="HOST", help="Address to listen at.")]
ListenPort = Annotated[
    int | None,
    typer.Option(
        "--port", metavar="PORT", min=0, max=65535, help="Port to listen at, 5020 when left out; 0 takes a free one."
    ),
]
ForOption = Annotated[
    float | None,
    typer.Option("--for", metavar="SECONDS", min=1, max=600, help="How long to listen or look."),
]


@devices_app.command("list")
def list_devices(as_json: JsonOption = False) -> None:
    """List the device profiles."""
    from ems.cli.devices import list_profiles

    raise typer.Exit(list_profiles(as_json=as_json))


@devices_app.command("show")
@takes_device
def show_device(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|HOST|SITE", help="A profile; with --profile, a device; or a site file.", show_default=False
        ),
    ],
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="ID", help="Read the device at HOST by this profile.")
    ] = None,
    for_s: ForOption = None,
    as_json: JsonOption = False,
    *,
    stated: Stated,
) -> None:
    """Show what a profile reads: registers or topics, types, units, signs.

    With --profile, show what a real device says: its raw registers beside our numbers, and what does not fit together.
    Of a site file, look at all its devices for some seconds, and say what does not fit between them.
    """
    if profile is not None:
        from ems.cli import device_probe

        raise typer.Exit(device_probe.show_device(profile, device_probe.asked_at(what, stated), as_json=as_json))
    if stated:
        raise typer.BadParameter(
            "they go with --profile, which says how to read the device", param_hint="--port, --unit, --over, …"
        )
    if Path(what).suffix in {".yaml", ".yml"}:
        from ems.cli.house_show import show_house

        raise typer.Exit(show_house(Path(what), for_s=for_s, as_json=as_json))
    from ems.cli.devices import show_profile

    raise typer.Exit(show_profile(what, as_json=as_json))


@devices_app.command("probe")
@takes_device
def probe_device(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="WHERE|ID",
            help="Where to search: HOST, /dev/ttyUSB0, mqtt://HOST; nothing to listen for energy meters; or a profile.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Read the device here by the profile: a name, an address, or /dev/ttyUSB0."),
    ] = None,
    for_s: ForOption = None,
    every_unit: Annotated[
        bool, typer.Option("--every-unit", help="Ask every Modbus unit from 1 to 247, not only the usual ones.")
    ] = False,
    as_json: JsonOption = False,
    *,
    stated: Stated,
) -> None:
    """Find out what answers or speaks somewhere, how sure that is, and what the site file says of it.

    With --host, read a device once by its profile and print everything it says, decoded. Nothing is ever written.
    """
    from ems.cli import device_probe, device_search

    if host is not None and what is not None:
        raise typer.Exit(device_probe.probe_device(what, device_probe.asked_at(host, stated), as_json=as_json))
    if device_probe.speaks_to_everybody(what):
        raise typer.Exit(device_probe.probe_device(str(what), stated, as_json=as_json))
    wish = device_search.SearchWish(stated=stated, for_s=for_s, every_unit=every_unit)
    raise typer.Exit(device_search.search(what or host, wish, as_json=as_json))


@devices_app.command("simulate")
def simulate_device(
    profile: ProfileArgument,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What it measures, such as power_l1=2300 or battery.soc=0.5."),
    ] = None,
    host: ListenHost = "127.0.0.1",
    port: ListenPort = None,
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
    from ems.sim.wire.played import Place, usual_port

    place = Place(host=host, port=usual_port(profile) if port is None else port, unit=unit, prefix=prefix)
    raise typer.Exit(simulated_device.simulate_device(profile, settings or (), place, as_json=as_json))


@devices_app.command("record")
@takes_device
def record_device(
    profile: Annotated[
        str, typer.Argument(metavar="ID", help="A profile; with --site, a device of that file.", show_default=False)
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.", show_default=False)],
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help="Its name or address, its broker's, or /dev/ttyUSB0.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="SITE", help="Where it is, and its login, as this site file says.")
    ] = None,
    for_s: ForOption = None,
    with_ids: Annotated[
        bool, typer.Option("--with-ids", help="Keep serial numbers and equipment ids, which are blanked otherwise.")
    ] = False,
    as_json: JsonOption = False,
    *,
    stated: Stated,
) -> None:
    """Record what a real device says as a file that can be sent and played; nothing is written to the device.

    One that speaks by itself is listened to for 30 s.
    """
    from ems.cli import device_probe, device_recording

    asked = stated if host is None else device_probe.asked_at(host, stated)
    wish = device_recording.wish_of(for_s, with_ids=with_ids)
    raise typer.Exit(device_recording.record_device(profile, asked, site, file, wish, as_json=as_json))


@devices_app.command("replay")
def replay_device(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of `ems devices record`.", show_default=False)],
    host: ListenHost = "127.0.0.1",
    port: ListenPort = None,
    unit: UnitOption = None,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="What MQTT topics begin with; the profile's name when left out."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Play the device of a recording on a real socket until Ctrl-C."""
    from ems.cli import device_recording

    asked = device_recording.Played(host=host, port=port, unit=unit, prefix=prefix)
    raise typer.Exit(device_recording.replay_device(file, asked, as_json=as_json))
