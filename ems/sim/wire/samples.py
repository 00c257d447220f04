"""What a simulated station's meter says, before any version of OCPP spells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ems.sim.wire.difficulty import Difficulty, PhaseSpelling
from ems.sim.wire.outlet import Outlet
from ems.sim.wire.station_box import StationBox

MEASURANDS: Final = (
    "Current.Import",
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Voltage",
    "Current.Offered",
)
ENERGY: Final = MEASURANDS[2]
UNITS: Final = {"Current": "A", "Power": "W", "Energy": "Wh", "Voltage": "V"}
FLOWING_W: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value with its unit, in the words that all versions share."""

    measurand: str
    value: float
    unit: str
    decimals: int = 0
    phase: str | None = None
    missing: bool = False
    """It is sent, but with nothing in it."""


def sampled(box: StationBox, outlet: Outlet, measurands: Iterable[str]) -> list[Sample]:
    """The values of one connector, as this station would put them."""
    odd = box.build.difficulty
    wanted = list(measurands)
    if odd.energy_only_idle and outlet.session is None:
        wanted = [ENERGY]
    samples = [sample for word in wanted if word in MEASURANDS for sample in _of(box, outlet, word)]
    if odd.odd_words:
        samples.append(Sample(measurand="Frequency", value=50.0, unit="Hz", decimals=1))
    return [_kilo(sample) if odd.kilo_units else sample for sample in samples]


def _of(box: StationBox, outlet: Outlet, measurand: str) -> Iterator[Sample]:
    odd, car = box.build.difficulty, outlet.car
    unit = UNITS[measurand.split(".", maxsplit=1)[0]]
    match measurand:
        case "Current.Import":
            yield from _currents(odd, car.current_a)
        case "Voltage":
            for number, volts in enumerate(car.voltage_v, 1):
                plain = odd.phases is PhaseSpelling.PLAIN
                phase = f"L{number}" if plain else f"L{number}-N"
                yield Sample(measurand=measurand, value=volts, unit=unit, decimals=1, phase=phase)
        case "Power.Active.Import":
            if not odd.no_power:
                empty = odd.empty_values and car.power_w < FLOWING_W
                yield Sample(measurand=measurand, value=car.power_w, unit=unit, missing=empty)
        case "Current.Offered":
            offered_a = outlet.offer.limit_a if odd.offered_is is None else odd.offered_is
            yield Sample(measurand=measurand, value=offered_a, unit=unit, decimals=1)
        case _:
            yield Sample(measurand=ENERGY, value=box.meter_wh(outlet.connector_id), unit=unit)


def _currents(odd: Difficulty, current_a: tuple[float, ...]) -> Iterator[Sample]:
    sample = Sample(measurand="Current.Import", value=max(current_a), unit="A", decimals=2)
    match odd.phases:
        case PhaseSpelling.ONLY_NEUTRAL:
            yield replace(sample, phase="N")
        case PhaseSpelling.NONE:
            yield sample
        case spelling:
            ending = "-N" if spelling is PhaseSpelling.TO_NEUTRAL else ""
            for number, amps in enumerate(current_a, 1):
                yield replace(sample, value=amps, phase=f"L{number}{ending}")


def _kilo(sample: Sample) -> Sample:
    if sample.unit not in {"W", "Wh"}:
        return sample
    return replace(sample, value=sample.value / 1000, unit=f"k{sample.unit}", decimals=3)
