"""A device is recorded, its recording is played, and the same numbers are read of it; nothing private is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ems.clock import ScaledClock, WallClock
from ems.config.schema import ModbusAddress
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.profile import HttpProfile
from ems.devices.inspection.finding import Finding
from ems.devices.inspection.looking import look_at
from ems.devices.inspection.recorder import HOLDS, Wish, record
from ems.devices.inspection.recording import LONGEST_FILE, Recording, recording_of
from ems.devices.inspection.subject import Subject, subject_at
from ems.devices.inspection.tapes.length import Length
from ems.devices.inspection.tapes.objects import record_objects
from ems.devices.inspection.tapes.registers import record_registers
from ems.devices.library import profile, profiles
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.sealed import Keys
from ems.devices.parameters import FilledProfile
from ems.devices.profile import SunSpecProfile
from ems.devices.rct.link import RctAddress
from ems.devices.rct.profile import RctProfile
from ems.errors import Refused
from ems.sim.wire.heard_meters import TITLE, PlayedTelegrams
from ems.sim.wire.http_devices import HttpPort
from ems.sim.wire.object_devices import PlayedObjects
from ems.sim.wire.played import Place, Played, Simulation
from ems.sim.wire.replayed import Replayed, replayed
from ems.sim.wire.sml_telegrams import SERVER
from ems.sim.wire.sunspec_image import SunSpecDevice, place_of
from tests.protocol.modbus_bench import LOOPBACK
from tests.protocol.p1_bench import bridge
from tests.telegrams import telegram

SPEED = 20.0
REGISTERS = ["eastron_sdm630", "carlogavazzi_em111", "solaredge", "deye_3p_hybrid", "sunspec", "fronius"]
OTHERS = ["shelly_pro3em_http", "shelly_pro3em", "victron_mqtt_solar", "tasmota", "dsmr_p1", "sma_energy_meter"]
BINARY = ["rct_power", "sml_head", "tibber_pulse"]
PREFIX = "shellypro3em-a8032ab12345"
KEY = "00112233445566778899aabbccddee01"
SECRET = "correct-horse-battery"


@asynccontextmanager
async def there(device: Played | Replayed) -> AsyncIterator[Mapping[str, str | int]]:
    await device.open()
    try:
        yield device.where
    finally:
        await device.close()
        await settled()


async def settled() -> None:
    """Sockets close in the loop's next turns."""
    for _ in range(5):
        await WallClock().sleep(0.0)


def subject(profile_id: str, where: Mapping[str, object]) -> Subject:
    return subject_at(profile(profile_id), where)


def simulated(profile_id: str) -> Simulation:
    """A device whose powers are of a house at work; one that speaks by itself does so in quick succession."""
    real = Simulation(profile(profile_id), Place(prefix=PREFIX), ScaledClock(SPEED))
    for kind, each in real.tells.items():
        real.state({kind: {"power": -1234.0 if kind == "meter" else 1234.0} if "power" in each.told else {}})
    return real


def numbers(findings: tuple[Finding, ...], *, but: frozenset[tuple[str, str]] = frozenset()) -> list[object]:
    """All that is no text, and none of `but`: texts are not kept."""
    found = [(one.where, one.name, one.value) for one in findings if not isinstance(one.value, str)]
    return [each for each in found if each[:2] not in but and not each[0].startswith("model 1 ")]


