"""What makes a station hard to deal with: one switch per oddity that a central system can notice.

Every switch is something a real station was seen to do (`ocpp-charger-quirks.md`, sections A and B). What concerns
charging profiles alone is in `Firmware`; `difficulties` has both under names, and the vendors that are known for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

USUAL_PATH: Final = "/{identity}"


class TimeSpelling(StrEnum):
    """How a station writes the time."""

    UTC = "utc"
    NO_ZONE = "no_zone"
    """UTC, but it does not say so."""

    SHORT_ZONE = "short_zone"
    """Local time with `+02`, without minutes."""

    LOCAL_MARKED_Z = "local_marked_z"
    """Local time that claims to be UTC."""

    EPOCH = "epoch"
    """A clock that nobody ever set: seconds since it got power, in 1970."""


class PhaseSpelling(StrEnum):
    """How a station names the phases of its meter values."""

    USUAL = "usual"
    """Currents as `L1`, voltages as `L1-N`."""

    PLAIN = "plain"
    """Both as `L1`."""

    TO_NEUTRAL = "to_neutral"
    """Both as `L1-N`."""

    ONLY_NEUTRAL = "only_neutral"
    """One current, as `N`."""

    NONE = "none"
    """One current without a phase."""


class RebootHabit(StrEnum):
    """What a station does with its running transaction when it loses its power."""

    STOPS = "stops"
    """Tells afterwards that it has ended."""

    FORGETS = "forgets"
    """Never tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difficulty:
    """All switches at good manners; each row of quirks turns some of them."""

    # On the socket.
    no_subprotocol: bool = False
    """Offers no version at all."""

    path: str = USUAL_PATH
    no_pong: bool = False
    answer_delay_s: float = 0.0
    """Every answer leaves this long after its request came; what was asked happens at once."""

    leading_comma: bool = False
    """Its meter values begin with a comma, which is no JSON."""

    storms_every_s: float = 0.0
    """Drops its connection this often to dial anew; 0: never."""

    waits_to_redial_s: float = 0.0
    """Before it comes back after a lost connection."""

    # What it tells.
    no_boot: bool = False
    """Not even after it got power."""

    no_status: bool = False
    """Only when it is asked."""

    odd_transaction_id: int | None = None
    """In its meter values, whatever its transaction is called."""

    late_values: bool = False
    """Sends the last meter values after the end of the transaction."""

    reboot: RebootHabit = RebootHabit.STOPS
    times: TimeSpelling = TimeSpelling.UTC
    clock_off_s: float = 0.0
    """How far its clock is ahead; it counts its schedules by it."""

    odd_words: bool = False
    """An error code, a status field and a unit that no version of OCPP has."""

    phases: PhaseSpelling = PhaseSpelling.USUAL
    no_power: bool = False
    kilo_units: bool = False
    """Power in kW, energy in kWh."""

    empty_values: bool = False
    """Power as an empty text while nothing flows."""

    energy_only_idle: bool = False
    offered_is: float | None = None
    """`Current.Offered` always says this."""

    values_when_asked: bool = False
    """Meter values only after a trigger."""

    meter_start_wh: int | None = None
    """What it claims to have counted when a transaction began."""

    session_register: bool = False
    """Its energy register begins at 0 with every transaction."""

    tag: str | None = None
    """What it makes of every tag."""

    chatters: bool = False
    """A DataTransfer with every second of silence."""

    # What it answers.
    page: int = 0
    """GetConfiguration gives no more keys than this; 0: all of them."""

    reboots_on_full_list: bool = False
    """GetConfiguration without keys takes it down."""

    poison_measurands: bool = False
    """Takes measurands that it does not have, and reboots when it is next asked for keys."""

    unit_word: str | None = None
    """What stands in the key of the allowed units."""

    hides_keys: bool = False
    """Knows none of the keys about charging profiles."""

    shuffles_reports: bool = False
    """The parts of its inventory come out of order."""

    loses_report_end: bool = False
    """The last part of its inventory never comes."""

    no_changes: bool = False
    """Refuses every change of a key."""

    wants_reset: bool = False
    """After a changed key it refuses limits until it was reset."""

    no_triggers: bool = False
    mute_on_absolute: bool = False
    """An absolute profile is never answered."""

    # What it does with limits.
    refuses_limits: bool = False
    never_obeys: bool = False
    forgets_offline: bool = False
    """All profiles are gone when the connection is."""

    deaf_after_zero: bool = False
    """The first limit after 0 A changes nothing."""

    zero_ends: bool = False
    """0 A ends the transaction, and no other begins before the car was replugged."""
