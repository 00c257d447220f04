"""Words and numbers of the printed hand-over in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ems.model.words import Language, Number, has_words, say

UNKNOWN: Final = "–"


class Speaker:
    """Says `print.<name>`."""

    def __init__(self, language: Language) -> None:
        self.language: Final = language

    def __call__(self, name: str, /, **numbers: Number) -> str:
        return say(f"print.{name}", self.language, **numbers)

    def columns(self, *names: str) -> tuple[str, ...]:
        """Heads of a table."""
        return tuple(self(name) for name in names)

    def word(self, family: str, member: str) -> str:
        """Of a verdict, a step, a device; its own name where there is none."""
        key = f"print.{family}.{member}"
        return say(key, self.language) if has_words(key) else member

    def verdict(self, found: Mapping[str, Any]) -> str:
        """At the head of a note."""
        word = self.word("verdict", found["verdict"])
        return f"{word[:1].upper()}{word[1:]}."

    def says(self, found: Mapping[str, Any]) -> str:
        """What a proof found; in English where an older version signed the text alone."""
        sentence = found.get("sentence")
        if sentence is None or not has_words(sentence["key"]):
            return str(found["says"])
        return say(sentence["key"], self.language, **sentence["numbers"])

    def number(self, value: float) -> str:
        return self("number", value=value)

    def unit(self, value: float | None, unit: str) -> str:
        return UNKNOWN if value is None else f"{self.number(round(value, 2))} {unit}"

    def amps(self, amps: float | None) -> str:
        return self.unit(amps, "A")

    def signed(self, amps: float) -> str:
        """One digit, with its sign."""
        return self("signed", value=round(amps, 1) + 0.0)
