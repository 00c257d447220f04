"""What may reach the Modbus library and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.modbus.frames import frame_fault


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
