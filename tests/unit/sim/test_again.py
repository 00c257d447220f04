"""What was heard once, said again: times that go on, and telegrams that stay as good or bad as they were."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.inspection.recording import HeardTelegram
from ems.devices.inspection.tapes.datagrams import with_serial
from ems.devices.inspection.tapes.telegrams import blanked
from ems.devices.library import profile
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.numbers import numbers_of
from ems.devices.p1.telegram import BadTelegram, read_telegram
from ems.devices.speedwire.datagram import read_datagram
from ems.sim.wire.again import later_datagram, later_telegram, round_s, rounds
from tests.protocol.speedwire_bench import datagram
from tests.telegrams import telegram

TIMES = st.lists(st.floats(0, 100), min_size=1, max_size=6).map(sorted)


def heard(times: list[float]) -> list[HeardTelegram]:
    return [HeardTelegram(at_s=at_s, text=str(place)) for place, at_s in enumerate(times)]


def smart_meter() -> P1Profile:
    found = profile("dsmr_p1")
    assert isinstance(found, P1Profile)
    return found


@given(TIMES)
def test_rounds_keep_the_gaps_and_their_order_and_never_stand_still(times: list[float]) -> None:
    told = heard(times)
    said = list(islice(rounds(told), 3 * len(told)))
    length_s = sum(wait_s for wait_s, _, _ in said)

    assert [each.text for _, _, each in said] == 3 * [each.text for each in told]
    assert all(wait_s >= 0 for wait_s, _, _ in said)
    assert all(before <= after for (_, before, _), (_, after, _) in pairwise(said))
    assert round_s(told) > 0
    assert length_s >= 2 * round_s(told) - 1e-6


@given(st.integers(0, 10**6))
def test_a_later_telegram_says_the_same_at_a_later_time(by_s: int) -> None:
    first, later = read_telegram(telegram()), read_telegram(later_telegram(telegram().decode(), by_s).encode())

    assert later.numbers == first.numbers
    assert (later.stamp_s or 0) - (first.stamp_s or 0) == by_s


@given(st.integers(0, 10**6))
def test_a_telegram_that_was_wrong_stays_wrong(by_s: int) -> None:
    text = telegram().decode().replace("02.300*kW", "09.300*kW")
    for spoiled in (later_telegram(text, by_s), blanked(text, smart_meter())):
        with pytest.raises(BadTelegram, match="wrong checksum"):
            read_telegram(spoiled.encode())


@given(st.text(alphabet="0123456789ABCDEF", min_size=2, max_size=40))
def test_blanking_keeps_every_number_of_ours_and_no_sign_of_the_rest(equipment: str) -> None:
    content = telegram(more=[f"0-0:96.1.1({equipment})", "0-0:96.13.0(ABCDEF)"])

    kept = blanked(content.decode(), smart_meter())

    blank, whole = read_telegram(kept.encode()), read_telegram(content)
    assert numbers_of(blank, smart_meter()) == numbers_of(whole, smart_meter())
    assert blank.stamp_s == whole.stamp_s
    assert f"96.1.1({'0' * len(equipment)})" in kept
    assert "ABCDEF" not in kept


@given(st.text(max_size=200))
def test_any_text_can_be_blanked(text: str) -> None:
    assert isinstance(blanked(text, smart_meter()), str)


@given(st.integers(0, 2**32 - 1), st.floats(0, 10**6), st.integers(1, 99))
def test_a_later_message_says_the_same_in_another_name(tick_ms: int, by_s: float, serial: int) -> None:
    first = read_datagram(datagram(tick_ms=tick_ms))
    later = read_datagram(with_serial(later_datagram(datagram(tick_ms=tick_ms), by_s), serial))

    assert first is not None
    assert later is not None
    assert later.serial == serial
    assert later.numbers == first.numbers
    assert round(1000 * later.ticked_s) == (tick_ms + round(1000 * by_s)) % 2**32
