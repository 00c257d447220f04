"""Numbers out of range: what the range is, and which slip of the unit may have led there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.config.json_schema import Rules

_SUBJECTS: Final[Mapping[str, str]] = {
    "main_fuse_a": "home fuses are",
    "fuse_a": "fuses in a house are",
    "min_a": "the smallest charging current is",
    "max_a": "charging currents are",
    "hardware_max_a": "charging currents are",
    "derating": "the factor on the rating is",
    "soc": "a state of charge is",
    "port": "ports are",
    "unit": "Modbus units are",
    "lease_s": "leases are",
    "period_s": "meters are read every",
    "peak_w": "roofs are",
    "max_import_kw": "contracts of a house are",
    "max_kw": "circuits in a house carry",
    "limit_kw": "peaks of a house are",
    "max_imbalance_a": "the difference between phases may be",
    "large_heat_pump_kw": "a heat pump counts as large",
    "journal_mb": "the journal takes",
    "priority": "priorities are",
}
_UNITS: Final[Mapping[str, str]] = {
    "_a": " A",
    "_w": " W",
    "_kw": " kW",
    "_s": " s",
    "_wh": " Wh",
    "_kwh": " kWh",
    "_mb": " MB",
}
_WATTS_FROM: Final = 400.0
"""No number of amperes in a site file is larger."""


def out_of_range(key: str, value: object, rules: Rules) -> str:
    """The cure for a number outside of its range."""
    unit = next((unit for suffix, unit in _UNITS.items() if key.endswith(suffix)), "")
    cure = f"{_SUBJECTS.get(key, 'it may be')} {_range(rules, unit)}"
    slip = _slip(key, float(value), rules) if isinstance(value, int | float) else None
    return f"{cure}; {slip}" if slip else cure


def _range(rules: Rules, unit: str) -> str:
    if rules.above is not None:
        upper = "" if rules.most is None else f", at most {rules.most:g}{unit}"
        return f"above {rules.above:g}{unit}{upper}"
    if rules.most is None:
        return f"{rules.least or 0:g}{unit} or more"
    if rules.least is None:
        return f"at most {rules.most:g}{unit}"
    return f"{rules.least:g} to {rules.most:g}{unit}"


def _slip(key: str, value: float, rules: Rules) -> str | None:
    """The question that a wrong unit deserves."""
    too_large = rules.most is not None and value > rules.most
    if key.endswith("_a") and too_large and value >= _WATTS_FROM:
        return "did you mean watts?"
    if key.endswith("_w") and not too_large and value > 0:
        return f"did you mean kilowatts? {value:g} kW is {value * 1000:g}"
    if key.endswith("_kw") and too_large:
        return f"did you mean watts? {value:g} W is {value / 1000:g}"
    if key.endswith("_kwh") and too_large:
        return f"did you mean watt hours? {value:g} Wh is {value / 1000:g}"
    if key.endswith("_s") and too_large and value >= 1000:
        return f"did you mean milliseconds? {value:g} ms is {value / 1000:g}"
    if rules.most == 1 and 1 < value <= 100:
        return f"did you mean per cent? {value:g} % is {value / 100:g}"
    if key == "fallback_a" and value < 0:
        return "0 means pause"
    return None
