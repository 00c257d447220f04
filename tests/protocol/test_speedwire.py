"""Energy meters over real multicast on loopback: what is read, and every way to fail."""

from __future__ import annotations

import asyncio

import pytest

from ems.clock import ScaledClock, WallClock
from ems.devices.catalog import connect_devices
from ems.devices.speedwire.ear import MOST_PER_S, SpeedwireEar, Spot
from ems.errors import LinkDown, NoAnswer, Nonsense
from ems.model.electrical import PerPhase
from tests.protocol.device_site import site
from tests.protocol.modbus_bench import GUARD_S, LOOPBACK, HandClock
from tests.protocol.speedwire_bench import GROUP, HOUSE, SERIAL, datagram, free_udp_port, meter, network

BROKEN = datagram()[:120]


async def test_a_meter_is_read_in_our_units_and_signs() -> None:
    grid = meter(clock := HandClock())
    async with network(clock, [grid]) as net:
        net.say(datagram())
        reading = await grid.read()

    assert reading.current_a == pytest.approx(PerPhase(10.04, -5.01, 0.12))
    assert (reading.power_w, reading.frequency_hz) == pytest.approx((1150.0, 50.01))
    assert reading.voltage_v == pytest.approx(PerPhase(230.0, 231.0, 229.0))
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == pytest.approx((3234.75, 400.0))


async def test_a_meter_that_sends_to_this_machine_alone_is_heard_too() -> None:
    grid = meter(clock := HandClock())
    async with network(clock, [grid]) as net:
        net.say(datagram(protocol=0x6081), to=LOOPBACK)

        assert (await grid.read()).power_w == pytest.approx(1150.0)


async def test_several_meters_share_one_socket_and_each_hears_its_own() -> None:
    clock = HandClock()
    first, second = meter(clock), meter(clock, serial=7)
    async with network(clock, [first, second]) as net:
        net.say(datagram(serial=7, numbers={**HOUSE, "1.4.0": 20_000}), datagram(), datagram(serial=8, tick_ms=2000))

        assert (await first.read()).power_w == pytest.approx(1150.0)
        assert (await second.read()).power_w == pytest.approx(2000.0)


async def test_without_a_serial_number_only_the_only_meter_counts() -> None:
    alone = meter(clock := HandClock(), serial=None)
    async with network(clock, [alone]) as net:
        net.say(datagram())
        assert (await alone.read()).power_w == pytest.approx(1150.0)
        net.say(datagram(serial=7))
        with pytest.raises(Nonsense, match=f"several energy meters are heard .7, {SERIAL} ….: say which by serial_num"):
            await alone.read()
        clock.now_s += 61.0
        net.say(datagram(tick_ms=62_000))

        assert (await alone.read()).power_w == pytest.approx(1150.0)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (datagram()[:120], "a message that was cut"),
        (datagram().replace(b"\x90\0\0\0", b"\x90\0\x05\0"), "do not fill it"),
        (datagram()[:28] + datagram()[28:36] + datagram()[28:-12] + b"\0" * 4, "two numbers for 1.4.0"),
        (datagram({**HOUSE, "31.4.0": 99_000}), "99 A on L1; more than"),
        (datagram({**HOUSE, "32.4.0": 2_300_000}), "2300 V on L1 is impossible"),
        (datagram({**HOUSE, "1.4.0": 2**32 - 1}), "W with currents that carry"),
        (datagram({"1.4.0": 100, "2.4.0": 0}), "neither current nor power for L1"),
    ],
)
async def test_nothing_wrong_ever_becomes_a_reading_and_the_next_good_one_does(said: bytes, words: str) -> None:
    grid = meter(clock := HandClock())
    async with network(clock, [grid]) as net:
        net.say(said)
        with pytest.raises(Nonsense, match=words):
            await grid.read()
        clock.now_s += 1.0
        net.say(datagram(tick_ms=2000))

        assert (await grid.read()).power_w == pytest.approx(1150.0)


