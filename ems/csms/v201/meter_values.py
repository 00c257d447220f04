"""Meter values of version 2 as version 1.6 writes them, so that one reader (`csms.meter_values`) normalises both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.fields import whole

MOST_MULTIPLIER: Final = 9
MOST_BLOCKS: Final = 200
MOST_SAMPLES: Final = 100


def plain(meter_value: object) -> list[dict[str, object]]:
    """The blocks with each unit beside its value and the multiplier worked in; nothing else is judged here."""
    blocks = meter_value if isinstance(meter_value, list) else [meter_value]
    return [_block(block) for block in blocks[-MOST_BLOCKS:] if isinstance(block, dict)]


def _block(block: Mapping[str, object]) -> dict[str, object]:
    listed = block.get("sampledValue")
    values = listed if isinstance(listed, list) else [listed]
    return {
        "timestamp": block.get("timestamp"),
        "sampledValue": [_value(each) for each in values[:MOST_SAMPLES] if isinstance(each, dict)],
    }


def _value(sampled: Mapping[str, object]) -> dict[str, object]:
    told = sampled.get("unitOfMeasure")
    measure: Mapping[str, object] = told if isinstance(told, dict) else {}
    value, multiplier = sampled.get("value"), whole(measure, "multiplier") or 0
    if multiplier and isinstance(value, int | float) and not isinstance(value, bool):
        value = value * 10.0**multiplier if abs(multiplier) <= MOST_MULTIPLIER else None
    return {
        "value": value,
        "unit": measure.get("unit", sampled.get("unit")),
        "context": sampled.get("context"),
        "measurand": sampled.get("measurand"),
        "phase": sampled.get("phase"),
    }
