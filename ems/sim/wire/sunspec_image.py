"""The registers of a device that describes itself by SunSpec models, measuring given values. Pure.

Behind the common model 1 stand models with whole numbers and exponents: 103 for an inverter, 802 and 124 for a battery,
203 for a meter. Where the profile knows a battery by the modules of model 160, the device has 120, 160 and 124 instead
of 802, and its inverter gives what the strings and the battery give together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.devices.modbus.register_point import RegisterKind
from ems.devices.profile_parts import Kind
from ems.devices.sunspec.chain import BASES, END_MODEL, MARKER
from ems.devices.sunspec.models import MODELS
from ems.devices.sunspec.modules import StorageModules
from ems.devices.sunspec.ways import ways_of
from ems.sim.wire.filling import PlainTells, Values, filled_in
from ems.sim.wire.register_image import Image
from ems.sim.wire.sunspec_model import Told, model_words

COMMON_LENGTH: Final = 66
SHORT_COMMON_LENGTH: Final = 65
"""Without the last register, as some makers have it."""

FIRST_MODEL: Final = BASES[0] + len(MARKER)
PRODUCING: Final = 4
"""The inverter's state."""

LARGEST_W: Final = 5000.0
"""Of the battery, either way."""

FREE_ORDERS: Final[Mapping[str, float]] = {"StorCtl_Mod": 0.0, "OutWRte": 100.0, "InWRte": 100.0, "ChaGriSet": 1.0}
"""What model 124 says while nobody bounds the battery."""

CHARGING, DISCHARGING, HOLDING = 4.0, 3.0, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SunSpecDevice:
    """What such a device is."""

    kinds: Collection[Kind]
    maker: str = "Simulated"
    modules: StorageModules | None = None
    orders: Told = field(default_factory=dict)
    """What was written into model 124."""


def sunspec_image(device: SunSpecDevice, values: Mapping[Kind, Values]) -> Image:
    """The registers of a chain with models for every kind. Raises CannotShow."""
    image = _row(FIRST_MODEL - len(MARKER), MARKER)
    at = FIRST_MODEL
    for words in (common_model(device.maker, COMMON_LENGTH), *_models(device, values)):
        image |= _row(at, words)
        at += len(words)
    return image | _row(at, (END_MODEL, 0))


def maker_image(maker: str) -> Image:
    """The beginning of the chain alone, of a device whose other registers are told by its own map."""
    words = common_model(maker, SHORT_COMMON_LENGTH)
    end = FIRST_MODEL + len(words)
    return _row(FIRST_MODEL - len(MARKER), MARKER) | _row(FIRST_MODEL, words) | _row(end, (END_MODEL, 0))


def place_of(device: SunSpecDevice, model_id: int, point: str) -> tuple[RegisterKind, int] | None:
    """Where the device has that point; None where it has no such model."""
    at = FIRST_MODEL
    for words in (common_model(device.maker, COMMON_LENGTH), *_models(device, {})):
        if words[0] == model_id:
            counts = {name: words[MODELS[model_id].fields[name].offset] for name in MODELS[model_id].counts}
            return "holding", at + MODELS[model_id].arranged(words[1], counts)[point].offset
        at += len(words)
    return None


def first_power(device: SunSpecDevice) -> tuple[RegisterKind, int]:
    """Where the number is whose reading makes a sample."""
    points = ((160, "module.1.DCW"), (103, "W"), (802, "W"), (203, "W"))
    return next(place for model_id, point in points if (place := place_of(device, model_id, point)) is not None)


def common_model(maker: str, length: int) -> tuple[int, ...]:
    """Who the device is: model 1 with its header. `length` is 66, or 65 on devices without the last register."""
    return model_words(1, {"Mn": maker, "Md": "Simulated", "Vr": "1.0", "SN": "SIM-1"}, length=length)


def _models(device: SunSpecDevice, values: Mapping[Kind, Values]) -> Iterator[tuple[int, ...]]:
    told = {kind: _filled(device, kind, values) for kind in device.kinds}
    sun, battery = told.get("inverter"), told.get("battery")
    if sun is not None:
        share_w = battery["power"] if battery and device.modules else 0.0
        yield model_words(103, _inverter(sun, share_w))
    if battery is not None:
        yield from _battery_models(device, sun or {}, battery)
    if "meter" in told:
        yield model_words(203, _by_points(told["meter"], "meter"))


def _filled(device: SunSpecDevice, kind: Kind, values: Mapping[Kind, Values]) -> dict[str, float | None]:
    names = ways_of(kind, device.modules)[0].names
    return filled_in(PlainTells(told=names), values.get(kind, {}))


def _by_points(values: Values, kind: Kind) -> dict[str, float | str | None]:
    """Our numbers under the names of the first model that tells them all."""
    points = ways_of(kind)[0].parts[0].points
    told: dict[str, float | str | None] = {}
    for ours, (theirs, factor) in points.items():
        value = values.get(ours)
        told[theirs] = None if value is None else value / factor
    return told


def _inverter(sun: Values, share_w: float | None) -> Told:
    told = _by_points(sun, "inverter")
    if sun["power"] is not None and share_w is not None:
        told["W"] = sun["power"] + share_w
    return {**told, "St": PRODUCING}


def _battery_models(device: SunSpecDevice, sun: Values, battery: Values) -> Iterator[tuple[int, ...]]:
    power_w, soc, capacity_kwh = (battery[name] for name in ("power", "soc", "capacity"))
    rated_wh = None if capacity_kwh is None else capacity_kwh * 1000
    soc_pct = None if soc is None else soc * 100
    state = None if power_w is None else CHARGING if power_w < 0 else DISCHARGING if power_w > 0 else HOLDING
    if device.modules is None:
        told = {"WHRtg": rated_wh, "SoC": soc_pct, "W": power_w, "ChaSt": state}
        yield model_words(802, {**told, "WChaRteMax": LARGEST_W, "WDisChaRteMax": LARGEST_W})
    else:
        rating = {"WHRtg": rated_wh, "MaxChaRte": LARGEST_W, "MaxDisChaRte": LARGEST_W}
        yield model_words(120, rating)
        yield model_words(160, _modules(device.modules, sun.get("power"), power_w))
    held = {**FREE_ORDERS, **device.orders}
    yield model_words(124, {"WChaMax": LARGEST_W, "ChaState": soc_pct, "ChaSt": state, "InOutWRte_SF": -2, **held})


def _modules(modules: StorageModules, sun_w: float | None, power_w: float | None) -> Told:
    told: dict[str, float | str | None] = {"N": modules.count}
    for number in modules.strings:
        told[f"module.{number}.DCW"] = None if sun_w is None else sun_w / len(modules.strings)
    told[f"module.{modules.charge}.DCW"] = None if power_w is None else max(0.0, -power_w)
    told[f"module.{modules.discharge}.DCW"] = None if power_w is None else max(0.0, power_w)
    return told


def _row(address: int, words: Iterable[int]) -> Image:
    return {("holding", address + place): word for place, word in enumerate(words)}
