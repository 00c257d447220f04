"""A register map that is off by one, as after an update of a device, or with addresses counted from 1.

No frame tells that. What stands against it is what the numbers mean, above all a voltage that is one: every meter's map
that reads voltages is found out. Those in `BLIND` read none: whoever has one is told so, most raise a doubt when they
are first looked at, and commissioning's sign test has to find the rest.
"""

from __future__ import annotations

import pytest

from ems.devices.cautions import tells_of_itself
from ems.devices.inspection.soundness import doubts
from ems.devices.library import profiles
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_map import decode_block, plan
from ems.devices.plausibility import Bounds
from ems.devices.sample import Sample
from ems.devices.views import GridView, Mounting
from ems.errors import Nonsense
from ems.model.electrical import PHASES_OF
from ems.model.readings import GridReading
from ems.sim.wire.register_image import image

Profile = ModbusProfile | HybridProfile

METERS = [each for each in profiles() if isinstance(each, Profile) and "meter" in each.maps]
BLIND = {"e3dc", "eastron_sdm72d", "foxess_h1_lan", "foxess_h1_rs485", "growatt_sph", "solaredge", "victron_gx"}
TURNED = {"victron_gx"}
"""Off by one, each of its phases tells the power of another."""

USUAL = {
    "voltage": 231.0,
    "voltage_l1": 231.0,
    "voltage_l2": 229.0,
    "voltage_l3": 232.0,
    "power_l1": 2300.0,
    "power_l2": -1150.0,
    "power_l3": 690.0,
}


def stated(profile: Profile) -> dict[str, float | None]:
    """A house that such a meter can tell of."""
    told = profile.maps["meter"].told
    values: dict[str, float | None] = {name: value for name, value in USUAL.items() if name in told}
    if not any(name.startswith("power") for name in values):
        values |= {"power": 1840.0} if "power" in told else {}
    return values


def read(profile: Profile, *, off_by: int) -> GridReading:
    """What our profile makes of a device whose registers stand elsewhere. Raises Nonsense."""
    known = profile.maps["meter"]
    phases = PHASES_OF[3 if {"power_l3", "current_l3"} & set(known.told) else 1]
    view = GridView(Mounting(bounds=Bounds(phases=phases, fuse_a=35), signed=known.signed))
    return view.reading(sample(profile, off_by=off_by))


def sample(profile: Profile, *, off_by: int) -> Sample:
    """The numbers before anybody asks whether they can be true."""
    known, limits = profile.maps["meter"], profile.limits
    registers = image(profile, {"meter": stated(profile)})
    blocks = plan(known.numbers, max_registers=limits.max_registers_per_read, max_gap=limits.max_gap_registers)
    numbers: dict[str, float] = {}
    for block in blocks:
        words = [registers.get((block.function, block.address + at + off_by), 0) for at in range(block.count)]
        numbers |= decode_block(block, words, known.numbers, profile.word_order)
    return Sample(taken_at_s=0.0, values=known.sample(numbers), same_instant=len(blocks) == 1)


@pytest.mark.parametrize("profile", METERS, ids=lambda each: each.id)
def test_a_map_that_fits_is_read(profile: Profile) -> None:
    assert read(profile, off_by=0).power_w != 0.0


@pytest.mark.parametrize("off_by", [-1, 1])
@pytest.mark.parametrize("profile", [each for each in METERS if each.id not in BLIND], ids=lambda each: each.id)
def test_a_map_that_is_off_by_one_is_never_a_reading(profile: Profile, off_by: int) -> None:
    with pytest.raises(Nonsense):
        read(profile, off_by=off_by)


def test_who_has_a_meter_that_cannot_be_found_out_is_told() -> None:
    assert {each.id for each in METERS if not tells_of_itself(each.maps["meter"])} >= BLIND


@pytest.mark.parametrize("off_by", [-1, 1])
@pytest.mark.parametrize("profile", [each for each in METERS if each.id in BLIND - TURNED], ids=lambda each: each.id)
def test_whoever_looks_at_such_a_meter_for_the_first_time_sees_a_doubt(profile: Profile, off_by: int) -> None:
    assert doubts("meter", sample(profile, off_by=off_by).values)
