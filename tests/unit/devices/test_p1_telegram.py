"""Telegrams of smart meters: what is read, what is refused, and that nothing wrong is ever read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.library import profile
from ems.devices.obis_profile import P1Profile
from ems.devices.p1.numbers import numbers_of
from ems.devices.p1.stream import MOST_BYTES, MOST_IN_PIECE, PIECE_BYTES, Encrypted, Frame, TelegramStream
from ems.devices.p1.telegram import BadTelegram, checksum, read_telegram
from ems.sim.wire.heard_meters import telegram_of
from tests.telegrams import HOUSE, telegram

WHOLE = telegram()
ENCRYPTED = b"\xdb\x08SAGgp\x00\x00\x01\x82\x04\x00\x30" + bytes(range(1, 256)) * 4
LINES = ["1-0:31.7.0", "1-0:21.7.0", "1-0:22.7.0", "1-0:32.7.0"]


def dsmr() -> P1Profile:
    found = profile("dsmr_p1")
    assert isinstance(found, P1Profile)
    return found


def numbers(content: bytes) -> dict[str, float]:
    return numbers_of(read_telegram(content), dsmr())


def without(*codes: str) -> dict[str, str]:
    return {code: value for code, value in HOUSE.items() if code not in codes}


def test_the_checksum_is_that_of_the_standard() -> None:
    assert checksum(b"123456789") == 0xBB3D


def test_a_dutch_house_in_our_units_and_signs() -> None:
    told = numbers(WHOLE)

    assert told == pytest.approx(
        {
            "power": 1150.0,
            "power_l1": 2300.0,
            "power_l2": -1150.0,
            "power_l3": 0.0,
            "current_l1": 10.0,
            "current_l2": 1150 / 231,
            "current_l3": 0.0,
            "voltage_l1": 230.0,
            "voltage_l2": 231.0,
            "voltage_l3": 229.0,
            "energy_import": 3234.75,
            "energy_export": 400.125,
        }
    )


def test_a_simulated_meter_at_rest_is_read() -> None:
    values = dict.fromkeys(dsmr().points, 0.0)

    told = numbers(telegram_of(dsmr(), values, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)))

    assert told == values


@pytest.mark.parametrize(
    ("amps", "kilowatts", "way", "expected"),
    [
        ("010*A", "02.250", "21", 10.0),
        ("009*A", "02.250", "21", 2250 / 230),
        ("001*A", "00.000", "21", 1.0),
        ("005*A", "01.104", "22", 1104 / 230),
        ("004*A", "01.104", "22", 1104 / 230),
        ("009.37*A", "02.250", "21", 9.37),
        ("004.60*A", "01.104", "22", 4.6),
    ],
)
def test_whole_amperes_are_made_finer_on_the_careful_side_only(
    amps: str, kilowatts: str, way: str, expected: float
) -> None:
    other = "22" if way == "21" else "21"
    lines = {
        **HOUSE,
        "1-0:31.7.0": amps,
        f"1-0:{way}.7.0": f"{kilowatts}*kW",
        f"1-0:{other}.7.0": "00.000*kW",
    }

    assert numbers(telegram(lines))["current_l1"] == pytest.approx(expected)


def test_whole_amperes_stay_where_the_meter_tells_no_voltage() -> None:
    told = numbers(telegram(without("1-0:32.7.0")))

    assert told["current_l1"] == 10.0
    assert "voltage_l1" not in told


def test_a_belgian_phase_without_its_export_line_is_sure_only_while_it_imports() -> None:
    lines = without("1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0") | {"1-0:31.7.0": "010.04*A"}

    told = numbers(telegram(lines, version="0-0:96.1.4(50217)"))

    assert (told["power_l1"], told["current_l1"]) == (2300.0, 10.04)
    assert "power_l2" not in told
    assert told["current_l2"] == 5.0


def test_counters_of_one_tariff_and_watts_are_read_too() -> None:
    lines = without("1-0:1.8.1", "1-0:1.8.2") | {"1-0:1.8.0": "00009000*Wh", "1-0:21.7.0": "2300*W"}

    told = numbers(telegram(lines, version=""))

    assert (told["energy_import"], told["power_l1"]) == (9.0, 2300.0)


def test_a_dsmr_2_telegram_has_no_checksum_and_is_read_strictly() -> None:
    old = {"1-0:1.7.0": "0000.54*kW", "1-0:2.7.0": "0000.00*kW", "1-0:1.8.1": "00100.000*kWh"}
    gas = ["0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)", "(00001.001)"]

    told = numbers(telegram(old, version="", stamp="", more=gas, crc=False))

    assert (told["power"], told["energy_import"]) == (540.0, 100.0)
    with pytest.raises(BadTelegram, match="line that none has"):
        numbers(telegram(old, version="", stamp="", more=["1-0:1.7.0(00"], crc=False))


def test_a_newer_telegram_without_its_checksum_is_none() -> None:
    with pytest.raises(BadTelegram, match="without its checksum"):
        read_telegram(telegram(crc=False))
    with pytest.raises(BadTelegram, match="without its checksum"):
        read_telegram(telegram(version="", crc=False), needs_checksum=True)


def test_lines_we_do_not_know_are_passed_over_where_the_checksum_is_right() -> None:
    more = ["0-0:96.13.0()", "0-1:24.2.1(101209112500W)(12785.123*m3)", "1-0:31.4.0(999*A)", "x"]

    assert numbers(telegram(more=more)) == numbers(WHOLE)


@pytest.mark.parametrize(
    "value", ["", "---.-*V", "230.0", "-230.0*V", "2e2*V", "230.0*kW", "230.0*V)(1*V", "9999999999*V", "٢٣٠*V"]
)
def test_a_number_not_spelled_as_the_standard_spells_it_is_no_number(value: str) -> None:
    with pytest.raises(BadTelegram):
        numbers(telegram({**HOUSE, "1-0:32.7.0": value}))


def test_a_code_that_stands_twice_with_two_values_is_no_number() -> None:
    with pytest.raises(BadTelegram, match=r"no clear number for 1-0:31\.7\.0"):
        numbers(telegram(more=["1-0:31.7.0(001*A)"]))


def test_summer_and_winter_time_are_one_time() -> None:
    before = read_telegram(telegram(stamp="261025025959S")).stamp_s
    after = read_telegram(telegram(stamp="261025020000W")).stamp_s

    assert before is not None
    assert after is not None
    assert after - before == 1.0
    assert read_telegram(telegram(stamp="261332250000W")).stamp_s is None


@given(at=st.integers(0, len(WHOLE) - 3), bit=st.integers(0, 7))
def test_no_flipped_bit_is_ever_read(at: int, bit: int) -> None:
    broken = bytearray(WHOLE)
    broken[at] ^= 1 << bit
    frames = [each for each in TelegramStream().feed(bytes(broken), 0.0) if isinstance(each, Frame)]

    for frame in frames:
        with pytest.raises(BadTelegram):
            numbers_of(read_telegram(frame.content, needs_checksum=True), dsmr())


@given(cut=st.integers(1, len(WHOLE) - 1), sizes=st.lists(st.integers(1, 400), max_size=30))
def test_a_cut_telegram_is_said_and_the_next_one_read(cut: int, sizes: list[int]) -> None:
    stream, content, found = TelegramStream(), WHOLE[:cut] + WHOLE, []
    for size in [*sizes, len(content)]:
        piece, content = content[:size], content[size:]
        found += list(stream.feed(piece, 0.0))

    good = [each.content for each in found if isinstance(each, Frame) and _reads(each.content)]
    assert good == [WHOLE]
    assert len(found) == 2 or cut < len(b"/FWS")


def _reads(content: bytes) -> bool:
    try:
        read_telegram(content, needs_checksum=True)
    except BadTelegram:
        return False
    return True


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_whatever_comes_memory_is_bounded_and_nothing_is_a_telegram(pieces: list[bytes]) -> None:
    stream = TelegramStream()
    for piece in pieces:
        for found in stream.feed(piece, 0.0):
            assert isinstance(found, BadTelegram) or not _reads(found.content)
        assert len(stream._held) <= MOST_BYTES + 300


def test_telegrams_begin_when_their_first_byte_comes() -> None:
    stream = TelegramStream()
    begun = list(stream.feed(b"noise\r\n" + WHOLE[:50], 10.0))
    (whole,) = stream.feed(WHOLE[50:] + WHOLE[:20], 11.0)
    (second,) = stream.feed(WHOLE[20:], 12.0)

    assert begun == []
    assert isinstance(whole, Frame)
    assert isinstance(second, Frame)
    assert (whole.began_at_s, second.began_at_s) == (10.0, 11.0)


def test_bytes_without_end_are_said_and_dropped() -> None:
    for first, endless, words in (
        (b"/ABC5", b"1" * 4000, "without an end in"),
        (b"", b"1-0:1.7.0(1*kW)\r\n" * 300, "bytes without a telegram"),
        (b"/ABC5\r\n\r\n!", b"A" * 4000, "whose end is missing"),
    ):
        stream = TelegramStream()
        said = [str(found) for piece in (first, *[endless] * 8) for found in stream.feed(piece, 0.0)]
        assert any(words in each for each in said)
        assert [*stream.feed(b"\r\n" + WHOLE, 0.0)][-1] == Frame(WHOLE, 0.0)


def test_a_flood_of_beginnings_costs_little_and_the_next_telegram_is_read() -> None:
    stream = TelegramStream()

    said = [*stream.feed(b"/ABC" * 65_536, 0.0)]

    assert len(said) <= 65_536 * 4 / PIECE_BYTES * MOST_IN_PIECE
    assert [*stream.feed(b"\r\n" + WHOLE, 0.0)][-1] == Frame(WHOLE, 0.0)


def test_many_telegrams_at_once_are_all_read() -> None:
    assert [*TelegramStream().feed(WHOLE * 60, 0.0)] == [Frame(WHOLE, 0.0)] * 60


def test_encrypted_telegrams_are_called_so() -> None:
    stream = TelegramStream()
    said = [*stream.feed(ENCRYPTED, 0.0), *stream.feed(b"/" + ENCRYPTED[20:] + ENCRYPTED, 0.0)]

    assert said
    assert all(isinstance(each, Encrypted) for each in said)


@pytest.mark.parametrize("code", LINES)
def test_a_telegram_without_one_of_its_lines_tells_less_and_nothing_else(code: str) -> None:
    whole, less = numbers(WHOLE), numbers(telegram(without(code)))

    assert less.keys() <= whole.keys()
    for name in less:
        # Less may be known of the current then: what the meter says itself.
        assert less[name] == pytest.approx(whole[name]) or name.startswith("current")
