"""What happens around a connection: set-up, missing reports, odd configurations (scenarios B)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ems.clock import WallClock
from ems.csms.capabilities import RateUnit
from ems.csms.messages import Report
from ems.csms.pace import Pace
from ems.csms.setup import KEYS, PAGE
from ems.model.station import ConnectorStatus
from tests.protocol.ocpp_peer import (
    BOOT,
    CALM,
    GUARD_S,
    LEASE,
    SETTINGS,
    Error,
    House,
    Payload,
    Peer,
    configured,
    house,
    mute,
    reject,
    status,
)


async def set_up(place: House, peer: Peer) -> None:
    """Wait until the station's set-up is through."""
    async with WallClock().timeout(GUARD_S):
        while place.station.configuration is None:
            await peer.tell("Heartbeat", {})


def changes(peer: Peer) -> dict[str, str]:
    return {asked.payload["key"]: asked.payload["value"] for asked in peer.all("ChangeConfiguration")}


async def test_cold_boot_installs_limits_before_anything_else() -> None:
    """B01."""
    async with house(pace=replace(CALM, limit_first_s=3.0)) as place, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await place.station.set_limit(LEASE)
        await set_up(place, peer)

        assert [asked.action for asked in peer.asked[:2]] == ["SetChargingProfile", "SetChargingProfile"]
        assert place.station.boot is not None
        assert place.station.boot.vendor == "Acme"
        assert place.station.limits.can.max_stack_level == 8
        assert place.station.limits.can.units == (RateUnit.AMPERE,)


async def test_station_with_right_settings_is_left_alone() -> None:
    async with house() as place, place.peer() as peer:
        await set_up(place, peer)

        assert changes(peer) == {}
        assert len(peer.all("GetConfiguration")) == 1
        assert len(peer.all("GetConfiguration")[0].payload["key"]) <= PAGE


async def test_only_writable_and_different_settings_are_written() -> None:
    settings = {**SETTINGS, "MeterValueSampleInterval": "60", "MeterValuesSampledData": "Power.Active.Import"}
    settings["WebSocketPingInterval"] = "0"
    script = {"GetConfiguration": configured(settings, readonly=["WebSocketPingInterval"])}
    async with house() as place, place.peer(script=script) as peer:
        await set_up(place, peer)

        assert changes(peer) == {
            "MeterValueSampleInterval": "10",
            "MeterValuesSampledData": "Power.Active.Import,Current.Import,Voltage,Energy.Active.Import.Register",
        }


async def test_refused_settings_are_tried_more_modestly_and_then_left() -> None:
    settings = {**SETTINGS, "MeterValueSampleInterval": "60", "MeterValuesSampledData": ""}
    script = {"GetConfiguration": configured(settings), "ChangeConfiguration": reject}
    async with house() as place, place.peer(script=script) as peer:
        await set_up(place, peer)

        written = [(asked.payload["key"], asked.payload["value"]) for asked in peer.all("ChangeConfiguration")]
        assert [value for key, value in written if key == "MeterValueSampleInterval"] == ["10", "30"]
        assert [value for key, value in written if key == "MeterValuesSampledData"] == [
            "Current.Import,Power.Active.Import,Voltage,Energy.Active.Import.Register",
            "Current.Import,Power.Active.Import,Energy.Active.Import.Register",
        ]


async def test_measurands_are_left_alone_when_only_voltage_was_refused() -> None:
    settings = {
        **SETTINGS,
        "MeterValuesSampledData": "Current.Import,Power.Active.Import,Energy.Active.Import.Register",
    }
    script = {"GetConfiguration": configured(settings), "ChangeConfiguration": reject}
    async with house() as place, place.peer(script=script) as peer:
        await set_up(place, peer)

        assert len(peer.all("ChangeConfiguration")) == 1


@pytest.mark.parametrize("most", [1, 3])
async def test_configuration_is_read_in_small_pages_where_the_station_truncates(most: int) -> None:
    whole = configured(SETTINGS)

    def truncated(payload: Payload) -> Any:
        return whole({"key": payload["key"][:most]})

    async with house() as place, place.peer(script={"GetConfiguration": truncated}) as peer:
        await set_up(place, peer)

        assert place.station.configuration is not None
        assert dict(place.station.configuration.known).keys() == SETTINGS.keys()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"unknownKey": list(KEYS)},
        {"configurationKey": "x", "unknownKey": 3},
        {"configurationKey": [7, {"key": "ChargeProfileMaxStackLevel", "readonly": True}]},
        Error(("NotSupported", "", {})),
    ],
)
async def test_odd_configurations_leave_the_defaults(answer: Payload | Error) -> None:
    async with house() as place, place.peer(script={"GetConfiguration": lambda _: answer}) as peer:
        await set_up(place, peer)
        await place.station.set_limit(LEASE)

        assert place.station.limits.can.max_stack_level is None
        assert place.station.limits.resident_a == 6.0


