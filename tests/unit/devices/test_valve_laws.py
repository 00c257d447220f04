"""Laws of every way to order a battery: whatever is asked for and whatever fails, its freedom is only ever lowered, for
no longer than it says, and by no register but those of its control. (`PaperBattery` fails at any other.)"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from ems.config.schema import BatteryEntry
from ems.devices.battery.entry import valve_of
from ems.devices.battery.profile import BatteryControl, SetpointControl
from ems.devices.battery.valve import Valve
from ems.devices.library import profile
from ems.devices.modbus.profile import HybridProfile
from ems.devices.modbus.register_types import decode
from ems.devices.profile import Profile
from ems.errors import DeviceError
from tests.unit.devices.paper_batteries import IN, OUT, Fate, PaperBattery, PaperStorage, plain, storage
from tests.unit.devices.test_storage_valve import PROFILE

Bounds = tuple[float | None, float | None]

bounds = st.tuples(
    st.none() | st.floats(0, 8000),
    st.none() | st.just(0.0) | st.floats(0, 8000),
)
fates = st.lists(st.sampled_from([*[Fate.FINE] * 6, *Fate]), max_size=30)
steps = st.lists(bounds | st.floats(0, 30), max_size=8)
"""Orders, and seconds that pass."""


def made(battery: PaperBattery, found: Profile) -> Valve:
    entry = BatteryEntry.model_validate({"id": "cellar", "profile": found.id, "modbus": {"host": "192.0.2.1"}})
    return valve_of(entry, found, lambda *_: battery)


async def play(battery: PaperBattery, valve: Valve, story: list[Bounds | float]) -> None:
    with suppress(DeviceError):
        await valve.clear()
    for step in story:
        if isinstance(step, float):
            battery.wait(step)
            continue
        with suppress(DeviceError):
            await valve.bound(charge_at_most_w=step[0], discharge_at_most_w=step[1])


def is_within_bounds(battery: PaperStorage) -> bool:
    """Whether what counts of its rates only bounds: a rate below 0 would make it charge or discharge."""
    rates = [battery.rate(offset) for bit, offset in ((1, IN), (2, OUT)) if battery.bits & bit]
    return all(rate >= 0.0 for rate in rates)


@settings(max_examples=150)
@given(story=steps, happens=fates, keeps_timer=st.booleans(), alone=st.booleans())
def test_a_storage_model_is_free_again_whatever_failed_at_whatever_write(
    story: list[Bounds | float], happens: list[Fate], keeps_timer: bool, alone: bool
) -> None:
    battery = storage()
    battery.fates, battery.keeps_timer, battery.one_register_alone = happens, keeps_timer, alone
    valve = made(battery, PROFILE)

    asyncio.run(play(battery, valve, story))

    assert is_within_bounds(battery)
    assert keeps_timer or battery.bits == 0
    battery.wait(valve.lasts_s + 0.001)
    assert battery.bits == 0


@settings(max_examples=60)
@given(
    charge_w=st.floats(0, 8000),
    most_w=st.integers(1, 60_000),
    scale=st.sampled_from([0, 0xFFFF, 0xFFFE]),
)
def test_a_charge_rate_never_allows_more_than_was_asked_for(charge_w: float, most_w: int, scale: int) -> None:
    battery = storage()
    battery.registers |= {40_002 + 2: most_w, 40_002 + 25: scale}

    asyncio.run(made(battery, PROFILE).bound(charge_at_most_w=charge_w, discharge_at_most_w=None))

    allowed_w = most_w * battery.rate(IN) / 100 if battery.bits else float(most_w)
    assert allowed_w <= charge_w + 1e-6


@settings(max_examples=60)
@given(story=steps, happens=fates)
def test_a_set_point_is_never_anything_but_0_w(story: list[Bounds | float], happens: list[Fate]) -> None:
    found = profile("sma")
    assert isinstance(found, HybridProfile)
    assert isinstance(found.control, SetpointControl)
    control = found.control
    battery = plain((*control.setpoint.cells, *control.enable.cells))
    battery.registers |= dict.fromkeys(control.setpoint.cells, 0x1234)
    battery.fates = happens

    asyncio.run(play(battery, made(battery, found), story))

    assert all(words == (0, 0) for address, words in battery.written if address == control.setpoint.address)
    counts = tuple(battery.registers[cell] for cell in control.enable.cells) == (0, control.on)
    assert not counts or all(battery.registers[cell] == 0 for cell in control.setpoint.cells)


@settings(max_examples=60)
@given(story=steps, happens=fates)
def test_bounds_in_watts_are_never_below_0_nor_above_what_was_asked_for(
    story: list[Bounds | float], happens: list[Fate]
) -> None:
    found = profile("kostal_plenticore")
    assert isinstance(found, HybridProfile)
    assert isinstance(found.control, BatteryControl)
    points = {
        point.address: point
        for point in (found.control.charge_limit, found.control.discharge_limit)
        if point is not None
    }
    battery = plain([cell for point in points.values() for cell in point.cells], {5: 0})
    battery.fates = happens
    asked = [watts for step in story if not isinstance(step, float) for watts in step if watts is not None]

    asyncio.run(play(battery, made(battery, found), story))

    for address, words in battery.written:
        told = decode(list(words), points[address].type, found.word_order)
        assert isinstance(told, float)
        assert told >= 0.0
        assert any(abs(told - watts) <= 1e-3 * max(1.0, watts) for watts in asked)
