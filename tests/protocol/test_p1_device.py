"""Smart meters over TCP bridges and serial cables: what is read, and every way to fail."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from ems.clock import WallClock
from ems.devices.catalog import connect_devices
from ems.devices.config_error import DeviceConfigError
from ems.devices.library import profile
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.line import P1Line
from ems.devices.p1.sealed import KEY_BYTES, Keys, sealed
from ems.devices.p1.speaking import FLOOD_WINDOW_S, MOST_BYTES_PER_S, SpeakingMeter
from ems.errors import LinkDown, NoAnswer, Nonsense, Refused
from ems.model.electrical import PerPhase
from ems.model.readings import GridReading
from ems.sim.wire.heard_meters import PlayedTelegrams
from tests.protocol.device_site import site
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK, HandClock
from tests.protocol.mqtt_brokers import free_port
from tests.protocol.p1_bench import at, bridge, cable, meter_at
from tests.telegrams import HOUSE, at_second, telegram

ENCRYPTED = b"\xdb\x08SAGgp\x00\x00\x01\x82\x04\x00\x30" + bytes(range(1, 256)) * 4
KEY = bytes(range(KEY_BYTES))
NEXT = at_second(43_201)
"""A second after `telegram()`."""


async def test_a_bridge_that_begins_in_the_middle_is_followed_from_the_next_telegram_on() -> None:
    async with bridge(greeting=telegram()[300:] + NEXT) as there, aclosing(_Closing(there.port)) as bench:
        reading = await bench.meter.read()

    assert reading.current_a == pytest.approx(PerPhase(10.0, -1150 / 231, 0.0))
    assert (reading.power_w, reading.voltage_v) == (1150.0, PerPhase(230.0, 231.0, 229.0))
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == (3234.75, 400.125)


class _Closing:
    """A meter on a bridge, closed at the end of its block."""

    def __init__(self, port: int, *, silence_s: float = GUARD_S, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.meter = meter_at(P1Line(host=LOOPBACK, port=port), self.clock, silence_s=silence_s)

    async def aclose(self) -> None:
        await self.meter.close()


async def test_a_cable_is_read_like_a_bridge() -> None:
    async with cable() as there:
        meter = meter_at(P1Line(serial=there.path), WallClock())
        waiting = asyncio.create_task(meter.read())
        while meter._inflow is None:
            await WallClock().sleep(0)
        there.say(telegram()[200:] + at_second(1))
        reading = await asyncio.wait_for(waiting, GUARD_S)
        there.say(at_second(2, c21_7_0="02.530*kW", c31_7_0="011*A", c1_7_0="01.380*kW"))
        again = await meter.read()
        await meter.close()

    assert (reading.power_w, again.power_w) == (1150.0, 1380.0)


async def test_an_old_cable_speaks_seven_bits() -> None:
    async with cable() as there:
        meter = meter_at(P1Line(serial=there.path, baud=9600, seven_bits=True), WallClock())
        waiting = asyncio.create_task(meter.read())
        while meter._inflow is None:
            await WallClock().sleep(0)
        there.say(telegram(version="", stamp="", crc=False))
        reading = await asyncio.wait_for(waiting, GUARD_S)
        await meter.close()

    assert reading.power_w == 1150.0


async def test_a_cable_that_is_not_there_is_a_lost_link() -> None:
    meter = meter_at(P1Line(serial="/dev/no-such-cable"), WallClock())
    with pytest.raises(LinkDown, match="/dev/no-such-cable cannot be opened"):
        await meter.read()


async def test_a_telegram_cut_by_the_end_of_its_connection_is_lost_and_the_next_connection_is_read() -> None:
    async with bridge() as there, aclosing(_Closing(there.port)) as bench:
        waiting = asyncio.create_task(bench.meter.read())
        await there.say(at_second(1)[:400])
        await there.hang_up()
        with pytest.raises(LinkDown):
            await asyncio.wait_for(waiting, GUARD_S)
        waiting = asyncio.create_task(bench.meter.read())
        await there.say(at_second(1)[400:] + at_second(2))

        assert (await asyncio.wait_for(waiting, GUARD_S)).power_w == 1150.0


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (telegram()[:300] + telegram()[:20], Nonsense, "cut in the middle"),
        (telegram().replace(b"230.0", b"231.0"), Nonsense, "wrong checksum"),
        (telegram(crc=False), Nonsense, "without its checksum"),
        (telegram({**HOUSE, "1-0:32.7.0": "---*V"}), Nonsense, "no clear number for 1-0:32.7.0"),
        (telegram({**HOUSE, "1-0:31.7.0": "099*A"}), Nonsense, "99 A on L1"),
        (telegram({**HOUSE, "1-0:32.7.0": "023.0*V"}), Nonsense, "23 V on L1 is impossible"),
        (telegram({"1-0:1.7.0": "01.000*kW", "1-0:2.7.0": "00.000*kW"}), Nonsense, "neither current nor power for L1"),
        (b"/ABC5\r\n\xff\xfe", Nonsense, "bytes that no telegram has"),
        (b"/ABC5\r\n" + b"1" * 20_000, Nonsense, "without an end in 16384 bytes"),
        (b"\x01" * 20_000, Nonsense, "without a telegram"),
        (ENCRYPTED, Refused, "it encrypts what it says"),
    ],
)
async def test_nothing_wrong_ever_becomes_a_reading_and_the_next_good_one_does(
    said: bytes, error: type[Exception], words: str
) -> None:
    async with bridge(greeting=said) as there, aclosing(_Closing(there.port)) as bench:
        with pytest.raises(error, match=words):
            await bench.meter.read()
        await there.say(b"\r\n" + NEXT)

        assert (await next_good(bench.meter)).power_w == 1150.0


async def next_good(meter: SpeakingMeter[GridReading]) -> GridReading:
    while True:
        try:
            return await meter.read()
        except (Nonsense, NoAnswer):
            continue


async def test_doubles_and_older_telegrams_are_no_samples() -> None:
    async with bridge(greeting=at_second(5)) as there, aclosing(_Closing(there.port)) as bench:
        await bench.meter.read()
        await there.say(at_second(5) + at_second(4) + at_second(5) + at_second(6, c1_7_0="01.200*kW"))

        assert (await bench.meter.read()).power_w == 1200.0


async def test_a_telegram_that_stood_in_a_bridge_is_as_old_as_it_is() -> None:
    async with bridge(greeting=at_second(10)) as there, aclosing(_Closing(there.port)) as bench:
        first = await bench.meter.read()
        bench.clock.now_s += 30.0
        await there.say(at_second(20))
        late = await bench.meter.read()
        await there.say(at_second(40))
        now = await bench.meter.read()

    assert late.taken_at_s - first.taken_at_s == 10.0
    assert now.taken_at_s - first.taken_at_s == 30.0


async def test_a_meter_that_once_gave_a_checksum_gives_one_for_ever() -> None:
    old = telegram(version="", stamp="", crc=False)
    async with bridge(greeting=old) as there, aclosing(_Closing(there.port)) as bench:
        assert (await bench.meter.read()).power_w == 1150.0
        await there.say(telegram(version="", stamp=""))
        assert (await bench.meter.read()).power_w == 1150.0
        await there.say(old)
        with pytest.raises(Nonsense, match="without its checksum"):
            await bench.meter.read()


async def test_silence_ends_in_time_and_the_line_is_opened_again() -> None:
    async with bridge() as there:
        meter = meter_at(at(there), WallClock(), silence_s=0.3)
        with pytest.raises(NoAnswer, match="no new telegram from 127"):
            await meter.read()
        there.greeting = at_second(1)

        assert (await next_good(meter)).power_w == 1150.0
        assert len(there.writers) > 1
        await meter.close()


async def test_a_flood_closes_the_connection_and_is_no_sample() -> None:
    async with bridge(greeting=b"0" * int(MOST_BYTES_PER_S * FLOOD_WINDOW_S + 1)) as there:
        meter = meter_at(at(there), HandClock())
        with pytest.raises(Nonsense):
            await meter.read()
        while meter._inflow is not None:
            await WallClock().sleep(0)
        there.greeting = at_second(1)
        reading = await next_good(meter)
        await meter.close()

    assert reading.power_w == 1150.0


async def test_nobody_there_is_a_lost_link() -> None:
    meter = meter_at(P1Line(host=LOOPBACK, port=free_port()), WallClock())
    with pytest.raises(LinkDown, match="cannot be opened"):
        await meter.read()


async def test_a_meter_that_speaks_more_rarely_than_the_file_says_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bridge(greeting=at_second(0)) as there, aclosing(_Closing(there.port)) as bench:
        await bench.meter.read()
        for second in (10, 20, 30):
            bench.clock.now_s += 10.0
            await there.say(at_second(second))
            await bench.meter.read()

    assert [each.message for each in caplog.records] == [
        "grid speaks every 10 s, and its period_s is 1: set it so, or the meter counts as lost in between"
    ]


async def test_a_site_file_names_the_bridge() -> None:
    async with bridge(greeting=at_second(1)) as there:
        p1 = {"host": LOOPBACK, "port": there.port}
        devices = connect_devices(site(meters=[{"id": "grid", "profile": "dsmr_p1", "p1": p1}]), WallClock())
        meter = devices.meters["main"]
        reading = await asyncio.wait_for(meter.read(), GUARD_S)
        await meter.close()

    assert reading.power_w == 1150.0


async def test_a_meter_that_encrypts_is_read_with_its_key_from_the_site_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRID_KEY", KEY.hex())
    other = tmp_path / "authentication"
    other.write_text("D0" * KEY_BYTES + "\n", encoding="utf-8")
    chosen = profile("dsmr_p1")
    assert isinstance(chosen, P1Profile)
    for keys, more in (
        (Keys(KEY), {}),
        (Keys(KEY, b"\xd0" * KEY_BYTES), {"authentication_key": {"file": str(other)}}),
    ):
        played = PlayedTelegrams(chosen, LOOPBACK, 0, WallClock(), keys=keys)
        played.show({"meter": {"power": 1150.0, "power_l1": 1150.0, "power_l2": 0.0, "power_l3": 0.0}})
        await played.open()
        p1 = {**played.where, "key": {"env": "GRID_KEY"}, **more}
        devices = connect_devices(site(meters=[{"id": "grid", "profile": "dsmr_p1", "p1": p1}]), WallClock())
        reading = await asyncio.wait_for(devices.meters["main"].read(), GUARD_S)
        await devices.meters["main"].close()
        await played.close()

        assert reading.power_w == 1150.0


async def test_a_wrong_key_is_said_with_its_cure_and_without_the_key() -> None:
    wire = sealed(NEXT, Keys(KEY), b"FWS\0\0\0\0\1", 7)
    async with bridge(greeting=wire) as there:
        p1 = {"host": LOOPBACK, "port": there.port, "key": {"env": "GRID_KEY"}}
        file = site(meters=[{"id": "grid", "profile": "dsmr_p1", "p1": p1}])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRID_KEY", "AB" * KEY_BYTES)
            meter = connect_devices(file, WallClock()).meters["main"]
        with pytest.raises(Refused, match="grid: its telegrams do not open with that key: compare `key`") as said:
            await meter.read()
        await meter.close()

    assert "AB" not in str(said.value)


@pytest.mark.parametrize("text", ["AB" * 15, "XY" * 16, "AB" * 17, "Ä" * 32])
def test_what_is_no_key_is_refused_without_saying_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRID_KEY", text)
    file = site(meters=[{"id": "grid", "profile": "dsmr_p1", "p1": {"host": LOOPBACK, "key": {"env": "GRID_KEY"}}}])

    with pytest.raises(DeviceConfigError) as said:
        connect_devices(file, WallClock())

    assert str(said.value) == "grid: p1.key is no key: it has 32 hexadecimal digits, and nothing else"