async def test_station_that_never_answers_configuration_is_set_up_all_the_same() -> None:
    script: Mapping[str, Any] = {"GetConfiguration": mute}
    async with house(speed=200, pace=replace(CALM, answer_within_s=10)) as place, place.peer(script=script) as peer:
        await set_up(place, peer)

        assert len(peer.all("GetConfiguration")) == 2
        assert "MeterValueSampleInterval" in changes(peer)


async def test_configuration_is_remembered_over_a_reconnect_and_read_again_after_a_boot() -> None:
    async with house() as place:
        async with place.peer() as peer:
            await set_up(place, peer)
        await place.until(lambda state: not state.connected)
        async with place.peer() as peer:
            await place.station.set_limit(LEASE)
            await peer.tell("Heartbeat", {})
            assert not peer.all("GetConfiguration")
            await peer.tell("BootNotification", BOOT)
            await peer.hears("GetConfiguration")


async def test_boot_in_the_middle_of_set_up_restarts_it_once_and_not_in_parallel() -> None:
    """B05."""
    async with house() as place, place.peer(script={"GetConfiguration": mute}) as peer:
        first = await peer.hears("GetConfiguration")
        await peer.tell("BootNotification", BOOT)
        peer.script["GetConfiguration"] = configured(SETTINGS)
        assert len(peer.all("GetConfiguration")) == 1
        await peer.answer(first, {})
        await set_up(place, peer)

        assert len(peer.all("GetConfiguration")) == 2


async def test_missing_boot_and_status_are_asked_for_once() -> None:
    """B04, B06."""
    pace = Pace(limit_first_s=0, report_within_s=8, ping_s=None, heartbeat_s=3600)

    async with house(speed=100, pace=pace) as place, place.peer(script={"TriggerMessage": reject}) as peer:
        await peer.hears("TriggerMessage", 2)
        state = await place.until(lambda state: state.status is not None)

        wanted = [asked.payload for asked in peer.all("TriggerMessage")]
        assert wanted == [
            {"requestedMessage": "BootNotification"},
            {"requestedMessage": "StatusNotification", "connectorId": 1},
        ]
        assert state.status is ConnectorStatus.AVAILABLE


async def test_boot_that_we_asked_for_is_no_restart() -> None:
    pace = Pace(limit_first_s=0, report_within_s=4, ping_s=None, heartbeat_s=3600)
    async with house(speed=50, pace=pace) as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging"))
        await place.station.set_limit(LEASE)
        await peer.hears("TriggerMessage")
        await peer.tell("BootNotification", BOOT)

        assert place.states[-1].connections == 1
        assert place.station.limits.resident_a == 6.0
        assert place.states[-1].status is ConnectorStatus.CHARGING
        await peer.tell("BootNotification", {**BOOT, "firmwareVersion": "2"})
        assert place.states[-1].connections == 2


async def test_reports_that_came_are_not_asked_for() -> None:
    pace = Pace(limit_first_s=0, report_within_s=2, ping_s=None, heartbeat_s=3600)
    async with house(speed=50, pace=pace) as place, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        await peer.tell("StatusNotification", status("Finishing"))
        await place.clock.sleep(6.0)

        assert not peer.all("TriggerMessage")
        assert place.states[-1].status is ConnectorStatus.FINISHING


async def test_heartbeat_touches_nothing() -> None:
    async with house() as place, place.peer() as peer:
        await place.until(lambda state: state.connected)
        before = len(place.states)
        first = await peer.exchange("Heartbeat", {}, "h")
        await peer.exchange("Heartbeat", {}, "h")

        assert len(place.states) == before
        assert first[2].keys() == {"currentTime"}


async def test_diagnosis_by_hand() -> None:
    async with house() as place, place.peer() as peer:
        await set_up(place, peer)
        told = await place.station.get_configuration(("ChargeProfileMaxStackLevel", "Nonsense"))
        await place.station.trigger(Report.HEARTBEAT)

        assert told.known["ChargeProfileMaxStackLevel"].value == "8"
        assert told.unknown == {"Nonsense"}
        assert (await peer.hears("TriggerMessage")).payload == {"requestedMessage": "Heartbeat"}


async def test_fault_in_background_work_does_not_end_the_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("ems.csms.attendant.read_configuration", broken)
    async with house() as place, place.peer() as peer:
        await place.until(lambda state: state.connected)
        for _ in range(3):
            await peer.tell("Heartbeat", {})
        await asyncio.wait_for(peer.tell("Heartbeat", {}), GUARD_S)

        assert "going on without it" in caplog.text
