"""What visitors read: numbers with units, in their language and time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from ems.api.spoken import language_of
from ems.api.wire import Sentence
from ems.model.words import Language
from ems.web.visit import look_of
from ems.web.voice import Voice, station_name

ENGLISH = Voice(Language.ENGLISH, ZoneInfo("Europe/Berlin"))
GERMAN = Voice(Language.GERMAN, ZoneInfo("Europe/Berlin"))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("power_w", "said"),
    [(0.0, "0 W"), (-4.0, "0 W"), (644.0, "640 W"), (7249.0, "7.2 kW"), (-1500.0, "−1.5 kW"), (None, "–")],
)
def test_power_has_the_unit_that_reads_best(power_w: float | None, said: str) -> None:
    assert plain(ENGLISH.power(power_w)) == said


def test_german_numbers_have_commas() -> None:
    assert plain(GERMAN.power(7249.0)) == "7,2 kW"
    assert plain(GERMAN.share(0.834)) == "83 %"
    assert ENGLISH.share(0.834) == "83%"


@pytest.mark.parametrize(("energy_kwh", "said"), [(0.04, "0.04 kWh"), (14.83, "14.8 kWh"), (120.4, "120 kWh")])
def test_energy_has_digits_enough(energy_kwh: float, said: str) -> None:
    assert plain(ENGLISH.energy(energy_kwh)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(41.2, "41 s"), (95, "95 s"), (720, "12 min"), (3600, "1 h"), (7980, "2 h 13 min"), (90_000, "1 d 1 h")],
)
def test_durations_read_like_speech(seconds: float, said: str) -> None:
    assert plain(ENGLISH.lasting(seconds)) == said


def test_times_are_the_houses() -> None:
    at = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)

    assert ENGLISH.time(at) == "00:30"
    assert ENGLISH.day(date(2026, 11, 28)) == "28 Nov 2026"
    assert GERMAN.moment(at) == "28. Nov. 2026, 00:30"
    assert ENGLISH.near(at, at) == "00:30"


def test_the_last_day_of_the_calendar_is_no_trouble() -> None:
    assert ENGLISH.time(datetime(9999, 12, 31, 23, 30, tzinfo=UTC)) == "23:30"


def test_a_sentence_of_the_service_is_said_in_the_readers_language() -> None:
    numbers: dict[str, float | int | str] = {"surplus_w": 900.0, "needed_w": 1380.0}
    sentence = Sentence(key="reason.solar_surplus.short", numbers=numbers, text="as the service says it")

    assert GERMAN.sentence(sentence) == "Überschuss 900 W, 1380 W mit diesem Auto nötig"


@pytest.mark.parametrize("key", ["reason.solar_surplus.short", "reason.of_next_year"])
def test_a_sentence_that_we_cannot_say_stays_as_the_service_said_it(key: str) -> None:
    sentence = Sentence(key=key, numbers={}, text="as the service says it")

    assert GERMAN.sentence(sentence) == "as the service says it"


def test_ids_read_like_names() -> None:
    assert station_name("car_port-2") == "Car port 2"


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, Language.ENGLISH),
        ({"accept_language": "fr-FR, de;q=0.8, en;q=0.5"}, Language.GERMAN),
        ({"accept_language": "de", "cookie": "fusewise_language=en"}, Language.ENGLISH),
        ({"cookie": "fusewise_language=xx"}, Language.ENGLISH),
    ],
)
def test_the_language_is_the_persons_choice_or_the_browsers(headers: dict[str, str], language: Language) -> None:
    assert language_of(request(**headers)) is language


def test_a_look_that_nobody_knows_is_as_the_system() -> None:
    assert look_of(request(cookie="fusewise_look=dark")) == "dark"
    assert look_of(request(cookie="fusewise_look='};alert(1)")) == "auto"
