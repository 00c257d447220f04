"""What energy costs in this house."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Fixed prices, in units of the currency."""

    import_per_kwh: float
    feed_in_per_kwh: float
    """What the grid would have paid for the sun that a car took instead."""

    currency: str

    def cost(self, energy_kwh: float, solar_kwh: float) -> float:
        """What that energy cost, of which so much came from the sun."""
        return solar_kwh * self.feed_in_per_kwh + (energy_kwh - solar_kwh) * self.import_per_kwh