async def test_what_others_say_on_the_group_is_passed_over() -> None:
    grid = meter(clock := HandClock())
    strangers = (b"", b"SMA\0", b"\xff" * 1400, datagram(protocol=0x6065), datagram(serial=7)[:100], b"SMA\0" * 600)
    async with network(clock, [grid]) as net:
        net.say(*strangers, datagram())

        assert (await grid.read()).power_w == pytest.approx(1150.0)


async def test_doubles_and_reordered_messages_are_no_samples_and_a_wrap_of_the_tick_is_one() -> None:
    grid = meter(clock := HandClock())
    async with network(clock, [grid]) as net:
        net.say(datagram(tick_ms=2**32 - 500))
        await grid.read()
        clock.now_s += 1.0
        old = datagram({**HOUSE, "1.4.0": 90_000, "21.4.0": 90_000}, tick_ms=2**32 - 1500)
        net.say(old, datagram(tick_ms=2**32 - 500), datagram({**HOUSE, "1.4.0": 12_000}, tick_ms=2**32 + 500), old)

        assert (await grid.read()).power_w == pytest.approx(1200.0)


async def test_a_message_that_stood_in_a_buffer_is_as_old_as_it_is() -> None:
    grid = meter(clock := HandClock())
    async with network(clock, [grid]) as net:
        net.say(datagram(tick_ms=1000))
        first = await grid.read()
        clock.now_s += 30.0
        net.say(datagram(tick_ms=11_000))
        late = await grid.read()

    assert late.taken_at_s - first.taken_at_s == pytest.approx(10.0)


async def test_silence_is_no_answer_and_another_meter_is_no_sign_of_life() -> None:
    clock = ScaledClock(50.0)
    grid = meter(clock, silence_s=5.0)
    async with network(clock, [grid]) as net:
        net.say(datagram(serial=7))
        with pytest.raises(NoAnswer, match=f"no energy meter with the serial number {SERIAL} was heard for 5 s"):
            await grid.read()


async def test_a_flood_is_bounded_and_the_next_second_is_heard() -> None:
    grid = meter(clock := HandClock())
    ear = SpeedwireEar(Spot(group=GROUP, port=1), clock)
    ear.follow(grid)
    for _ in range(MOST_PER_S):
        ear.came(BROKEN)
    ear.came(datagram())
    with pytest.raises(Nonsense, match="cut"):
        await grid.read()
    clock.now_s += 1.0
    ear.came(datagram())

    assert (await grid.read()).power_w == pytest.approx(1150.0)


async def test_an_interface_that_is_not_there_is_a_lost_link_until_it_is() -> None:
    grid = meter(clock := HandClock())
    ear = SpeedwireEar(Spot(group=GROUP, port=free_udp_port(), interface="192.0.2.1"), clock)
    ear.follow(grid)
    task = asyncio.create_task(ear.run())
    try:
        with pytest.raises(LinkDown, match=r"239\.12\.255\.254:.* on 192\.0\.2\.1 cannot be listened to"):
            await asyncio.wait_for(grid.read(), GUARD_S)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_site_file_names_the_meters_of_one_socket() -> None:
    source = {"interface": LOOPBACK, "port": free_udp_port()}
    ours, sheds = {**source, "serial_number": SERIAL}, {**source, "serial_number": 7}
    file = site(
        meters=[
            {"id": "grid", "profile": "sma_energy_meter", "speedwire": ours},
            {
                "id": "shed",
                "circuit": "shed",
                "profile": "sma_energy_meter",
                "speedwire": sheds,
            },
        ],
        circuits=[{"id": "shed", "fuse_a": 16}],
    )

    devices = connect_devices(file, WallClock())

    (job,) = devices.background
    assert isinstance(getattr(job, "__self__", None), SpeedwireEar)
    assert set(devices.meters) == {"main", "shed"}
