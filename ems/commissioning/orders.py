"""Whether lowers went before raises: read from what was sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from ems.model.station import SendOutcome, SentLimit
from ems.runtime.lane import CONFIRM_WITHIN_S

HAIR_S: Final = 0.05


def lowers_before_raises(sent: Mapping[str, Sequence[SentLimit]], since_s: float) -> bool | None:
    """Whether no raise since `since_s` left before every lower on its way was answered, or overdue.

    None when nothing was raised. `sent` per station, oldest first.
    """
    raises = [later for limits in sent.values() for _, later in _changes(limits, up=True) if later.sent_at_s >= since_s]
    lowers = [later for limits in sent.values() for _, later in _changes(limits, up=False)]
    if not raises:
        return None
    return not any(_overtakes(each, lower) for each in raises for lower in lowers)


def _changes(limits: Sequence[SentLimit], *, up: bool) -> list[tuple[SentLimit, SentLimit]]:
    taken = [limit for limit in limits if limit.outcome is not SendOutcome.REJECTED]
    return [
        (before, later)
        for before, later in pairwise(taken)
        if (later.limit_a > before.limit_a if up else later.limit_a < before.limit_a)
    ]


def _overtakes(raised: SentLimit, lower: SentLimit) -> bool:
    """Whether the raise left while the lower was on its way and not yet overdue."""
    settled_s = float("inf") if lower.settled_at_s is None else lower.settled_at_s
    waits_until_s = min(settled_s, lower.sent_at_s + CONFIRM_WITHIN_S)
    return lower.sent_at_s + HAIR_S < raised.sent_at_s < waits_until_s - HAIR_S
