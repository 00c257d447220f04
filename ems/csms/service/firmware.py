"""A firmware update as its station tells it: states that may repeat, go back for another try, or never come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ems.csms.service_words import FirmwareReport, FirmwareState

MOST_STEPS: Final = 30
INSTALLS_WITHIN_S: Final = 1800.0
"""A station that has said nothing more for so long does not install any more, whatever it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareStep:
    """One state and when it was told."""

    state: FirmwareState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareUpdate:
    """One update from the order to its end."""

    request_id: int | None
    """None for one that we did not order."""

    file: str
    """The name of the file; empty for one that we did not order."""

    told_at_s: float
    """Monotonic time of the newest state."""

    steps: tuple[FirmwareStep, ...]
    """Oldest first, without repeats; `MOST_STEPS` at most."""

    firmware_before: str = ""
    from_before: bool = False
    """Whether it was ordered before the service started."""

    @property
    def state(self) -> FirmwareState:
        return self.steps[-1].state

    def is_installing(self, now_s: float) -> bool:
        """Whether the station may stop and boot at any moment."""
        return self.state.installing and now_s - self.told_at_s < INSTALLS_WITHIN_S

    def told(self, state: FirmwareState, at: datetime, now_s: float) -> FirmwareUpdate:
        """With that state as its newest."""
        if state is self.state:
            return replace(self, told_at_s=now_s)
        return replace(self, told_at_s=now_s, steps=(*self.steps, FirmwareStep(state=state, at=at))[-MOST_STEPS:])


def ordered(request_id: int, file: str, firmware: str, at: datetime, now_s: float) -> FirmwareUpdate:
    """An update that was just ordered from a station with that firmware."""
    step = FirmwareStep(state=FirmwareState.ASKED, at=at)
    return FirmwareUpdate(request_id=request_id, file=file, told_at_s=now_s, steps=(step,), firmware_before=firmware)


def follow(
    update: FirmwareUpdate | None, report: FirmwareReport, *, firmware: str, at: datetime, now_s: float
) -> FirmwareUpdate | None:
    """The update after what its station said.

    A state of another order, an unknown word, and `Idle`, which only says that nothing goes on now, change nothing.
    """
    state = report.state
    if state is None or state in {FirmwareState.IDLE, FirmwareState.ASKED, FirmwareState.REFUSED}:
        return update
    if update is None:
        step = FirmwareStep(state=state, at=at)
        return FirmwareUpdate(request_id=None, file="", told_at_s=now_s, steps=(step,), firmware_before=firmware)
    if None not in (report.request_id, update.request_id) and report.request_id != update.request_id:
        return update
    return update.told(state, at, now_s)


def booted(update: FirmwareUpdate | None, firmware: str, at: datetime, now_s: float) -> FirmwareUpdate | None:
    """The update after a boot: many stations only show by their version that it was installed."""
    if update is None or update.state.ended or not firmware or firmware == update.firmware_before:
        return update
    return update.told(FirmwareState.INSTALLED, at, now_s)
