"""Where a device answers over HTTP, and who we are to it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from ems.devices.http.profile import LoginWay, SessionLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAddress:
    """Where a device answers, and who we are to it."""

    host: str
    port: int = 80
    tls: ssl.SSLContext | None = None
    request: str
    """Path and query of points that name none of their own."""

    login: LoginWay = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_header: str | None = None
    session: SessionLogin | None = None
    """With `login="session"`."""

    timeout_s: float = 2.0
    behind_s: float = 0.0
    """How much older its numbers are than its answers."""

    stamp: str | None = None
    """Where the answer to `request` tells when it was measured, in seconds."""

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"
