"""How a battery takes bounds of its power, as its profile says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.profile_parts import ProfilePart


class BatteryControl(ProfilePart):
    """Registers that bound a battery's own power, in watts (raw x scale), and how long it keeps to them.

    Only registers of two origins or of the maker's table, and only what the battery forgets by itself: nothing that it
    keeps over a restart, and nothing that could make it charge or discharge.
    """

    charge_limit: RegisterPoint | None = None
    discharge_limit: RegisterPoint | None = None
    forgets: Literal[True]
    """The profile's word that these registers are no settings: what is written there ends by itself."""

    lasts_s: Annotated[float, Field(ge=10, le=3600)]
    """After so long without being written the battery is free, as it comes from its maker."""

    refresh_s: Annotated[float, Field(ge=1, le=600)]
    """How often a bound is written again; three times within `lasts_s` at least."""

    free_w: Annotated[float, Field(gt=0)] | None = None
    """What is written for no bound; None where nothing is written, and the battery's own time-out lets it go."""

    @model_validator(mode="after")
    def _is_safe(self) -> BatteryControl:
        points = [each for each in (self.charge_limit, self.discharge_limit) if each is not None]
        if not points:
            raise ValueError("control needs a charge_limit or a discharge_limit")
        for each in points:
            if each.function != "holding" or each.words or each.exponent_at is not None or each.scale <= 0:
                raise ValueError("a bound is one plain holding register, or several side by side, with a scale above 0")
            if each.status == "single":
                raise ValueError("a register that one origin alone knows is never written")
        if 3 * self.refresh_s > self.lasts_s:
            raise ValueError("refresh_s must fit three times into lasts_s")
        return self
