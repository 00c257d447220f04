"""Events of the log as sentences, in the words of `words.json`."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Final

from ems.api.wire import Sentence
from ems.model.words import Number, has_words, say, words

LONGEST: Final = 500


def log_says(kind: str, facts: Mapping[str, Any]) -> Sentence | None:
    """The sentence of a kind that the service notes by itself; None for what somebody put in their own words."""
    key = f"log.{kind}"
    if not has_words(key):
        return None
    numbers = {name: _short(facts.get(name)) for name in _gaps(key)}
    return Sentence(key=key, numbers=numbers, text=say(key, **numbers)[:LONGEST])


def log_text(kind: str, facts: Mapping[str, Any]) -> str:
    """An English line for people; of a kind that is not known here, its name and facts."""
    said = facts.get("text")
    if isinstance(said, str):
        return said[:LONGEST]
    sentence = log_says(kind, facts)
    if sentence is not None:
        return sentence.text
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    return f"{kind.replace('_', ' ')}{': ' if told else ''}{told}"[:LONGEST]


def _gaps(key: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(words()[key]["en"]) if name is not None]


def _short(fact: object) -> Number:
    return "?" if fact is None else str(fact)[:LONGEST]
