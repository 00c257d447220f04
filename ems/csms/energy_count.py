"""Energy of one transaction from what its meter's register showed, however late, often or out of order that comes.

Pure. What counts is how far the register rose from its first known place to its last. One that was set back counts from
zero; one that jumped counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ems.model.transaction import Mark

MOST_KW: Final = 60.0
"""More than any station of ours can deliver; a register that rises faster has jumped."""

SLACK_KWH: Final = 1.0

SAME_S: Final = 0.5

BEGIN: Final = -1
MIDDLE: Final = 0
END: Final = 2**63
"""Places of an OCPP 1.6 start, of its meter values and of its stop; the numbers of OCPP 2.x lie between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyCount:
    """The first and the last known place of the register, and how far it rose between them."""

    energy_kwh: float = 0.0
    first: Mark | None = None
    last: Mark | None = None

    def after(self, mark: Mark) -> EnergyCount:
        """With one more reading."""
        if self.first is None or self.last is None:
            return replace(self, first=mark, last=mark)
        if _is_beyond(mark, self.last):
            return replace(self, last=mark, energy_kwh=self.energy_kwh + _rise_kwh(self.last, mark))
        if _place(mark) < _place(self.first):
            return replace(self, first=mark, energy_kwh=self.energy_kwh + _rise_kwh(mark, self.first))
        return self

    def ended_at(self, mark: Mark) -> EnergyCount:
        """With the reading at the end of the transaction: what was read after it belongs to another one."""
        if self.first is None or self.last is None or _place(self.last) <= _place(mark):
            return self.after(mark)
        if _place(mark) < _place(self.first):
            return EnergyCount(first=mark, last=mark)
        return replace(self, last=mark, energy_kwh=_rise_kwh(self.first, mark))


def _place(mark: Mark) -> tuple[int, float]:
    return (mark.order, mark.at_utc_s)


def _is_beyond(mark: Mark, last: Mark) -> bool:
    if mark.order != last.order or mark.at_utc_s >= last.at_utc_s + SAME_S:
        return _place(mark) > _place(last)
    # Stations have whole seconds: what has the same one comes later when it arrives later, unless it is a repetition.
    return mark.at_utc_s > last.at_utc_s - SAME_S and not _wavers(last, mark)


def _wavers(before: Mark, after: Mark) -> bool:
    """A little back is no reset, or it would count all that the register shows."""
    return before.kwh / 2.0 <= after.kwh < before.kwh


def _rise_kwh(before: Mark, after: Mark) -> float:
    """What flowed from one to the other; nothing for a jump."""
    # A backlog arrives faster than it was written, and a clock that was set back makes hours of none.
    seconds = max(after.at_utc_s - before.at_utc_s, after.heard_utc_s - before.heard_utc_s, 0.0)
    rise_kwh = after.kwh - before.kwh
    if rise_kwh < 0.0:
        rise_kwh = 0.0 if _wavers(before, after) else after.kwh
    return rise_kwh if 0.0 <= rise_kwh <= SLACK_KWH + MOST_KW * seconds / 3600.0 else 0.0
