"""The answer of one cycle: a set-point for every station, and the reason of every set-point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ems.model.electrical import PerPhase, Phase
from ems.model.quick import quick


class LimitReason(StrEnum):
    """Why a limit is what it is: one enum for pages, API, Home Assistant, log and journal (design §7)."""

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
    """The cap of a second central system."""

    METER_LOST = "meter_lost"
    STATION_SILENT = "station_silent"
    IGNORES_LIMIT = "ignores_limit"
    NOT_COMMISSIONED = "not_commissioned"
    SETTLING = "settling"
    NONE = "none"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason with the numbers that prove it; `ems.model.sentences` says it in words."""

    code: LimitReason
    circuit_id: str | None = None
    phase: Phase | None = None
    house_a: float | None = None
    """What everything but the cars draws on that circuit and phase."""

    held_a: float | None = None
    """The recent peak of the house that is still held against raises."""

    room_a: float | None = None
    """What that circuit and phase leaves for the cars."""

    surplus_w: float | None = None
    needed_w: float | None = None
    """What the sun would have to give for this car to charge beside those that do."""

    battery_w: float | None = None
    """The sun that the home battery takes, and the cars may not have."""

    limit_w: float | None = None
    """The bound itself, where it is a power."""

    used_w: float | None = None
    """What everything but the cars takes of that power."""

    gained_wh: float | None = None
    """What a change of pattern would have brought so far (`control.md` §5)."""

    change_wh: float | None = None
    """What it must bring before the change is made."""

    cost_wh: float | None = None
    """What it has cost so far, against a pause, that a car is kept at its minimum while the sun is short."""

    stop_wh: float | None = None
    """What that may cost before the car stops."""

    age_s: float | None = None
    """Age of the last good sample of the circuit's meter."""

    samples_to_go: int | None = None
    """Good samples until a meter that answers again is trusted."""

    remaining_s: float | None = None
    """How long this reason lasts at most."""

    limit_a: float | None = None
    """The bound itself, where it is a setting."""

    target_soc: float | None = None
    """The state of charge that was wanted, where the car is there."""

    energy_kwh: float | None = None
    """What was asked for this stay: in the car, or still to come where there is a time for it."""

    by_utc_s: float | None = None
    """When it is wanted, in wall time."""

    start_utc_s: float | None = None
    """The latest start for that, as it was when the car began to hurry."""

    expected_kwh: float | None = None
    """What will be in the car by then, where that is less."""

    utc_offset_s: float | None = None
    """What the house's clocks are ahead of UTC at these times."""


NO_REASON = Reason(code=LimitReason.NONE)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoint:
    """The limit for one station until the next decision."""

    station_id: str
    limit_a: float
    """0 pauses; otherwise at least the station's minimum."""

    phases: int
    """How many of the station's phases the car may use."""

    reason: Reason = NO_REASON

    def lowered_to(self, limit_a: float, reason: Reason) -> Setpoint:
        """The same set-point at `limit_a` for `reason`; itself when that would not lower it."""
        if limit_a >= self.limit_a:
            return self
        return Setpoint(station_id=self.station_id, limit_a=limit_a, phases=self.phases, reason=reason)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitLoad:
    """One circuit as this cycle saw it; what pages draw as phase gauges."""

    circuit_id: str
    usable_a: float
    """What the fuse carries under our rules: fraction of its rating less the reserve."""

    measured_a: PerPhase | None
    """The meter's last good sample; None without a meter or without such a sample."""

    house_a: PerPhase
    """Everything but the cars now, as high as it may be."""

    held_a: PerPhase
    """The same with recent peaks held."""

    meter_age_s: float | None
    """Age of the last good sample; None without a meter or without such a sample."""


class Escalation(StrEnum):
    """What is tried, one after the other, with a station that draws more than it may (`control.md` §4)."""

    SUSPEND = "suspend"
    REMOTE_STOP = "remote_stop"
    OPEN_CONTACTOR = "open_contactor"


class NoticeCode(StrEnum):
    """What people should know about beside the limits."""

    HOUSE_OVERLOAD = "house_overload"
    """The house alone is more than the fuse carries; no car can help."""

    IGNORES_LIMIT = "ignores_limit"

    REFUSES_LIMIT = "refuses_limit"
    """A station takes no limit while its fuse carries too much: its session was ended."""

    SECOND_CONTROLLER = "second_controller"
    """A station keeps its limits for a while and then draws more again: somebody else may set them too."""

    WIRING_UNKNOWN = "wiring_unknown"
    """Nobody knows on which phases a station is, so its current counts on each of them."""

    METER_FLIPPED = "meter_flipped"
    """A meter shows more export than sun and battery give: a clamp is the wrong way round."""

    LOGIN_STORM = "login_storm"
    """Somebody tries to come in as a station, too often or by wrong passwords."""

    SECOND_CONNECTION = "second_connection"
    """Two connections of the same identity take turns."""

    CLOCK_JUMP = "clock_jump"
    """A station's clock jumped against ours while it was connected."""

    IMPOSSIBLE_METER = "impossible_meter"
    """A station reports a current that it cannot carry."""

    FOREIGN_PROFILE = "foreign_profile"
    """A station holds a charging profile or a limit that is not ours."""

    MESSAGE_FLOOD = "message_flood"
    """A station sends so much that it has to wait."""

    CERTIFICATE_ENDS = "certificate_ends"
    """A certificate that a station shows or checks ends soon and was not renewed."""

    GOAL_AT_RISK = "goal_at_risk"
    """The energy that was asked for will not be in the car in time."""

    UPSTREAM_OVERFLOW = "upstream_overflow"
    """A second central system has been away for so long that reports for it were given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One such thing, with its numbers."""

    code: NoticeCode
    circuit_id: str | None = None
    phase: Phase | None = None
    station_id: str | None = None
    current_a: float | None = None
    limit_a: float | None = None
    energy_kwh: float | None = None
    """What was asked for, and what will be in the car by then."""

    expected_kwh: float | None = None
    by_utc_s: float | None = None
    utc_offset_s: float | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one cycle decided."""

    at_s: float
    setpoints: Mapping[str, Setpoint]
    circuits: Mapping[str, CircuitLoad] = field(default_factory=dict)
    surplus_w: float | None = None
    """Sun left for the cars, before the cars; None while the grid meter is not trusted."""

    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    """Stations that do not obey, and the step that is due."""

    notices: tuple[Notice, ...] = ()
