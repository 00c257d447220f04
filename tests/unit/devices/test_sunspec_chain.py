"""The chain of SunSpec models, whatever a device says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.link import Answer, NoSuchRegisters
from ems.devices.sunspec.chain import BASES, MARKER, MOST_MODELS, Chain, discover
from ems.devices.sunspec.layout import HEADER_REGISTERS
from ems.devices.sunspec.models import MODELS
from ems.devices.sunspec.reader import LONGEST_MODEL
from ems.errors import DeviceError, Refused

MODEL = st.tuples(st.sampled_from([*sorted(MODELS), 64001, 0]), st.integers(1, 200))


class Device:
    """Registers by address; the others are refused."""

    def __init__(self, words: Mapping[int, int], *, elsewhere: int | None = None) -> None:
        self.words = words
        self.asked = 0
        self._elsewhere = elsewhere

    async def ask(self, address: int, count: int) -> Answer:
        self.asked += 1
        cells = range(address, address + count)
        if cells.stop > 0x10000 or (self._elsewhere is None and not all(cell in self.words for cell in cells)):
            raise NoSuchRegisters("there are no such registers")
        found = [self.words.get(cell, self._elsewhere or 0) for cell in cells]
        return Answer(registers=tuple(found), taken_at_s=0.0, connection=1)


def walked(device: Device) -> Chain:
    return asyncio.run(discover(device.ask))


def laid(base: int, *heads: tuple[int, int], end: tuple[int, ...] = (0xFFFF, 0)) -> dict[int, int]:
    """The marker, models of nothing but their headers, and an end."""
    words = [*MARKER]
    for model_id, length in heads:
        words += [model_id, length, *[0] * length]
    return dict(enumerate([*words, *end], start=base))


@given(st.sampled_from(BASES), st.lists(MODEL, max_size=12), st.sampled_from([(0xFFFF, 0), (0xFFFF,)]))
def test_every_model_of_a_chain_is_found(base: int, heads: list[tuple[int, int]], end: tuple[int, ...]) -> None:
    chain = walked(Device(laid(base, *heads, end=end)))

    assert chain.base == base
    assert [(model.id, model.length) for model in chain.models] == heads


@given(st.lists(MODEL, min_size=1, max_size=6))
def test_a_chain_that_ends_without_an_end_is_as_long_as_it_is(heads: list[tuple[int, int]]) -> None:
    chain = walked(Device(laid(40000, *heads, end=())))

    assert [(model.id, model.length) for model in chain.models] == heads


@given(st.integers(0, 0xFFFF), st.lists(MODEL, max_size=3), st.integers(0, 0xFFFF))
def test_a_chain_that_never_ends_is_left(elsewhere: int, heads: list[tuple[int, int]], length: int) -> None:
    """Everything behind the first models is one word, as if the device led in a circle."""
    device = Device(laid(40000, *heads, end=(7, length)), elsewhere=elsewhere)
    chain = walked(device)

    assert len(chain.models) <= MOST_MODELS
    assert device.asked <= MOST_MODELS + 2
    assert all(0 < model.length <= LONGEST_MODEL for model in chain.models)
    assert all(model.header + HEADER_REGISTERS + model.length <= 0x10000 for model in chain.models)


@given(st.dictionaries(st.sampled_from([base + place for base in BASES for place in range(9)]), st.integers(0, 0xFFFF)))
def test_whatever_stands_there_is_a_chain_or_a_device_error(words: dict[int, int]) -> None:
    try:
        chain = walked(Device(words))
    except DeviceError:
        return

    assert words[chain.base] == MARKER[0]


def test_more_models_than_a_device_has_are_not_walked() -> None:
    device = Device(laid(0, *[(64001, 1)] * 200))

    assert len(walked(device).models) == MOST_MODELS


def test_a_device_that_is_busy_in_the_middle_of_its_chain_has_no_shorter_one() -> None:
    class Busy(Device):
        async def ask(self, address: int, count: int) -> Answer:
            if address > 40004:
                raise Refused("busy")
            return await super().ask(address, count)

    with pytest.raises(Refused, match="busy"):
        walked(Busy(laid(40000, (1, 66), (103, 50))))


@pytest.mark.parametrize("busy_at", range(1, 6))
def test_nor_has_one_that_is_busy_for_a_moment(busy_at: int) -> None:
    """A shorter chain would tell the inverter's own power as the sun's, with the battery's share in it."""
    heads = [(1, 66), (103, 50), (160, 88), (124, 24)]

    class BusyOnce(Device):
        async def ask(self, address: int, count: int) -> Answer:
            answer = await super().ask(address, count)
            if self.asked == busy_at + 1:
                raise Refused("busy")
            return answer

    try:
        chain = walked(BusyOnce(laid(40000, *heads)))
    except Refused:
        return

    assert [(model.id, model.length) for model in chain.models] == heads
