"""SML: frames, trees and numbers, by examples and by laws that hold whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.library import profile
from ems.devices.obis_profile import SmlProfile
from ems.devices.p1.speaking import Spoken
from ems.devices.p1.telegram import BadTelegram, Told
from ems.devices.sml.stream import (
    BEGIN,
    ESCAPE,
    MOST_BYTES,
    PIECE_BYTES,
    SmlFrame,
    SmlStream,
    checksum,
    framed,
    other_checksum,
)
from ems.devices.sml.telegram import read_messages
from ems.devices.sml.tongue import STANDS_AFTER, SmlTongue
from ems.devices.sml.tree import DEEPEST, read_node
from ems.sim.wire.sml_telegrams import NOTHING, VALUES, entry, frame_of, listed, message, number, sml_of, text

FOUND = profile("sml_head")
assert isinstance(FOUND, SmlProfile)
HEAD: SmlProfile = FOUND
HOUSE = {"power": 1840.0, "power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0, "energy_import": 1234.5}
POWER = "1-0:16.7.0"
CONTENTS = st.lists(st.binary(max_size=30) | st.sampled_from([ESCAPE, ESCAPE[:3], ESCAPE * 2, BEGIN]), max_size=8).map(
    lambda parts: b"".join(parts) + b"\0"
)


def in_pieces(content: bytes, cuts: list[int]) -> list[SmlFrame | BadTelegram]:
    """What a stream finds in it, fed in pieces that end at the cuts."""
    stream = SmlStream()
    ends = sorted(cut % (len(content) + 1) for cut in cuts)
    pieces = [content[begin:end] for begin, end in zip([0, *ends], [*ends, len(content)], strict=True)]
    return [found for piece in pieces for found in stream.feed(piece, 7.0)]


def spoken(*frames: bytes) -> list[Spoken | BadTelegram]:
    tongue = SmlTongue(HEAD)
    return [found for frame in frames for found in tongue.feed(frame, 7.0)]


def numbers(*entries: bytes) -> dict[str, Told]:
    (frame,) = in_pieces(frame_of(entries, None), [])
    assert isinstance(frame, SmlFrame)
    return dict(read_messages(frame.content).numbers)


def test_the_checksums_are_the_known_ones() -> None:
    assert checksum(b"123456789") == 0x906E
    assert other_checksum(b"123456789") == 0x2189


@given(CONTENTS, st.lists(st.integers(0, 2000), max_size=6), st.binary(max_size=40))
def test_every_frame_comes_back_in_whatever_pieces_it_comes(content: bytes, cuts: list[int], before: bytes) -> None:
    noise = before.replace(b"\x1b", b"")

    assert in_pieces(noise + framed(content) * 2, cuts) == [SmlFrame(content, 7.0)] * 2


@given(CONTENTS, st.data())
def test_a_frame_that_is_cut_is_never_read_and_the_next_one_is(content: bytes, data: st.DataObject) -> None:
    frame = framed(content)
    cut = frame[: data.draw(st.integers(1, len(frame) - 1))]
    found = in_pieces(cut + framed(b"next\0") + framed(b"last\0"), [])

    assert found[-1] == SmlFrame(b"last\0", 7.0)
    good = [each.content for each in found if isinstance(each, SmlFrame)]
    assert set(good) <= {b"next\0", b"last\0"}


@given(CONTENTS, st.data())
def test_one_wrong_bit_never_gives_another_frame(content: bytes, data: st.DataObject) -> None:
    frame = bytearray(framed(content))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert not [each for each in in_pieces(bytes(frame), []) if isinstance(each, SmlFrame)]


@given(st.lists(st.binary(max_size=300) | st.sampled_from([BEGIN, ESCAPE, framed(b"\0")]), max_size=20))
def test_whatever_comes_is_bounded_and_never_fails(pieces: list[bytes]) -> None:
    stream, tongue = SmlStream(), SmlTongue(HEAD)
    for piece in pieces:
        list(stream.feed(piece, 0.0))
        list(tongue.feed(piece, 0.0))

    assert len(stream._held) <= MOST_BYTES + PIECE_BYTES


@given(st.binary(max_size=400))
def test_no_content_of_a_frame_makes_the_parser_fail(content: bytes) -> None:
    assert all(isinstance(each, Spoken | BadTelegram) for each in spoken(framed(content + b"\0")))


@given(st.data())
def test_no_damage_inside_of_a_right_frame_makes_the_parser_fail(data: st.DataObject) -> None:
    (frame,) = in_pieces(sml_of(HEAD, HOUSE, 1000), [])
    assert isinstance(frame, SmlFrame)
    content = bytearray(frame.content)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    assert all(isinstance(each, Spoken | BadTelegram) for each in spoken(framed(bytes(content[:-1]) + b"\0")))


def test_what_never_ends_is_said_and_the_next_frame_is_read() -> None:
    stream = SmlStream()
    said = [str(found) for piece in (BEGIN, *[b"\x01" * 4000] * 4) for found in stream.feed(piece, 0.0)]
    between = [str(found) for piece in [b"\x02" * 4000] * 4 for found in stream.feed(piece, 0.0)]

    assert "a telegram without an end in 8192 bytes" in said
    assert "8192 bytes without a telegram" in between
    assert [*stream.feed(framed(b"\0"), 0.0)] == [SmlFrame(b"\0", 0.0)]


def test_a_house_on_three_phases_is_read_with_its_signs() -> None:
    (told,) = spoken(sml_of(HEAD, HOUSE, 1000))

    assert isinstance(told, Spoken)
    assert told.values == pytest.approx(HOUSE)
    assert (told.stamp_s, told.began_at_s) == (1000.0, 7.0)


@given(st.floats(-60_000, 60_000), st.integers(-3, 2), st.integers(2, 8))
def test_power_comes_back_with_its_sign_whatever_scale_and_size(watts: float, scaler: int, size: int) -> None:
    raw = round(watts / 10**scaler)
    most = 2 ** (8 * size - 1) - 1
    raw = max(-most, min(most, raw))

    told = numbers(entry(POWER, 27, scaler, number(raw, size, signed=True)))[POWER]

    assert told.value == pytest.approx(raw * 10**scaler)
    assert (told.unit, told.decimals) == ("W", max(0, -scaler))


@pytest.mark.parametrize(
    ("unit", "code", "value", "ours"),
    [
        (30, "1-0:1.8.0", 12_345, "kWh"),
        (33, "1-0:31.7.0", 12, "A"),
        (35, "1-0:32.7.0", 230, "V"),
        (44, "1-0:14.7.0", 50, "Hz"),
    ],
)
def test_units_become_ours(unit: int, code: str, value: int, ours: str) -> None:
    told = numbers(entry(code, unit, 0, number(value, 4, signed=False)))[code]

    assert told.unit == ours
    assert told.value == pytest.approx(value / 1000 if ours == "kWh" else value)


def test_entries_that_are_not_for_us_or_hold_no_number_tell_nothing() -> None:
    twice = [entry(POWER, 27, 0, number(watts, 2, signed=True)) for watts in (100, 200)]
    (frame,) = in_pieces(frame_of([*twice, entry("1-0:36.7.0", 27, 99, number(1, 1, signed=True))], None), [])
    assert isinstance(frame, SmlFrame)
    reactive = entry("1-0:3.7.0", 29, 0, number(5, 1, signed=True))
    name = listed([text(b"\x81\x81\xc7\x82\x03\xff"), NOTHING, NOTHING, NOTHING, NOTHING, text(b"FWS"), NOTHING])

    assert numbers(reactive, name) == {}
    assert read_messages(frame.content).unclear == {POWER, "1-0:36.7.0"}
    (said,) = spoken(frame_of(twice, None))
    assert str(said) == f"a telegram with no clear number for {POWER}"


def test_a_power_in_another_unit_is_refused() -> None:
    (said,) = spoken(frame_of([entry(POWER, 30, 0, number(5, 1, signed=True))], None))

    assert str(said) == f"a telegram with kWh for {POWER}"


@pytest.mark.parametrize(("status", "watts"), [(0x104, 200.0), (0x904, -56.0), (0x105, -56.0), (0x8000_0104, -56.0)])
def test_an_import_that_a_dzg_sends_as_if_it_had_a_sign_is_read_by_its_status(status: int, watts: float) -> None:
    code = b"\x0a\x01DZG\x00\x03\x81\x9a\x20"
    meter = listed([text(b"\x01\x00\x60\x01\x00\xff"), NOTHING, NOTHING, NOTHING, NOTHING, text(code), NOTHING])
    counted = entry("1-0:1.8.0", 30, 0, number(9, 1, signed=False), status=number(status, 4, signed=False))
    told = numbers(meter, counted, entry(POWER, 27, 0, b"\x52\xc8"))[POWER]
    others = numbers(counted, entry(POWER, 27, 0, b"\x52\xc8"))[POWER]

    assert told.value == watts
    assert others.value == -56.0


def test_a_message_with_the_other_checksum_is_read_and_with_a_wrong_one_it_is_not() -> None:
    whole = message(1, VALUES, listed([NOTHING, NOTHING, NOTHING, NOTHING, listed([]), NOTHING, NOTHING]))
    body = whole[:-4]
    other = body + b"\x63" + other_checksum(body).to_bytes(2, "little") + b"\0"

    assert read_messages(other).numbers == {}
    with pytest.raises(BadTelegram, match="message whose checksum is wrong"):
        read_messages(body + b"\x63\0\0\0")
    with pytest.raises(BadTelegram, match="does not end"):
        read_messages(whole[:-1] + b"\x01")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends within a value"),
        (b"\x83\x81", "ends within a value"),
        (b"\x81\x71", "ends within a value"),
        (b"\x00", "length that cannot be"),
        (b"\x65\x01", "length that cannot be"),
        (b"\x61", "value of no known type"),
        (b"\x6a" + bytes(9), "value of no known type"),
        (b"\x12\x00", "value of no known type"),
        (b"\x71" * (DEEPEST + 1) + b"\x01", "lists too deep"),
        (b"\x7f\x01", "ends within a value"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(BadTelegram, match=words):
        read_node(content, 0)


def test_a_long_text_has_its_length_in_two_bytes() -> None:
    assert read_node(b"\x81\x02" + b"a" * 16, 0) == (b"a" * 16, 18)


def test_a_clock_that_stands_while_telegrams_go_on_is_no_clock() -> None:
    frames = [frame_of([entry(POWER, 27, 0, number(watts, 2, signed=True))], 77, watts) for watts in range(9)]
    stamps = [told.stamp_s for told in spoken(*frames) if isinstance(told, Spoken)]
    again = [told.stamp_s for told in spoken(*[frames[0]] * 9) if isinstance(told, Spoken)]

    assert stamps == [77.0] * STANDS_AFTER + [None] * (9 - STANDS_AFTER)
    assert again == [77.0] * 9
