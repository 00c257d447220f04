"""The tables of SunSpec models: where every point is, whatever a device says of its groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.register_types import scaled
from ems.devices.sunspec.layout import HEADER_REGISTERS, NOT_AVAILABLE, Field, Layout
from ems.devices.sunspec.models import INVERTERS, METERS, MODELS, STATES, STRINGS
from ems.devices.sunspec.notation import layouts

LENGTHS = (
    {1: 66, 101: 50, 102: 50, 103: 50, 111: 60, 112: 60, 113: 60}
    | {120: 26, 121: 30, 122: 44, 123: 24, 124: 24, 160: 28}
    | {201: 105, 202: 105, 203: 105, 204: 105, 211: 124, 212: 124, 213: 124, 214: 124}
    | {701: 153, 702: 50, 703: 17, 704: 65, 705: 25, 706: 20, 707: 20, 708: 20, 709: 23, 710: 23, 711: 22, 712: 18}
    | {713: 7, 714: 43, 802: 62}
)
"""Registers of every model behind its header, with one copy of every group (`sunspec_models.yaml`)."""

COPIES = st.integers(0, 12)


def once(layout: Layout) -> dict[str, int]:
    return dict.fromkeys(layout.counts, 1)


def test_all_models_of_the_facts_are_there() -> None:
    assert MODELS.keys() == LENGTHS.keys()


@pytest.mark.parametrize("model_id", MODELS)
def test_every_model_is_as_long_as_its_points(model_id: int) -> None:
    fields = MODELS[model_id].arranged(1000, once(MODELS[model_id]))

    assert max(field.end for field in fields.values()) == HEADER_REGISTERS + LENGTHS[model_id]


@pytest.mark.parametrize(
    "layout", list({layout.ids: layout for layout in MODELS.values()}.values()), ids=lambda each: str(each.ids[0])
)
def test_every_exponent_is_a_point_of_its_model_that_stands_once(layout: Layout) -> None:
    fields = layout.arranged(1000, once(layout)).values()
    exponents = {field.scale_factor for field in fields if isinstance(field.scale_factor, str)}

    assert all(layout.fields[name].type == "sunssf" for name in exponents)


@pytest.mark.parametrize(
    "layout", list({layout.ids: layout for layout in MODELS.values()}.values()), ids=lambda each: str(each.ids[0])
)
def test_every_count_is_a_whole_number_that_stands_once(layout: Layout) -> None:
    assert all(layout.fields[name].type in {"count", "uint16"} for name in layout.counts)


def test_states_are_told_of_points_that_there_are() -> None:
    for model_id, path in STATES:
        layout = MODELS[model_id]
        assert path in {field.path for field in layout.arranged(1000, once(layout)).values()}


@given(st.sampled_from(sorted(MODELS)), st.integers(0, 1000), st.data())
def test_points_lie_inside_their_model_and_never_on_each_other(model_id: int, length: int, draw: st.DataObject) -> None:
    layout = MODELS[model_id]
    counts = {name: draw.draw(st.none() | COPIES | st.integers(0, 0xFFFE)) for name in sorted(layout.counts)}
    fields = layout.arranged(length, {name: count for name, count in counts.items() if count is not None})

    taken = [cell for field in fields.values() for cell in range(field.offset, field.end)]
    assert len(taken) == len(set(taken))
    assert all(HEADER_REGISTERS <= cell < HEADER_REGISTERS + length for cell in taken)
    assert all(field.name == name for name, field in fields.items())


@given(st.integers(0, 30), st.integers(0, 40))
def test_modules_are_as_many_as_the_device_says_and_its_model_has_room_for(said: int, room: int) -> None:
    fields = STRINGS.arranged(8 + 20 * room, {"N": said})

    assert sum(field.path == "module.DCW" for field in fields.values()) == min(said, room)


def test_a_device_that_does_not_say_how_many_modules_it_has_has_as_many_as_its_model_is_long() -> None:
    fields = STRINGS.arranged(8 + 20 * 3, {})

    assert [name for name, field in fields.items() if field.path == "module.DCW"] == [
        f"module.{number}.DCW" for number in (1, 2, 3)
    ]


def test_curves_lie_behind_each_other_with_all_their_points() -> None:
    fields = MODELS[705].arranged(200, {"NPt": 4, "NCrv": 3})

    assert fields["Crv.1.Pt.1.V"].offset == 25
    assert fields["Crv.2.ActPt"].offset == 15 + 10 + 4 * 2
    assert fields["Crv.3.Pt.4.Var"].offset == 15 + 3 * (10 + 4 * 2) - 1


def test_a_curve_of_unknown_size_is_left_out() -> None:
    fields = MODELS[707].arranged(200, {"NCrvSet": 2})

    assert not any(name.startswith("Crv") for name in fields)


def test_a_trip_has_three_lists_of_points() -> None:
    fields = MODELS[709].arranged(200, {"NPt": 2, "NCrvSet": 1})

    assert fields["Crv.1.MustTrip.Pt.2.Hz"].offset == 15
    assert fields["Crv.1.MayTrip.ActPt"].offset == 19
    assert fields["Crv.1.MomCess.Pt.2.Tms"].offset == 35


@pytest.mark.parametrize("layout", [*INVERTERS, *METERS], ids=lambda each: str(each.ids[0]))
def test_a_shorter_revision_loses_only_its_end(layout: Layout) -> None:
    whole = layout.arranged(1000, {})
    short = layout.arranged(20, {})

    assert short == {name: field for name, field in whole.items() if field.end <= HEADER_REGISTERS + 20}


@pytest.mark.parametrize("kind", NOT_AVAILABLE)
def test_every_type_has_a_place(kind: str) -> None:
    point = Field(name="X", offset=2, type=kind, length=4 if kind == "string" else None).at(40000)

    assert point.count == {"16": 1, "32": 2, "64": 4}.get(kind[-2:], 4 if kind == "string" else 1)


@pytest.mark.parametrize(
    "text",
    [
        "\nmodel 1: x\n2 A uint16 · 4 B uint16",
        "\nmodel 1: x\n2 A uint17",
        "\nmodel 1: x\n2 A uint16 *A_SF *B_SF",
        "\nmodel 1: x\n2 A uint16 A V",
        "\nmodel 1: x\ngroup G N\n3 A uint16",
    ],
)
def test_what_is_not_in_the_notation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"A|B"):
        list(layouts(text))


def test_a_constant_exponent_is_a_number() -> None:
    (layout,) = layouts("\nmodel 9: x\n2 A uint16 *-2 V rw · 3 B int16")

    assert (layout.fields["A"].scale_factor, layout.fields["A"].writable) == (-2, True)
    assert layout.fields["B"].scale_factor is None


@given(st.integers(-(2**31), 2**31), st.integers(-10, 10))
def test_scaling_is_a_power_of_ten(value: int, exponent: int) -> None:
    assert scaled(value, exponent) == pytest.approx(value * 10.0**exponent)
    assert scaled(6900, -1) == 690.0
