"""The inside of a simulated station, without its network: transaction, profiles, contactor and what it offers.

`StationBox.tick` runs twice a second whether the station is connected or not; that is what makes a lease end by itself.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ems.clock import Clock
from ems.model.station import ConnectorStatus
from ems.sim.car import NO_OFFER, PILOT_MINIMUM_A, Offer
from ems.sim.charging_profiles import Firmware, Installed, Profiles
from ems.sim.schedules import Kind, Limit, Period, Profile, Purpose, RateUnit, Schedule, Transaction
from ems.sim.world import CarSample, World

DRAWING_A: Final = 0.5
"""Above this a car counts as charging."""

RESIDENT_ID: Final = 999_999
MOST_SESSIONS: Final = 200
FREE_TAG: Final = "FREE"
"""The tag that free vending uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationBuild:
    """One station as it left the works and was set up."""

    station_id: str
    identity: str
    password: str | None = field(default=None, repr=False)
    vendor: str = "Simulated"
    model: str = "House"
    serial: str = "SIM-0001"
    firmware_version: str = "1.0"
    firmware: Firmware = field(default_factory=Firmware)
    free_vending: bool = True
    """Starts a transaction as soon as a car is plugged in."""

    boots_on_reconnect: bool = False
    """Sends BootNotification on every connection, not only after power came back."""

    resident_a: float | None = None
    """Limit that yesterday's central system left in it for good; None for a station fresh from the works."""

    phase_change_s: float = 8.0
    """How long it offers nothing while its contactor changes phases."""

    boot_s: float = 5.0


@dataclass(slots=True, kw_only=True)
class Faults:
    """What a test may break. Each holds until it is set back."""

    answer_delay_s: float = 0.0
    """Every answer leaves this long after its request came; what was asked happens at once."""

    reject_profiles: bool = False
    ignore_limits: bool = False
    """Takes profiles, and offers its hardware maximum all the same."""


