"""No byte that goes wrong on its way makes a good answer another one, as far as its carrier can tell.

RTU frames have a checksum: any byte that changes is noticed. Modbus TCP has none, it relies on TCP's: a register that
changes there cannot be told from the truth by the frame, so only what the numbers mean stands against it
(`plausibility`). Everything else in its frame is checked.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.framer.base import FramerBase
from pymodbus.pdu import DecodePDU

from ems.devices.modbus.frames import frame_fault, rtu_frame_fault

UNIT, FUNCTION, TRANSACTION = 3, 4, 258
WORDS = (2300, 65_535, 0, 17)
DATA_FROM = 9
"""Of a TCP frame: header, function, size."""

Words = tuple[int, ...]


def told(words: Words) -> bytes:
    return bytes([UNIT, FUNCTION, 2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words)


def tcp(words: Words) -> bytes:
    body = told(words)
    return TRANSACTION.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body


def rtu(words: Words) -> bytes:
    body = told(words)
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


def taken(framer: FramerBase, packet: bytes, transaction: int) -> Words | None:
    """What the library would make of a packet that passed our checks; None for nothing, or a refusal."""
    _, pdu = framer.handleFrame(packet, UNIT, transaction)
    return None if pdu is None or pdu.isError() else tuple(pdu.registers)


def read_tcp(packet: bytes, count: int = len(WORDS)) -> Words | None:
    """The registers of a good answer; None for one that is not taken."""
    if frame_fault(packet, FUNCTION, count) is not None:
        return None
    return taken(FramerSocket(DecodePDU(False)), packet, TRANSACTION)


def read_rtu(packet: bytes, count: int = len(WORDS)) -> Words | None:
    """The same over RTU."""
    if rtu_frame_fault(packet, UNIT, FUNCTION, count) is not None:
        return None
    return taken(FramerRTU(DecodePDU(False)), packet, 0)


def changed(frame: bytes, at: int, by: int) -> bytes:
    return frame[:at] + bytes([frame[at] ^ by]) + frame[at + 1 :]


def test_a_good_answer_is_read() -> None:
    assert read_tcp(tcp(WORDS)) == read_rtu(rtu(WORDS)) == WORDS


@pytest.mark.parametrize("at", range(len(rtu(WORDS))))
def test_over_rtu_no_changed_byte_makes_an_answer(at: int) -> None:
    assert {read_rtu(changed(rtu(WORDS), at, by)) for by in range(1, 256)} == {None}


@pytest.mark.parametrize("at", range(DATA_FROM))
def test_over_tcp_no_changed_byte_before_the_registers_makes_an_answer(at: int) -> None:
    assert {read_tcp(changed(tcp(WORDS), at, by)) for by in range(1, 256)} == {None}


@given(st.integers(DATA_FROM, len(tcp(WORDS)) - 1), st.integers(1, 255))
def test_over_tcp_a_changed_register_is_for_plausibility_to_find(at: int, by: int) -> None:
    """Said here so that nobody believes in a check that is not there: the frame itself stays valid in every respect."""
    read = read_tcp(changed(tcp(WORDS), at, by))

    assert read is not None
    assert read != WORDS


@given(st.lists(st.tuples(st.integers(0, len(rtu(WORDS)) - 1), st.integers(0, 255)), max_size=2))
def test_over_rtu_two_changed_bytes_are_noticed_too(changes: list[tuple[int, int]]) -> None:
    frame = rtu(WORDS)
    for at, by in changes:
        frame = changed(frame, at, by)

    assert read_rtu(frame) == (WORDS if frame == rtu(WORDS) else None)


@given(st.integers(1, len(rtu(WORDS))), st.binary(max_size=3))
def test_an_answer_that_lost_or_gained_bytes_is_none(lost: int, more: bytes) -> None:
    assert read_tcp(tcp(WORDS)[:-lost]) is None
    assert read_rtu(rtu(WORDS)[:-lost]) is None
    if more:
        assert read_rtu(rtu(WORDS) + more) is None
        # Whatever follows a whole TCP frame is another one, and none of ours.
        assert read_tcp(tcp(WORDS) + more) == WORDS


@given(st.binary(max_size=40), st.integers(1, 20))
def test_no_bytes_at_all_are_registers_that_were_not_asked_for(packet: bytes, count: int) -> None:
    for read in (read_tcp(packet, count), read_rtu(packet, count)):
        assert read is None or len(read) == count


def test_an_answer_without_a_number_is_nobodys() -> None:
    assert frame_fault(b"\0\0" + tcp(WORDS)[2:], FUNCTION, len(WORDS)) == "it does not say which question it answers"