def texts(findings: tuple[Finding, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((one.where, one.name) for one in findings if isinstance(one.value, str))


@pytest.mark.parametrize("profile_id", [*REGISTERS, *OTHERS, *BINARY])
async def test_a_recording_reads_as_the_device_did(profile_id: str) -> None:
    clock = WallClock()
    # A page is asked for again after its period only.
    wish = Wish(length=Length(for_s=500.0, most=1 if profile_id == "tibber_pulse" else 12))
    async with there(simulated(profile_id).played) as where:
        recording = await record(subject(profile_id, where), wish, clock)
        said = await look_at(subject(profile_id, where), clock)

    again = recording_of(recording.text())
    async with there(replayed(again, Place(prefix="another"), clock)) as where:
        played = await look_at(subject(profile_id, where), clock)

    assert again == recording
    assert not recording.is_empty
    assert numbers(played, but=texts(said)) == numbers(said)
    assert any(one.value for one in played if isinstance(one.value, float))
    assert PREFIX not in recording.text()
    assert "another" not in recording.text()


@pytest.mark.parametrize("profile_id", ["iotawatt", "esphome_p1", "tq_em300", "home_assistant_stream"])
async def test_a_device_whose_owner_names_its_points_is_recorded_too(profile_id: str) -> None:
    clock, chosen = WallClock(), profile(profile_id)
    assert isinstance(chosen, FilledProfile)
    named = {"parameters": chosen.as_named} if chosen.parameters else {}
    async with there(simulated(profile_id).played) as where:
        asked = subject(profile_id, {**where, **named})
        recording = await record(asked, Wish(length=Length(for_s=500.0, most=40)), clock)
        said = await look_at(asked, clock)

    async with there(replayed(recording_of(recording.text()), Place(prefix="another"), clock)) as where:
        assert numbers(await look_at(subject(profile_id, {**where, **named}), clock)) == numbers(said)
    assert any(one.value == -1234.0 for one in said)


async def test_the_names_that_an_owner_gave_are_not_kept() -> None:
    chosen = profile("esphome")
    assert isinstance(chosen, HttpProfile)
    real = HttpPort(chosen.filled(chosen.id, {"power": "anna_meter"}))
    real.show({"meter": {"power": 740.0}})
    await real.open()
    try:
        asked = subject("esphome", {"host": LOOPBACK, "port": real.port, "parameters": {"power": "anna_meter"}})
        recording = await record(asked, Wish(length=Length(for_s=1.0)), WallClock())
    finally:
        await real.close()
        await settled()

    assert recording.answers == {"/sensor/power": {"value": 740.0}}
    assert "anna" not in recording.text()


def test_every_carrier_says_what_its_recordings_hold() -> None:
    assert HOLDS.keys() >= {each.transport for each in profiles()}


async def test_texts_among_the_numbers_of_a_model_are_not_kept() -> None:
    chosen = profile("fronius")
    assert isinstance(chosen, SunSpecProfile)
    async with there(Simulation(chosen, Place(), WallClock()).played) as where:
        address = ModbusAddress(host=LOOPBACK, port=int(where["port"]), unit=1, timeout_s=10)
        recording = await record_registers(chosen, address, WallClock())

    device = SunSpecDevice(kinds=chosen.kinds, maker="Fronius", modules=chosen.modules)
    text, number = place_of(device, 160, "module.1.IDStr"), place_of(device, 160, "module.1.DCA")
    assert text is not None
    assert number is not None
    assert number[1] in recording.registers["holding"]
    assert not set(range(text[1], number[1])) & recording.registers["holding"].keys()


async def test_the_serial_number_of_a_device_is_not_even_read() -> None:
    chosen = profile("sunspec")
    assert isinstance(chosen, SunSpecProfile)
    async with there(Simulation(chosen, Place(), WallClock()).played) as where:
        address = ModbusAddress(host=LOOPBACK, port=int(where["port"]), unit=1, timeout_s=10)
        recording = await record_registers(chosen, address, WallClock())

    assert 40_002 in recording.registers["holding"]
    assert not set(range(40_002 + 50, 40_002 + 66)) & recording.registers["holding"].keys()


async def test_a_device_with_a_login_is_recorded_and_the_login_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = profile("sonnen_batterie")
    assert isinstance(chosen, HttpProfile)
    monkeypatch.setenv("BATTERY_TOKEN", SECRET)
    real = HttpPort(chosen, login=SECRET)
    real.show({kind: dict.fromkeys(use.points, 100.0) for kind, use in chosen.uses.items()})
    await real.open()
    try:
        asked = {"host": LOOPBACK, "port": real.port}
        with pytest.raises(Refused, match="lets nobody in"):
            await record(subject(chosen.id, asked), Wish(), WallClock())
        login = {"token": {"env": "BATTERY_TOKEN"}}
        recording = await record(subject_at(chosen, {**asked, **login}), Wish(), WallClock())
    finally:
        await real.close()
        await settled()

    (answered,) = recording.answers.values()
    assert set(answered) == {
        term.path for use in chosen.uses.values() for point in use.points.values() for term in point.terms
    }
    assert all(word not in recording.text() for word in (SECRET, "oken", LOOPBACK))


async def test_equipment_ids_of_a_smart_meter_are_blanked_unless_they_are_asked_for() -> None:
    content = telegram(more=["0-0:96.1.1(4530303434303037)", "0-1:24.2.1(261127120000W)(00124.477*m3)"])
    recorded = {}
    for with_ids in (False, True):
        async with bridge(greeting=content) as at:
            wish = Wish(length=Length(for_s=500.0, most=1), with_ids=with_ids)
            asked = {"host": LOOPBACK, "port": at.port}
            recorded[with_ids] = await record(subject("dsmr_p1", asked), wish, WallClock())

    (kept,) = recorded[False].telegrams
    assert "0-0:96.1.1(0000000000000000)" in kept.text
    assert "0-1:24.2.1(000000000000" in kept.text
    assert "1-0:21.7.0(02.300*kW)" in kept.text
    assert recorded[True].telegrams[0].text == content.decode()


async def test_encrypted_telegrams_are_recorded_in_clear_and_their_key_is_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("METER_KEY", KEY)
    monkeypatch.setenv("OTHER_KEY", KEY[::-1])
    chosen, clock = profile("dsmr_p1"), ScaledClock(SPEED)
    assert isinstance(chosen, P1Profile)
    real = PlayedTelegrams(chosen, LOOPBACK, 0, clock, keys=Keys(bytes.fromhex(KEY)))
    real.show({"meter": {"power": -1234.0}})
    async with there(real) as where:
        asked, wrong = ({**where, "key": {"env": name}} for name in ("METER_KEY", "OTHER_KEY"))
        recording = await record(subject("dsmr_p1", asked), Wish(length=Length(for_s=500.0, most=2)), WallClock())
        said = await look_at(subject("dsmr_p1", asked), WallClock())
        with pytest.raises(Refused, match="do not open with that key"):
            await record(subject("dsmr_p1", wrong), Wish(length=Length(for_s=0.5)), WallClock())

    async with there(replayed(recording, Place(), WallClock())) as where:
        assert numbers(await look_at(subject("dsmr_p1", where), WallClock())) == numbers(said)
    assert any(one.value == -1234.0 for one in said)
    assert KEY not in recording.text()
    assert TITLE.hex() not in recording.text()


async def test_the_number_of_a_meter_with_sml_is_blanked_unless_it_is_asked_for() -> None:
    real = simulated("sml_head").played
    kept = {}
    async with there(real) as where:
        for with_ids in (False, True):
            wish = Wish(length=Length(for_s=500.0, most=1), with_ids=with_ids)
            kept[with_ids] = (await record(subject("sml_head", where), wish, WallClock())).frames[0].content

    assert SERVER.hex() in kept[True]
    assert SERVER.hex() not in kept[False]
    assert SERVER[:6].hex() + "00" * 4 in kept[False]


async def test_an_object_that_is_not_answered_is_not_there_in_the_recording_either() -> None:
    chosen = profile("rct_power")
    assert isinstance(chosen, RctProfile)
    real = PlayedObjects(chosen, LOOPBACK, 0)
    real.replay({0x91617C58: 740.0, 0x959930BF: None})
    async with there(real) as where:
        address = RctAddress(host=LOOPBACK, port=int(where["port"]), timeout_s=0.05)
        recording = await record_objects(chosen, address, WallClock())

    assert recording.objects == {"0x91617C58": 740.0, "0x959930BF": None}
    assert recording_of(recording.text()) == recording


async def test_a_broken_message_and_one_that_takes_a_number_back_are_kept_as_such() -> None:
    clock = WallClock()
    heard = [
        {"at_s": 0.0, "topic": "{prefix}/status/em:0", "broken": True},
        {"at_s": 0.1, "topic": "{prefix}/status/em:0", "values": {"a_current": None, "b_current": "off"}},
        {"at_s": 0.2, "topic": "{prefix}/online", "values": {"": "true"}},
    ]
    made = Recording.model_validate({"recording": 2, "profile": "shelly_pro3em", "messages": heard})
    async with there(replayed(made, Place(prefix="a"), clock)) as where:
        wish = Wish(length=Length(for_s=500.0, most=6))
        again = await record(subject("shelly_pro3em", where), wish, clock)

    said = [(each.topic, dict(each.values), each.broken) for each in again.messages]
    first = said.index(("{prefix}/status/em:0", {}, True))
    assert said[first + 1 : first + 3] == [
        ("{prefix}/status/em:0", {"a_current": None, "b_current": "off"}, False),
        ("{prefix}/online", {"": "true"}, False),
    ]


async def test_a_recording_of_the_first_version_is_read_still() -> None:
    text = '{"recording": 1, "profile": "eastron_sdm630", "registers": {"input": {"52": 0}}, "answers": {}}'

    assert recording_of(text).registers == {"input": {52: 0}}


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
        '{"profile": "x", "recording": 0}',
        '{"profile": "x", "datagrams": [{"at_s": 0, "content": "zz"}]}',
        '{"profile": "x", "datagrams": [{"at_s": 1e9, "content": "00"}]}',
        '{"profile": "x", "messages": [{"at_s": 0, "topic": ""}]}',
        '{"profile": "x", "telegrams": [{"at_s": 0, "text": ""}]}',
        " " * (LONGEST_FILE + 1),
    ],
)
def test_what_is_no_recording_is_said(text: str) -> None:
    with pytest.raises(DeviceConfigError, match="no recording"):
        recording_of(text)


def test_a_recording_of_a_newer_program_is_said_to_be_one() -> None:
    with pytest.raises(DeviceConfigError, match="it has version 3, and 2 is the newest here"):
        recording_of('{"profile": "x", "recording": 3, "sounds": []}')


@settings(max_examples=20)
@given(st.text(max_size=50))
def test_any_text_is_a_recording_or_refused(text: str) -> None:
    with suppress(DeviceConfigError):
        assert isinstance(recording_of(text), Recording)


def test_what_does_not_go_with_a_device_is_refused_and_no_secret_is_repeated() -> None:
    with pytest.raises(DeviceConfigError, match="--unit says nothing of that"):
        subject_at(profile("dsmr_p1"), {"host": LOOPBACK, "unit": 1})
    with pytest.raises(DeviceConfigError, match="password") as refused:
        subject_at(profile("shelly_pro3em_http"), {"host": LOOPBACK, "password": SECRET})
    assert SECRET not in str(refused.value)


async def test_nobody_speaks_for_ever_after_the_recording_is_closed() -> None:
    before = asyncio.all_tasks()
    device = replayed(Recording(profile="dsmr_p1"), Place(), WallClock())
    async with there(device):
        pass

    assert asyncio.all_tasks() == before
