"""Configured stations that are kept waiting, or turned down, by choice (scenarios B02 and B03)."""

from __future__ import annotations

from typing import Any

import pytest

from ems.clock import WallClock
from ems.config.schema import StationEntry
from ems.config.schema_csms import BootAnswer
from ems.errors import StationOffline
from tests.protocol.ocpp_peer import BOOT, GUARD_S, LEASE, house, start, status

NEWER: dict[str, Any] = {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Box 2"}}
STARTED: dict[str, Any] = {
    "eventType": "Started",
    "timestamp": "2026-06-21T12:00:00Z",
    "triggerReason": "CablePluggedIn",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "T1"},
}
VERSIONS = pytest.mark.parametrize(
    ("protocol", "boot", "begins"),
    [
        ("ocpp1.6", BOOT, ("StartTransaction", start("2026-06-21T12:00:00Z"))),
        ("ocpp2.0.1", NEWER, ("TransactionEvent", STARTED)),
    ],
)


def kept(boot: BootAnswer) -> StationEntry:
    return StationEntry(id="garage", fallback_a=6.0, boot=boot)


@VERSIONS
async def test_a_pending_station_may_say_who_it_is_and_is_sent_nothing(
    protocol: str, boot: dict[str, Any], begins: tuple[str, dict[str, Any]]
) -> None:
    """B02."""
    async with house(kept(BootAnswer.PENDING)) as place, place.peer(protocols=(protocol,)) as peer:
        answer = await peer.tell("BootNotification", boot)
        refused = await peer.exchange(*begins)
        with pytest.raises(StationOffline):
            await place.station.set_limit(LEASE)

        assert (answer["status"], answer["interval"]) == ("Pending", 30)
        assert (refused[0], refused[2]) == (4, "SecurityError")
        assert "currentTime" in await peer.tell("Heartbeat", {})
        assert await peer.tell("StatusNotification", status("Charging")) == {}
        assert peer.asked == []
        assert place.states == []


@VERSIONS
async def test_a_pending_station_is_accepted_once_the_site_file_says_so(
    protocol: str, boot: dict[str, Any], begins: tuple[str, dict[str, Any]]
) -> None:
    """B02: the same station, before and after our restart with another site file."""
    async with house(kept(BootAnswer.PENDING)) as before, before.peer(protocols=(protocol,)) as peer:
        waited = await peer.tell("BootNotification", boot)
    async with house(kept(BootAnswer.ACCEPT)) as after, after.peer(protocols=(protocol,)) as peer:
        answer = await peer.tell("BootNotification", boot)
        begun = await peer.exchange(*begins)

        assert (waited["status"], answer["status"], begun[0]) == ("Pending", "Accepted", 3)
        assert after.station.state.connected


@VERSIONS
async def test_a_rejected_station_that_goes_on_sending_gets_a_security_error(
    protocol: str, boot: dict[str, Any], begins: tuple[str, dict[str, Any]]
) -> None:
    """B03."""
    async with house(kept(BootAnswer.REJECT)) as place, place.peer(protocols=(protocol,)) as peer:
        answer = await peer.tell("BootNotification", boot)
        told = [("Heartbeat", {}), ("StatusNotification", status("Charging")), begins]
        refused = [await peer.exchange(*each) for each in told]

        assert answer["status"] == "Rejected"
        assert [(each[0], each[2]) for each in refused] == [(4, "SecurityError")] * 3
        assert peer.asked == []
        assert place.states == []


async def test_a_station_with_another_serial_number_is_rejected_and_hung_up_on() -> None:
    """B03."""
    entry = StationEntry(id="garage", serial="SN2")
    async with house(entry) as place, place.peer() as peer:
        answer = await peer.tell("BootNotification", BOOT)
        async with WallClock().timeout(GUARD_S):
            await peer.socket.wait_closed()

        assert answer["status"] == "Rejected"


async def test_a_newer_connection_of_one_that_waits_takes_the_place_of_the_older() -> None:
    async with house(kept(BootAnswer.PENDING)) as place, place.peer() as older, place.peer() as newer:
        async with WallClock().timeout(GUARD_S):
            await older.socket.wait_closed()

        assert "currentTime" in await newer.tell("Heartbeat", {})
