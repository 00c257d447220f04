"""SML telegrams with other bytes in the same places: what is blanked of a recording, and what a replay puts later."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.inspection.tapes.frames import Blanks
from ems.devices.library import profile
from ems.devices.obis_profile import SmlProfile
from ems.devices.p1.telegram import BadTelegram, Telegram
from ems.devices.sml.rewriting import later
from ems.devices.sml.stream import SmlFrame, SmlStream, checksum, framed, other_checksum
from ems.devices.sml.telegram import read_messages
from ems.sim.wire.again import later_frame
from ems.sim.wire.sml_telegrams import NOTHING, SERVER, entry, frame_of, listed, number, sml_of, text

FOUND = profile("sml_head")
assert isinstance(FOUND, SmlProfile)
HEAD: SmlProfile = FOUND
POWERS = st.floats(-1e5, 1e5)
METER = b"\x01\x00\x60\x01\x00\xff"
DZG = b"\x0a\x01DZG\x00\x12\x34\x56\x78"


def inside(frame: bytes) -> bytes:
    (found,) = SmlStream().feed(frame, 0.0)
    assert isinstance(found, SmlFrame)
    return found.content


def blanked(frame: bytes) -> bytes:
    return Blanks(HEAD).blanked(inside(frame))


def read(content: bytes) -> Telegram:
    return read_messages(content)


@given(power=POWERS, energy=st.floats(0, 1e5), second=st.integers(0, 2**30))
def test_a_blanked_telegram_tells_the_same_numbers(power: float, energy: float, second: int) -> None:
    frame = sml_of(HEAD, {"power": power, "energy_import": energy}, second)

    assert read(blanked(frame)) == read(inside(frame))
    assert SERVER not in blanked(frame)


def test_what_the_profile_does_not_read_is_0() -> None:
    own = listed([text(METER), NOTHING, NOTHING, NOTHING, NOTHING, text(DZG), NOTHING])
    key = listed([text(b"\x81\x81\xc7\x82\x05\xff"), NOTHING, NOTHING, NOTHING, NOTHING, text(b"SECRET-KEY"), NOTHING])
    odd = entry("1-0:96.50.1", 30, -1, number(0x1234_5678, 4, signed=False))

    content = blanked(frame_of([own, key, odd], 7))

    assert DZG[:6] + bytes(4) in content
    assert b"SECRET" not in content
    assert b"\x12\x34\x56\x78" not in content


def test_a_meter_of_dzg_reads_as_before() -> None:
    own = listed([text(METER), NOTHING, NOTHING, NOTHING, NOTHING, text(DZG), NOTHING])
    status = number(0x0000_0104, 4, signed=False)
    power = entry("1-0:16.7.0", 27, 0, number(-56, 1, signed=True), status)
    frame = frame_of([own, power], 7)

    assert read(blanked(frame)).numbers["1-0:16.7.0"].value == read(inside(frame)).numbers["1-0:16.7.0"].value == 200


def test_telegrams_differ_where_they_differed_and_only_there() -> None:
    blanks = Blanks(HEAD)
    first, again, other = (inside(frame_of([], 7, place)) for place in (5, 5, 6))

    assert blanks.blanked(first) == blanks.blanked(again) != blanks.blanked(other)


@given(second=st.integers(0, 2**31), by_s=st.integers(1, 10**6))
def test_the_meters_time_goes_on_in_the_next_round(second: int, by_s: int) -> None:
    frame = sml_of(HEAD, {"power": 740.0}, second)
    before, after = read(inside(frame)), read(inside(later_frame(frame, float(by_s))))

    assert before.stamp_s is not None
    assert after.stamp_s == (before.stamp_s + by_s) % 2**32
    assert after.numbers == before.numbers


@pytest.mark.parametrize("way", [checksum, other_checksum])
def test_a_checksum_that_was_right_is_right_again_in_its_own_way(way: object) -> None:
    assert way in {checksum, other_checksum}
    content = inside(frame_of([entry("1-0:16.7.0", 27, 0, number(740, 4, signed=True))], 7))
    if way is other_checksum:
        over = content[: content.index(b"\x63", 20)]
        assert content[len(over) + 1 :][:2] == checksum(over).to_bytes(2, "little")
        first = over + b"\x63" + other_checksum(over).to_bytes(2, "little") + b"\0"
        content = first + content[len(first) :]

    assert read(later(content, 60.0)).stamp_s == 67.0


def test_a_wrong_checksum_stays_wrong() -> None:
    content = bytearray(inside(frame_of([entry("1-0:16.7.0", 27, 0, number(740, 4, signed=True))], 7)))
    content[-2] ^= 0xFF

    with pytest.raises(BadTelegram, match="checksum"):
        read(Blanks(HEAD).blanked(bytes(content)))


@given(st.binary(max_size=200), st.booleans())
def test_whatever_comes_is_blanked_or_refused(content: bytes, begins_right: bool) -> None:
    begin = b"\x76\x05\0\0\0\1\x62\0\x62\0\x72\x63\x07\x01" if begins_right else b""
    with suppress(BadTelegram):
        Blanks(HEAD).blanked(begin + content)
    assert later_frame(framed(content + b"\0"), 5.0)
