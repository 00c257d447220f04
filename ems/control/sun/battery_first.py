"""Which limits the home battery holds down, since it takes sun before the cars may (`control.md` §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ems.model.decision import LimitReason, Reason, Setpoint
from ems.model.snapshot import Snapshot

LEAST_W: Final = 100.0
"""A battery that takes less keeps itself warm; it holds no car back (assumed)."""


def with_battery_named(setpoints: Mapping[str, Setpoint], now: Snapshot) -> Mapping[str, Setpoint]:
    """The same limits; where a car would get more if the battery left it the sun, that is the reason."""
    kept_w = kept_by_battery_w(now)
    if kept_w < LEAST_W:
        return setpoints
    return {name: replace(each, reason=_named(each, kept_w)) for name, each in setpoints.items()}


def kept_by_battery_w(now: Snapshot) -> float:
    """What the battery charges with and the cars may not have; the rest of it counts as surplus."""
    charging_w = 0.0 if now.battery is None else max(0.0, -now.battery.power_w)
    return charging_w * (1.0 - now.site.policy.battery_share)


def _named(setpoint: Setpoint, kept_w: float) -> Reason:
    reason = setpoint.reason
    if reason.code is not LimitReason.SOLAR_SURPLUS or reason.surplus_w is None:
        return reason
    if setpoint.limit_a <= 0 and not _would_do(reason.surplus_w, reason.needed_w, kept_w):
        return reason
    return replace(reason, code=LimitReason.BATTERY_FIRST, battery_w=kept_w)


def _would_do(surplus_w: float, needed_w: float | None, kept_w: float) -> bool:
    """Whether a car that is off would have enough with what the battery keeps, and only with that."""
    return needed_w is not None and surplus_w < needed_w <= surplus_w + kept_w
