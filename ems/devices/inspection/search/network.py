"""Energy meters that speak to everybody on a network: who is heard, by serial number."""

from __future__ import annotations

import asyncio
from typing import Final

from ems.clock import Clock
from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.found import HostFound
from ems.devices.library import profiles
from ems.devices.obis_profile import SpeedwireProfile
from ems.devices.speedwire.datagram import BadDatagram, Datagram
from ems.devices.speedwire.ear import SpeedwireEar, Spot

LISTEN_S: Final = 5.0
MOST_METERS: Final = 32


class _Heard:
    """Who spoke, with the newest power."""

    def __init__(self, chosen: SpeedwireProfile) -> None:
        self._chosen = chosen
        self.meters: dict[int, float | None] = {}
        self.broken = 0
        self.trouble: str | None = None
        self.first = asyncio.Event()

    def heard(self, datagram: Datagram, at_s: float) -> None:
        del at_s
        if datagram.serial in self.meters or len(self.meters) < MOST_METERS:
            self.meters[datagram.serial] = self._chosen.numbers(datagram.numbers).get("power")
            self.first.set()

    def heard_broken(self, error: BadDatagram) -> None:
        del error
        self.broken += 1

    def link_changed(self, trouble: str | None) -> None:
        self.trouble = trouble


async def search_network(
    interface: str | None, port: int | None, clock: Clock, found: HostFound, *, for_s: float = LISTEN_S
) -> HostFound:
    """Listen so long. What fails is said in `looked`."""
    for chosen in [each for each in profiles() if isinstance(each, SpeedwireProfile)]:
        spot = Spot(group=chosen.defaults.group, port=port or chosen.defaults.port, interface=interface)
        found.begin(f"listening at {spot.where} for {for_s:g} s")
        heard, ear = _Heard(chosen), SpeedwireEar(spot, clock)
        ear.follow(heard)
        listening = asyncio.create_task(ear.run())
        try:
            await clock.sleep(for_s)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            _tell(chosen, spot, port, heard, found)
    return found


def _tell(chosen: SpeedwireProfile, spot: Spot, port: int | None, heard: _Heard, found: HostFound) -> None:
    extra: dict[str, str | int] = {
        **({"interface": spot.interface} if spot.interface else {}),
        **({"port": port} if port else {}),
    }
    for serial, power_w in sorted(heard.meters.items()):
        now = "" if power_w is None else f", {power_w:.0f} W now"
        found.candidates.append(
            Candidate(
                profile_id=chosen.id,
                sure=Sure.CERTAIN,
                evidence=(f"speaks to everybody, with the serial number {serial}{now}",),
                where={"serial_number": serial, **extra},
            )
        )
    broken = f", and {heard.broken} broken messages" if heard.broken else ""
    amount = {0: "no energy meter speaks", 1: "one energy meter speaks"}
    several = amount.get(len(heard.meters), f"{len(heard.meters)} energy meters speak")
    found.looked.append(heard.trouble or f"{spot.where}: {several}{broken}")
    if not heard.meters:
        found.hints[
            "Multicast has to get here: switches that filter it, and containers without the host's network, let "
            "nothing through. With several networks, say ours with --interface."
        ] = None
