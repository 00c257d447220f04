"""One simulated station as it left the works and was set up, and what a test may break of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ems.sim.charging_profiles import Firmware, Installed, Profiles
from ems.sim.schedules import Kind, Period, Profile, Purpose, RateUnit, Schedule
from ems.sim.wire.difficulty import Difficulty
from ems.sim.wire.version import Version

STRANGERS_ID: Final = 999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class StationBuild:
    """One station as it left the works and was set up."""

    station_id: str
    identity: str
    password: str | None = field(default=None, repr=False)
    security_profile: int = 1
    """1 also without a password; 2 and 3 dial encrypted."""

    roots: tuple[str, ...] = ()
    """PEM of the roots that it trusts from the works on."""

    version: Version = Version.V16
    vendor: str = "Simulated"
    model: str = "House"
    serial: str = "SIM-0001"
    firmware_version: str = "1.0"
    firmware: Firmware = field(default_factory=Firmware)
    difficulty: Difficulty = field(default_factory=Difficulty)
    further_places: tuple[str, ...] = ()
    """Where in the world the cars of connectors 2 and on stand; connector 1 has the station's own id."""

    free_vending: bool = True
    """Starts a transaction as soon as a car is plugged in."""

    boots_on_reconnect: bool = False
    """Sends BootNotification on every connection, not only after power came back."""

    stream_every_s: float = 0.0
    """OCPP 2.1: how often it takes a value for its stream; 0: it has none."""

    resident_a: float | None = None
    """Limit that yesterday's central system left in it for good; None for a station fresh from the works."""

    residents_a: tuple[tuple[int, float], ...] = ()
    """The same for the transactions of each connector, from 1 on: the profile's id, and the limit."""

    resident_id: int = STRANGERS_ID
    resident_level: int = 0
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


def born_with(difficulty: Difficulty) -> Faults:
    """The faults that are its nature."""
    return Faults(
        answer_delay_s=difficulty.answer_delay_s,
        reject_profiles=difficulty.refuses_limits,
        ignore_limits=difficulty.never_obeys,
    )


def left_from_yesterday(build: StationBuild, now: datetime) -> Profiles:
    """What is in its memory when it gets power for the first time."""
    installed = [
        Installed(connector_id=n, profile=_for_good(build, Purpose.TX_DEFAULT, profile_id, limit_a, now))
        for n, (profile_id, limit_a) in enumerate(build.residents_a, 1)
    ]
    if build.resident_a is not None:
        whole = _for_good(build, Purpose.CHARGE_POINT_MAX, build.resident_id, build.resident_a, now)
        installed.append(Installed(connector_id=0, profile=whole))
    return replace(Profiles(firmware=build.firmware), installed=tuple(installed))


def _for_good(build: StationBuild, purpose: Purpose, profile_id: int, limit_a: float, now: datetime) -> Profile:
    return Profile(
        profile_id=profile_id,
        stack_level=build.resident_level,
        purpose=purpose,
        kind=Kind.ABSOLUTE,
        schedule=Schedule(
            unit=RateUnit.AMPERE,
            periods=(Period(start_s=0, limit=limit_a),),
            start=now - timedelta(days=1),
        ),
    )
