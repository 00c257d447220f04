"""Meter values as OCPP 2.x JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ems.sim.wire.outlet import Outlet
from ems.sim.wire.samples import Sample, sampled
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.v2.profile_json import without_nothing

UNSAID: Final = "Wh"
"""The unit that a sample without one has."""


def meter_value(
    box: StationBox, outlet: Outlet, measurands: Iterable[str], context: str, timestamp: str
) -> dict[str, Any] | None:
    """One `meterValue`; None where there is nothing to tell."""
    samples = [_spelled(each, context) for each in sampled(box, outlet, measurands) if not each.missing]
    return {"timestamp": timestamp, "sampledValue": samples} if samples else None


def _spelled(sample: Sample, context: str) -> dict[str, Any]:
    unit = None if sample.unit == UNSAID else {"unit": sample.unit}
    return without_nothing(
        {
            "value": round(sample.value, sample.decimals),
            "measurand": sample.measurand,
            "context": context,
            "phase": sample.phase,
            "unitOfMeasure": unit,
        }
    )
