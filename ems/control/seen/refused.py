"""What is remembered of a station that takes no limit while a fuse needs it to; see `ems.control.seen.refusal`."""

from __future__ import annotations

from dataclasses import dataclass

from ems.control.seen.obedience import Stage
from ems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Refusing:
    """Fresh for one that a fuse has only just needed."""

    since_s: float | None = None
    """Since when without a break; None while it is not needed."""

    stage: Stage = Stage.NONE
    stopped_at_s: float | None = None
    """When its session was last ordered to end."""

    drawn_a: float = 0.0
    """What its car drew then."""
