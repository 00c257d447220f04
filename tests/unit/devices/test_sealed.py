"""Encrypted telegrams of a customer's port: opened with the right key alone, and bounded whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.p1.sealed import KEY_BYTES, WRONG_KEY, Keys, Opened, SealedStream, sealed
from ems.devices.p1.stream import MOST_BYTES, PIECE_BYTES
from ems.devices.p1.telegram import BadTelegram, Barred
from tests.telegrams import telegram

KEYS = Keys(bytes(range(KEY_BYTES)))
TITLE = b"FWS\0\0\0\0\1"
WHOLE = telegram()


def found_in(content: bytes, cuts: list[int] | None = None, *, keys: Keys = KEYS) -> list[Opened | BadTelegram]:
    stream = SealedStream(keys)
    ends = sorted(cut % (len(content) + 1) for cut in cuts or [])
    pieces = [content[begin:end] for begin, end in zip([0, *ends], [*ends, len(content)], strict=True)]
    return [found for piece in pieces for found in stream.feed(piece, 7.0)]


def contents(found: list[Opened | BadTelegram]) -> list[bytes]:
    return [each.content for each in found if isinstance(each, Opened)]


def test_a_sealed_telegram_has_the_documented_form() -> None:
    wire = sealed(b"/ABC5", KEYS, TITLE, 0x01020304)

    assert wire[:2] == b"\xdb\x08"
    assert wire[2:10] == TITLE
    assert wire[10:13] == b"\x82\x00\x16"
    assert wire[13:18] == b"\x30\x01\x02\x03\x04"
    assert len(wire) == 13 + 17 + len(b"/ABC5")


def test_the_cipher_is_that_of_dlms_security_suite_0() -> None:
    """The example that the DLMS documents print: cipher text and tag of a known request."""
    keys = Keys(bytes.fromhex("000102030405060708090A0B0C0D0E0F"), bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"))
    request = bytes.fromhex("C0010000080000010000FF0200")

    wire = sealed(request, keys, bytes.fromhex("4D4D4D0000BC614E"), 0x01234567)

    assert wire[18:31].hex() == "411312ff935a47566827c467bc"
    assert wire[31:].hex() == "7d825c3be4a77c3fcc056b6b"


@given(st.binary(min_size=1, max_size=300), st.integers(0, 2**32 - 1), st.lists(st.integers(0, 900), max_size=5))
def test_every_telegram_comes_back_in_whatever_pieces_it_comes(content: bytes, counter: int, cuts: list[int]) -> None:
    wire = sealed(content, KEYS, TITLE, counter)

    assert found_in(b"noise" + wire + wire, cuts) == [Opened(content, 7.0)] * 2


@given(st.data())
def test_one_wrong_bit_is_never_opened_and_the_next_telegram_is(data: st.DataObject) -> None:
    wire = bytearray(sealed(WHOLE, KEYS, TITLE, 5))
    wire[data.draw(st.integers(0, len(wire) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    following = b"".join(sealed(WHOLE, KEYS, TITLE, counter) for counter in range(6, 26))

    opened = contents(found_in(bytes(wire) + following))

    assert opened
    assert set(opened) == {WHOLE}


@given(st.integers(1, len(WHOLE) + 29))
def test_a_telegram_that_is_cut_costs_itself_alone(size: int) -> None:
    wire = sealed(WHOLE, KEYS, TITLE, 5)

    assert contents(found_in(wire[:size] + wire + wire)) == [WHOLE, WHOLE]


@pytest.mark.parametrize(
    "keys", [Keys(bytes(KEY_BYTES)), Keys(KEYS.encryption, bytes(KEY_BYTES))], ids=["key", "authentication key"]
)
def test_another_key_is_said_with_its_cure(keys: Keys) -> None:
    (said,) = found_in(sealed(WHOLE, KEYS, TITLE, 5), keys=keys)

    assert isinstance(said, Barred)
    assert str(said) == WRONG_KEY


def test_a_broken_seal_after_a_good_one_is_damage_and_not_the_key() -> None:
    wire = sealed(WHOLE, KEYS, TITLE, 5)
    good, broken, again = found_in(wire + wire[:-1] + b"\0" + wire)

    assert isinstance(good, Opened)
    assert isinstance(again, Opened)
    assert str(broken) == "a telegram whose seal is broken"
    assert not isinstance(broken, Barred)


def test_keys_are_not_shown() -> None:
    assert "00" not in repr(KEYS)
    assert "112233" not in repr(KEYS)


def test_a_meter_that_speaks_plainly_is_told_so() -> None:
    said = found_in(WHOLE * (MOST_BYTES // len(WHOLE) + 2))

    assert "if it speaks plainly, delete the key" in str(said[0])


@given(st.lists(st.binary(max_size=300) | st.just(sealed(b"x", KEYS, TITLE, 1)[:20]), max_size=20))
def test_whatever_comes_is_bounded_and_never_fails(pieces: list[bytes]) -> None:
    stream = SealedStream(KEYS)
    for piece in pieces:
        list(stream.feed(piece, 0.0))

    assert len(stream._held) <= MOST_BYTES + PIECE_BYTES
