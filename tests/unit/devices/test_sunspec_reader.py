"""What is read of one SunSpec model: in which requests, and which numbers come out of which registers."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Awaitable, Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.link import Answer, NoSuchRegisters
from ems.devices.modbus.register_point import MAX_READ
from ems.devices.sunspec.layout import NOT_AVAILABLE
from ems.devices.sunspec.models import INVERTERS, MODELS, PORTS, STRINGS
from ems.devices.sunspec.reader import Ask, Model, ModelAnswer, ModelReader, reader_of
from ems.errors import DeviceError, Nonsense
from tests.protocol.sunspec_bench import model

HEADER = 40070
WORDS = st.one_of(st.integers(0, 0xFFFF), st.sampled_from([0, 1, 0x7FC0, 0x7FF8, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]))


class Registers:
    """A device that holds words from `HEADER` on."""

    def __init__(self, words: list[int], between: Callable[[list[int], int], None] | None = None) -> None:
        self.words = words
        self.requests: list[tuple[int, int]] = []
        self._between = between

    def ask(self, address: int, count: int) -> Awaitable[Answer]:
        return self._answer(address, count)

    async def _answer(self, address: int, count: int) -> Answer:
        if self._between is not None:
            self._between(self.words, len(self.requests))
        self.requests.append((address - HEADER, count))
        if not 0 <= address - HEADER <= address - HEADER + count <= len(self.words):
            raise NoSuchRegisters("there are no such registers")
        found = self.words[address - HEADER : address - HEADER + count]
        return Answer(registers=tuple(found), taken_at_s=float(len(self.requests)), connection=1)


def read(
    ask: Ask, words: list[int], paths: tuple[str, ...] | None = None, *, most: int = MAX_READ
) -> ModelAnswer | None:
    """What a reader of that model makes of a device."""

    async def look() -> ModelAnswer | None:
        one = Model(id=words[0], header=HEADER, length=words[1])
        reader = await reader_of(ask, one, MODELS[words[0]], paths, max_registers=most)
        return await reader.read(ask) if reader else None

    return asyncio.run(look())


def answer_of(words: list[int], paths: tuple[str, ...] | None = None) -> ModelAnswer:
    found = read(Registers(words).ask, words, paths)
    assert found is not None
    return found


def test_a_value_and_its_exponent_come_in_one_answer() -> None:
    for model_id in (701, 203, 103, 802):
        device = Registers(model(model_id, {"W": 100, "W_SF": 1}))
        found = read(device.ask, device.words, ("W",))

        assert found is not None
        assert found.numbers == {"W": 1000.0}
        assert len(device.requests) == 1


def test_all_of_701_comes_with_its_exponents_though_it_is_longer_than_a_read() -> None:
    words = model(701, {"W": 100, "W_SF": 1, "WL3": -7, "TotWhInj": 2**40, "TotWh_SF": 0, "MnAlrmInfo": "all well"})
    device = Registers(words)

    found = read(device.ask, words)

    assert found is not None
    assert (found.numbers["W"], found.numbers["WL3"], found.numbers["TotWhInj"]) == (1000.0, -70.0, 2.0**40)
    assert found.texts["MnAlrmInfo"] == "all well"
    assert not found.same_instant
    assert all(count <= MAX_READ for _, count in device.requests)
    assert len(device.requests) == 2


def test_what_an_inverter_is_read_for_is_one_request_also_in_701() -> None:
    paths = ("InvSt", "W", "AL1", "AL2", "AL3", "TotWhInj")
    device = Registers(model(701, {"W": 1, "W_SF": 0}))

    found = read(device.ask, device.words, paths)

    assert found is not None
    assert found.same_instant
    assert device.requests == [(0, 121)]


def strings(count: int) -> list[int]:
    watts = {f"module.{number}.DCW": 100 * number for number in range(1, count + 1)}
    return model(160, {"N": count, "DCW_SF": 0, **watts})


def test_exponents_out_of_reach_are_read_before_and_after() -> None:
    device = Registers(strings(12))

    found = read(device.ask, device.words, ("module.DCW",))

    assert found is not None
    assert found.numbers["module.12.DCW"] == 1200.0
    assert all(count <= MAX_READ for _, count in device.requests)


@given(st.integers(1, 6))
def test_a_sample_whose_exponents_change_while_it_is_read_counts_for_nothing(after: int) -> None:
    def change(words: list[int], asked: int) -> None:
        words[4] = 1 if asked >= after else 0

    device = Registers(strings(12), change)
    try:
        found = read(device.ask, device.words, ("module.DCW",))
    except Nonsense:
        return

    assert found is not None
    ratios = {found.numbers[f"module.{number}.DCW"] / (100 * number) for number in range(1, 13)}
    assert len(ratios) == 1


@given(st.integers(0, 8), st.integers(40, MAX_READ))
def test_no_exponent_of_another_moment_ever_meets_a_value(changes_at: int, most: int) -> None:
    """The device multiplies its numbers by ten and lowers the exponent at any moment: the power stays the same."""

    def change(words: list[int], asked: int) -> None:
        if asked == changes_at:
            words[:] = model(701, {"W": 2000, "WL1": 500, "WL3": 700, "W_SF": 0})

    device = Registers(model(701, {"W": 200, "WL1": 50, "WL3": 70, "W_SF": 1}), change)
    try:
        found = read(device.ask, device.words, ("W", "WL1", "WL3"), most=most)
    except Nonsense:
        return

    assert found is not None
    assert found.numbers == {"W": 2000.0, "WL1": 500.0, "WL3": 700.0}


@given(st.sampled_from(sorted(MODELS)), st.integers(1, 400), st.data())
def test_whatever_a_device_sends_is_finite_numbers_or_a_device_error(
    model_id: int, length: int, draw: st.DataObject
) -> None:
    body = draw.draw(st.binary(min_size=2 * length, max_size=2 * length) | st.just(b"\xff" * 2 * length))
    words = [model_id, length, *struct.unpack(f">{length}H", body)]
    try:
        found = read(Registers(words).ask, words)
    except DeviceError:
        return

    assert found is None or all(math.isfinite(number) for number in found.numbers.values())


@given(st.sampled_from(sorted(MODELS)), st.integers(0, 4), st.data())
def test_what_is_not_available_is_never_a_number(model_id: int, copies: int, draw: st.DataObject) -> None:
    layout = MODELS[model_id]
    counts: Mapping[str, int] = dict.fromkeys(layout.counts, copies)
    stated = draw.draw(st.dictionaries(st.sampled_from(sorted(layout.fields)), st.integers(1, 9), max_size=4))
    known = {name: value for name, value in stated.items() if layout.fields[name].type != "string"} | dict(counts)
    words = model(model_id, {name: float(value) for name, value in known.items()})

    found = answer_of(words)

    assert found.numbers.keys() <= known.keys()


@pytest.mark.parametrize(("kind", "patterns"), [(kind, patterns) for kind, (_, patterns) in NOT_AVAILABLE.items()])
def test_patterns_are_those_of_the_facts(kind: str, patterns: tuple[int, ...]) -> None:
    bits = int(kind[-2:]) if kind[-2:].isdigit() else 16
    signed = kind in {"int16", "int32", "int64", "sunssf", "pad"}
    accumulators = kind.startswith("acc")
    expected = () if kind in {"raw16", "string"} or kind.startswith("float") else (0,)
    if expected and not accumulators:
        expected = (1 << bits - 1,) if signed else ((1 << bits) - 1,)

    assert patterns == expected


@pytest.mark.parametrize("words", [(0x7FC0, 0), (0xFFC0, 0), (0x7F80, 1), (0x7F80, 0), (0xFF80, 0)])
def test_no_float_that_is_no_number_is_one(words: tuple[int, int]) -> None:
    device = model(113, {"W": 1.0})
    device[22:24] = words

    assert "W" not in answer_of(device).numbers


@pytest.mark.parametrize("exponent", [0x8000, 11, 0xFFF5, 0x7FFF])
def test_a_value_with_an_impossible_exponent_is_unknown(exponent: int) -> None:
    device = model(103, {"W": 690, "W_SF": 0})
    device[15] = exponent

    assert "W" not in answer_of(device, ("W",)).numbers


def test_a_value_whose_exponent_lies_behind_the_end_is_unknown() -> None:
    words = model(701, {"W": 100, "W_SF": 1, "InvSt": 3})[:100]
    words[1] = 98

    assert answer_of(words, ("W", "InvSt")).numbers == {"InvSt": 3.0}


@pytest.mark.parametrize(("place", "word"), [(0, 111), (1, 51)])
def test_another_model_or_length_there_is_no_answer(place: int, word: int) -> None:
    words = model(103, {"W": 690, "W_SF": 0})
    reader = ModelReader(Model(id=103, header=HEADER, length=50), INVERTERS[0], ("W",))
    words[place] = word

    assert asyncio.run(reader.read(Registers(words).ask)) is None


def test_another_number_of_modules_is_no_answer() -> None:
    words = strings(4)
    reader = ModelReader(Model(id=160, header=HEADER, length=words[1]), STRINGS, ("module.DCW",), {"N": 2})

    assert asyncio.run(reader.read(Registers(words).ask)) is None


def test_ports_are_told_apart() -> None:
    ports = {1: (0, 310), 2: (1, -120), 3: (1, -30)}
    kinds = {f"Prt.{number}.PrtTyp": kind for number, (kind, _) in ports.items()}
    watts = {f"Prt.{number}.DCW": power_w for number, (_, power_w) in ports.items()}
    words = model(714, {"NPrt": 3, "DCW_SF": 1, **kinds, **watts})
    found = answer_of(words, ("Prt.PrtTyp", "Prt.DCW"))

    assert list(found.copies("Prt")) == ["Prt.1", "Prt.2", "Prt.3"]
    assert found.numbers["Prt.2.DCW"] == -1200.0
    assert PORTS.counts == {"NPrt"}


@given(st.lists(WORDS, min_size=2, max_size=400))
def test_a_model_that_lies_about_its_length_is_read_or_refused(body: list[int]) -> None:
    words = [160, len(body) + 50, *body]
    try:
        found = read(Registers(words).ask, words)
    except DeviceError:
        return

    assert found is None or all(math.isfinite(number) for number in found.numbers.values())
