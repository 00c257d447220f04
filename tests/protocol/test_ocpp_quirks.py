"""Quirks on the wire: who a station is decides how it is treated, from its boot on or from its next connection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.errors import StationRefused
from ems.model.station import Peculiar
from tests.protocol.ocpp_peer import BOOT, CALM, GARAGE, LEASE, Payload, Peer, accept, house, reject, start, status

FOX = {"chargePointVendor": "FoxESS", "chargePointModel": "A011KP1", "firmwareVersion": "1.10"}
GO_E = {"chargePointVendor": "go-e", "chargePointModel": "go-eCharger_V4", "firmwareVersion": "56.2"}
TIMXON = {"chargePointVendor": "Timxon", "chargePointModel": "A0"}


def entry(**quirks: object) -> StationEntry:
    return GARAGE.model_copy(update={"quirks": QuirkSection.model_validate(quirks)})


async def test_boot_decides_how_a_station_is_told_its_limit() -> None:
    """S04, S09: matched on vendor and model; this one never answers a schedule that begins at a time of day."""
    async with house() as place, place.peer() as peer:
        await peer.tell("BootNotification", TIMXON)
        await place.station.set_limit(LEASE)

        assert place.station.known.match.rows == ("Timxon A0",)
        assert {each["chargingProfileKind"] for each in peer.profiles} == {"Relative"}


async def test_station_that_lets_go_is_told_to_control_at_its_boot() -> None:
    """S07: a go-e of this firmware charged with full power once its connection was lost."""
    async with house() as place, place.peer() as peer:
        await peer.tell("BootNotification", GO_E)
        state = await place.until(lambda state: state.peculiar is not None)

        assert state.peculiar == Peculiar(lets_go=True)


async def test_version_is_pinned_from_the_next_connection_on_where_the_station_offers_it() -> None:
    """ocpp_pin: who it is comes after the handshake. Hearsay refuses nobody."""
    async with house() as place:
        async with place.peer(protocols=("ocpp2.0.1", "ocpp1.6")) as peer:
            await peer.tell("BootNotification", FOX)
            assert place.station.known.version_hint == "1.6"
        async with place.peer(protocols=("ocpp2.0.1", "ocpp1.6")) as peer:
            assert peer.socket.subprotocol == "ocpp1.6"
        async with place.peer(protocols=("ocpp2.0.1",)) as peer:
            assert peer.socket.subprotocol == "ocpp2.0.1"
    async with house(entry(ocpp_pin="2.0.1")) as place, place.peer(protocols=("ocpp2.0.1", "ocpp1.6")) as peer:
        assert peer.socket.subprotocol == "ocpp2.0.1"


async def test_patience_changes_with_the_boot() -> None:
    """ping_s, call_timeout_s: in the middle of the connection."""
    async with house() as place, place.peer() as peer:
        await peer.tell("BootNotification", {"chargePointVendor": "MENNEKES", "chargePointModel": "4You"})
        visit = place.station._here()

        assert visit.pace.ping_s is None
        assert visit.rpc.lane.patience_s == 70.0


async def test_car_is_started_at_once_where_it_must_be() -> None:
    """needs_remote_start, with the limit of its transaction where limits are those of transactions (S13)."""
    pace = replace(CALM, watch_every_s=0.05)
    script = {"SetChargingProfile": only_in_transactions}
    async with house(entry(needs_remote_start=True), speed=20.0, pace=pace) as place, place.peer(script=script) as peer:
        await peer.tell("BootNotification", BOOT)
        await place.station.set_limit(LEASE)
        await peer.tell("StatusNotification", status("Preparing"))
        asked = await peer.hears("RemoteStartTransaction")

        profile = asked.payload["chargingProfile"]
        assert profile["chargingProfilePurpose"] == "TxProfile"
        assert "transactionId" not in profile
        assert profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == LEASE.limit_a


async def test_station_that_must_not_is_not_told_to_be_available() -> None:
    """no_change_availability."""
    async with house(entry(no_change_availability=True)) as place, place.peer() as peer:
        await peer.tell("BootNotification", BOOT)
        with pytest.raises(StationRefused, match="must not be told"):
            await place.station.change_availability(operative=False)

        assert peer.all("ChangeAvailability") == []


async def test_pause_ends_the_transaction_where_a_limit_of_0_does_not() -> None:
    """stop_style: remote_stop."""
    async with house(entry(stop_style="remote_stop")) as place, place.peer() as peer:
        began = await peer.tell("StartTransaction", start(place.stamp()))
        await place.station.set_limit(replace(LEASE, limit_a=0.0))
        asked = await peer.hears("RemoteStopTransaction")

        assert asked.payload == {"transactionId": began["transactionId"]}


async def test_station_whose_clock_was_never_set_gets_no_more_than_its_fallback_until_it_is() -> None:
    """S24: nobody knows when its schedules begin."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging", "1970-01-01T00:03:00Z"))
        await place.station.set_limit(LEASE)
        before = highest_a(peer)
        connections = place.states[-1].connections
        await peer.tell("StatusNotification", status("Charging", place.stamp()))
        await place.until(lambda state: state.connections > connections)
        await place.station.set_limit(LEASE)

        assert before == LEASE.fallback_a
        assert highest_a(peer) == LEASE.limit_a


async def test_local_time_of_a_station_is_no_fault_of_its_clock() -> None:
    """time_zone_bug, B11: two hours ahead and 40 s slow; its schedules begin by its clock, not by its zone."""
    async with house(entry(time_zone_bug=True), speed=50.0) as place, place.peer() as peer:
        for _ in range(3):
            await peer.tell("StatusNotification", status("Charging", place.stamp(7200.0 - 40.0)))
            await place.clock.sleep(25.0)

        assert place.station.station_clock.skew_s == pytest.approx(-40.0, abs=5.0)


def only_in_transactions(payload: Payload) -> Payload:
    profile = payload["csChargingProfiles"]

    alone = profile["chargingProfilePurpose"] == "TxDefaultProfile" and profile["stackLevel"] == 0
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    return accept(payload) if alone and len(periods) == 1 else reject(payload)


def highest_a(peer: Peer) -> float:
    """The most that any profile ever gave."""
    return max(
        float(period["limit"])
        for each in peer.profiles
        for period in each["chargingSchedule"]["chargingSchedulePeriod"]
    )
