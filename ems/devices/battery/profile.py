"""How a battery takes bounds of its power, as its profile says: one shape for each way."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.profile_parts import ProfilePart
from ems.model.battery import BatteryTakes


class BoundsThatEnd(ProfilePart):
    """What all ways have in common: what is written is no setting, and it ends by itself."""

    forgets: Literal[True]
    """The profile's word that these registers are no settings: what is written there ends by itself."""

    lasts_s: Annotated[float, Field(ge=10, le=3600)]
    """After so long without being written the battery is free, as it comes from its maker."""

    refresh_s: Annotated[float, Field(ge=1, le=600)]
    """How often a bound is written again; three times within `lasts_s` at least."""

    @model_validator(mode="after")
    def _is_said_in_time(self) -> BoundsThatEnd:
        if 3 * self.refresh_s > self.lasts_s:
            raise ValueError("refresh_s must fit three times into lasts_s")
        return self


class BatteryControl(BoundsThatEnd):
    """Registers that bound a battery's own power, in watts (raw x scale), and how long it keeps to them.

    Only registers of two origins or of the maker's table, and only what the battery forgets by itself: nothing that it
    keeps over a restart, and nothing that could make it charge or discharge.
    """

    charge_limit: RegisterPoint | None = None
    discharge_limit: RegisterPoint | None = None
    free_w: Annotated[float, Field(gt=0)] | None = None
    """What is written for no bound; None where nothing is written, and the battery's own time-out lets it go."""

    @model_validator(mode="after")
    def _is_safe(self) -> BatteryControl:
        points = [each for each in (self.charge_limit, self.discharge_limit) if each is not None]
        if not points:
            raise ValueError("control needs a charge_limit or a discharge_limit, or a setpoint and what enables it")
        for each in points:
            require_writable(each)
            if each.scale <= 0:
                raise ValueError("a bound needs a scale above 0")
        return self

    @property
    def takes(self) -> BatteryTakes:
        """What it can be ordered."""
        return BatteryTakes(
            hold=self.discharge_limit is not None,
            charge_limit=self.charge_limit is not None,
            discharge_limit=self.discharge_limit is not None,
            ends_by_silence=self.free_w is None and None not in (self.charge_limit, self.discharge_limit),
        )


class SetpointControl(BoundsThatEnd):
    """A set-point of the battery's power that is only ever 0 W, and a register that lets it count or not.

    At 0 W the battery neither discharges nor charges: it is held, and what the sun leaves is lost to it meanwhile.
    """

    setpoint: RegisterPoint
    enable: RegisterPoint
    on: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    """What `enable` holds while the set-point counts, and (`off`) while the battery is free."""

    off: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    apart: bool = False
    """Only where no inverter of the site file answers at the same address: what 0 W are for its sun is unknown."""

    @model_validator(mode="after")
    def _is_safe(self) -> SetpointControl:
        for each in (self.setpoint, self.enable):
            require_writable(each)
        if self.on == self.off:
            raise ValueError("on and off must differ")
        if set(self.setpoint.cells) & set(self.enable.cells):
            raise ValueError("setpoint and enable must be different registers")
        return self

    @property
    def takes(self) -> BatteryTakes:
        """What it can be ordered."""
        return BatteryTakes(hold=True, hold_stops_charging=True, apart=self.apart)


class StorageControl(BoundsThatEnd):
    """SunSpec's model 124: rates in percent that end by the revert timer, which is set to `lasts_s`."""

    lasts_s: Annotated[float, Field(ge=10, le=600, multiple_of=1)] = 60
    """What the device must read back as its revert timer before anything is enabled."""

    refresh_s: Annotated[float, Field(ge=1, le=600)] = 15

    @property
    def takes(self) -> BatteryTakes:
        """What it can be ordered. The model does not tell what 100 % of its discharge are, so only 0 % is known."""
        return BatteryTakes(hold=True, charge_limit=True)


def _shape(content: object) -> str:
    """Which model a profile's `control` is for."""
    there: Any = content if isinstance(content, dict) else {}
    return "setpoint" if "setpoint" in there or isinstance(content, SetpointControl) else "bounds"


RegisterControl = Annotated[
    Annotated[BatteryControl, Tag("bounds")] | Annotated[SetpointControl, Tag("setpoint")], Discriminator(_shape)
]
"""By registers of a map."""


def require_writable(point: RegisterPoint) -> None:
    """Raise ValueError for a register that must not be written."""
    if point.function != "holding" or point.words or point.exponent_at is not None:
        raise ValueError("a bound is one plain holding register, or several side by side")
    if point.status == "single":
        raise ValueError("a register that one origin alone knows is never written")
