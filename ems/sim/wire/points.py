"""Samples of the world as named numbers, and as the registers of the devices that show them.

Names, units and signs of points are those of our device profiles: power + import or + production, currents of grid
meters without a sign (it is in the power of the phase), energy in kWh.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ems.model.electrical import PerPhase, Phase
from ems.sim.world import BatterySample, CircuitSample, SunSample

NOT_AVAILABLE_U16: Final = 0xFFFF
NOT_AVAILABLE_S16: Final = 0x8000
"""SunSpec's patterns for "not implemented", `sunspec.md`."""

SDM630_REGISTERS: Final = 400
SDM630_POINTS: Final[Mapping[str, int]] = {
    "voltage_l1": 0,
    "voltage_l2": 2,
    "voltage_l3": 4,
    "current_l1": 6,
    "current_l2": 8,
    "current_l3": 10,
    "power_l1": 12,
    "power_l2": 14,
    "power_l3": 16,
    "power": 52,
    "frequency": 70,
    "energy_import": 72,
    "energy_export": 74,
}
"""Wire address of each float32 input register pair, `devices/eastron_sdm630.yaml`."""

SUNSPEC_BASE: Final = 40_000
SUNSPEC_POWER: Final = 40_000 + 2 + 68 + 14
"""Where the inverter model's W ends up in our chain."""

COMMON_LENGTH: Final = 66
INVERTER_LENGTH: Final = 50
MPPT_HEAD: Final = 8
MPPT_MODULE: Final = 20
STRINGS: Final = 2
"""Strings on the roof: modules of model 160."""

FULL_SCALE_W: Final = 30_000.0
"""Above this a power does not fit a signed 16-bit register without a scale factor."""


def grid_points(sample: CircuitSample) -> dict[str, float]:
    """What a grid meter shows."""
    power_w = sample.power_w
    return {
        "voltage": sample.voltage_v.l1,
        "current": sample.current_a.mapped(abs).l1,
        **_per_phase("voltage", sample.voltage_v),
        **_per_phase("current", sample.current_a.mapped(abs)),
        **_per_phase("power", power_w),
        "power": power_w.total,
        "frequency": sample.frequency_hz,
        "energy_import": sample.import_kwh,
        "energy_export": sample.export_kwh,
    }


def sun_points(sample: SunSample) -> dict[str, float]:
    """What an inverter shows."""
    return {
        **_per_phase("voltage", sample.voltage_v),
        **_per_phase("current", sample.current_a),
        "power": sample.power_w,
        "pv_power": sample.power_w,
        "ac_power": sample.power_w,
        "frequency": sample.frequency_hz,
        "energy": sample.energy_kwh,
        "pv_energy": sample.energy_kwh,
    }


def battery_points(sample: BatterySample) -> dict[str, float]:
    """What a battery shows."""
    return {"power": sample.power_w, "soc": sample.soc}


def sdm630_registers(points: Mapping[str, float]) -> list[int]:
    """The input registers of an SDM630 from address 0 on; what it does not simulate reads 0."""
    registers = [0] * SDM630_REGISTERS
    for name, address in SDM630_POINTS.items():
        registers[address : address + 2] = struct.unpack(">HH", struct.pack(">f", points[name]))
    return registers


def sunspec_registers(sample: SunSample, *, phases: int, peak_w: float, serial: str) -> list[int]:
    """The holding registers of an inverter from 40000 on: models 1, 103 (101 with one phase), 160, end."""
    power_sf = 1 if peak_w > FULL_SCALE_W else 0
    return [
        *_text("SunS", 2),
        *_common(serial),
        *_inverter(sample, phases, power_sf),
        *_strings(sample, power_sf),
        *(0xFFFF, 0),
    ]


def _common(serial: str) -> list[int]:
    words = ("Fusewise", 16), ("House inverter", 16), ("", 8), ("1.0", 8), (serial, 16)
    texts = [register for text, length in words for register in _text(text, length)]
    return [1, COMMON_LENGTH, *texts, 1, NOT_AVAILABLE_S16]


def _inverter(sample: SunSample, phases: int, power_sf: int) -> list[int]:
    body = [NOT_AVAILABLE_U16] * INVERTER_LENGTH
    currents = [sample.current_a[phase] for phase in list(Phase)[:phases]]
    volts = [sample.voltage_v[phase] for phase in list(Phase)[:phases]]
    _put(body, 2, [_scaled(sum(currents), -2), *(_scaled(each, -2) for each in currents)])
    _put(body, 6, [_signed(-2)])
    _put(body, 10, [_scaled(each, -1) for each in volts])
    _put(body, 13, [_signed(-1), _signed(_scaled(sample.power_w, power_sf)), _signed(power_sf)])
    _put(body, 16, [_scaled(sample.frequency_hz, -2), _signed(-2)])
    _put(body, 18, [_signed(_scaled(sample.power_w, power_sf)), _signed(power_sf)])
    _put(body, 20, [0, 0, 1000, _signed(-1)])
    _put(body, 24, [*_long(int(sample.energy_kwh * 1000)), 0])
    _put(body, 31, [_signed(_scaled(sample.power_w * 1.03, power_sf)), _signed(power_sf)])
    _put(body, 33, [_signed(350), *[NOT_AVAILABLE_S16] * 3, _signed(-1)])
    _put(body, 38, [4 if sample.power_w > 0 else 2])
    _put(body, 40, [0] * 12)
    return [103 if phases == 3 else 101, INVERTER_LENGTH, *body]


def _strings(sample: SunSample, power_sf: int) -> list[int]:
    head = [_signed(-2), _signed(-1), _signed(power_sf), 0, 0, 0, STRINGS, NOT_AVAILABLE_U16]
    modules: list[int] = []
    for number in range(1, STRINGS + 1):
        watts = sample.power_w * 1.03 / STRINGS
        energy = _long(int(sample.energy_kwh * 1000 / STRINGS))
        measured = [_scaled(watts / 400, -2), _scaled(400, -1), _scaled(watts, power_sf), *energy]
        modules += [number, *_text(f"String {number}", 8), *measured, 0, 0, NOT_AVAILABLE_S16, 4, 0, 0]
    return [160, MPPT_HEAD + STRINGS * MPPT_MODULE, *head, *modules]


def _put(body: list[int], offset: int, registers: Sequence[int]) -> None:
    """Offsets count from the model's header, as in `sunspec.md`; the body begins at 2."""
    body[offset - 2 : offset - 2 + len(registers)] = registers


def _scaled(value: float, scale_factor: int) -> int:
    return max(0, min(round(value * 10.0**-scale_factor), 0xFFFE))


def _signed(value: int) -> int:
    return value & 0xFFFF


def _long(value: int) -> tuple[int, int]:
    return (value >> 16) & 0xFFFF, value & 0xFFFF


def _text(text: str, length: int) -> Iterable[int]:
    padded = text.encode("ascii", "replace")[: 2 * length].ljust(2 * length, b"\0")
    return struct.unpack(f">{length}H", padded)


def _per_phase(name: str, values: PerPhase) -> dict[str, float]:
    return {f"{name}_l{number}": value for number, value in enumerate(values, 1)}


def impossible(points: Mapping[str, float]) -> dict[str, float]:
    """The same points with values that no house has."""
    return {
        name: math.nan if name.startswith("voltage") else 0.0 if name == "frequency" else 32_767.0 for name in points
    }
