"""What the simulated stations of the bench say, in OCPP 1.6: as little as a real one, and as often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

PROTOCOL: Final = "ocpp1.6"
METER_VALUES_S: Final = 10.0
AMPS: Final = 8.0
VOLTS: Final = 230.0

SETTINGS: Final[Mapping[str, str]] = {
    "ChargeProfileMaxStackLevel": "8",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
    "ChargingScheduleMaxPeriods": "24",
    "MaxChargingProfilesInstalled": "10",
    "SupportedFeatureProfiles": "Core,SmartCharging,RemoteTrigger",
    "MeterValueSampleInterval": "10",
    "MeterValuesSampledData": "Current.Import,Power.Active.Import,Voltage,Energy.Active.Import.Register",
    "WebSocketPingInterval": "30",
}


def identities(stations: int) -> Sequence[str]:
    """Names of so many stations."""
    return [f"s{number:05}" for number in range(stations)]


def boot(identity: str) -> tuple[str, Mapping[str, Any]]:
    return "BootNotification", {
        "chargePointVendor": "Bench",
        "chargePointModel": "Light",
        "chargePointSerialNumber": identity,
        "firmwareVersion": "1.0",
    }


def charging() -> tuple[str, Mapping[str, Any]]:
    return "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}


def started(register_wh: int, stamp: str) -> tuple[str, Mapping[str, Any]]:
    return "StartTransaction", {"connectorId": 1, "idTag": "BENCH", "meterStart": register_wh, "timestamp": stamp}


def meter_values(register_wh: int, transaction_id: int, stamp: str) -> tuple[str, Mapping[str, Any]]:
    """Nine samples: currents, voltages, power, energy, state of charge."""
    phases = ("L1", "L2", "L3")
    currents = [{"value": f"{AMPS}", "measurand": "Current.Import", "unit": "A", "phase": phase} for phase in phases]
    voltages = [{"value": f"{VOLTS}", "measurand": "Voltage", "unit": "V", "phase": f"{phase}-N"} for phase in phases]
    others = [
        {"value": f"{3 * AMPS * VOLTS}", "measurand": "Power.Active.Import", "unit": "W"},
        {"value": f"{register_wh}", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": "55", "measurand": "SoC", "unit": "Percent"},
    ]
    block = {"timestamp": stamp, "sampledValue": [*currents, *voltages, *others]}
    return "MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [block]}


def answer(action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """To whatever the central system asks."""
    if action != "GetConfiguration":
        return {"status": "Accepted"}
    keys = payload.get("key") or list(SETTINGS)
    return {
        "configurationKey": [
            {"key": key, "readonly": False, "value": SETTINGS[key]} for key in keys if key in SETTINGS
        ],
        "unknownKey": [key for key in keys if key not in SETTINGS],
    }
