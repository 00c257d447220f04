"""Do the numbers of a device fit together? Doubts for an installer who looks at it for the first time.

Unlike `plausibility`, which drops samples that cannot be true, this also doubts what is merely odd: most often it is a
wrong word order, scale or sign, or clamps on the wrong wires.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ems.devices.plausibility import (
    HIGHEST_HZ,
    HIGHEST_V,
    LARGEST_DEVICE_W,
    LOWEST_HZ,
    LOWEST_V,
    POWER_FACTOR,
    POWER_SLACK_A,
    true_frequency,
)
from ems.devices.profile_parts import Kind
from ems.devices.sample import METER_POINTS, phase_point
from ems.model.electrical import NOMINAL_V, Phase

CARRIES_VA: Final = 1000.0
LEAST_FACTOR: Final = 0.1
"""A power factor below a tenth at more than 1 kVA is a scale that is wrong, not a load."""

SUM_SLACK_W: Final = 50.0
SUM_SLACK: Final = 0.05
"""Of the phases' powers: totals and phases are measured a moment apart."""

TINIEST: Final = 1e-30
"""No meter resolves less, but a float of four bytes whose words stand elsewhere often is."""

STANDBY_W: Final = 200.0
"""What an inverter draws at most while there is no sun."""


def doubts(kind: Kind, values: Mapping[str, float]) -> tuple[str, ...]:
    """Sentences about numbers, in our units and signs, that do not fit; empty when all is well."""
    return (*_general(values), *_phases(values), *_sum(values), *_of_kind(kind, values), *_nothing(kind, values))


def _general(values: Mapping[str, float]) -> Iterator[str]:
    hertz = values.get("frequency")
    if hertz is not None and not LOWEST_HZ <= true_frequency(hertz) <= HIGHEST_HZ:
        yield f"a frequency of {hertz:g} Hz is not one of a grid: the order of words or the scale is wrong"
    for name, value in values.items():
        if name.startswith("voltage") and not LOWEST_V <= value <= HIGHEST_V:
            yield f"{name} is {value:g} V, and not near {NOMINAL_V:g} V: is that phase connected?"
        if 0 < abs(value) < TINIEST:
            yield f"{name} is {value:g}, which nothing measures: the order of words or the address is wrong"
        if name.startswith("power") and abs(value) > LARGEST_DEVICE_W:
            yield f"{name} is {value:g} W, more than any house: the order of words or the scale is wrong"


def _phases(values: Mapping[str, float]) -> Iterator[str]:
    for own in Phase:
        watts, amps = values.get(phase_point("power", own)), values.get(phase_point("current", own))
        if watts is None or amps is None:
            continue
        volts = values.get(phase_point("voltage", own), NOMINAL_V)
        apparent_va = abs(volts * amps)
        if abs(watts) > POWER_FACTOR * (apparent_va + POWER_SLACK_A * NOMINAL_V):
            yield (
                f"{own.name} has {watts:g} W with {amps:g} A, which carry {apparent_va:.0f} VA: a scale is wrong, or "
                "clamps sit on other phases than their voltages"
            )
        elif apparent_va > CARRIES_VA and abs(watts) < LEAST_FACTOR * apparent_va:
            yield (
                f"{own.name} has only {watts:g} W with {amps:g} A, which carry {apparent_va:.0f} VA: is it told in kW, "
                "or do clamps sit on other phases than their voltages?"
            )


def _sum(values: Mapping[str, float]) -> Iterator[str]:
    by_phase = [values.get(phase_point("power", own)) for own in Phase]
    known = [value for value in by_phase if value is not None]
    if len(known) < len(by_phase) or "power" not in values:
        return
    apart_w = abs(values["power"] - sum(known))
    if apart_w > SUM_SLACK_W + SUM_SLACK * sum(abs(each) for each in known):
        yield f"the phases add up to {sum(known):.0f} W, and the total is {values['power']:.0f} W: a sign is wrong"


def _of_kind(kind: Kind, values: Mapping[str, float]) -> Iterator[str]:
    if kind == "inverter" and values.get("power", 0.0) < -STANDBY_W:
        yield f"an inverter that draws {-values['power']:.0f} W: its sign is the other way, set invert"
    soc = values.get("soc")
    if soc is not None and not 0 <= soc <= 1:
        yield f"a state of charge of {100 * soc:g} %: the scale is wrong"


def _nothing(kind: Kind, values: Mapping[str, float]) -> Iterator[str]:
    """A meter measures something: voltages at least, or what the house draws while nothing is on."""
    told = [value for name, value in values.items() if name in METER_POINTS]
    if kind == "meter" and told and not any(told):
        yield "everything it measures is 0: it may not be connected, or be another model"
