"""The tables of SunSpec models, and what is read of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.register_point import MAX_READ
from ems.devices.modbus.register_types import scaled
from ems.devices.sunspec.chain import Model, ModelReader
from ems.devices.sunspec.models import COMMON, INVERTERS, METERS, STRINGS, Layout

LENGTHS = {1: 66, 101: 50, 111: 60, 160: 108, 201: 105, 211: 124}
LAYOUTS = (COMMON, *INVERTERS, *METERS, STRINGS)


def reader(layout: Layout, names: list[str] | None = None, *, length: int = 0) -> ModelReader:
    first = layout.ids[0]
    return ModelReader(Model(id=first, header=40070, length=length or LENGTHS[first]), layout, names)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.ids))
def test_no_point_lies_behind_the_end_of_its_model_and_none_overlap(layout: Layout) -> None:
    used: set[int] = set()
    for field in layout.fields.values():
        registers = set(range(field.offset, field.offset + field.at(0).count))
        assert not used & registers
        assert max(registers) < 2 + LENGTHS[layout.ids[0]]
        used |= registers


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.ids))
def test_every_scale_factor_is_in_the_table(layout: Layout) -> None:
    factors = {field.scale_factor for field in layout.fields.values() if field.scale_factor}

    assert all(layout.fields[factor].type == "sunssf" for factor in factors)


@pytest.mark.parametrize("layout", [*INVERTERS, *METERS], ids=lambda layout: str(layout.ids))
def test_a_sample_and_its_scale_factors_are_one_read(layout: Layout) -> None:
    (block,) = reader(layout, [theirs for theirs, _ in layout.points.values()]).blocks

    assert block.address == 40070
    assert block.count <= MAX_READ


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.ids))
def test_no_read_is_longer_than_modbus_allows(layout: Layout) -> None:
    assert all(block.count <= MAX_READ for block in reader(layout).blocks)


def test_a_shorter_revision_of_a_model_loses_only_its_end() -> None:
    (block,) = reader(INVERTERS[0], ["W", "St"], length=20).blocks

    assert set(block.names) == {"", "W", "W_SF"}


@given(st.integers(-(2**31), 2**31), st.integers(-10, 10))
def test_scaling_is_a_power_of_ten(value: int, exponent: int) -> None:
    assert scaled(value, exponent) == pytest.approx(value * 10.0**exponent)
    assert scaled(6900, -1) == 690.0
