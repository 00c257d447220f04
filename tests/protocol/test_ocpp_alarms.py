"""Stations that flood, and identities that somebody else uses, with real sockets (scenarios T10, T13, T14)."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from ems.clock import WallClock
from ems.config.schema import StationEntry
from ems.csms import listener, valve
from ems.model.station import StationAlarm
from tests.protocol.ocpp_peer import GARAGE, GUARD_S, LEASE, current, house, meter_values


async def test_a_station_that_floods_waits_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valve, "AT_ONCE", 20.0)
    async with (
        house(GARAGE, StationEntry(id="carport")) as place,
        place.peer() as flooding,
        place.peer("/carport") as other,
    ):
        await place.until(lambda state: state.station_id == "carport" and state.connected)
        for number in range(60):
            await flooding.socket.send(json.dumps([2, f"h{number}", "Heartbeat", {}]))
        await place.until(lambda state: StationAlarm.MESSAGE_FLOOD in state.alarms)

        assert "currentTime" in await other.tell("Heartbeat", {})


async def test_a_limit_reaches_a_station_that_sends_a_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valve, "AT_ONCE", 10.0)
    async with house(speed=20) as place, place.peer() as peer:
        for number in range(100):
            await peer.socket.send(json.dumps([2, f"h{number}", "Heartbeat", {}]))
        async with WallClock().timeout(GUARD_S):
            await place.station.set_limit(LEASE)

        assert peer.profiles


async def test_two_stations_of_one_name_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "HANDSHAKES_AT_ONCE", 100)
    async with house() as place, place.peer(), place.peer(), place.peer(), place.peer():
        state = await place.until(lambda state: state.alarms != ())

        assert state.alarms == (StationAlarm.SECOND_CONNECTION,)


async def test_a_storm_of_logins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "HANDSHAKES_AT_ONCE", 2)
    async with house() as place:
        for _ in range(2):
            async with place.peer():
                pass
        with pytest.raises(InvalidStatus):
            async with place.peer():
                pass
        state = await place.until(lambda state: state.alarms != ())

        assert state.alarms == (StationAlarm.LOGIN_STORM,)


async def test_an_impossible_current_is_told() -> None:
    async with house() as place, place.peer() as peer:
        await peer.tell("MeterValues", meter_values(current(400.0), at=place.stamp()))
        state = await place.until(lambda state: state.alarms != ())

        assert state.alarms == (StationAlarm.IMPOSSIBLE_METER,)
