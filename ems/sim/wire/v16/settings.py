"""The configuration keys of a simulated station."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ems.sim.charging_profiles import Firmware
from ems.sim.schedules import RateUnit
from ems.sim.wire.difficulty import Difficulty
from ems.sim.wire.samples import MEASURANDS
from ems.sim.wire.station_box import StationBuild

KEY_TO_DIAL_WITH: Final = "AuthorizationKey"
KEY_DIGITS: Final = range(16, 41)
"""Hexadecimal: 8 to 20 bytes."""

UNIT_WORDS: Final = {RateUnit.AMPERE: "Current", RateUnit.WATT: "Power"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key with its value, as text like on the wire."""

    key: str
    value: str
    readonly: bool = False

    def json(self) -> dict[str, Any]:
        shown = {"key": self.key, "readonly": self.readonly}
        return shown if self.key == KEY_TO_DIAL_WITH else {**shown, "value": self.value}

    def takes(self, value: str, *, anything: bool = False) -> bool:
        """Whether it may be set to this; `anything` lets it name measurands that the station does not have."""
        if self.key == "MeterValuesSampledData":
            return anything or all(each.strip() in MEASURANDS for each in value.split(","))
        if self.key == KEY_TO_DIAL_WITH:
            return len(value) in KEY_DIGITS and len(value) % 2 == 0 and set(value) <= set("0123456789abcdefABCDEF")
        if self.value in ("true", "false"):
            return value.lower() in ("true", "false")
        return value.isascii() and value.isdigit() and len(value) < 7


class Settings:
    """What GetConfiguration shows and ChangeConfiguration changes."""

    def __init__(self, build: StationBuild) -> None:
        self._odd = build.difficulty
        self._settings = {each.key: each for each in _initial(build.firmware, build.difficulty)}
        self.password: str | None = None
        """What the central system has made it dial with."""

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._settings.values())

    def number(self, key: str) -> int:
        return int(self._settings[key].value)

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in self._settings[key].value.split(","))

    def found(self, keys: Iterable[str]) -> tuple[list[Setting], list[str]]:
        """The settings behind these keys, and the keys that do not exist; everything when no key is named.

        Where the station's page is full, the rest is in neither.
        """
        wanted = list(keys) or list(self._settings)
        known = [self._settings[key] for key in wanted if key in self._settings]
        unknown = [key for key in wanted if key not in self._settings]
        return (known[: self._odd.page] if self._odd.page else known), unknown

    @property
    def poisoned(self) -> bool:
        """Whether it shall measure what it does not have."""
        return any(word not in MEASURANDS for word in self.words("MeterValuesSampledData"))

    def change(self, key: str, value: str) -> str:
        """What a central system wants to set; gives the status that a station answers."""
        setting = self._settings.get(key)
        if setting is None:
            return "NotSupported"
        if self._odd.no_changes or setting.readonly or not setting.takes(value, anything=self._odd.poison_measurands):
            return "Rejected"
        self.set(key, value)
        return "Accepted"

    def set(self, key: str, value: str) -> None:
        """Set a value that is known to fit."""
        self._settings[key] = replace(self._settings[key], value=value)
        if key == KEY_TO_DIAL_WITH:
            self.password = value


def _initial(firmware: Firmware, odd: Difficulty) -> Iterator[Setting]:
    yield Setting(key="HeartbeatInterval", value="60")
    yield Setting(key="MeterValueSampleInterval", value="10")
    yield Setting(key="MeterValuesSampledData", value=",".join(MEASURANDS[:4]))
    yield Setting(key="ClockAlignedDataInterval", value="0")
    yield Setting(key="ConnectionTimeOut", value="60")
    yield Setting(key="WebSocketPingInterval", value="0")
    yield Setting(key="AuthorizeRemoteTxRequests", value="false")
    yield Setting(key="GetConfigurationMaxKeys", value=str(odd.page or 50), readonly=True)
    yield Setting(key=KEY_TO_DIAL_WITH, value="")
    yield Setting(key="NumberOfConnectors", value=str(firmware.connectors), readonly=True)
    profiles = "Core,RemoteTrigger,SmartCharging" if firmware.smart_charging else "Core,RemoteTrigger"
    yield Setting(key="SupportedFeatureProfiles", value=profiles, readonly=True)
    if firmware.smart_charging and not odd.hides_keys:
        yield from _smart_charging(firmware, odd)


def _smart_charging(firmware: Firmware, odd: Difficulty) -> Iterator[Setting]:
    units = odd.unit_word or ",".join(UNIT_WORDS[unit] for unit in sorted(firmware.units))
    yield Setting(key="ChargeProfileMaxStackLevel", value=str(firmware.max_stack_level), readonly=True)
    yield Setting(key="ChargingScheduleAllowedChargingRateUnit", value=units, readonly=True)
    yield Setting(key="ChargingScheduleMaxPeriods", value=str(firmware.max_periods), readonly=True)
    yield Setting(key="MaxChargingProfilesInstalled", value=str(firmware.max_installed), readonly=True)
    switches = "true" if firmware.switches_phases else "false"
    yield Setting(key="ConnectorSwitch3to1PhaseSupported", value=switches, readonly=True)
