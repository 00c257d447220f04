"""Points into block reads, and blocks back into numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.register_map import Block, decode_block, plan
from ems.devices.modbus.register_point import MAX_READ, RegisterPoint
from ems.devices.modbus.register_types import RegisterType, WordOrder, encode

NUMBERS = [kind for kind in RegisterType if kind is not RegisterType.STRING]
points = st.builds(
    RegisterPoint,
    function=st.sampled_from(["input", "holding"]),
    address=st.integers(0, 400),
    type=st.sampled_from(NUMBERS),
)
maps = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), points, max_size=30)
limits = st.integers(4, MAX_READ)
gaps = st.integers(0, 60)


def point(address: int, kind: RegisterType = RegisterType.FLOAT32, **more: object) -> RegisterPoint:
    row = {"function": "input", "address": address, "type": kind, **more}
    return RegisterPoint.model_validate(row)


@given(maps, limits, gaps)
def test_every_point_is_read_exactly_once_and_whole(
    chosen: dict[str, RegisterPoint], max_registers: int, max_gap: int
) -> None:
    blocks = plan(chosen, max_registers=max_registers, max_gap=max_gap)

    assert sorted(name for block in blocks for name in block.names) == sorted(chosen)
    for block in blocks:
        for name in block.names:
            assert block.function == chosen[name].function
            assert block.address <= chosen[name].address
            assert chosen[name].end <= block.address + block.count


@given(maps, limits, gaps)
def test_no_read_is_longer_than_the_device_allows(
    chosen: dict[str, RegisterPoint], max_registers: int, max_gap: int
) -> None:
    assert all(block.count <= max_registers for block in plan(chosen, max_registers=max_registers, max_gap=max_gap))


@given(maps, limits, gaps)
def test_no_read_bridges_more_than_allowed(chosen: dict[str, RegisterPoint], max_registers: int, max_gap: int) -> None:
    for block in plan(chosen, max_registers=max_registers, max_gap=max_gap):
        used = {register for name in block.names for register in range(chosen[name].address, chosen[name].end)}
        longest = unused = 0
        for register in range(block.address, block.address + block.count):
            unused = 0 if register in used else unused + 1
            longest = max(longest, unused)
        assert longest <= max_gap


@given(maps, limits)
def test_bridging_never_costs_a_request(chosen: dict[str, RegisterPoint], max_registers: int) -> None:
    bridged = plan(chosen, max_registers=max_registers, max_gap=60)

    assert len(bridged) <= len(plan(chosen, max_registers=max_registers))


@given(st.floats(-1e6, 1e6, width=32), st.sampled_from(WordOrder), st.integers(0, 5))
def test_a_number_is_found_in_the_middle_of_a_block(value: float, order: WordOrder, before: int) -> None:
    chosen = {"power": point(100 + before, word_order=order)}
    block = Block(function="input", address=100, count=before + 2, names=("power",))
    registers = (0xDEAD,) * before + encode(value, RegisterType.FLOAT32, order)

    assert decode_block(block, registers, chosen) == {"power": value}


def test_scale_and_sign_make_it_ours() -> None:
    chosen = {"power": point(0, RegisterType.INT16, scale=0.1, sign=-1)}
    (block,) = plan(chosen)

    assert decode_block(block, (250,), chosen) == {"power": pytest.approx(-25.0)}


def test_what_is_not_available_is_absent() -> None:
    chosen = {"a": point(0, RegisterType.UINT16, not_available=(0xFFFF,)), "b": point(1, RegisterType.UINT16)}
    (block,) = plan(chosen)

    assert decode_block(block, (0xFFFF, 7), chosen) == {"b": 7}


def test_a_point_longer_than_a_read_is_refused() -> None:
    with pytest.raises(ValueError, match="power takes 4 registers; the device gives 2 per read"):
        plan({"power": point(0, RegisterType.FLOAT64)}, max_registers=2)


@pytest.mark.parametrize(
    "row",
    [
        {"function": "input", "address": 0, "type": "string"},
        {"function": "input", "address": 0, "type": "int16", "length": 2},
        {"function": "input", "address": 65535, "type": "int32"},
        {"function": "coil", "address": 0, "type": "int16"},
        {"function": "input", "address": 0, "type": "int16", "factor": 10},
        {"function": "input", "address": 0, "type": "int16", "sign": 0},
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="RegisterPoint"):
        RegisterPoint.model_validate(row)
