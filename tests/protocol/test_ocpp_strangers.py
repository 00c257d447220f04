"""Stations that nobody configured wait, and nobody controls them (scenarios T06, B02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from ems.clock import WallClock
from ems.csms import strangers
from ems.csms.strangers import Stranger
from tests.protocol.ocpp_peer import BOOT, GUARD_S, House, house, start, status

NEWER: dict[str, Any] = {
    "reason": "PowerUp",
    "chargingStation": {"vendorName": "Acme", "model": "Box 2", "serialNumber": "SN2", "firmwareVersion": "1.0"},
}


def newest(place: House) -> Stranger:
    return place.central.strangers[-1]


async def until(holds: Callable[[], bool]) -> None:
    async with WallClock().timeout(GUARD_S):
        while not holds():
            await WallClock().sleep(0.005)


@pytest.mark.parametrize(
    ("protocol", "boot", "said"),
    [("ocpp1.6", BOOT, ("Acme", "Box", ("SN1",))), ("ocpp2.0.1", NEWER, ("Acme", "Box 2", ("SN2",)))],
)
async def test_a_stranger_says_who_it_is_and_waits(
    protocol: str, boot: dict[str, Any], said: tuple[str, str, tuple[str, ...]]
) -> None:
    async with house() as place, place.peer("/new-box", protocols=(protocol,)) as peer:
        answer = await peer.tell("BootNotification", boot)

        stranger = newest(place)
        assert stranger.boot is not None
        assert answer["status"] == "Pending"
        assert answer["currentTime"].endswith("Z")
        assert (stranger.boot.vendor, stranger.boot.model, stranger.boot.serials) == said
        assert (stranger.identity, stranger.waits) == ("new-box", True)


async def test_a_stranger_is_asked_for_nothing_and_changes_nothing() -> None:
    async with house() as place, place.peer("/new-box") as peer:
        await peer.tell("BootNotification", BOOT)
        await peer.tell("StatusNotification", status("Charging"))
        started = await peer.exchange("StartTransaction", start(place.stamp()))
        metered = await peer.exchange("MeterValues", {"connectorId": 1, "meterValue": []})

        assert (started[0], started[2]) == (4, "SecurityError")
        assert (metered[0], metered[2]) == (4, "SecurityError")
        assert "currentTime" in await peer.tell("Heartbeat", {})
        assert peer.asked == []
        assert place.states == []
        assert not place.station.state.connected


async def test_an_adopted_stranger_dials_again_and_is_served() -> None:
    async with house() as place:
        async with place.peer("/new-box") as peer:
            await peer.tell("BootNotification", BOOT)
            place.central.rename("garage", "new-box")
            async with WallClock().timeout(GUARD_S):
                await peer.socket.wait_closed()
        async with place.peer("/new-box") as peer:
            answer = await peer.tell("BootNotification", BOOT)

        assert answer["status"] == "Accepted"
        assert place.central.strangers == ()


async def test_a_stranger_whom_an_installer_refused_does_not_wait() -> None:
    async with house() as place:
        async with place.peer("/new-box") as peer:
            await peer.tell("BootNotification", BOOT)
            place.central.turn_away(frozenset({"new-box"}))
            async with WallClock().timeout(GUARD_S):
                await peer.socket.wait_closed()
        with pytest.raises(InvalidStatus):
            async with place.peer("/new-box"):
                pass

        assert not newest(place).waits


async def test_few_strangers_wait_and_one_that_dials_again_takes_its_own_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strangers, "MOST_WAITING", 2)
    async with house() as place, place.peer("/a") as first, place.peer("/b"):
        with pytest.raises(InvalidStatus) as refused:
            async with place.peer("/c"):
                pass
        async with place.peer("/a") as again:
            async with WallClock().timeout(GUARD_S):
                await first.socket.wait_closed()
            assert "currentTime" in await again.tell("Heartbeat", {})

        assert refused.value.response.status_code == 404


async def test_a_stranger_does_not_stay_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "STAYS_S", 30.0)
    async with house(speed=1000) as place, place.peer("/new-box") as peer:
        async with WallClock().timeout(GUARD_S):
            await peer.socket.wait_closed()
        await until(lambda: not newest(place).waits)
