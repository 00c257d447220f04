"""The configuration keys of a simulated station."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ems.sim.charging_profiles import Firmware
from ems.sim.schedules import RateUnit

MEASURANDS: Final = (
    "Current.Import",
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Voltage",
    "Current.Offered",
)
UNIT_WORDS: Final = {RateUnit.AMPERE: "Current", RateUnit.WATT: "Power"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key with its value, as text like on the wire."""

    key: str
    value: str
    readonly: bool = False

    def json(self) -> dict[str, Any]:
        return {"key": self.key, "readonly": self.readonly, "value": self.value}

    def takes(self, value: str) -> bool:
        if self.key == "MeterValuesSampledData":
            return all(each.strip() in MEASURANDS for each in value.split(","))
        if self.value in ("true", "false"):
            return value.lower() in ("true", "false")
        return value.isascii() and value.isdigit() and len(value) < 7


class Settings:
    """What GetConfiguration shows and ChangeConfiguration changes."""

    def __init__(self, firmware: Firmware) -> None:
        self._settings = {each.key: each for each in _initial(firmware)}

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._settings.values())

    def number(self, key: str) -> int:
        return int(self._settings[key].value)

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in self._settings[key].value.split(","))

    def found(self, keys: Iterable[str]) -> tuple[list[Setting], list[str]]:
        """The settings behind these keys, and the keys that do not exist; everything when no key is named."""
        wanted = list(keys) or list(self._settings)
        known = [self._settings[key] for key in wanted if key in self._settings]
        return known, [key for key in wanted if key not in self._settings]

    def change(self, key: str, value: str) -> str:
        """Set a value; gives the status that a station answers."""
        setting = self._settings.get(key)
        if setting is None:
            return "NotSupported"
        if setting.readonly or not setting.takes(value):
            return "Rejected"
        self._settings[key] = replace(setting, value=value)
        return "Accepted"


def _initial(firmware: Firmware) -> Iterator[Setting]:
    yield Setting(key="HeartbeatInterval", value="60")
    yield Setting(key="MeterValueSampleInterval", value="10")
    yield Setting(key="MeterValuesSampledData", value=",".join(MEASURANDS[:4]))
    yield Setting(key="ClockAlignedDataInterval", value="0")
    yield Setting(key="ConnectionTimeOut", value="60")
    yield Setting(key="WebSocketPingInterval", value="0")
    yield Setting(key="AuthorizeRemoteTxRequests", value="false")
    yield Setting(key="GetConfigurationMaxKeys", value="50", readonly=True)
    yield Setting(key="NumberOfConnectors", value=str(firmware.connectors), readonly=True)
    profiles = "Core,RemoteTrigger,SmartCharging" if firmware.smart_charging else "Core,RemoteTrigger"
    yield Setting(key="SupportedFeatureProfiles", value=profiles, readonly=True)
    if firmware.smart_charging:
        yield from _smart_charging(firmware)


def _smart_charging(firmware: Firmware) -> Iterator[Setting]:
    units = ",".join(UNIT_WORDS[unit] for unit in sorted(firmware.units))
    yield Setting(key="ChargeProfileMaxStackLevel", value=str(firmware.max_stack_level), readonly=True)
    yield Setting(key="ChargingScheduleAllowedChargingRateUnit", value=units, readonly=True)
    yield Setting(key="ChargingScheduleMaxPeriods", value=str(firmware.max_periods), readonly=True)
    yield Setting(key="MaxChargingProfilesInstalled", value=str(firmware.max_installed), readonly=True)
    switches = "true" if firmware.switches_phases else "false"
    yield Setting(key="ConnectorSwitch3to1PhaseSupported", value=switches, readonly=True)
