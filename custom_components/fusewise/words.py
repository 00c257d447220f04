"""The words of the service, as `tests/contract/golden/words.json` lists them, and of events. No Home Assistant here."""

from __future__ import annotations

from enum import StrEnum


class ChargeMode(StrEnum):
    """How a car chooses its current."""

    OFF = "off"
    SOLAR = "solar"
    MIN_SOLAR = "min_solar"
    FAST = "fast"


class LimitReason(StrEnum):
    """Why a limit is what it is."""

    CAR = "car"
    CABLE = "cable"
    STATION_MAX = "station_max"
    INSTALLER_LIMIT = "installer_limit"
    MAIN_FUSE = "main_fuse"
    CIRCUIT_FUSE = "circuit_fuse"
    PHASE_IMBALANCE = "phase_imbalance"
    GRID_OPERATOR = "grid_operator"
    SOLAR_SURPLUS = "solar_surplus"
    PRIORITY = "priority"
    BATTERY_FIRST = "battery_first"
    PLAN = "plan"
    PRICE = "price"
    USER = "user"
    UPSTREAM = "upstream"
    METER_LOST = "meter_lost"
    STATION_SILENT = "station_silent"
    IGNORES_LIMIT = "ignores_limit"
    NOT_COMMISSIONED = "not_commissioned"
    SETTLING = "settling"
    NONE = "none"


class SiteCondition(StrEnum):
    """The house in one word."""

    OPTIMISING = "optimising"
    PROTECTING = "protecting"
    FALLBACK = "fallback"
    PAUSED = "paused"
    NOT_COMMISSIONED = "not_commissioned"


class StationStatus(StrEnum):
    """A charging station in a person's words."""

    OFFLINE = "offline"
    FAULT = "fault"
    UNPLUGGED = "unplugged"
    WAITING_CAR = "waiting_car"
    WAITING_SUN = "waiting_sun"
    WAITING_FUSE = "waiting_fuse"
    WAITING = "waiting"
    STARTING = "starting"
    CHARGING = "charging"
    FINISHED = "finished"
    OFF = "off"


class Keenness(StrEnum):
    """How much grid a car that follows the sun may take along for the sake of more sun."""

    KEEN = "keen"
    BALANCED = "balanced"
    NORMAL = "normal"
    PURIST = "purist"


class BatteryMode(StrEnum):
    """What the home battery does."""

    IDLE = "idle"
    CHARGING = "charging"
    DISCHARGING = "discharging"


class BatteryReason(StrEnum):
    """Why the home battery is bounded, or why it is not."""

    NONE = "none"
    SITE_LIMIT = "site_limit"
    CARS_FROM_GRID = "cars_from_grid"
    FAST_CAR = "fast_car"
    FUSE_NEEDS_IT = "fuse_needs_it"
    CAP_NEEDS_IT = "cap_needs_it"
    UNSEEN = "unseen"


class BatteryOrder(StrEnum):
    """What the home battery is told; words of this integration alone."""

    FREE = "free"
    HELD = "held"
    """It discharges nothing."""

    BOUNDED = "bounded"


class SiteEvent(StrEnum):
    """What happens to the house as a whole; words of this integration alone."""

    LIMITED = "limited"
    RELEASED = "released"
    FALLBACK = "fallback"
    RESUMED = "resumed"


class StayEvent(StrEnum):
    """What happens while a car is on the cable; words of this integration alone."""

    STARTED = "started"
    ENDED = "ended"
    GOAL_REACHED = "goal_reached"
    GOAL_MISSED = "goal_missed"
