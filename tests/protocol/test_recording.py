"""A device is recorded, its recording is played, and the same numbers are read of it; nothing private is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.clock import WallClock
from ems.config.schema import ModbusAddress
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.device import HttpAddress
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.finding import Finding
from ems.devices.inspection.probe import probe
from ems.devices.inspection.recorder import record_answers, record_registers
from ems.devices.inspection.recording import LONGEST_FILE, Recording, recording_of
from ems.devices.library import profile
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.profile import SunSpecProfile
from ems.sim.wire.filling import CannotShow
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.played import Place, Simulation
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.replayed import replayed
from ems.sim.wire.sunspec_image import SunSpecDevice, place_of
from tests.protocol.modbus_bench import LOOPBACK

REGISTERS = ["eastron_sdm630", "carlogavazzi_em111", "solaredge", "deye_3p_hybrid", "sunspec", "fronius"]


@asynccontextmanager
async def listening(port: ModbusPort[ProfileUnit] | HttpPort) -> AsyncIterator[int]:
    await port.open()
    try:
        yield port.port
    finally:
        await port.close()
        await WallClock().sleep(0.0)


def address(port: int, unit: int) -> ModbusAddress:
    return ModbusAddress(host=LOOPBACK, port=port, unit=unit, timeout_s=10)


@pytest.mark.parametrize("profile_id", REGISTERS)
async def test_a_recording_of_registers_reads_as_the_device_did(profile_id: str) -> None:
    chosen = profile(profile_id)
    assert isinstance(chosen, ModbusProfile | HybridProfile | SunSpecProfile)
    real = Simulation(chosen, Place(), WallClock())
    for kind, each in real.tells.items():
        real.state({kind: {"power": -1234.0 if kind == "meter" else 1234.0} if "power" in each.told else {}})
    await real.played.open()
    port, unit = int(real.played.where["port"]), int(real.played.where["unit"])
    try:
        recording = await record_registers(chosen, address(port, unit), WallClock())
        said = await probe(chosen, address(port, unit), WallClock())
    finally:
        await real.played.close()

    again = recording_of(recording.text())
    async with listening(replayed(again, unit=unit)) as port:
        played = await probe(chosen, address(port, unit), WallClock())

    assert again == recording
    numbers = numbers_in(said)
    assert numbers_in(played) == numbers
    assert any(value for _, _, value in numbers)


def numbers_in(found: Iterable[Finding]) -> list[tuple[str, str, object]]:
    """All but texts, and but what a device says of itself in SunSpec's model 1, which is not recorded."""
    return [
        (one.where, one.name, one.value)
        for one in found
        if not isinstance(one.value, str) and not one.where.startswith("model 1 ")
    ]


async def test_texts_among_the_numbers_of_a_model_are_not_kept() -> None:
    chosen = profile("fronius")
    assert isinstance(chosen, SunSpecProfile)
    real = Simulation(chosen, Place(), WallClock())
    await real.played.open()
    try:
        recording = await record_registers(chosen, address(int(real.played.where["port"]), 1), WallClock())
    finally:
        await real.played.close()

    device = SunSpecDevice(kinds=chosen.kinds, maker="Fronius", modules=chosen.modules)
    text, number = place_of(device, 160, "module.1.IDStr"), place_of(device, 160, "module.1.DCA")
    assert text is not None
    assert number is not None
    assert number[1] in recording.registers["holding"]
    assert not set(range(text[1], number[1])) & recording.registers["holding"].keys()


async def test_the_serial_number_of_a_device_is_not_even_read() -> None:
    chosen = profile("sunspec")
    assert isinstance(chosen, SunSpecProfile)
    real = Simulation(chosen, Place(), WallClock())
    await real.played.open()
    try:
        where = address(int(real.played.where["port"]), 1)
        recording = await record_registers(chosen, where, WallClock())
    finally:
        await real.played.close()

    assert 40_002 in recording.registers["holding"]
    assert not set(range(40_002 + 50, 40_002 + 66)) & recording.registers["holding"].keys()


async def test_a_recording_of_answers_holds_what_the_profile_reads_and_nothing_else() -> None:
    chosen = profile("shelly_pro3em_http")
    assert isinstance(chosen, HttpProfile)
    values = {name: 100.0 + place for place, name in enumerate(chosen.uses["meter"].points)}
    real = HttpPort(chosen)
    real.show({"meter": values})
    async with listening(real) as port:
        where = HttpAddress(host=LOOPBACK, port=port, request=chosen.request, timeout_s=10.0)
        recording = await record_answers(chosen, where, WallClock())

    again = replayed(recording_of(recording.text()))
    async with listening(again) as port:
        where = HttpAddress(host=LOOPBACK, port=port, request=chosen.request, timeout_s=10.0)
        assert await record_answers(chosen, where, WallClock()) == recording
    (numbers,) = recording.answers.values()
    assert set(numbers) == {point.path for point in chosen.uses["meter"].points.values()}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"profile": "x", "registers": {"coil": {}}}',
        '{"profile": "x", "registers": {"input": {"70000": 1}}}',
        '{"profile": "x", "registers": {"input": {"1": 65536}}}',
        '{"profile": "x", "answers": {"/": {"a": [1]}}}',
        '{"profile": "../x"}',
        '{"profile": "x", "recording": 2}',
        " " * (LONGEST_FILE + 1),
    ],
)
def test_what_is_no_recording_is_said(text: str) -> None:
    with pytest.raises(DeviceConfigError, match="no recording"):
        recording_of(text)


@settings(max_examples=20)
@given(st.text(max_size=50))
def test_any_text_is_a_recording_or_refused(text: str) -> None:
    with suppress(DeviceConfigError):
        assert isinstance(recording_of(text), Recording)


def test_a_recording_of_a_device_that_speaks_by_itself_is_refused() -> None:
    with pytest.raises(CannotShow, match="no recordings"):
        replayed(Recording(profile="shelly_pro3em"))
