"""What control remembers from one look to the next: timers, held peaks, trust in meters. Nothing else is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.control.pace import Pace
from ems.control.seen.learn import Learned
from ems.control.seen.obedience import Obedience
from ems.control.seen.refused import Refusing
from ems.control.sharing.peak import PeakWindow
from ems.control.sun.patterns import NO_REGRETS, Regrets
from ems.model.electrical import PerPhase, Phase
from ems.model.quick import quick
from ems.model.readings import GridReading

RowKey = tuple[str, Phase]
"""A circuit and one of its phases."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CarsThen:
    """What the cars behind a meter reported and were allowed, summed over cars, in amps."""

    drawn_a: float = 0.0
    allowed_a: float = 0.0


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTrust:
    """How far one meter is believed; see `ems.control.seen.trust`."""

    newest: GridReading | None = None
    """The last sample looked at, good or bad."""

    good: GridReading | None = None
    """The last good sample."""

    good_samples: int = 0
    """Since the meter was last lost; it counts again from `Policy.good_samples_to_trust` on."""

    repeats: int = 0
    """How often the same numbers came again."""

    same_since_s: float = 0.0
    """When these numbers came first."""

    cars: CarsThen = CarsThen()
    """The cars behind it at that time."""

    flipped_since_s: float | None = None
    """Since when it has shown more export than sun and battery give."""


NO_TRUST: Final = MeterTrust()
"""In a meter that nobody has heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationTimers:
    """When a station last changed between charging and pause, in monotonic seconds."""

    on_since_s: float | None = None
    off_since_s: float | None = None
    squeezed_at_s: float | None = None
    """When the sharing stopped it for a fuse."""

    shed_at_s: float | None = None
    """When the guard last stopped it."""

    last_phases: int = 0
    """The phases it last charged on; 0 while unknown."""

    switched_at_s: tuple[float, ...] = ()
    """When its phases changed in the last day, oldest first."""

    @property
    def same_phases_since_s(self) -> float | None:
        """Since when it charges on the phases it is on; None while it pauses."""
        if self.on_since_s is None or not self.switched_at_s:
            return self.on_since_s
        return max(self.on_since_s, self.switched_at_s[-1])


NO_TIMERS: Final = StationTimers()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All state of control, frozen; each decision returns the next one."""

    started_at_s: float
    last_at_s: float
    trust: Mapping[str, MeterTrust] = field(default_factory=dict)
    house_a: Mapping[str, PerPhase] = field(default_factory=dict)
    """Likeliest current per metered circuit of everything but the cars."""

    held_a: Mapping[str, PerPhase] = field(default_factory=dict)
    """The same with recent peaks held."""

    given_a: PerPhase | None = None
    """What sun and battery give on each phase of the house; None where nobody has heard of them."""

    house_w: float | None = None
    """Likeliest power of everything but the cars that follow the sun; negative when the sun is stronger."""

    surplus_w: float | None = None
    """Filtered surplus before the cars."""

    room_since_s: Mapping[RowKey, float] = field(default_factory=dict)
    """Since when a circuit's phase has had room to raise."""

    timers: Mapping[str, StationTimers] = field(default_factory=dict)
    learned: Mapping[str, Learned] = field(default_factory=dict)
    """What each plugged car taught us."""

    regrets: Regrets = NO_REGRETS
    """The pattern of the sun's cars, and what others would have brought."""

    thermal: Mapping[RowKey, float] = field(default_factory=dict)
    """Thermal image of each protective device and phase; 1 may trip."""

    obedience: Mapping[str, Obedience] = field(default_factory=dict)
    """What is held against stations that drew more than they might."""

    refusing: Mapping[str, Refusing] = field(default_factory=dict)
    """Stations that take no limit while a fuse needs them to."""

    peak: PeakWindow | None = None
    """The running window of a peak tariff."""

    paces: Mapping[str, Pace] = field(default_factory=dict)
    """How the goals stand that have a time."""

    usual_a: Mapping[RowKey, float] = field(default_factory=dict)
    """Mean of everything but the cars over the last half hour or so, kept while a goal has a time."""

    @classmethod
    def fresh(cls, now_s: float) -> Memory:
        """What control knows when it wakes: nothing."""
        return cls(started_at_s=now_s, last_at_s=now_s)

    def timers_of(self, station_id: str) -> StationTimers:
        return self.timers.get(station_id, NO_TIMERS)
