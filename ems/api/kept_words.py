"""Events of the log as sentences, in the words of `words.json`.

What the service notes by itself is kept as its kind and facts. What people do has many sentences of one kind: the key
of the sentence is kept beside its facts, as `says`.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Final

from ems.api.wire import Sentence
from ems.model.words import Number, Phrase, has_words, words

LONGEST: Final = 500

SAYS: Final = "says"
"""The fact that names the sentence."""

COMMISSIONING: Final = "commissioning"
"""This kind also says what proofs found, in the sentences of commissioning."""


def facts_of(said: Phrase) -> dict[str, Number]:
    """What is kept of a sentence."""
    return {**said.numbers, SAYS: said.key}


def says_of(said: Phrase) -> Sentence:
    """The sentence as the wire has it."""
    return Sentence(key=said.key, numbers=dict(said.numbers), text=said.said()[:LONGEST])


def log_says(kind: str, facts: Mapping[str, Any]) -> Sentence | None:
    """The sentence of an event; None for one that older versions kept as a text, or that a newer one says."""
    key = _key(kind, facts)
    if key is None or not has_words(key):
        return None
    try:
        return says_of(Phrase(key, {name: _short(facts.get(name), spec) for name, spec in _gaps(key)}))
    except (ValueError, TypeError):
        return None


def log_text(kind: str, facts: Mapping[str, Any]) -> str:
    """An English line for people; of a kind that is not known here, its name and facts."""
    said = facts.get("text")
    if isinstance(said, str):
        return said[:LONGEST]
    sentence = log_says(kind, facts)
    if sentence is not None:
        return sentence.text
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value and name != SAYS)
    return f"{kind.replace('_', ' ')}{': ' if told else ''}{told}"[:LONGEST]


def _key(kind: str, facts: Mapping[str, Any]) -> str | None:
    """The key that the facts may name: nothing but sentences of that kind."""
    if SAYS not in facts:
        return f"log.{kind}"
    key = str(facts[SAYS])
    ours = key.startswith(f"log.{kind}.") or (kind == COMMISSIONING and key.startswith(f"{COMMISSIONING}."))
    return key if ours else None


def _gaps(key: str) -> list[tuple[str, str]]:
    """Names of the numbers, and how they are written."""
    parts = string.Formatter().parse(words()[key]["en"])
    return [(name, spec or "") for _, name, spec, _ in parts if name is not None]


def _short(fact: object, spec: str) -> Number:
    """A number stays one; a fact that is missing shows as such, or not at all where its gap is for a number."""
    if isinstance(fact, int | float) and not isinstance(fact, bool):
        return fact
    if fact is None:
        return "" if spec else "?"
    return str(fact)[:LONGEST]
