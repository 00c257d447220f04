"""The SunSpec models we read: `models.txt`, and what their numbers mean.

Sources: `sunspec.md`, `sunspec_models.yaml`, and for the states of the 7xx models SunSpec's own definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from ems.devices.sunspec.layout import Layout
from ems.devices.sunspec.notation import layouts

MODELS: Final[Mapping[int, Layout]] = {
    model_id: layout
    for layout in layouts((files("ems.devices.sunspec") / "models.txt").read_text(encoding="utf-8"))
    for model_id in layout.ids
}
"""Every model, by its id; those of one family share a layout."""

COMMON: Final = MODELS[1]
INVERTERS: Final = (MODELS[101], MODELS[111], MODELS[701])
METERS: Final = (MODELS[201], MODELS[211])
NAMEPLATE: Final = MODELS[120]
STORAGE: Final = MODELS[124]
"""A battery behind an inverter."""

STRINGS: Final = MODELS[160]
FILL: Final = MODELS[713]
PORTS: Final = MODELS[714]
BANK: Final = MODELS[802]

_OPERATING: Final = ("off", "sleeping", "starting", "producing", "throttled", "shutting down", "fault", "standby")
_WORDS: Final[Mapping[tuple[tuple[int, ...], str], Mapping[int, str]]] = {
    ((101, 102, 103, 111, 112, 113), "St"): dict(enumerate(_OPERATING, start=1)),
    ((160,), "module.DCSt"): dict(enumerate((*_OPERATING, "testing"), start=1)),
    ((701,), "InvSt"): dict(enumerate(_OPERATING)),
    ((124, 802), "ChaSt"): dict(
        enumerate(("off", "empty", "discharging", "charging", "full", "holding", "testing"), start=1)
    ),
    ((714,), "Prt.PrtTyp"): dict(
        enumerate(("PV", "storage", "vehicle", "injecting", "absorbing", "both ways", "DC to DC"))
    ),
}

STATES: Final[Mapping[tuple[int, str], Mapping[int, str]]] = {
    (model_id, point): words for (ids, point), words in _WORDS.items() for model_id in ids
}
"""Words for the numbers of a point, by model and point."""

RESTING: Final = frozenset({"off", "sleeping", "standby"})
"""States in which an inverter that gives no power makes none."""

PV_PORT: Final = 0
STORAGE_PORT: Final = 1
"""Kinds of port of model 714."""
