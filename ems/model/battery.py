"""What the home battery may do: the installer's leave, and what is ordered. An order only ever bounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BatteryReason(StrEnum):
    """Why the battery is bounded, or why it is not."""

    NONE = "none"
    SITE_LIMIT = "site_limit"
    CARS_FROM_GRID = "cars_from_grid"
    """Cars take more than the sun gives: it keeps what it has for the house."""

    FAST_CAR = "fast_car"
    """The same, for a car that charges as fast as it may, whatever the sun gives."""

    FUSE_NEEDS_IT = "fuse_needs_it"
    """It would be held, but without its help the main fuse had no room for that."""

    CAP_NEEDS_IT = "cap_needs_it"
    """The same with a bound of the import."""

    UNSEEN = "unseen"
    """Battery or grid meter are silent, so nothing is ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryTakes:
    """What a kind of battery can be ordered."""

    hold: bool = False
    charge_limit: bool = False
    discharge_limit: bool = False
    hold_stops_charging: bool = False
    """While held it takes no sun either."""

    ends_by_silence: bool = False
    """One bound alone cannot be taken back: nothing is said then until all that it was told has ended by itself."""

    apart: bool = False
    """Only where no inverter of the site file answers at the same address."""

    direction_unsure: bool = False
    """Only where somebody stated what it counts as positive: whether there is room for a hold rests on that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryRules:
    """What the site file gives leave for."""

    hold: bool = False
    """No discharge for cars that charge from the grid."""

    charge_at_most_w: float | None = None
    discharge_at_most_w: float | None = None
    """Bounds that hold all the time."""

    hold_stops_charging: bool = False
    """While held it takes no sun either, so that it is held only while nothing is left of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryOrder:
    """Upper bounds of the battery's own power, never below 0: nothing in here can make it charge or discharge."""

    reason: BatteryReason = BatteryReason.NONE
    since_s: float = float("-inf")
    """Monotonic; since when that is the reason."""

    charge_at_most_w: float | None = None
    discharge_at_most_w: float | None = None
    """None bounds nothing; a discharge of 0 holds it."""

    @property
    def is_free(self) -> bool:
        """Whether the battery may do as it likes."""
        return self.charge_at_most_w is None and self.discharge_at_most_w is None

    @property
    def holds(self) -> bool:
        return self.discharge_at_most_w == 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryStanding:
    """What is ordered, and what became of it."""

    order: BatteryOrder
    in_force: bool
    """The battery has taken it, and it is not older than the battery keeps it."""

    trouble: str | None = None
    """The code of why it did not; None while all is well."""

    @property
    def is_refused(self) -> bool:
        """Whether the battery does not take what is ordered now."""
        return self.trouble is not None and self.order.reason not in {BatteryReason.NONE, BatteryReason.UNSEEN}
