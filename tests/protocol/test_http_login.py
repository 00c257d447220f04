"""How devices let their owner in over HTTP, on real sockets: every way, with the right word and with a wrong one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ems.config.schema import HttpSource, MeterEntry, Secret
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.entry_requests import http_address_of
from ems.devices.http.profile import HttpProfile
from ems.devices.http.session import FIRST_WAIT_S, LASTS_S
from ems.devices.library import profile
from ems.errors import DeviceError, Refused
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.http_door import response
from tests.protocol.device_site import devices_of, site
from tests.protocol.modbus_bench import LOOPBACK, HandClock

PASSWORD = "open-sesame-4711"
WAYS = [
    ("shelly_3em", f"me:{PASSWORD}", {"user": "me", "password": {"env": "HERS"}}),
    ("shelly_pro3em_http", f"admin:{PASSWORD}", {"user": "admin", "password": {"env": "HERS"}}),
    ("tq_em420", PASSWORD, {"token": {"env": "HERS"}}),
    ("tq_em300", f"4711:{PASSWORD}", {"password": {"env": "HERS"}}),
    ("tq_em300", f"owner:{PASSWORD}", {"user": "owner", "password": {"env": "HERS"}}),
]


@asynccontextmanager
async def behind(profile_id: str, login: str) -> AsyncIterator[HttpPort]:
    found = profile(profile_id)
    assert isinstance(found, HttpProfile)
    port = HttpPort(found, login=login)
    port.show({"meter": {"power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0, "power": 1840.0}})
    await port.open()
    try:
        yield port
    finally:
        await port.close()


def entry(port: HttpPort, **http: object) -> dict[str, object]:
    return {
        "id": "grid",
        "profile": port.profile.id,
        "http": {"host": LOOPBACK, "port": port.port, "timeout_s": 20, **http},
    }


@pytest.mark.parametrize(("profile_id", "login", "known"), WAYS, ids=lambda each: str(each)[:20])
async def test_the_right_word_lets_in_and_a_wrong_one_does_not(
    profile_id: str,
    login: str,
    known: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with behind(profile_id, login) as port:
        for word, gets_in in ((PASSWORD, True), ("wrong-word", False)):
            monkeypatch.setenv("HERS", word)
            async with devices_of(site(meters=[entry(port, **known)]), HandClock()) as devices:
                meter = devices.meters["main"]
                if gets_in:
                    assert (await meter.read()).power_w == pytest.approx(1840.0)
                else:
                    with pytest.raises(Refused, match="lets nobody in") as refused:
                        await meter.read()
                    assert word not in f"{refused.value!r} {refused.value.__cause__!r}"
                await meter.close()
    assert PASSWORD not in caplog.text
    assert "wrong-word" not in caplog.text


async def test_the_site_file_says_how_a_device_with_points_of_its_own_lets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERS", PASSWORD)
    secret = Secret(env="HERS")
    own = HttpSource(host="meter", request="/", user="me", password=secret, login="digest")
    headed = HttpSource(host="meter", request="/", token=secret, token_header="X-Key")

    assert http_address_of(MeterEntry(id="grid", http=own), None).login == "digest"
    address = http_address_of(MeterEntry(id="grid", http=headed), None)
    assert (address.token, address.token_header) == (PASSWORD, "X-Key")
    assert PASSWORD not in repr(address)


async def test_a_token_that_no_header_can_carry_is_said_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERS", "tok\x7fen")
    source = HttpSource(host="meter", request="/", token=Secret(env="HERS"))

    with pytest.raises(DeviceConfigError, match="no header can carry") as said:
        http_address_of(MeterEntry(id="grid", http=source), None)
    assert "tok" not in str(said.value).replace("token", "")


class Session:
    """A device that wants a login, its reader, and a clock that stands."""

    def __init__(self, port: HttpPort) -> None:
        self.port = port
        self.clock = HandClock()
        self.file = site(meters=[entry(port, password={"env": "HERS"})])

    async def read(self, devices: object) -> float | str:
        try:
            return (await devices.meters["main"].read()).power_w  # type: ignore[attr-defined,no-any-return]
        except DeviceError as err:
            return err.code


async def test_a_session_is_kept_and_begun_once_more_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERS", PASSWORD)
    async with behind("tq_em300", f"4711:{PASSWORD}") as port:
        bench = Session(port)
        async with devices_of(bench.file, bench.clock) as devices:
            for _ in range(3):
                assert await bench.read(devices) == pytest.approx(1840.0)
            assert port.door.logins == 1
            # A new connection is no new session.
            await devices.meters["main"].close()
            assert await bench.read(devices) == pytest.approx(1840.0)
            assert port.door.logins == 1

            bench.clock.now_s += LASTS_S
            assert await bench.read(devices) == pytest.approx(1840.0)
            port.door.forget_everybody()
            assert await bench.read(devices) == pytest.approx(1840.0)
            assert port.door.logins == 2
            await devices.meters["main"].close()


async def test_sessions_that_end_at_once_are_no_storm_of_logins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else logs in again and again, and each time ours is over."""
    monkeypatch.setenv("HERS", PASSWORD)
    async with behind("tq_em300", f"4711:{PASSWORD}") as port:
        bench = Session(port)
        async with devices_of(bench.file, bench.clock) as devices:
            for _ in range(20):
                port.door.forget_everybody()
                await bench.read(devices)
            assert port.door.logins == 1
            heard = len(port.asked)
            assert await bench.read(devices) == "refused"
            assert len(port.asked) == heard
            bench.clock.now_s += FIRST_WAIT_S
            assert await bench.read(devices) == pytest.approx(1840.0)
            assert port.door.logins == 2
            await devices.meters["main"].close()


async def test_a_wrong_password_is_tried_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERS", "wrong-word")
    async with behind("tq_em300", f"4711:{PASSWORD}") as port:
        bench = Session(port)
        async with devices_of(bench.file, bench.clock) as devices:
            for _ in range(600):
                assert await bench.read(devices) == "refused"
                bench.clock.now_s += 1.0
            await devices.meters["main"].close()
        # At 0, 30, 90, 210, 450 s.
        assert port.door.logins == 5


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "302 Found"])
async def test_a_device_that_lets_in_and_then_nobody_through_is_asked_once_more_and_no_more(
    status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the password and shows the door all the same; a redirection is not followed."""
    monkeypatch.setenv("HERS", PASSWORD)
    async with behind("tq_em300", f"4711:{PASSWORD}") as port:
        shut = response(status, {}, "Location: http://192.0.2.1/login")
        bench = Session(port)
        async with devices_of(bench.file, bench.clock) as devices:
            let_in = port.door.stops
            monkeypatch.setattr(port.door, "stops", lambda asked: let_in(asked) or shut)
            for _ in range(3):
                assert await bench.read(devices) == "refused"
            await devices.meters["main"].close()

    assert port.door.logins == 1
    assert port.asked == ["/start.php", "/start.php", port.profile.request]
