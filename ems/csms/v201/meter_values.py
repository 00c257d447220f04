"""Meter values of version 2 as version 1.6 writes them, so that one reader (`csms.meter_values`) normalises both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ems.csms.fields import whole
from ems.csms.meter_values import MeterSample, normalise

MOST_MULTIPLIER: Final = 9
MOST_BLOCKS: Final = 200
MOST_SAMPLES: Final = 100


def plain(meter_value: object) -> list[dict[str, object]]:
    """The blocks with each unit beside its value and the multiplier worked in; nothing else is judged here."""
    blocks = meter_value if isinstance(meter_value, list) else [meter_value]
    return [_block(block) for block in blocks[-MOST_BLOCKS:] if isinstance(block, dict)]


def begin_and_end_wh(meter_value: object) -> tuple[float | None, float | None]:
    """The energy register where the transaction began, if that is told, and where it is now."""
    begun = [sample for block in plain(meter_value) for sample in _of_context(block, "Transaction.Begin")]
    return _register_wh(begun[:1]), _register_wh(plain(meter_value))


def _register_wh(blocks: list[dict[str, object]]) -> float | None:
    told = [sample.energy_kwh for sample in _samples(blocks) if sample.energy_kwh is not None]
    return told[-1] * 1e3 if told else None


def _samples(blocks: list[dict[str, object]]) -> tuple[MeterSample, ...]:
    return normalise(blocks, phases=3)


def _of_context(block: Mapping[str, object], context: str) -> list[dict[str, object]]:
    values = block.get("sampledValue")
    chosen = [each for each in values if each.get("context") == context] if isinstance(values, list) else []
    return [{"timestamp": block.get("timestamp"), "sampledValue": chosen}] if chosen else []


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
