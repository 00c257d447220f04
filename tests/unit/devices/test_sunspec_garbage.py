"""Whatever a SunSpec device sends: a reading that can be true, or a device error."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.config.schema import ModbusAddress
from ems.devices.modbus.link import Answer, ModbusLink, NoSuchRegisters, ReadRequest
from ems.devices.profile_parts import Kind
from ems.devices.sample import Sample
from ems.devices.sunspec.device import SunSpecDevice
from ems.devices.sunspec.models import MODELS
from ems.devices.sunspec.modules import StorageModules
from ems.devices.sunspec.ways import ways_of
from ems.devices.views import BatteryView, SolarView
from ems.errors import DeviceError
from ems.model.readings import BatteryReading, SolarReading
from tests.protocol.sunspec_bench import at, chain, common, model

FRONIUS = StorageModules(strings=(1, 2), charge=3, discharge=4)
WORD = st.integers(0, 0xFFFF) | st.sampled_from([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF])
READ = (103, 113, 124, 160, 701, 713, 714, 802)


class PaperLink:
    """A connection to registers that are only written down."""

    connections = 1

    def __init__(self, words: Mapping[int, int]) -> None:
        self.words = words
        self.requests = 0

    async def read(self, request: ReadRequest) -> Answer:
        self.requests += 1
        cells = range(request.address, request.address + request.count)
        if not all(cell in self.words for cell in cells):
            raise NoSuchRegisters("there are no such registers")
        return Answer(registers=tuple(self.words[cell] for cell in cells), taken_at_s=1.0, connection=1)


def reading_of(
    words: Mapping[int, int], kind: Kind, link: PaperLink | None = None
) -> SolarReading | BatteryReading | None:
    """What the device reads there; None for a device error."""

    def view(sample: Sample) -> SolarReading | BatteryReading:
        assert all(math.isfinite(value) for value in sample.values.values())
        return SolarView().reading(sample) if kind == "inverter" else BatteryView().reading(sample)

    link = link or PaperLink(words)
    device = SunSpecDevice(
        name="x",
        period_s=1.0,
        link=cast("ModbusLink", link),
        address=ModbusAddress(host="192.0.2.1"),
        ways=ways_of(kind, FRONIUS),
        view=view,
    )
    try:
        return asyncio.run(device.read())
    except DeviceError:
        return None
    finally:
        assert link.requests < 400


@given(st.lists(st.sampled_from(READ), min_size=1, max_size=5), st.sampled_from(["inverter", "battery"]), st.data())
def test_any_words_in_any_models_are_a_reading_or_a_device_error(
    ids: list[int], kind: Kind, draw: st.DataObject
) -> None:
    models = [model(model_id, dict.fromkeys(MODELS[model_id].counts, 2)) for model_id in ids]
    places = [(number, place) for number, each in enumerate(models) for place in range(2, len(each))]
    for number, place in draw.draw(st.lists(st.sampled_from(places), max_size=40)):
        models[number][place] = draw.draw(WORD)

    found = reading_of(at(40000, chain(common("Fronius"), *models)), kind)

    assert found is None or math.isfinite(found.power_w)


@given(st.lists(st.sampled_from(READ), min_size=1, max_size=4), st.sampled_from(["inverter", "battery"]), st.data())
def test_models_that_lie_about_their_length_are_a_reading_or_a_device_error(
    ids: list[int], kind: Kind, draw: st.DataObject
) -> None:
    models = [model(model_id, dict.fromkeys(MODELS[model_id].counts, 4)) for model_id in ids]
    for each in models:
        each[1] = draw.draw(st.integers(0, 1200) | st.just(each[1]))

    found = reading_of(at(40000, chain(common("Fronius"), *models)), kind)

    assert found is None or found.power_w == 0.0


@pytest.mark.parametrize("kind", ["inverter", "battery"])
def test_a_device_that_has_nothing_tells_nothing(kind: Kind) -> None:
    """Every model, and in none of them a number: no power, and above all not 0 W."""
    words = chain(common("Fronius"), *(model(model_id, {}) for model_id in READ))

    assert reading_of(at(40000, words), kind) is None


class Moved(PaperLink):
    """A device whose model stands elsewhere for one answer, as while it starts anew."""

    def __init__(self, words: Mapping[int, int], header: int) -> None:
        super().__init__(words)
        self._header = header

    async def read(self, request: ReadRequest) -> Answer:
        answer = await super().read(request)
        if request.address != self._header or request.count == 2 or self._header < 0:
            return answer
        self._header = -1
        return replace(answer, registers=(7, *answer.registers[1:]))


def test_a_hybrid_that_changes_while_its_way_is_chosen_tells_no_sun_with_its_batterys_share() -> None:
    sun = model(103, {"W": 3000, "W_SF": 0, "St": 4})
    strings = model(160, {"N": 4, "DCW_SF": 0, **{f"module.{number}.DCW": 500 for number in range(1, 5)}})
    who = common("Fronius")
    words = at(40000, chain(who, sun, strings, model(124, {"ChaSt": 3})))
    link = Moved(words, 40002 + len(who) + len(sun))

    told = [reading_of(words, "inverter", link) for _ in range(2)]

    assert [each and each.power_w for each in told] == [None, 1000.0]
