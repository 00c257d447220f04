"""What a station says it can do with limits, read from its configuration keys (`ocpp-smart-charging.md` §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RateUnit(StrEnum):
    """What a station counts a limit in."""

    AMPERE = "A"
    WATT = "W"


SMART_CHARGING_KEYS: Final = (
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
    "ConnectorSwitch3to1PhaseSupported",
    "SupportedFeatureProfiles",
)

DYNAMIC_PROFILES: Final = "DynamicProfiles"
"""Our own word among the keys; no station of 1.6 is asked for it."""

_UNIT_WORDS: Final[Mapping[str, RateUnit]] = {
    "current": RateUnit.AMPERE,
    "a": RateUnit.AMPERE,
    "amp": RateUnit.AMPERE,
    "amps": RateUnit.AMPERE,
    "ampere": RateUnit.AMPERE,
    "power": RateUnit.WATT,
    "w": RateUnit.WATT,
    "watt": RateUnit.WATT,
    "watts": RateUnit.WATT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """None, and no units, means that the station has not said."""

    units: tuple[RateUnit, ...] = ()
    max_stack_level: int | None = None
    max_periods: int | None = None
    max_installed: int | None = None
    phase_switching: bool | None = None
    dynamic: bool | None = None
    """Whether a limit can be changed by its value alone (OCPP 2.1)."""

    smart_charging: bool | None = None
    """As listed; a wrong list is common, so it is shown and not relied upon."""


UNKNOWN: Final = Capabilities()


def capabilities(configuration: Mapping[str, str]) -> Capabilities:
    """From configuration values as the station reported them; 0 periods or profiles are taken as not said."""
    features = configuration.get("SupportedFeatureProfiles")
    return Capabilities(
        units=_units(configuration.get("ChargingScheduleAllowedChargingRateUnit", "")),
        max_stack_level=_count(configuration.get("ChargeProfileMaxStackLevel")),
        max_periods=_count(configuration.get("ChargingScheduleMaxPeriods")) or None,
        max_installed=_count(configuration.get("MaxChargingProfilesInstalled")) or None,
        dynamic=_truth(configuration.get(DYNAMIC_PROFILES)),
        phase_switching=_truth(configuration.get("ConnectorSwitch3to1PhaseSupported")),
        smart_charging=None if features is None else "smartcharging" in features.lower(),
    )


def _units(text: str) -> tuple[RateUnit, ...]:
    words = text.lower().replace(";", ",").split(",")
    found = {_UNIT_WORDS[word.strip()] for word in words if word.strip() in _UNIT_WORDS}
    return tuple(unit for unit in RateUnit if unit in found)


def _count(text: str | None) -> int | None:
    """None for nonsense."""
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _truth(text: str | None) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get((text or "").strip().lower())
