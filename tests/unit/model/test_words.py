"""The one file of words: both languages say the same things with the same numbers."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from enum import StrEnum

import pytest
from hypothesis import given

import ems.errors
from ems.api import errors as api_errors
from ems.api.problems import OTHER_CODES, STATUS_CODES
from ems.api.wire import Role, SiteCondition, StationStatus
from ems.commissioning import errors as commissioning_errors
from ems.control.explain import explain
from ems.control.memory import Memory
from ems.errors import EmsError
from ems.model.decision import Escalation, LimitReason, Notice, NoticeCode, Reason
from ems.model.electrical import Phase
from ems.model.explanation import Stage
from ems.model.explanation_sentences import chain
from ems.model.goals import ChargeMode
from ems.model.sentences import notice_phrase, reason_phrase, sentence
from ems.model.snapshot import Snapshot
from ems.model.words import WORDS_FILE, Language, has_words, say, words
from ems.store import errors as store_errors
from tests.strategies import looks


def gaps(text: str) -> list[tuple[str, str]]:
    """Names of the numbers, and how they are written; a count has words of its own in every language."""
    found = [(name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None]
    return sorted((name, "|" if "|" in spec else spec) for name, spec in found)


def test_every_sentence_is_in_every_language_with_the_same_gaps() -> None:
    for key, by_language in words().items():
        assert set(by_language) == {language.value for language in Language}, key
        assert all(text.strip() for text in by_language.values()), key
        assert gaps(by_language["en"]) == gaps(by_language["de"]), key


def test_no_sentence_is_written_twice() -> None:
    pairs: list[tuple[str, object]] = json.loads(WORDS_FILE.read_text(encoding="utf-8"), object_pairs_hook=list)

    keys = [key for key, _ in pairs]

    assert len(keys) == len(set(keys))


def test_one_line_is_one_sentence() -> None:
    lines = [line for line in WORDS_FILE.read_text(encoding="utf-8").splitlines() if line.strip() not in {"", "{", "}"}]

    assert len(lines) == len(words())


@pytest.mark.parametrize(
    ("family", "members"),
    [
        ("reason", LimitReason),
        ("notice", NoticeCode),
        ("status", StationStatus),
        ("condition", SiteCondition),
        ("mode", ChargeMode),
        ("role", Role),
        ("language", Language),
        ("step.word", ChargeMode),
    ],
)
def test_every_member_has_words(family: str, members: type[StrEnum]) -> None:
    assert [each for each in members if not has_words(f"{family}.{each}")] == []


def test_every_event_that_the_service_tells_has_a_sentence_and_a_kind() -> None:
    kinds = [each.value for each in (*NoticeCode, *Escalation)]
    sentences = [key.removeprefix("log.") for key in words() if key.startswith("log.")]

    assert [kind for kind in kinds if not has_words(f"log.{kind}_began")] == []
    assert [kind for kind in sentences if not has_words(f"log_kind.{kind.partition('.')[0]}")] == []


def kinds_of(error: type[EmsError]) -> Iterator[type[EmsError]]:
    """That error and all that are one of its kind."""
    yield error
    for narrower in error.__subclasses__():
        yield from kinds_of(narrower)


def test_every_problem_that_the_api_can_answer_has_words() -> None:
    modules = {each.__name__ for each in (ems.errors, api_errors, commissioning_errors, store_errors)}
    codes = {error.code for error in kinds_of(EmsError) if error.__module__ in modules}
    codes |= {*STATUS_CODES.values(), *OTHER_CODES}

    assert sorted(code for code in codes if not has_words(f"problem.{code}")) == []


def test_every_step_has_a_title() -> None:
    assert [stage for stage in Stage if not has_words(f"step.{stage}.title")] == []


@pytest.mark.parametrize("code", list(LimitReason))
def test_a_reasons_key_begins_with_its_code(code: LimitReason) -> None:
    assert reason_phrase(Reason(code=code)).key == f"reason.{code}"
    assert reason_phrase(Reason(code=code, limit_a=6.0)).key.startswith(f"reason.{code}")


def test_a_phrase_keeps_its_numbers_for_those_who_say_it_themselves() -> None:
    phrase = reason_phrase(Reason(code=LimitReason.MAIN_FUSE, phase=Phase.L2, house_a=21.94, room_a=3.06))

    assert phrase.key == "reason.main_fuse.house"
    assert phrase.numbers == {"circuit": "?", "phase": "L2", "house_a": 21.94, "room_a": 3.06}


def test_german_has_decimal_commas_and_its_own_words() -> None:
    reason = Reason(code=LimitReason.MAIN_FUSE, phase=Phase.L2, house_a=21.94, room_a=3.06)

    assert sentence(reason, Language.GERMAN) == "Hauptsicherung L2: Haus 21,9 A, noch 3,1 A frei für alle Autos"


def test_names_keep_their_dots_in_german() -> None:
    phrase = notice_phrase(Notice(code=NoticeCode.IGNORES_LIMIT, station_id="no.1", current_a=16.0, limit_a=6.0))

    said = phrase.said(Language.GERMAN)

    assert said == "no.1 hält die Grenze nicht ein: 16,0 A gezogen, 6,0 A erlaubt"


def test_a_gap_for_a_name_leaves_no_blank_behind() -> None:
    assert say("reason.main_fuse", phase="") == "main fuse: no room"
    assert say("reason.main_fuse", phase="L1") == "main fuse L1: no room"


def test_a_count_has_words_for_one_and_for_more() -> None:
    assert say("headline.charging", cars=1, charging_kw=3.64) == "1 car is charging with 3.6 kW"
    assert say("headline.charging", cars=2, charging_kw=7.0) == "2 cars are charging with 7.0 kW"
    assert say("headline.charging", Language.GERMAN, cars=2, charging_kw=7.0) == "2 Autos laden mit 7,0 kW"


def test_a_rounded_zero_has_no_sign() -> None:
    assert say("reason.solar_surplus.now", surplus_w=-0.3) == "surplus 0 W"
    assert say("reason.solar_surplus.now", surplus_w=-3.0) == "surplus -3 W"


def test_german_sets_a_blank_before_the_percent_sign() -> None:
    said = say("step.surplus.battery.takes", Language.GERMAN, battery_w=1200.0, battery_share=0.5)

    assert said == "Batterie nimmt 1200 W, die Autos dürfen 50\N{NO-BREAK SPACE}% davon haben"


@given(looks())
def test_every_explanation_can_be_said_in_german(case: tuple[Snapshot, Memory]) -> None:
    look, memory = case
    for station in look.site.stations:
        explanation = explain(look, memory, station.station_id)
        assert len(chain(explanation, Language.GERMAN)) == len(explanation.steps)
