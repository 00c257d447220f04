"""Names that stand twice where each may stand once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ems.config.problems import Finding, Place


def repeats(named: Iterable[tuple[str, Place]], what: str, cure: str) -> Iterator[Finding]:
    """A finding for every name that an earlier place has already; `what` says of what it is the name."""
    first: dict[str, Place] = {}
    for name, place in named:
        if (earlier := first.setdefault(name, place)) is not place:
            shown = name or '""'
            yield Finding(place=place, problem=f"is {shown}, as that of another {what}", cure=cure, rests_on=(earlier,))
