"""The energy of one station: its own register where it has one, our integration of its power in between and without.

The register has the last word. What we integrated since it last rose gives way to the rise; where we were ahead, the
lifetime counter waits until it is caught up with, so that it never runs backwards. A session is what was told from its
begin to its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ems.model.station import CarReading
from ems.store.entries import Register, StationBook

MOST_W: Final = 60_000.0
"""More than any station of ours can deliver; a register that rises faster has jumped."""

SLACK_WH: Final = 1_000.0
UNHEARD_WH: Final = 2_000.0
"""A register that has not risen after so much energy is not one."""

BLIND_S: Final = 60.0
"""After so long without its power, a rise of the register says how much, but not when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Energy that is new."""

    wh: float = 0.0
    solar_wh: float = 0.0
    seen: bool = True
    """Whether it flowed now; false for energy that flowed while nobody looked."""


class StationEnergy:
    """Adds up what one station draws."""

    def __init__(self, book: StationBook, *, blind: bool = False) -> None:
        """`blind`: nobody looked since the book was written."""
        self._counted_wh, self._counted_solar_wh = book.counted_wh, book.counted_solar_wh
        self._told_wh, self._told_solar_wh = book.told_wh, book.told_solar_wh
        self._since_wh, self._since_solar_wh = book.since_wh, book.since_solar_wh
        self._register = book.register
        self._step_wh = book.step_wh
        self._blind_s = 2 * BLIND_S if blind else 0.0
        self._heard_at_s: float | None = None

    @property
    def counted_wh(self) -> float:
        """Lifetime; never runs backwards."""
        return self._counted_wh

    @property
    def counted_solar_wh(self) -> float:
        """The part of it that came from the sun."""
        return self._counted_solar_wh

    @property
    def measured_wh(self) -> float:
        """What sessions are cut from: may take back what it had integrated too much."""
        return self._told_wh + self._since_wh

    @property
    def measured_solar_wh(self) -> float:
        """The part of it that came from the sun."""
        return self._told_solar_wh + self._since_solar_wh

    def flow(self, power_w: float | None, solar_part: float, seconds: float) -> Drawn:
        """So much power for so long, that part of it from the sun."""
        if power_w is None:
            self._blind_s += seconds
            return Drawn()
        wh = power_w * seconds / 3600.0
        self._since_wh += wh
        self._since_solar_wh += wh * solar_part
        if self._since_wh > UNHEARD_WH:
            self._fold()
            self._step_wh = None
        return self._count(solar_part, seen=True)

    def hear(self, car: CarReading | None, utc_s: float) -> Drawn:
        """The station's newest reading; one that was heard before changes nothing."""
        if car is None or car.energy_kwh is None or car.taken_at_s == self._heard_at_s:
            return Drawn()
        self._heard_at_s = car.taken_at_s
        before, self._register = self._register, Register(kwh=car.energy_kwh, utc_s=utc_s)
        rise_wh = None if before is None else _rise_wh(before, self._register)
        if rise_wh is None:
            self._fold()
            return Drawn()
        if rise_wh == 0.0:
            self._settle(idle=not car.power_w and car.phases_drawn == 0)
            return Drawn()
        part = self._since_solar_wh / self._since_wh if self._since_wh > 0.0 else 0.0
        self._step_wh = min(rise_wh, self._step_wh or rise_wh)
        self._told_wh += rise_wh
        self._told_solar_wh += rise_wh * part
        self._since_wh = self._since_solar_wh = 0.0
        seen, self._blind_s = self._blind_s <= BLIND_S, 0.0
        return self._count(part, seen=seen)

    def add(self, earlier: StationBook) -> None:
        """What an earlier run counted, over and above."""
        self._counted_wh += earlier.counted_wh
        self._told_wh += earlier.counted_wh
        self._counted_solar_wh += earlier.counted_solar_wh
        self._told_solar_wh += earlier.counted_solar_wh

    def book(self) -> StationBook:
        """All of it, without a session."""
        return StationBook(
            counted_wh=self._counted_wh,
            counted_solar_wh=self._counted_solar_wh,
            told_wh=self._told_wh,
            told_solar_wh=self._told_solar_wh,
            since_wh=self._since_wh,
            since_solar_wh=self._since_solar_wh,
            register=self._register,
            step_wh=self._step_wh,
        )

    def _count(self, part: float, *, seen: bool) -> Drawn:
        new_wh = max(0.0, self.measured_wh - self._counted_wh)
        self._counted_wh += new_wh
        self._counted_solar_wh += new_wh * part
        return Drawn(wh=new_wh, solar_wh=new_wh * part, seen=seen)

    def _fold(self) -> None:
        """What was integrated counts as told."""
        self._told_wh, self._told_solar_wh = self.measured_wh, self.measured_solar_wh
        self._since_wh = self._since_solar_wh = 0.0

    def _settle(self, *, idle: bool) -> None:
        """Register and car stand still: of what we integrated, more than a step of the register did not flow."""
        if idle and self._step_wh is not None and self._since_wh > self._step_wh:
            self._since_wh = self._since_solar_wh = 0.0


def _rise_wh(before: Register, now: Register) -> float | None:
    """What flowed between; a register set back counts from zero. None for a jump."""
    rise_wh = (now.kwh - before.kwh) * 1000.0
    if rise_wh < 0.0:
        rise_wh = now.kwh * 1000.0
    most_wh = SLACK_WH + MOST_W * max(0.0, now.utc_s - before.utc_s) / 3600.0
    return rise_wh if 0.0 <= rise_wh <= most_wh else None
