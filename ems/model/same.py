"""Answers about frozen values, remembered while the very same objects are asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

_Asked = TypeVarTuple("_Asked")
_Answer = TypeVar("_Answer")


def by_identity(most: int) -> Callable[[Callable[[*_Asked], _Answer]], Callable[[*_Asked], _Answer]]:
    """For a pure function of frozen values: asked about the same objects again, it gives the same answer at once.

    `functools.lru_cache` compares what values hold, which takes longer than many an answer in control does. What was
    asked about is kept, so that no other object can come by its identity. `most`: so many answers are kept.
    """

    def remembering(answer: Callable[[*_Asked], _Answer]) -> Callable[[*_Asked], _Answer]:
        known: dict[tuple[int, ...], tuple[_Answer, tuple[*_Asked]]] = {}

        def remembered(*asked: *_Asked) -> _Answer:
            key = tuple(map(id, asked))
            found = known.get(key)
            if found is None:
                if len(known) >= most:
                    known.clear()
                found = known[key] = (answer(*asked), asked)
            return found[0]

        return remembered

    return remembering
