"""What is peculiar about a charging station: the keys of `stations[].quirks` and of the rows that ship.

Left out means: as the standard says, or as the station itself tells.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ems.config.kinds import Number, OcppVersion, Section, Switch, Whole

PurposeWord = Literal["station_max", "tx_default", "tx"]
StackWord = Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "max", "max-1"]
Steps = Annotated[tuple[Annotated[Number, Field(gt=0, le=80)], ...], Field(min_length=1, max_length=80)]
Measurand = Annotated[str, Field(pattern=r"^[A-Za-z]+(\.[A-Za-z]+)*$", max_length=60)]


class QuirkSection(Section):
    """How a charging station differs from what it says of itself."""

    ocpp_pin: OcppVersion | None = None
    """The only OCPP version that is agreed with it, from its next connection on."""

    purposes: Annotated[tuple[PurposeWord, ...], Field(min_length=1, max_length=3)] | None = None
    """Kinds of charging profile that it obeys, the best first; the others are tried after these."""

    kind: Literal["absolute", "relative"] | None = None
    """Whether its schedules count from a time of day or from the start of charging."""

    stack: StackWord | None = None
    """Stack level of the limit: a number, the largest it reports, or one less. The fallback goes one below it."""

    unit: Literal["A", "W"] | None = None
    """What it counts limits in, whatever it says."""

    connector_for_station: Literal[0, 1] | None = None
    """The connector number under which it takes limits for the whole station."""

    step_amps: Steps | None = None
    """Amperes that it knows, such as [6, 8, 10, 13, 16]; a single number is a step. Limits are rounded down to them."""

    min_pause_w: Annotated[Number, Field(ge=0, le=4200)] | None = None
    """Least watts of a car that charges, for a station that ends the session for good at 0 W; 0 where it may pause."""

    send_twice_after_zero: Switch | None = None
    """True where it ignores the first limit after a pause."""

    needs_remote_start: Switch | None = None
    """True where a car must be started from here, at once; false where it must not."""

    no_change_availability: Switch | None = None
    """True where it must not be told to be available or not."""

    config_page: Annotated[Whole, Field(ge=1, le=100)] | None = None
    """Settings that it is asked for at a time."""

    measurands_allow: Annotated[tuple[Measurand, ...], Field(min_length=1, max_length=40)] | None = None
    """The only measurands that it may be asked for."""

    measurands_probe: Switch | None = None
    """False where a refused list of measurands must not be followed by another try."""

    ping_s: Annotated[Number, Field(ge=0, le=600)] | None = None
    """Seconds between two pings to it; 0 sends none."""

    call_timeout_s: Annotated[Number, Field(ge=5, le=300)] | None = None
    """Seconds that it may take to answer."""

    boot_wait_s: Annotated[Number, Field(ge=0, le=600)] | None = None
    """Seconds to wait for its boot and state reports before they are asked for."""

    connect_wait_s: Annotated[Number, Field(ge=0, le=3600)] | None = None
    """Seconds that it may stay away before that is worth a warning."""

    meter_interval_min_s: Annotated[Whole, Field(ge=1, le=900)] | None = None
    """Shortest interval of its meter values in seconds."""

    periods_max: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    """Periods of a schedule that it really takes."""

    deadman: Literal["verified", "failed", "untested"] | None = None
    """Whether others saw it fall back. `failed` overrules `lease_verified`; `verified` does not replace it."""

    persist_on_disconnect: Switch | None = None
    """False where it lets go of its limit when the connection breaks: it then counts with `hardware_max_a`."""

    phase_switch: Literal["profile", "auto", "none"] | None = None
    """Who chooses between one phase and three: our limits, the station by itself, or nobody."""

    stop_style: Literal["profile0", "remote_stop"] | None = None
    """How a car is paused: with a limit of 0, or by ending its transaction as well."""

    time_zone_bug: Switch | None = None
    """True where its timestamps are local time: whole quarters of an hour are then no fault of its clock."""
