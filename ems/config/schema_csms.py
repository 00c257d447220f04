"""The section of the site file about the OCPP central system."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ems.config.kinds import BesideSiteFile, Host, Number, Port, Section, Whole


class Unknown(StrEnum):
    """What becomes of a charging station that nobody configured."""

    REFUSE = "refuse"
    """It is turned away, and its name and address are listed."""

    WAIT = "wait"
    """It may say who it is, and then waits until an installer adopts it; it is never controlled."""


class BootAnswer(StrEnum):
    """What a configured station is answered when it says that it booted."""

    ACCEPT = "accept"
    """It is served."""

    PENDING = "pending"
    """It waits, and asks again; it is asked for nothing and not controlled."""

    REJECT = "reject"
    """It is not wanted, and may say nothing else."""


class CsmsTlsSection(Section):
    """The encrypted door for stations (OCPP security profiles 2 and 3)."""

    port: Port = 9001
    certificate: BesideSiteFile | None = None
    """PEM file with the certificate and those between it and its root; our own authority's when left out."""

    key: BesideSiteFile | None = None
    """PEM file with its private key, without a password."""

    client_ca: BesideSiteFile | None = None
    """PEM file with further roots that may sign for stations, and with lists of what these have revoked."""

    names: tuple[Host, ...] = ()
    """Names and addresses by which stations call this machine, for our own certificate; found out when left out."""


class CsmsSection(Section):
    """The OCPP central system that charging stations connect to."""

    host: Host = "0.0.0.0"  # noqa: S104 (stations sit elsewhere on the home network)
    port: Port = 9000
    tls: CsmsTlsSection | None = None
    unknown: Unknown = Unknown.WAIT
    """What becomes of a station that nobody configured: refuse, or wait until an installer adopts it."""

    files_port: Port = 9002
    """Where stations fetch firmware and bring diagnostics, by plain HTTP; it is open only while one is awaited."""

    heartbeat_s: Annotated[Whole, Field(ge=10, le=3600)] = 60
    meter_values_s: Annotated[Whole, Field(ge=1, le=300)] = 10
    """How often a charging station is asked to report its current."""

    answer_within_s: Annotated[Number, Field(gt=0, le=120)] = 30.0
    """How long a station may take to answer a request."""

    clock_guard_s: Annotated[Number, Field(ge=0, le=300)] = 30.0
    """G: how far back schedules start, so that a slow station clock does not leave them not yet begun."""
