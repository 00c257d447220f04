"""What a second central system is told, in OCPP 1.6. Whatever a station said, the schema holds."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ems.csms.capabilities import RateUnit
from ems.csms.fields import printable
from ems.csms.messages import Boot
from ems.csms.relay.caps import Segment
from ems.csms.relay.entries import Account, Begin, End, Meter
from ems.csms.station_calls import REMOTE_TAG
from ems.csms.station_clock import format_timestamp
from ems.model.electrical import NOMINAL_V

PROTOCOL: Final = "ocpp1.6"
MOST_ID: Final = 2**31 - 1
Payload = dict[str, object]

_REASONS: Final = frozenset(
    {
        "EmergencyStop",
        "EVDisconnected",
        "HardReset",
        "Local",
        "Other",
        "PowerLoss",
        "Reboot",
        "Remote",
        "SoftReset",
        "UnlockCommand",
        "DeAuthorized",
    }
)
_ERRORS: Final = frozenset(
    {
        "ConnectorLockFailure",
        "EVCommunicationError",
        "GroundFailure",
        "HighTemperature",
        "InternalError",
        "LocalListConflict",
        "NoError",
        "OtherError",
        "OverCurrentFailure",
        "OverVoltage",
        "PowerMeterFailure",
        "PowerSwitchFailure",
        "ReaderFailure",
        "ResetFailure",
        "UnderVoltage",
        "WeakSignal",
    }
)


def boot(said: Boot) -> Payload:
    """The station as it introduced itself."""
    payload: Payload = {
        "chargePointVendor": printable(said.vendor, 20) or "unknown",
        "chargePointModel": printable(said.model, 20) or "unknown",
    }
    serial = printable(said.serials[0], 25) if said.serials else ""
    firmware = printable(said.firmware, 50)
    if serial:
        payload["chargePointSerialNumber"] = serial
    if firmware:
        payload["firmwareVersion"] = firmware
    return payload


def status(connector: int, word: str, error: str, at: datetime) -> Payload:
    return {
        "connectorId": connector,
        "status": word,
        "errorCode": error if error in _ERRORS else "OtherError" if error else "NoError",
        "timestamp": format_timestamp(at),
    }


def start(begin: Begin, own_tag: str | None) -> Payload:
    return {
        "connectorId": begin.connector,
        "idTag": tag(begin.id_tag, own_tag),
        "meterStart": begin.meter_wh,
        "timestamp": format_timestamp(begin.at),
    }


def tag(id_tag: str, own_tag: str | None) -> str:
    """The tag as it is told; `own_tag` for sessions that this house began."""
    if id_tag in {"", REMOTE_TAG}:
        return own_tag or REMOTE_TAG
    return id_tag[:20]


def stop(end: End, account: Account) -> Payload:
    """`account` has their id."""
    return {
        "transactionId": account.theirs,
        "meterStop": end.meter_wh,
        "timestamp": format_timestamp(end.at),
        "reason": end.reason if end.reason in _REASONS else "Other",
    }


def meter_values(meter: Meter, account: Account) -> Payload:
    """`account` has their id."""
    return {
        "connectorId": meter.connector,
        "transactionId": account.theirs,
        "meterValue": [{"timestamp": format_timestamp(meter.at), "sampledValue": _sampled(meter)}],
    }


def has_values(meter: Meter) -> bool:
    """Whether there is anything to tell."""
    return bool(_sampled(meter))


def _sampled(meter: Meter) -> list[dict[str, str]]:
    values = []
    if meter.energy_wh is not None:
        values.append(_value(str(meter.energy_wh), "Energy.Active.Import.Register", "Wh"))
    if meter.power_w is not None:
        values.append(_value(f"{meter.power_w:.0f}", "Power.Active.Import", "W"))
    for place, amps in enumerate(meter.current_a or (), start=1):
        values.append({**_value(f"{amps:.1f}", "Current.Import", "A"), "phase": f"L{place}"})
    if meter.soc is not None:
        values.append(_value(f"{100.0 * meter.soc:.0f}", "SoC", "Percent"))
    return values


def _value(value: str, measurand: str, unit: str) -> dict[str, str]:
    return {"value": value, "measurand": measurand, "unit": unit}


def composite_periods(caps: tuple[Segment, ...], allowed_a: float, unit: RateUnit, phases: int) -> list[Payload]:
    """What is allowed now, as far as the caps leave it."""
    periods: list[Payload] = []
    for cap in caps:
        limit_a = allowed_a if cap.limit_a is None else min(allowed_a, cap.limit_a)
        limit = round(limit_a, 1) if unit is RateUnit.AMPERE else float(round(limit_a * NOMINAL_V * phases))
        if not periods or periods[-1]["limit"] != limit:
            periods.append({"startPeriod": cap.start_s, "limit": limit, "numberPhases": phases})
    return periods
