"""The `simulation` section: what `ems demo` and `ems simulate` play around the real service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ems.config.kinds import Id, Number, Section, Whole

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ClockTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""`07:30`; `24:00` is the end of the day."""


class HomeTime(Section):
    """When a simulated car stands at its station, in the time of the trace."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    arrives: ClockTime = "00:00"
    leaves: ClockTime = "24:00"
    """Not after `arrives`: on the next day."""


class SimulatedCar(Section):
    """The car that hangs on a station in `ems demo`, and comes and goes in `ems simulate`."""

    station: Id
    phases: Literal[1, 2, 3] = 3
    max_a: Annotated[Number, Field(ge=6, le=80)] = 16.0
    battery_kwh: Annotated[Number, Field(gt=0, le=500)] = 60.0
    soc: Annotated[Number, Field(ge=0, le=1)] = 0.4
    arrives_after_s: Annotated[Number, Field(ge=0)] = 0.0
    home: tuple[HomeTime, ...] = ()
    """For `ems simulate`: when it is at home; empty: always."""

    kwh_per_stay: Annotated[Number, Field(gt=0, le=500)] | None = None
    """For `ems simulate`: what it can take each time it comes home; drawn around this value. None: never full."""

    dead_time_s: Annotated[Number, Field(ge=0, le=5)] = 2.0
    """From a change of the offer to the first change of the current."""

    start_delay_s: Annotated[Number, Field(ge=0, le=120)] | None = None
    """From an offer after a pause to the first current; the simulation's own choice when left out."""

    rise_a_per_s: Annotated[Number, Field(gt=0, le=100)] = 2.0
    offset_a: Annotated[Number, Field(ge=-1, le=2)] = 0.3
    """How far it stays below its offer."""


class SimulatedStation(Section):
    """How a station of `ems demo` speaks, and what is difficult about it."""

    station: Id
    protocol: Literal["1.6", "2.0.1", "2.1"] = "1.6"
    difficult: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")], ...] = ()
    """Oddities of real stations and vendors by name, as in docs/difficult-stations.md; empty: a well-bred station."""


class SimulatedBattery(Section):
    """A home battery in `ems demo` and `ems simulate`, with its own inverter's loop that holds the grid at 0 W."""

    capacity_kwh: Annotated[Number, Field(gt=0, le=1000)] = 10.0
    max_w: Annotated[Number, Field(gt=0, le=50_000)] = 5000.0
    soc: Annotated[Number, Field(ge=0, le=1)] = 0.5
    reacts_within_s: Annotated[Number, Field(ge=0, le=60)] = 2.0
    """Time constant of its loop."""


class SimulationSection(Section):
    """What `ems demo` and `ems simulate` play around the real service."""

    seed: Whole = 1
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "11:30"
    """Local time of the generated summer day at which the demo starts."""

    sky: Literal["clear", "broken", "overcast"] = "broken"
    house_w: Annotated[Number, Field(ge=0, le=5000)] = 350.0
    """What the house of the demo draws all the time, before kettle, hob and oven."""

    cars: tuple[SimulatedCar, ...] = ()
    stations: tuple[SimulatedStation, ...] = ()
    """What `ems demo` plays at each station; one that is not named speaks OCPP 1.6 as it should."""

    battery: SimulatedBattery | None = None
    inverter_max_w: Annotated[Number, Field(ge=100, le=200_000)] | None = None
    """Where the inverter of `ems simulate` clips; None: it has clipped already."""

    message_s: Annotated[Number, Field(ge=0, le=30)] = 0.5
    """From a limit decided to a limit in the station, in `ems simulate`."""

    meter_latency_s: Annotated[Number, Field(ge=0, le=30)] = 0.2
    meter_noise_a: Annotated[Number, Field(ge=0, le=5)] = 0.02
