"""How safely stations come, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ems.api.wire import Shape


class Happened(Shape):
    """Something that touches security."""

    kind: str
    at: datetime
    last: datetime
    times: int
    station: str | None
    about: str


class StationSafety(Shape):
    """One station."""

    id: str
    least_profile: int
    """The lowest OCPP security profile that it is let in by."""

    came_by: int
    """The safest of 2 and 3 that it ever came by; 0 for neither."""

    has_password: bool
    password_coming: bool
    """A new password is on its way to it; the old one counts too."""

    alarms: tuple[str, ...]
    encrypted: bool
    """Whether it is here now by profile 2 or 3."""

    certificate_until: datetime | None
    """When its newest certificate ends: the one that it shows now, or of ours; null where there is none."""

    serial: str | None
    """Of its newest certificate from our authority."""


class SecurityState(Shape):
    """The whole of it."""

    tls_port: int | None
    """Null where stations cannot come encrypted."""

    door_until: datetime | None
    """When the certificate of the encrypted door ends."""

    authority: bool
    """Whether there is a certificate authority of our own."""

    stations: tuple[StationSafety, ...]
    happened: tuple[Happened, ...]
    """Newest first."""


class PasswordWish(Shape):
    """Body of `POST /station-security/{id}/password`."""

    how: Literal["send", "show"]
    """Send it to the station over OCPP, or show it once, to be typed there."""


class PasswordAnswer(Shape):
    """The old password counts until the station has come with the new one."""

    password: str | None
    """Null where it was sent."""


class ProfileWish(Shape):
    """Body of `POST /station-security/{id}/profile`."""

    profile: Annotated[int, Field(ge=1, le=3, strict=True)]
    url: Annotated[str, Field(max_length=512, pattern=r"^wss?://[^\s]+$")]
    """Where the station connects then, without its identity; stations of OCPP 1.6 know it themselves."""

    interface: Annotated[str, Field(pattern=r"^(Wired|Wireless)[0-3]$")] = "Wired0"
    """The station's own, in the words of OCPP 2."""
