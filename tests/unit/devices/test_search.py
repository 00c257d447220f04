"""What a search makes of a unit: every profile's own registers, and registers that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.host import modbus_ports, units_at, untold_profiles
from ems.devices.inspection.search.unit import search_unit
from ems.devices.library import profiles
from ems.devices.modbus.link import Answer
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.profile import SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.errors import Refused
from ems.sim.wire.filling import tells_of
from ems.sim.wire.profile_unit import RegisterProfile, registers_of
from ems.sim.wire.register_image import Image

REGISTERS = [each for each in profiles() if isinstance(each, ModbusProfile | HybridProfile | SunSpecProfile)]
MOST_REQUESTS = 60


class Unit:
    """A device in memory; counts what it is asked, and refuses what it does not have."""

    def __init__(self, registers: Image, longest_read: int = 125) -> None:
        self.registers = registers
        self.longest_read = longest_read
        self.asked: list[tuple[RegisterKind, int, int]] = []

    async def ask(self, function: RegisterKind, address: int, count: int) -> Answer:
        self.asked.append((function, address, count))
        places = [(function, address + offset) for offset in range(count)]
        if count > self.longest_read or not all(place in self.registers for place in places):
            raise Refused("illegal address")
        return Answer(registers=tuple(self.registers[place] for place in places), taken_at_s=0.0, connection=1)


def unit_of(profile: RegisterProfile) -> Unit:
    """One that measures 900 W wherever it can."""
    values: Mapping[Kind, Mapping[str, float]] = {
        kind: {"power": 900.0} if "power" in each.told else {} for kind, each in tells_of(profile).items()
    }
    return Unit(registers_of(profile, values), profile.limits.max_registers_per_read)


def says_itself(profile: RegisterProfile) -> bool:
    if isinstance(profile, SunSpecProfile):
        return True
    return profile.identity is not None or profile.sunspec_maker is not None


@pytest.mark.parametrize("profile", REGISTERS, ids=lambda each: each.id)
async def test_every_profile_is_found_and_taken_for_no_other(profile: RegisterProfile) -> None:
    unit = unit_of(profile)

    found = await search_unit(unit.ask)

    sure = {each.profile_id for each in found if each.sure is not Sure.POSSIBLE}
    assert sure <= {profile.id}
    assert len(unit.asked) == len(set(unit.asked)) <= MOST_REQUESTS
    if profile.id in untold_profiles():
        assert found == []
    else:
        assert profile.id in {each.profile_id for each in found}
        assert all(each.evidence for each in found)
    if says_itself(profile):
        assert found[0].profile_id == profile.id
        assert found[0].sure is Sure.CERTAIN


@pytest.mark.parametrize("filling", [0, 1, 230, 2300, 0xFFFF])
async def test_a_device_with_the_same_number_everywhere_is_never_found_surely(filling: int) -> None:
    kinds: tuple[RegisterKind, ...] = ("input", "holding")
    unit = Unit({(function, address): filling for function in kinds for address in range(0x10000)})

    assert [each for each in await search_unit(unit.ask) if each.sure is not Sure.POSSIBLE] == []


async def test_one_more_of_a_kind_is_looked_for_gently() -> None:
    meter = next(each for each in REGISTERS if each.id == "eastron_sdm630")
    unit = unit_of(meter)

    found = await search_unit(unit.ask, like={"eastron_sdm630"})

    assert [each.profile_id for each in found] == ["eastron_sdm630"]
    assert len(unit.asked) < 15


async def test_what_says_that_it_is_something_and_shows_no_mains_is_only_possible() -> None:
    unit = Unit({("holding", 35168): 0x4232, ("holding", 35169): 0x3320})

    found: list[Candidate] = await search_unit(unit.ask)

    assert [(each.profile_id, each.sure) for each in found] == [("abb_b23", Sure.POSSIBLE)]


def test_ports_and_units_are_those_of_the_profiles_and_few() -> None:
    assert modbus_ports()[:2] == (502, 1502)
    assert set(modbus_ports()) >= {502, 1502, 8899}
    assert units_at(502)[0] == 1
    assert set(units_at(1502)[:2]) == {1, 71}
    assert all(len(units_at(port)) <= 16 for port in modbus_ports())
