"""What may reach the Modbus library and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.frames import frame_fault, is_cut_short, ours, rtu_answer


def frame(body: bytes, *, protocol: int = 0, length: int | None = None) -> bytes:
    size = len(body) + 1 if length is None else length
    return b"\x00\x01" + protocol.to_bytes(2, "big") + size.to_bytes(2, "big") + b"\x01" + body


GOOD = frame(b"\x04\x04\x00\x01\x00\x02")


def test_a_good_answer_passes() -> None:
    assert frame_fault(GOOD, function=4, count=2) is None


def test_the_start_of_a_good_answer_passes() -> None:
    assert all(frame_fault(GOOD[:end], function=4, count=2) is None for end in range(len(GOOD)))


def test_a_refusal_passes() -> None:
    assert frame_fault(frame(b"\x84\x02"), function=4, count=2) is None


@pytest.mark.parametrize(
    ("received", "fault"),
    [
        (b"HTTP/1.1 400 Bad Request", "not Modbus"),
        (frame(b"\x04\x04\x00\x01\x00\x02", length=2), "length"),
        (frame(b"\x04\x04\x00\x01\x00\x02", length=9000), "length"),
        (frame(b"\x03\x04\x00\x01\x00\x02"), "function 3"),
        (frame(b"\x04\x02\x00\x01"), "1 registers"),
        (frame(b"\x04\x04\x00\x01", length=7), None),
        (frame(b"\x04\x04\x00\x01", length=5), "2 registers"),
        (frame(b"\x84\x02\x00"), "exception is too long"),
    ],
)
def test_garbage_is_named(received: bytes, fault: str | None) -> None:
    found = frame_fault(received, function=4, count=2)

    assert found is None if fault is None else found is not None and fault in found


@given(st.binary(max_size=300), st.sampled_from([3, 4]), st.integers(1, 125))
def test_no_bytes_can_crash_the_check(received: bytes, function: int, count: int) -> None:
    assert isinstance(frame_fault(received, function, count), str | None)


ASKED = b"\x00\x07\x00\x00\x00\x06\x01\x04\x00\x0a\x00\x02"
ANSWER = b"\x00\x07" + GOOD[2:]
LATE = frame(b"\x03\x06\x00\x01\x00\x02\x00\x03")
"""An answer to another question, of another function and length."""


@pytest.mark.parametrize("before", [b"", LATE, LATE * 3, LATE + GOOD])
def test_answers_to_other_questions_are_left_out(before: bytes) -> None:
    assert ours(before + ANSWER, ASKED) == ANSWER
    assert ours(before + ANSWER[:5], ASKED) == ANSWER[:5]
    assert ours(before + LATE[:7], ASKED) == b""


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request", b"\0\0" + GOOD[2:], frame(b"\x04\x00", length=9000)])
def test_what_answers_no_question_at_all_stays_to_be_judged(garbage: bytes) -> None:
    assert ours(LATE + garbage, ASKED) == garbage


@given(st.binary(max_size=300), st.binary(min_size=12, max_size=12))
def test_leaving_out_adds_nothing(received: bytes, asked: bytes) -> None:
    assert received.endswith(ours(received, asked))
    assert received.endswith(rtu_answer(received, asked))


def test_a_datagram_holds_whole_frames() -> None:
    assert [is_cut_short(ANSWER[:end]) for end in range(len(ANSWER) + 1)] == [False, *[True] * (len(ANSWER) - 1), False]


RTU_ASKED = bytes([3, 3, 0, 10, 0, 2, 0xAA, 0xBB])
RTU_ANSWER = bytes([3, 3, 4, 0, 10, 0, 11, 0xCC, 0xDD])


@pytest.mark.parametrize(
    "before",
    [b"", b"\0", b"\xff", b"\0\xff\0", RTU_ASKED, b"\0" + RTU_ASKED + b"\xff"],
    ids=["nothing", "zero", "ones", "three bytes", "echo", "echo and noise"],
)
def test_noise_of_the_line_and_the_echo_of_the_question_are_no_part_of_an_rtu_answer(before: bytes) -> None:
    whole = before + RTU_ANSWER

    assert rtu_answer(whole, RTU_ASKED) == RTU_ANSWER
    assert all(RTU_ANSWER.startswith(rtu_answer(whole[:end], RTU_ASKED)) for end in range(len(whole)))


@pytest.mark.parametrize("garbage", [b"\0" * 4 + RTU_ANSWER, b"\x04" + RTU_ANSWER, RTU_ASKED[:-1] + b"\0" + RTU_ANSWER])
def test_other_bytes_before_an_rtu_answer_stay_to_be_judged(garbage: bytes) -> None:
    assert rtu_answer(garbage, RTU_ASKED) == garbage
