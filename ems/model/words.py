"""What people read, in their language: every sentence is a key and its numbers, and `words.json` has the rest.

One line of that file is one sentence in all languages. A gap such as `{house_a:.1f}` names a number and how many digits
it shows; a gap for a name, such as `{phase: }`, puts its blank before the name, and nothing where there is no name; a
gap for a count, such as `{cars:1 car|# cars}`, has the words for one and for any other.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

Number = float | int | str


class Language(StrEnum):
    """What we speak."""

    ENGLISH = "en"
    GERMAN = "de"


ENGLISH: Final = Language.ENGLISH

WORDS_FILE: Final = Path(__file__).with_name("words.json")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence that is not said yet."""

    key: str
    numbers: Mapping[str, Number] = field(default_factory=dict)

    def said(self, language: Language = ENGLISH) -> str:
        return say(self.key, language, **self.numbers)


def say(key: str, language: Language = ENGLISH, /, **numbers: Number) -> str:
    """That sentence with its numbers. A key that the file does not have is a KeyError."""
    text = words()[key][language]
    return _WRITERS[language].vformat(text, (), numbers) if "{" in text else text


def has_words(key: str) -> bool:
    """Whether the file knows that sentence."""
    return key in words()


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The whole file: key, language, text."""
    read: dict[str, dict[str, str]] = json.loads(WORDS_FILE.read_text(encoding="utf-8"))
    return read


class _Writer(string.Formatter):
    """Fills the gaps as one language writes numbers."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, str):
            return f"{format_spec}{value}" if value else ""
        if "|" in format_spec:
            one, other = format_spec.split("|")
            return one if value == 1 else other.replace("#", str(value))
        written = format(value, format_spec)
        return self.number(written if any(digit in written for digit in "123456789") else written.removeprefix("-"))

    def number(self, written: str) -> str:
        return written


class _GermanWriter(_Writer):
    def number(self, written: str) -> str:
        return written.replace(".", ",").replace("%", "\N{NO-BREAK SPACE}%")


_WRITERS: Final[Mapping[Language, _Writer]] = {Language.ENGLISH: _Writer(), Language.GERMAN: _GermanWriter()}
