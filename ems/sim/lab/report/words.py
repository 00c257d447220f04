"""Numbers, times and names as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ems.model.decision import LimitReason
from ems.model.electrical import FuseDevice
from ems.sim.lab.fault_script import FaultKind
from ems.sim.lab.report.markup import FIXED_SPACE

OURS: Final = "fusewise"
DAY_S: Final = 86_400.0
THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"

REASON_WORDS: Final[Mapping[LimitReason, str]] = {
    LimitReason.CAR: "no car, or it takes no more",
    LimitReason.CABLE: "charging cable",
    LimitReason.STATION_MAX: "charger maximum",
    LimitReason.INSTALLER_LIMIT: "installer's limit",
    LimitReason.MAIN_FUSE: "main fuse",
    LimitReason.CIRCUIT_FUSE: "fuse of the circuit",
    LimitReason.PHASE_IMBALANCE: "phases out of balance",
    LimitReason.GRID_OPERATOR: "grid operator",
    LimitReason.SOLAR_SURPLUS: "surplus sun",
    LimitReason.PRIORITY: "another car goes first",
    LimitReason.BATTERY_FIRST: "home battery goes first",
    LimitReason.PLAN: "plan",
    LimitReason.PRICE: "price",
    LimitReason.USER: "set by a person",
    LimitReason.UPSTREAM: "second central system",
    LimitReason.METER_LOST: "grid meter not trusted (yet)",
    LimitReason.STATION_SILENT: "charger silent",
    LimitReason.IGNORES_LIMIT: "charger ignores its limit",
    LimitReason.NOT_COMMISSIONED: "fuse not stated yet",
    LimitReason.SETTLING: "waiting for steady sun",
    LimitReason.NONE: "no limit",
}

FAULT_WORDS: Final[Mapping[FaultKind, str]] = {
    FaultKind.NOTHING: "a sudden load, no fault",
    FaultKind.METER_LATE: "meter late",
    FaultKind.METER_LOST: "meter silent",
    FaultKind.METER_FROZEN: "meter repeats itself",
    FaultKind.METER_BACKWARDS: "meter sends old samples",
    FaultKind.METER_IMPOSSIBLE: "meter sends nonsense",
    FaultKind.STATION_DISCONNECTS: "charger offline",
    FaultKind.STATION_REBOOTS: "charger reboots",
    FaultKind.STATION_REJECTS: "charger rejects its limit",
    FaultKind.STATION_TIMES_OUT: "charger gives no answer",
    FaultKind.STATION_IGNORES: "charger ignores its limit",
    FaultKind.SERVICE_DIES: "control stops",
    FaultKind.NETWORK_CUT: "no network to any charger",
    FaultKind.INVERTER_LOST: "inverter silent",
    FaultKind.CLOCK_JUMPS: "clock jumps by an hour",
    FaultKind.STORE_FULL: "journal cannot be written",
    FaultKind.SITE_FILE_WRONG: "site file is wrong",
    FaultKind.NOT_COMMISSIONED: "main fuse not stated",
}
FUSE_WORDS: Final[Mapping[FuseDevice, str]] = {
    FuseDevice.MCB_B: "breaker, curve B",
    FuseDevice.MCB_C: "breaker, curve C",
    FuseDevice.MCB_D: "breaker, curve D",
    FuseDevice.SLS: "selective breaker",
    FuseDevice.GG: "gG fuse",
}


def fault_name(label: str) -> str:
    """The fault of a verdict's label in words; an unknown label as it is."""
    kind = label.partition(" ")[0]
    return FAULT_WORDS[FaultKind(kind)] if kind in FAULT_WORDS else label


def reason_name(code: str) -> str:
    """A `LimitReason` value in words; an unknown one as it is."""
    try:
        return REASON_WORDS[LimitReason(code)]
    except ValueError:
        return code.replace("_", " ")


def policy_name(policy: str) -> str:
    """A policy as headings spell it."""
    return "Fusewise" if policy == OURS else policy.replace("_", " ")


def ours_first(policies: Iterable[str]) -> list[str]:
    """Each policy once, Fusewise before the others, else in the order given."""
    return sorted(dict.fromkeys(policies), key=lambda policy: policy != OURS)


def number(value: float, digits: int = 0) -> str:
    """A rounded number with thin spaces between thousands and a real minus sign."""
    text = f"{value:,.{digits}f}".replace(",", THIN_SPACE)
    if text.startswith("-"):
        return MINUS + text[1:] if any(digit in "123456789" for digit in text) else text[1:]
    return text


def kwh(value: float) -> str:
    """Energy for a sentence: whole from 10 kWh on."""
    return number(value, 0 if abs(value) >= 10 else 1)


def count(amount: float, one: str, many: str) -> str:
    """An amount with its noun."""
    return f"{number(amount, 0 if float(amount).is_integer() else 1)} {one if amount == 1 else many}"


def length(days: float) -> str:
    """How long a run was: hours and minutes below a day."""
    return span(days * DAY_S) if days < 1 else count(days, "day", "days")


def span(seconds: float) -> str:
    """A duration in its two largest units, on one line."""
    minutes, rest_s = divmod(round(seconds), 60)
    hours, rest_min = divmod(minutes, 60)
    amounts = [(hours, "h"), (rest_min, "min"), (rest_s if minutes < 10 else 0, "s")]
    said = [f"{amount}{FIXED_SPACE}{unit}" for amount, unit in amounts if amount]
    return FIXED_SPACE.join(said) or f"0{FIXED_SPACE}s"


def zone(name: str) -> ZoneInfo:
    """The time zone; UTC where this machine does not know the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def clock_time(start: datetime, after_s: float, where: ZoneInfo) -> str:
    """Time of day, hours and minutes."""
    return (start + timedelta(seconds=after_s)).astimezone(where).strftime("%H:%M")
