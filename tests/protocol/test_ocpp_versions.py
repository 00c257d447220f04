"""Connecting in each version, over real sockets (scenarios T01 to T04)."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from ems.config.schema import StationEntry
from tests.protocol.ocpp_peer import house

BOOT_2X = {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Box", "serialNumber": "SN1"}}


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_station_of_version_2_boots(protocol: str) -> None:
    """T01."""
    async with house() as place, place.peer(protocols=[protocol]) as peer:
        answer = await peer.tell("BootNotification", BOOT_2X)

        assert peer.socket.subprotocol == protocol
        assert (answer["status"], answer["currentTime"][-1]) == ("Accepted", "Z")
        assert place.station.state.protocol == protocol
        assert place.station.boot is not None
        assert place.station.boot.serials == ("SN1",)


async def test_pinned_version_is_chosen_and_another_one_refused() -> None:
    """T02."""
    async with house(StationEntry(id="garage", ocpp="2.0.1")) as place:
        async with place.peer(protocols=["ocpp1.6", "ocpp2.1", "ocpp2.0.1"]) as peer:
            assert peer.socket.subprotocol == "ocpp2.0.1"
        with pytest.raises(InvalidStatus) as refused:
            await connect(place.url(), subprotocols=[Subprotocol("ocpp1.6")], proxy=None)

        assert refused.value.response.status_code == 400


async def test_station_that_agreed_on_nothing_is_spoken_to_as_it_boots() -> None:
    """The EVBox Livo of the quirks."""
    async with house() as place, place.peer(protocols=None) as peer:
        await peer.tell("BootNotification", BOOT_2X)
        await peer.hears("GetBaseReport")

        assert place.station.state.protocol == "ocpp2.0.1"
