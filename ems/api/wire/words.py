"""What all shapes share: versions, words, sentences, and the problem object."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

API_VERSION: Final = 1
"""Counts up with every change that an older client may stumble over."""

MIN_API: Final = 1
"""The oldest client version that this service still speaks to."""

StationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Amps = Annotated[float, Field(ge=0, le=80)]
VehicleName = Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
"""Any name that can be printed: sessions are counted by it, and a guest's car is in no site file."""


class Shape(BaseModel):
    """What all shapes share."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteCondition(StrEnum):
    """The house in one word."""

    OPTIMISING = "optimising"
    PROTECTING = "protecting"
    """A fuse, a rule or the guard holds somebody down now."""

    FALLBACK = "fallback"
    """A meter is not trusted; stations are at their fallback currents."""

    PAUSED = "paused"
    """Optimisation is switched off by a person."""

    NOT_COMMISSIONED = "not_commissioned"


class BatteryMode(StrEnum):
    """What the home battery does."""

    IDLE = "idle"
    CHARGING = "charging"
    DISCHARGING = "discharging"


class StationStatus(StrEnum):
    """A charging station in a person's words."""

    OFFLINE = "offline"
    FAULT = "fault"
    UNPLUGGED = "unplugged"
    WAITING_CAR = "waiting_car"
    """The car does not draw although it may."""

    WAITING_SUN = "waiting_sun"
    WAITING_FUSE = "waiting_fuse"
    """A fuse, a rule or a cap leaves no room for its minimum."""

    WAITING = "waiting"
    """Paused for another reason; `reason` names it."""

    STARTING = "starting"
    CHARGING = "charging"
    FINISHED = "finished"
    OFF = "off"


class Sentence(Shape):
    """A sentence as its key and numbers, so that a client can say it in its own language."""

    key: str
    """As in the translation file; for a limit's reason `reason.main_fuse` and so on."""

    numbers: dict[str, float | int | str]
    text: str
    """The sentence in the language that was asked for; English unless said otherwise."""


class HistoryStep(StrEnum):
    """Length of a step: minutes are kept for 60 days, quarters of an hour for two years, days for ever."""

    MINUTE = "minute"
    QUARTER = "quarter"
    DAY = "day"


class Role(StrEnum):
    """What somebody may do: see · see and set · see, set and commission."""

    VIEWER = "viewer"
    HOMEOWNER = "homeowner"
    INSTALLER = "installer"


class Problem(BaseModel):
    """Every error (RFC 9457), with a stable code."""

    type: str
    title: str
    status: int
    code: str
    detail: str
