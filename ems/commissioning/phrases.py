"""What commissioning says to people: keys of the one file of words, and their numbers."""

from __future__ import annotations

from ems.model.words import Number, Phrase

__all__ = ["Phrase", "phrase"]


def phrase(name: str, **numbers: Number) -> Phrase:
    """`commissioning.<name>` with its numbers."""
    return Phrase(f"commissioning.{name}", numbers)
