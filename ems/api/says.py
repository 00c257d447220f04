"""Reasons and notices as sentences with key and numbers, so that every client can say them in its own language."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Final

from ems.api.wire import NoticeState, Sentence
from ems.model.battery import BatteryOrder, BatteryStanding
from ems.model.decision import Notice, Reason
from ems.model.electrical import Phase
from ems.model.sentences import notice_phrase, reason_phrase
from ems.model.words import Number, Phrase

_DIGITS: Final = 3
"""Of the numbers beside a sentence."""


def reason_says(reason: Reason) -> Sentence:
    """`reason.main_fuse.house` and so on, with the numbers that prove it."""
    return _said(reason_phrase(reason), reason)


def notice_says(notice: Notice) -> Sentence:
    """`notice.house_overload` and so on."""
    return _said(notice_phrase(notice), notice)


def order_says(order: BatteryOrder) -> Sentence:
    """`battery.cars_from_grid` and so on."""
    phrase = Phrase(f"battery.{order.reason}")
    return Sentence(key=phrase.key, numbers={}, text=phrase.said())


def battery_notices(standing: BatteryStanding | None) -> tuple[NoticeState, ...]:
    """That the home battery does not take what is ordered."""
    if standing is None or not standing.is_refused:
        return ()
    phrase = Phrase("notice.battery_refuses")
    says = Sentence(key=phrase.key, numbers={}, text=phrase.said())
    return (NoticeState(code="battery_refuses", circuit=None, station=None, says=says),)


def _said(phrase: Phrase, fact: Reason | Notice) -> Sentence:
    numbers = {name: _short(number) for name, number in phrase.numbers.items()}
    return Sentence(key=phrase.key, numbers={**_numbers(fact), **numbers}, text=phrase.said())


def _numbers(value: Reason | Notice) -> dict[str, float | int | str]:
    """Every field that says something but the code; phases by their names."""
    found: dict[str, float | int | str] = {}
    for field in fields(value):
        fact = getattr(value, field.name)
        if fact is None or field.name == "code":
            continue
        if isinstance(fact, Phase):
            found[field.name] = fact.name
        elif isinstance(fact, Enum):
            found[field.name] = str(fact.value)
        else:
            found[field.name] = _short(fact)
    return found


def _short(number: Number) -> Number:
    return round(number, _DIGITS) if isinstance(number, float) else number
