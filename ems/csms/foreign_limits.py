"""Limits of somebody else in a station that has no word for them (OCPP 1.6): what it says it will allow, held against
what it was told (S16).

A composite schedule is a hint: some stations answer nothing, their default, or another unit. So two looks have to
agree, and what the car draws may not contradict them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from ems.clock import Clock
from ems.csms.capabilities import RateUnit
from ems.csms.certificate_words import HeardSecurity
from ems.csms.charging_profiles import LEAST_A, Period
from ems.csms.energy_words import EnergyBook, OutsideLimit, Schedule
from ems.csms.messages import CompositeSchedule

LOGGER = logging.getLogger(__name__)

FIRST_LOOK_S: Final = 60.0
LOOK_EVERY_S: Final = 900.0
CONFIRM_AFTER_S: Final = 60.0
FORGOTTEN_AFTER_S: Final = 3600.0
"""While we keep to a limit that was found, nothing tells whether it is still there; then we try."""

AHEAD_S: Final = 60
SAME_A: Final = 1.0
"""Stations round, some to whole amperes."""

FLOWS_A: Final = 1.0
SOURCE: Final = "composite schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a station says that it will allow now, and what it was told and seen to do."""

    said_a: float
    told_a: float
    drawn_a: float
    most_a: float
    """What its hardware can."""


class ForeignLimits:
    """One connection's looks: when the next one is due, and what follows from it. Pure but for the clock."""

    def __init__(self, station_id: str, energy: EnergyBook, security: HeardSecurity, clock: Clock) -> None:
        self._station_id = station_id
        self._energy = energy
        self._security = security
        self._clock = clock
        self._due_at_s = clock.monotonic_s() + FIRST_LOOK_S
        self._suspected_a: float | None = None
        self._found: tuple[float, float] | None = None
        self._gave_up = False
        # What an earlier connection found is not known any more, and has to be found again.
        energy.released(0, SOURCE)

    def is_due(self) -> bool:
        """Whether to look now; the next look is then some time away."""
        now_s = self._clock.monotonic_s()
        if self._gave_up or now_s < self._due_at_s:
            return False
        self._due_at_s = now_s + LOOK_EVERY_S
        return True

    def give_up(self) -> None:
        """The station does not tell."""
        self._gave_up = True

    def judge(self, look: Look) -> None:
        """Take note of one look."""
        self._forget_old(look)
        suspected_a, self._suspected_a = self._suspected_a, None
        if not _is_strange(look):
            return
        if suspected_a is None or abs(suspected_a - look.said_a) > SAME_A:
            self._suspected_a = look.said_a
            self._due_at_s = self._clock.monotonic_s() + CONFIRM_AFTER_S
            return
        self._security.foreign_profile(f"it allows {look.said_a:.1f} A and was told {look.told_a:.1f} A")
        LOGGER.warning(
            "%s says that it allows %.1f A where it was told %.1f A: somebody else limits it too",
            self._station_id, look.said_a, look.told_a,
        )  # fmt: skip
        if LEAST_A <= look.said_a < look.told_a:
            self._found = (look.said_a, self._clock.monotonic_s())
            held = Schedule(unit=RateUnit.AMPERE, periods=(Period(start_s=0, limit=look.said_a),))
            self._energy.limited(OutsideLimit(connector=0, source=SOURCE, schedule=held))

    def _forget_old(self, look: Look) -> None:
        """A limit that was found holds until the station allows more, or for so long that it has to be looked for."""
        if self._found is None:
            return
        found_a, since_s = self._found
        if look.said_a > found_a + SAME_A or self._clock.monotonic_s() - since_s >= FORGOTTEN_AFTER_S:
            self._found = None
            self._energy.released(0, SOURCE)


def amps_now(composite: CompositeSchedule) -> float | None:
    """What it says for now, per phase; None where it says nothing, or in watts, whose phases nobody knows."""
    if composite.unit is not RateUnit.AMPERE:
        return None
    begun = [period for period in composite.periods if period.start_s <= 0]
    return begun[-1].limit if begun else None


def _is_strange(look: Look) -> bool:
    """Whether it allows something else than it was told, as far as that can be believed."""
    if look.said_a > look.told_a + SAME_A:
        return look.said_a <= look.most_a
    if look.said_a >= look.told_a - SAME_A:
        return False
    return FLOWS_A < look.drawn_a <= look.said_a + SAME_A