class Forget(StrEnum):
    """What a power cut wipes."""

    TRANSACTION_PROFILES = "transaction_profiles"
    EVERY_PROFILE = "every_profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """From `at_s` (monotonic) on, the profiles allow this."""

    at_s: float
    limit_a: float
    phases: int


@dataclass(slots=True, kw_only=True)
class Session:
    """One transaction, until the central system knows all of it."""

    started: datetime
    meter_start_wh: int
    tag: str
    transaction_id: int | None = None
    start_told: bool = False
    stopped: datetime | None = None
    meter_stop_wh: int = 0
    reason: str = "Local"


class StationBox:
    """A station's electronics in the world. Nothing in here knows of the network."""

    def __init__(self, build: StationBuild, world: World, clock: Clock) -> None:
        self.build = build
        self.profiles = _left_from_yesterday(build, clock.utc_now())
        self.faults = Faults()
        self.sessions: deque[Session] = deque(maxlen=MOST_SESSIONS)
        """Not yet fully reported, oldest first; the last one may be running."""

        self.limit_changes: deque[LimitChange] = deque(maxlen=10_000)
        self.limit_change_count = 0
        self.transaction_count = 0
        self.operative = True
        self.waiting_tag: str | None = None
        """Of a remote start that waits for a car."""

        self._world = world
        self._clock = clock
        self._running: Session | None = None
        self._finished = False
        self._offer = NO_OFFER
        self._contactor_phases = build.firmware.wired_phases
        self._contactor_open_until_s = 0.0
        self._dark_until_s: float | None = None
        self._limit = self.profiles.limit_at(clock.utc_now())

    @property
    def session(self) -> Session | None:
        """The running one."""
        return self._running

    @property
    def transaction(self) -> Transaction | None:
        """The running one as charging profiles see it."""
        if self._running is None:
            return None
        return Transaction(started=self._running.started, transaction_id=self._running.transaction_id)

    @property
    def limit(self) -> Limit:
        """What the profiles allowed at the last tick."""
        return self._limit

    @property
    def offer(self) -> Offer:
        """What the car is offered since the last tick."""
        return self._offer

    @property
    def dark(self) -> bool:
        """Whether it has no power, or is still booting."""
        return self._dark_until_s is not None

    @property
    def car(self) -> CarSample:
        return self._world.car(self.build.station_id)

    @property
    def status(self) -> ConnectorStatus:
        """Of connector 1."""
        if not self.operative and self._running is None:
            return ConnectorStatus.UNAVAILABLE
        car = self.car
        if not car.plugged:
            return ConnectorStatus.AVAILABLE
        if self._running is None:
            return ConnectorStatus.FINISHING if self._finished else ConnectorStatus.PREPARING
        if self._offer.limit_a < PILOT_MINIMUM_A:
            return ConnectorStatus.SUSPENDED_EVSE
        return ConnectorStatus.CHARGING if max(car.current_a) > DRAWING_A else ConnectorStatus.SUSPENDED_EV

    def tick(self) -> None:
        """Let time pass: see the car come or go, obey the profiles, set the offer."""
        now_s = self._clock.monotonic_s()
        self._world.advance_to(now_s)
        if self._dark_until_s is not None:
            if now_s < self._dark_until_s:
                return
            self._dark_until_s = None
        self._see_car()
        self._limit = self._limit_now(now_s)
        self._set_offer(self._wanted_offer(now_s))

    def start(self, tag: str, profile: Profile | None = None) -> None:
        """Begin a transaction, with the profile that came with a remote start."""
        self.waiting_tag = None
        self._finished = False
        now = self._clock.utc_now()
        self._running = Session(started=now, meter_start_wh=self.meter_wh(), tag=tag)
        self.sessions.append(self._running)
        self.transaction_count += 1
        if profile is not None:
            self.profiles, _ = self.profiles.install(1, profile, now, self.transaction)

    def stop(self, reason: str) -> None:
        """End the running transaction, if there is one, and offer nothing."""
        if self._running is None:
            return
        self._running.stopped = self._clock.utc_now()
        self._running.meter_stop_wh = self.meter_wh()
        self._running.reason = reason
        self._running = None
        self._finished = self.car.plugged
        self.profiles = self.profiles.transaction_ended()
        self._set_offer(NO_OFFER)

    def reboot(self, forget: Forget, reason: str) -> None:
        """Cut the power now; it comes back after the boot time."""
        self.stop(reason)
        self._finished = False
        self._dark_until_s = self._clock.monotonic_s() + self.build.boot_s
        empty = Profiles(firmware=self.build.firmware)
        self.profiles = empty if forget is Forget.EVERY_PROFILE else self.profiles.rebooted()

    def meter_wh(self) -> int:
        return int(self.car.energy_kwh * 1000)

    def _see_car(self) -> None:
        if not self.car.plugged:
            self.stop("EVDisconnected")
            self._finished = False
            return
        if self._running is not None or self._finished or not self.operative:
            return
        tag = self.waiting_tag or (FREE_TAG if self.build.free_vending else None)
        if tag is not None:
            self.start(tag)

    def _limit_now(self, now_s: float) -> Limit:
        limit = self.profiles.limit_at(self._clock.utc_now(), self.transaction)
        if limit != self._limit:
            self.limit_change_count += 1
            self.limit_changes.append(LimitChange(at_s=now_s, limit_a=limit.limit_a, phases=limit.phases))
        return limit

    def _wanted_offer(self, now_s: float) -> Offer:
        if self._running is None:
            return NO_OFFER
        allowed = self.build.firmware.hardware if self.faults.ignore_limits else self._limit
        if allowed.phases != self._contactor_phases and allowed.limit_a >= PILOT_MINIMUM_A:
            self._contactor_phases = allowed.phases
            self._contactor_open_until_s = now_s + self.build.phase_change_s
        if now_s < self._contactor_open_until_s:
            return replace(NO_OFFER, phases=self._offer.phases)
        return Offer(limit_a=allowed.limit_a, phases=self._contactor_phases)

    def _set_offer(self, offer: Offer) -> None:
        self._offer = offer
        self._world.offer(self.build.station_id, offer)


def _left_from_yesterday(build: StationBuild, now: datetime) -> Profiles:
    empty = Profiles(firmware=build.firmware)
    if build.resident_a is None:
        return empty
    profile = Profile(
        profile_id=RESIDENT_ID,
        stack_level=0,
        purpose=Purpose.CHARGE_POINT_MAX,
        kind=Kind.ABSOLUTE,
        schedule=Schedule(
            unit=RateUnit.AMPERE,
            periods=(Period(start_s=0, limit=build.resident_a),),
            start=now - timedelta(days=1),
        ),
    )
    return replace(empty, installed=(Installed(connector_id=0, profile=profile),))
