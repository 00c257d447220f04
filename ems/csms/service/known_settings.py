"""The settings of the standard, from `known_settings.json`; `words.json` says what they mean (`setting.<key>`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("known_settings.json")


class SettingKind(StrEnum):
    """What a value looks like."""

    WHOLE = "whole"
    TRUTH = "truth"
    LIST = "list"
    TEXT = "text"


class Danger(StrEnum):
    """What changing a setting can harm."""

    CONNECTION = "connection"
    LIMITS = "limits"
    READINGS = "readings"
    SESSIONS = "sessions"
    KEPT = "kept"
    """It is changed elsewhere, in steps that lock nobody out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSetting:
    """One setting of the standard."""

    kind: SettingKind
    unit: str | None = None
    danger: Danger | None = None

    def takes(self, value: str) -> bool:
        """Whether a value can be one of this setting."""
        if self.kind is SettingKind.WHOLE:
            return value.removeprefix("-").isascii() and value.removeprefix("-").isdigit() and len(value) < 11
        if self.kind is SettingKind.TRUTH:
            return value.lower() in {"true", "false"}
        return True


_COMPONENTS: Final[Mapping[str, Danger]] = {
    "securityctrlr": Danger.KEPT,
    "iso15118ctrlr": Danger.KEPT,
    "networkconfiguration": Danger.CONNECTION,
    "ocppcommctrlr": Danger.CONNECTION,
    "smartchargingctrlr": Danger.LIMITS,
    "sampleddatactrlr": Danger.READINGS,
    "aligneddatactrlr": Danger.READINGS,
    "txctrlr": Danger.SESSIONS,
    "authctrlr": Danger.SESSIONS,
}
"""What changing a variable of OCPP 2 can harm, by its component."""


def about(key: str) -> KnownSetting:
    """What is known of a setting, whatever the case of its letters; hardly anything of a maker's own."""
    found = next((known for each, known in known_settings().items() if each.lower() == key.lower()), None)
    if found is not None:
        return found
    component = key.partition(".")[0].partition("/")[0].lower()
    return KnownSetting(kind=SettingKind.TEXT, danger=_COMPONENTS.get(component) if "." in key else None)


@cache
def known_settings() -> Mapping[str, KnownSetting]:
    """By key."""
    rows: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        key: KnownSetting(
            kind=SettingKind(row["kind"]),
            unit=row.get("unit"),
            danger=Danger(row["danger"]) if "danger" in row else None,
        )
        for key, row in rows.items()
    }
