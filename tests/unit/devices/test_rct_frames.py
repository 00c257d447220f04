"""RCT Power's frames: what they are by public examples, and the laws that hold whatever comes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.rct.frames import (
    ANSWER,
    ESCAPE,
    LONG_ANSWER,
    MOST_BYTES,
    READ,
    START,
    Damaged,
    Frame,
    FrameStream,
    answer_with,
    checksum,
    request_for,
    written,
)

BATTERY_W = 0x400F015B
OBJECT_IDS = st.integers(0, 0xFFFF_FFFF) | st.lists(st.sampled_from([START, ESCAPE]), min_size=4, max_size=4).map(
    lambda each: int.from_bytes(bytes(each), "big")
)
FRAMES = st.builds(Frame, st.sampled_from([READ, ANSWER]), OBJECT_IDS, st.binary(max_size=200)) | st.builds(
    Frame, st.just(LONG_ANSWER), OBJECT_IDS, st.binary(max_size=600)
)


def in_pieces(content: bytes, cuts: list[int]) -> list[Frame | Damaged]:
    """What a stream finds in it, fed in pieces that end at the cuts."""
    stream = FrameStream()
    ends = sorted(cut % (len(content) + 1) for cut in cuts)
    pieces = [content[begin:end] for begin, end in zip([0, *ends], [*ends, len(content)], strict=True)]
    return [found for piece in pieces for found in stream.feed(piece)]


@pytest.mark.parametrize(
    ("object_id", "wire"),
    [(BATTERY_W, "2B 01 04 40 0F 01 5B 58 B4"), (0xDB2D69AE, "2B 01 04 DB 2D 2D 69 AE 55 AB")],
)
def test_a_question_is_written_as_others_write_it(object_id: int, wire: str) -> None:
    assert request_for(object_id) == bytes.fromhex(wire)


def test_the_checksum_is_the_known_one_and_an_odd_number_of_bytes_is_filled_up() -> None:
    assert checksum(b"12345678") == 0xA12B
    assert checksum(b"123456789") == checksum(b"123456789\0")


@given(FRAMES, st.lists(st.integers(0, 2000), max_size=6), st.binary(max_size=40))
def test_every_frame_comes_back_in_whatever_pieces_it_comes(frame: Frame, cuts: list[int], before: bytes) -> None:
    noise = bytes(byte for byte in before if byte not in {START, ESCAPE})

    assert in_pieces(noise + written(frame) + written(frame), cuts) == [frame, frame]


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_may_stand_anywhere(byte: int) -> None:
    frame = Frame(ANSWER, int.from_bytes(bytes([byte]) * 4, "big"), bytes([byte]) * 9)

    assert in_pieces(written(frame), [5, 6, 7, 8]) == [frame]


@given(FRAMES)
def test_a_start_sign_stands_alone_at_the_beginning_only(frame: Frame) -> None:
    wire = written(frame)[1:]
    plain, at = 0, 0
    while at < len(wire):
        plain += wire[at] == START
        at += 2 if wire[at] == ESCAPE else 1

    assert plain == 0


@given(FRAMES, st.data())
def test_a_frame_that_is_cut_is_lost_and_the_next_one_is_read(frame: Frame, data: st.DataObject) -> None:
    wire = written(frame)
    cut = wire[: data.draw(st.integers(1, len(wire) - 1))]
    # An escape that lost its byte takes the next one: that frame is lost too.
    escapes = len(cut) - len(cut.rstrip(bytes([ESCAPE])))
    found = in_pieces(cut + written(frame) + written(frame), [])

    assert found[-1] == frame
    assert [each for each in found if isinstance(each, Frame)] in ([frame], [frame, frame])
    assert escapes or isinstance(found[0], Damaged)


@given(FRAMES, st.data())
def test_one_wrong_bit_never_gives_another_frame(frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(written(frame))
    wire[data.draw(st.integers(1, len(wire) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert all(isinstance(each, Damaged) or each == frame for each in in_pieces(bytes(wire) + written(frame), []))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_whatever_comes_is_bounded_and_never_fails(pieces: list[bytes]) -> None:
    stream = FrameStream()
    for piece in pieces:
        list(stream.feed(piece))

    assert len(stream._held or b"") <= MOST_BYTES + 5


def test_frames_that_nobody_knows_or_that_never_end_are_damaged_at_once() -> None:
    (unknown,) = in_pieces(bytes([START, 0x3C, 1, 2, 3]), [])
    (endless,) = in_pieces(bytes([START, LONG_ANSWER, 0xFF, 0xFF]), [])
    (empty,) = in_pieces(bytes([START, ANSWER, 3]), [])

    assert unknown == Damaged("a frame with a command that nobody knows")
    assert endless == Damaged("a frame of 65535 bytes")
    assert empty == Damaged("a frame of 3 bytes")


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (struct.pack(">f", -1234.5), -1234.5),
        (struct.pack(">f", float("nan")), None),
        (struct.pack(">f", float("-inf")), None),
        (b"\0\0\0", None),
        (b"", None),
    ],
)
def test_only_a_finite_float_is_a_number(content: bytes, number: float | None) -> None:
    assert Frame(ANSWER, BATTERY_W, content).number == number


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_exactly(value: float) -> None:
    (found,) = in_pieces(answer_with(BATTERY_W, value), [])

    assert isinstance(found, Frame)
    assert found.number == value
