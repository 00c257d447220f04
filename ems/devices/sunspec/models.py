"""The SunSpec models we read, as data: `offset name type [scale factor]`, counted from the model's header.

Source: `sunspec.md` and `sunspec_models.yaml`. Only the points that tell something about a house are listed. Byte and
word order are big endian throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import RegisterType

NOT_AVAILABLE: Final[Mapping[str, tuple[RegisterType, tuple[int, ...]]]] = {
    "int16": (RegisterType.INT16, (0x8000,)),
    "uint16": (RegisterType.UINT16, (0xFFFF,)),
    "enum16": (RegisterType.UINT16, (0xFFFF,)),
    "count": (RegisterType.UINT16, (0xFFFF,)),
    "sunssf": (RegisterType.INT16, (0x8000,)),
    "int32": (RegisterType.INT32, (0x80000000,)),
    "uint32": (RegisterType.UINT32, (0xFFFFFFFF,)),
    "bitfield32": (RegisterType.UINT32, (0xFFFFFFFF,)),
    "acc32": (RegisterType.UINT32, (0,)),
    "acc64": (RegisterType.UINT64, (0,)),
    "float32": (RegisterType.FLOAT32, ()),
}
"""How each type is stored and which pattern says "not implemented"; floats say it with NaN."""

MODULE_SPACING: Final = 20
"""Registers from one module of model 160 to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One point of a model."""

    name: str
    offset: int
    type: str
    length: int | None = None
    """Registers of a string."""

    scale_factor: str | None = None
    """The point that holds the exponent of ten."""

    def at(self, header: int) -> RegisterPoint:
        """Where it is in a device whose model starts at `header`."""
        kind, absent = (RegisterType.STRING, ()) if self.type == "string" else NOT_AVAILABLE[self.type]
        return RegisterPoint(
            function="holding", address=header + self.offset, type=kind, length=self.length, not_available=absent
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A family of models that share their offsets."""

    ids: tuple[int, ...]
    fields: Mapping[str, Field]
    points: Mapping[str, tuple[str, float]]
    """Our point name to the model's, and the factor to our unit."""


def _layout(ids: tuple[int, ...], rows: str, points: Mapping[str, tuple[str, float]] | None = None) -> Layout:
    fields = [_field(row.split()) for row in rows.split("·")]
    return Layout(ids=ids, fields={field.name: field for field in fields}, points=points or {})


def _field(row: list[str]) -> Field:
    offset, name, kind, *scale_factor = row
    if kind.startswith("string"):
        return Field(name=name, offset=int(offset), type="string", length=int(kind.removeprefix("string")))
    return Field(name=name, offset=int(offset), type=kind, scale_factor=scale_factor[0] if scale_factor else None)


_SOLAR_POINTS: Final = {
    "power": ("W", 1.0),
    "current_l1": ("AphA", 1.0),
    "current_l2": ("AphB", 1.0),
    "current_l3": ("AphC", 1.0),
    "energy": ("WH", 0.001),
}

_METER_POINTS: Final = {
    "power": ("W", 1.0),
    "power_l1": ("WphA", 1.0),
    "power_l2": ("WphB", 1.0),
    "power_l3": ("WphC", 1.0),
    "current": ("A", 1.0),
    "current_l1": ("AphA", 1.0),
    "current_l2": ("AphB", 1.0),
    "current_l3": ("AphC", 1.0),
    "voltage": ("PhV", 1.0),
    "voltage_l1": ("PhVphA", 1.0),
    "voltage_l2": ("PhVphB", 1.0),
    "voltage_l3": ("PhVphC", 1.0),
    "frequency": ("Hz", 1.0),
    "energy_import": ("TotWhImp", 0.001),
    "energy_export": ("TotWhExp", 0.001),
}

COMMON: Final = _layout(
    (1,),
    "2 Mn string16 · 18 Md string16 · 34 Opt string8 · 42 Vr string8 · 50 SN string16",
)

