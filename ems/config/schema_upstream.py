"""A second central system that a station serves at the same time."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ems.config.kinds import BesideSiteFile, Number, Secret, Section, Whole


class UpstreamCommand(StrEnum):
    """What a second central system may have done at a station."""

    START = "start"
    """Begin a session with a tag of its own."""

    STOP = "stop"
    """End a session whose tag it accepted."""

    STOP_ANY = "stop_any"
    """End every session."""

    UNLOCK = "unlock"
    RESET = "reset"
    DATA = "data"
    """Vendor data (DataTransfer), both ways: only its maker knows what it does to a station."""


class UpstreamSection(Section):
    """A second central system, an employer's or an operator's, that gets this station's sessions and meter values."""

    url: Annotated[str, Field(max_length=500, pattern=r"^wss?://[^\s/@?#]+(/[^\s?#]*)?$")]
    """Its address, without the station's identity at the end."""

    ocpp: Literal["1.6", "2.0.1"] = "1.6"
    """The version that is spoken there, whatever the station speaks."""

    identity: Annotated[str, Field(min_length=1, max_length=48)] | None = None
    """What the station is called there; its identity here when left out."""

    password: Secret | None = None
    """For HTTP Basic authentication there; the user name is the identity."""

    ca_file: BesideSiteFile | None = None
    """Certificates (PEM) to trust for it instead of the machine's own, counted from the folder of this file."""

    allow: tuple[UpstreamCommand, ...] = (UpstreamCommand.START, UpstreamCommand.STOP)
    """Which of its commands reach the station; all others are refused."""

    limits: Literal["ignore", "cap"] = "ignore"
    """`cap`: its charging profiles lower the limits that are decided here. They never raise one."""

    tags: Literal["ours", "upstream"] = "ours"
    """Who decides which tags may charge; without an answer in time this house does."""

    tag_within_s: Annotated[Number, Field(ge=0.5, le=10)] = 3.0
    """How long a station waits for that answer."""

    own_tag: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    """The tag that it gets for sessions which this house began; `FUSEWISE` when left out."""

    meter_values_s: Annotated[Whole, Field(ge=10, le=3600)] = 60
    """How often it gets meter values of a session."""
