"""Connecting: who may come in, and how oddly they may ask (scenarios T01 to T14)."""

import asyncio
import base64
import logging
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from ems.clock import VirtualClock, WallClock, run_virtual
from ems.config.schema import CsmsSection, CsmsTlsSection, StationEntry, Unknown
from ems.csms import listener, strangers
from ems.csms.central_system import CannotListen, CentralSystem
from ems.csms.pace import Pace
from ems.csms.security import guesses
from ems.csms.station_clock import parse_timestamp
from ems.errors import StationOffline
from tests.protocol.ocpp_peer import BOOT, CALM, GARAGE, GUARD_S, LEASE, House, accept, house, mute, start, status

CLOSED = CsmsSection(host="127.0.0.1", unknown=Unknown.REFUSE)


def basic(user: str, password: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + password).decode()}


async def refusal(
    place: House, path: str = "/garage", headers: dict[str, str] | None = None, *, by: str = "127.0.0.1"
) -> int:
    """How a connection that comes from that address is refused."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            place.url(path),
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers=headers,
            proxy=None,
            local_addr=(by, 0),
        )
    return refused.value.response.status_code


async def test_boot_is_answered_with_the_time_in_utc() -> None:
    async with house() as place, place.peer() as peer:
        answer = await peer.tell("BootNotification", BOOT)

        told = parse_timestamp(answer["currentTime"])
        assert peer.socket.subprotocol == "ocpp1.6"
        assert answer["status"] == "Accepted"
        assert answer["interval"] == CALM.heartbeat_s
        assert answer["currentTime"].endswith("Z")
        assert told is not None
        assert abs((told - place.clock.utc_now()).total_seconds()) < 5


async def test_best_common_protocol_is_chosen_whatever_the_order() -> None:
    async with house() as place:
        for offered in (("ocpp2.0.1", "ocpp1.6"), ("ocpp1.6", "ocpp2.0.1")):
            async with place.peer(protocols=offered) as peer:
                assert peer.socket.subprotocol == "ocpp1.6"


async def test_station_that_offers_no_protocol_speaks_1_6() -> None:
    async with house() as place, place.peer(protocols=None) as peer:
        await peer.tell("BootNotification", BOOT)

        assert peer.socket.subprotocol is None
        assert place.station.state.protocol == "ocpp1.6"


async def test_station_that_offers_only_other_protocols_is_refused() -> None:
    async with house() as place:
        with pytest.raises(InvalidStatus) as refused:
            await connect(place.url(), subprotocols=[Subprotocol("ocpp1.5")], proxy=None)

        assert refused.value.response.status_code == 400
        assert place.states == []


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("//CP1/", "CP1"),
        ("/ocpp/CP1", "CP1"),
        ("/CP1?x=1", "CP1"),
        ("/RDAM%7C123", "RDAM|123"),
        ("/ws://10.0.0.2:9000/CP1", "CP1"),
        ("/", ""),
        ("/?=sn", ""),
        ("/a%2520b", "a%20b"),
    ],
)
async def test_identity_is_the_last_part_of_the_path(path: str, identity: str) -> None:
    """T05."""
    entry = StationEntry(id="one", identity=identity)
    async with house(entry) as place, place.peer(path):
        state = await place.until(lambda state: state.connected)

        assert state.station_id == "one"


async def test_stranger_is_refused_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    """T06, where the site file says `refuse`."""
    async with house(section=CLOSED) as place:
        with caplog.at_level(logging.WARNING):
            statuses = [await refusal(place, "/cellar") for _ in range(3)]

        lines = [record.getMessage() for record in caplog.records if "cellar" in record.getMessage()]
        assert statuses == [404, 404, 404]
        assert len(lines) == 1
        assert "site file" in lines[0]
        assert place.states == []


async def test_names_of_strangers_do_not_fill_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST_STRANGERS", 2)
    async with house(section=CLOSED) as place:
        for number in range(4):
            await refusal(place, f"/stranger{number}")

    assert sum("stranger" in record.getMessage() for record in caplog.records) == 2


async def test_password_is_needed_where_one_is_configured(caplog: pytest.LogCaptureFixture) -> None:
    entries = (GARAGE, StationEntry(id="carport"))
    passwords = {"garage": "Correct-Horse", "carport": "Battery-Staple"}
    async with house(*entries, passwords=passwords) as place:
        wrong = await refusal(place, headers=basic("garage", b"nonsense"))
        others = await refusal(place, headers=basic("garage", b"Battery-Staple"))
        missing = await refusal(place)
        unreadable = await refusal(place, headers={"Authorization": "Basic ???"})
        async with place.peer(headers=basic("garage", b"Correct-Horse")):
            await place.until(lambda state: state.connected)

    assert (wrong, others, missing, unreadable) == (401, 401, 401, 401)
    assert "Horse" not in caplog.text
    assert "Staple" not in caplog.text


async def test_guessed_password_is_refused_until_the_guessing_has_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "AT_ONCE", 2)
    monkeypatch.setattr(guesses, "EVERY_S", 1000.0)
    entries = (GARAGE, StationEntry(id="carport"))
    async with house(*entries, speed=10_000, passwords=dict.fromkeys(("garage", "carport"), "Correct-Horse")) as place:
        statuses = [await refusal(place, headers=basic("garage", b"guess")) for _ in range(2)]
        statuses.append(await refusal(place, headers=basic("garage", b"Correct-Horse")))
        async with place.peer("/carport", headers=basic("carport", b"Correct-Horse")):
            await place.until(lambda state: state.connected and state.station_id == "carport")
        await place.clock.sleep(1100.0)
        async with place.peer(headers=basic("garage", b"Correct-Horse")):
            await place.until(lambda state: state.connected and state.station_id == "garage")

    assert statuses == [401, 401, 429]


async def test_who_guesses_from_elsewhere_does_not_keep_the_station_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """T13: not by many addresses either."""
    monkeypatch.setattr(guesses, "AT_ONCE", 3)
    monkeypatch.setattr(guesses, "EVERY_S", 1000.0)
    async with house(passwords={"garage": "Correct-Horse"}) as place:
        right = basic("garage", b"Correct-Horse")
        async with place.peer(headers=right):
            await place.until(lambda state: state.connected)
        tried = [await refusal(place, headers=basic("garage", b"guess"), by=f"127.0.0.{n}") for n in (2, 3, 4, 5)]
        elsewhere = await refusal(place, headers=right, by="127.0.0.6")
        async with place.peer(headers=right) as peer:
            answer = await peer.tell("BootNotification", BOOT)

    assert (tried, elsewhere) == ([401, 401, 401, 429], 429)
    assert answer["status"] == "Accepted"


async def test_connections_that_say_nothing_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 2)
    async with house() as place, place.peer() as peer:
        idle = [await asyncio.open_connection("127.0.0.1", place.central.port) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", place.central.port)
        async with WallClock().timeout(GUARD_S):
            with suppress(ConnectionError):
                assert await reader.read() == b""

        assert "currentTime" in await peer.tell("Heartbeat", {})
        for each in (writer, *(each for _, each in idle)):
            each.close()


async def test_station_that_reconnects_too_often_waits_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """T13."""
    monkeypatch.setattr(listener, "HANDSHAKES_AT_ONCE", 3)
    async with house(GARAGE, StationEntry(id="carport")) as place:
        for _ in range(3):
            async with place.peer():
                pass
        assert await refusal(place) == 429
        async with place.peer("/carport"):
            await place.until(lambda state: state.connected and state.station_id == "carport")


async def test_newest_connection_of_a_station_wins() -> None:
    """T10."""
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as first:
        await first.tell("StartTransaction", start(place.stamp()))
        limit = asyncio.create_task(place.station.set_limit(LEASE))
        await first.hears("SetChargingProfile")

        async with place.peer() as second:
            with pytest.raises(StationOffline):
                await limit
            async with WallClock().timeout(GUARD_S):
                await first.socket.wait_closed()
            await second.tell("Heartbeat", {})

            assert place.station.state.connected
            assert place.station.state.connections == 2
            assert place.station.state.in_transaction
            assert place.station.session is not None


async def test_connection_that_died_without_a_word_goes_offline_and_keeps_its_session() -> None:
    """T11."""
    pace = Pace(limit_first_s=0, report_within_s=3600, ping_s=2.0, heartbeat_s=10, answer_within_s=5)
    async with house(speed=40, pace=pace) as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging"))
        await peer.tell("StartTransaction", start(place.stamp()))
        await place.until(lambda state: state.in_transaction)

        await place.clock.sleep(3 * 2.0)
        peer.socket.transport.pause_reading()
        state = await place.until(lambda state: not state.connected)

        assert state.in_transaction
        assert place.station.session is not None
        peer.socket.transport.resume_reading()


async def test_station_that_only_answers_pings_stays_connected() -> None:
    """T12."""
    pace = Pace(limit_first_s=0, report_within_s=3600, ping_s=1.0, heartbeat_s=5, answer_within_s=5)
    async with house(speed=100, pace=pace) as place, place.peer():
        await place.clock.sleep(30.0)

        assert place.station.state.connected


async def test_silent_station_is_dropped_where_pings_are_off() -> None:
    """T12."""
    pace = Pace(limit_first_s=0, report_within_s=3600, ping_s=None, heartbeat_s=10, answer_within_s=1, watch_every_s=10)
    silent = {"GetConfiguration": mute, "ChangeConfiguration": mute}
    async with house(speed=100, pace=pace) as place, place.peer(script=silent):
        await place.until(lambda state: state.connected)
        state = await place.until(lambda state: not state.connected)

        assert state.connections == 1


async def test_oversized_frame_ends_one_connection_and_no_other() -> None:
    """T14."""
    async with (
        house(GARAGE, StationEntry(id="carport")) as place,
        place.peer() as peer,
        place.peer("/carport") as other,
    ):
        await peer.socket.send("x" * (1024 * 1024))
        async with WallClock().timeout(GUARD_S):
            await peer.socket.wait_closed()

        assert "currentTime" in await other.tell("Heartbeat", {})


@pytest.mark.parametrize("frame", ["[" * 100_000, b"\x00\xff\xfe\x80", "\x00\x00", "[2,", "{}", "[]", "7"])
async def test_garbage_does_not_end_the_connection(frame: str | bytes) -> None:
    """T14."""
    async with house() as place, place.peer() as peer:
        await peer.socket.send(frame)

        assert "currentTime" in await peer.tell("Heartbeat", {})


async def test_shutdown_closes_every_connection_and_fails_what_is_pending() -> None:
    async with house() as place, place.peer(script={"SetChargingProfile": mute}) as peer:
        limit = asyncio.create_task(place.station.set_limit(LEASE))
        await peer.hears("SetChargingProfile")
        place.serving.cancel()

        with pytest.raises(StationOffline):
            await limit
        await place.until(lambda state: not state.connected)
        await peer.socket.wait_closed()


async def test_port_is_known_only_while_listening() -> None:
    central = CentralSystem(CsmsSection(), (GARAGE,), WallClock(), lambda _: None, {})

    with pytest.raises(RuntimeError, match="does not listen"):
        _ = central.port


def test_taken_port_for_encrypted_stations_does_not_end_those_who_are_inside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """T09: papers that come late find the port in use, twice."""
    section, clock = CsmsSection(tls=CsmsTlsSection()), VirtualClock()
    central = CentralSystem(section, (GARAGE,), clock, lambda _: None, {})
    tries: list[float] = []

    async def opening(_servers: object) -> None:
        tries.append(clock.monotonic_s())
        if len(tries) < 3:
            raise CannotListen("in use")
        central._tls_port = 8443

    monkeypatch.setattr(central, "_open_encrypted", opening)
    run_virtual(central._open_late([]), clock)

    assert len(tries) == 3
    assert caplog.text.count("in use; trying again") == 2


def test_two_stations_cannot_share_an_identity() -> None:
    entries = (GARAGE, StationEntry(id="other", identity="garage"))

    with pytest.raises(ValueError, match="identity"):
        CentralSystem(CsmsSection(), entries, WallClock(), lambda _: None, {})


async def test_station_with_another_serial_number_is_refused() -> None:
    entry = StationEntry(id="garage", identity="", serial="SN7")
    async with house(entry) as place, place.peer("/") as peer:
        answer = await peer.tell("BootNotification", BOOT)
        async with WallClock().timeout(GUARD_S):
            await peer.socket.wait_closed()

        assert answer["status"] == "Rejected"
        await place.until(lambda state: not state.connected)

    async with house(entry) as place, place.peer("/") as peer:
        answer = await peer.tell("BootNotification", {**BOOT, "chargeBoxSerialNumber": "sn7"})

        assert answer["status"] == "Accepted"


async def test_calling_a_station_that_is_away_fails_at_once() -> None:
    async with house() as place:
        with pytest.raises(StationOffline):
            await place.station.set_limit(LEASE)
        async with place.peer(script={"GetConfiguration": accept}):
            await place.until(lambda state: state.connected)
        await place.until(lambda state: not state.connected)
        with pytest.raises(StationOffline):
            await place.station.remote_start()