INVERTERS: Final = (
    _layout(
        (101, 102, 103),
        "2 A uint16 A_SF · 3 AphA uint16 A_SF · 4 AphB uint16 A_SF · 5 AphC uint16 A_SF · 6 A_SF sunssf ·"
        "10 PhVphA uint16 V_SF · 11 PhVphB uint16 V_SF · 12 PhVphC uint16 V_SF · 13 V_SF sunssf ·"
        "14 W int16 W_SF · 15 W_SF sunssf · 16 Hz uint16 Hz_SF · 17 Hz_SF sunssf ·"
        "18 VA int16 VA_SF · 19 VA_SF sunssf · 20 VAr int16 VAr_SF · 21 VAr_SF sunssf ·"
        "24 WH acc32 WH_SF · 26 WH_SF sunssf · 31 DCW int16 DCW_SF · 32 DCW_SF sunssf ·"
        "33 TmpCab int16 Tmp_SF · 37 Tmp_SF sunssf · 38 St enum16",
        _SOLAR_POINTS,
    ),
    _layout(
        (111, 112, 113),
        "2 A float32 · 4 AphA float32 · 6 AphB float32 · 8 AphC float32 ·"
        "16 PhVphA float32 · 18 PhVphB float32 · 20 PhVphC float32 · 22 W float32 · 24 Hz float32 ·"
        "26 VA float32 · 28 VAr float32 · 32 WH float32 · 38 DCW float32 · 40 TmpCab float32 · 48 St enum16",
        _SOLAR_POINTS,
    ),
)

METERS: Final = (
    _layout(
        (201, 202, 203, 204),
        "2 A int16 A_SF · 3 AphA int16 A_SF · 4 AphB int16 A_SF · 5 AphC int16 A_SF · 6 A_SF sunssf ·"
        "7 PhV int16 V_SF · 8 PhVphA int16 V_SF · 9 PhVphB int16 V_SF · 10 PhVphC int16 V_SF · 15 V_SF sunssf ·"
        "16 Hz int16 Hz_SF · 17 Hz_SF sunssf ·"
        "18 W int16 W_SF · 19 WphA int16 W_SF · 20 WphB int16 W_SF · 21 WphC int16 W_SF · 22 W_SF sunssf ·"
        "38 TotWhExp acc32 TotWh_SF · 46 TotWhImp acc32 TotWh_SF · 54 TotWh_SF sunssf",
        _METER_POINTS,
    ),
    _layout(
        (211, 212, 213, 214),
        "2 A float32 · 4 AphA float32 · 6 AphB float32 · 8 AphC float32 ·"
        "10 PhV float32 · 12 PhVphA float32 · 14 PhVphB float32 · 16 PhVphC float32 · 26 Hz float32 ·"
        "28 W float32 · 30 WphA float32 · 32 WphB float32 · 34 WphC float32 ·"
        "60 TotWhExp float32 · 68 TotWhImp float32",
        _METER_POINTS,
    ),
)

STRINGS: Final = _layout(
    (160,),
    "2 DCA_SF sunssf · 3 DCV_SF sunssf · 4 DCW_SF sunssf · 5 DCWH_SF sunssf · 8 N count ·"
    + "·".join(
        f"{19 + shift} DCA{n} uint16 DCA_SF · {20 + shift} DCV{n} uint16 DCV_SF ·"
        f"{21 + shift} DCW{n} uint16 DCW_SF · {22 + shift} DCWH{n} acc32 DCWH_SF"
        for n, shift in ((n, MODULE_SPACING * (n - 1)) for n in range(1, 6))
    ),
)
"""The strings of an inverter, the first five: they fit one read together with their scale factors."""

STATE: Final = {
    1: "off",
    2: "sleeping",
    3: "starting",
    4: "producing",
    5: "throttled",
    6: "shutting down",
    7: "fault",
    8: "standby",
}
RESTING: Final = frozenset({1, 2, 8})
"""States in which an inverter that gives no power makes none."""
