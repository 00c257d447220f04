"""What an answer on the wire must look like, checked before the Modbus library sees it. Pure.

Over TCP, UDP and TLS the frame is MBAP header (transaction, protocol 0, length, unit), function, data: Modbus messaging
on TCP/IP §3.1. An RTU frame is unit, function, data, checksum: Modbus over serial line §2.5.1.
"""

from __future__ import annotations

from typing import Final

from pymodbus.framer import FramerRTU

HEADER_BYTES: Final = 7
LENGTH_ENDS_AT: Final = 6
"""The length counts what follows it."""

LONGEST_FRAME_BYTES: Final = 260
UNNUMBERED: Final = b"\0\0"
"""Transaction 0 is never asked for, and the library would take it for any."""

EXCEPTION_BIT: Final = 0x80

LINE_NOISE: Final = b"\x00\xff"
"""What an RS-485 line looks like to an adapter while it changes hands; no unit answers as 0 or 255 there."""

MOST_NOISE_BYTES: Final = 3

EXCEPTION_NAMES: Final = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "acknowledge, still working",
    6: "busy",
    10: "gateway path unavailable",
    11: "gateway got no answer from the device",
}
"""Modbus application protocol §7."""


def ours(received: bytes, asked: bytes) -> bytes:
    """What may be the answer to the frame `asked`: answers to other questions before it, late or doubled, are left out.

    Of one that has not come whole nothing is left; what cannot be an answer to any question stays for `frame_fault`.
    """
    while len(received) >= LENGTH_ENDS_AT and received[:2] not in {asked[:2], UNNUMBERED}:
        length = int.from_bytes(received[4:LENGTH_ENDS_AT], "big")
        if received[2:4] != b"\0\0" or not 3 <= length <= LONGEST_FRAME_BYTES - LENGTH_ENDS_AT:
            break
        received = received[LENGTH_ENDS_AT + length :]
    return received


def is_cut_short(datagram: bytes) -> bool:
    """Whether a datagram, which holds whole frames always, ends within one."""
    return 0 < len(datagram) < LENGTH_ENDS_AT + int.from_bytes(datagram[4:LENGTH_ENDS_AT], "big")


def frame_fault(received: bytes, function: int, count: int) -> str | None:
    """What is wrong with the answer to a read of `count` registers; None while it may still become a good one.

    An answer to another transaction may be one that comes late, and is none of ours; that is for who counts them.
    """
    if len(received) < HEADER_BYTES + 2:
        return None
    if received[2:4] != b"\0\0":
        return "it is not Modbus"
    if received[:2] == UNNUMBERED:
        return "it does not say which question it answers"
    length = int.from_bytes(received[4:6], "big")
    if not 3 <= length <= LONGEST_FRAME_BYTES - LENGTH_ENDS_AT:
        return f"its length says {length} bytes"
    answered, size = received[HEADER_BYTES], received[HEADER_BYTES + 1]
    if answered == function | EXCEPTION_BIT:
        return None if length == 3 else "its exception is too long"
    if answered != function:
        return f"function {answered} answers function {function}"
    if size != 2 * count or length != 3 + size:
        return f"it holds {size // 2} registers where {count} were asked for"
    return None


def rtu_answer(received: bytes, asked: bytes) -> bytes:
    """What follows noise of the line and the echo of the frame `asked`, which some adapters give back."""
    received = _without_noise(received, asked[0])
    if asked.startswith(received):
        return b""
    return _without_noise(received.removeprefix(asked), asked[0])


def _without_noise(received: bytes, unit: int) -> bytes:
    if unit in LINE_NOISE:
        return received
    quiet = received.lstrip(LINE_NOISE)
    return quiet if len(received) - len(quiet) <= MOST_NOISE_BYTES else received


def rtu_frame_fault(received: bytes, unit: int, function: int, count: int) -> str | None:
    """What is wrong with an RTU answer to a read of `count` registers; None while it may still become a good one."""
    if not received:
        return None
    if received[0] != unit:
        return f"unit {received[0]} answers"
    if len(received) < 3:
        return None
    answered, size = received[1], received[2]
    if answered == function | EXCEPTION_BIT:
        length = 5
    elif answered != function:
        return f"function {answered} answers function {function}"
    elif size != 2 * count:
        return f"it holds {size // 2} registers where {count} were asked for"
    else:
        length = 5 + size
    if len(received) > length:
        return "it is too long"
    if len(received) == length and not _checksum_fits(received):
        return "its checksum is wrong"
    return None


def _checksum_fits(frame: bytes) -> bool:
    return FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))
