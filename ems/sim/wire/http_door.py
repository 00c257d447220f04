"""Who is let in by a simulated device: everybody, or whoever brings what its profile asks for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from ems.devices.http.profile import HttpProfile, SessionLogin
from ems.devices.messages import parse_path
from ems.devices.parameters import put_in
from ems.sim.wire.json_image import put

SERIAL: Final = "4711"
"""What such a device says of itself to whoever logs in."""

NONCE: Final = "5eed"
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in small letters."""

    body: str = ""


def response(status: str, content: object, *more: str) -> bytes:
    """An answer in JSON, with further header lines."""
    body = json.dumps(content).encode()
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *more)
    return "\r\n".join((*lines, "", "")).encode() + body


class Door:
    """Lets in whoever brings the `login`: `user:password`, or the token; everybody where it is empty."""

    def __init__(self, profile: HttpProfile, login: str) -> None:
        self._profile = profile
        self._login = login
        self._inside: set[str] = set()
        self._cookies = 0
        self.logins = 0
        """How often a password was heard."""

    def forget_everybody(self) -> None:
        """Every session is over."""
        self._inside.clear()

    def stops(self, request: Request) -> bytes | None:
        """What is answered at the door; None for whoever may go on."""
        session = self._profile.session
        if session is not None:
            return self._of_session(request, session)
        if not self._login or self._has_login(request):
            return None
        if self._profile.login == "digest":
            challenge = f'WWW-Authenticate: Digest realm="device", nonce="{NONCE}", qop="auth", algorithm=SHA-256'
            return response("401 Unauthorized", {}, challenge)
        return response("401 Unauthorized", {}, "WWW-Authenticate: Basic realm=device")

    def mark(self, answers: Mapping[str, Any]) -> None:
        """Put into every answer what only those who are inside get to see."""
        if self._profile.session is not None:
            for answer in answers.values():
                put(answer, parse_path(self._profile.session.inside), SERIAL)

    def _of_session(self, request: Request, session: SessionLogin) -> bytes | None:
        cookie = request.headers.get("cookie", "")
        if request.path != session.request:
            return None if cookie in self._inside else response("200 OK", {"authentication": False})
        if request.method == "GET":
            self._cookies += 1
            greeting: dict[str, Any] = {"authentication": False}
            if session.user_at:
                put(greeting, parse_path(session.user_at), SERIAL)
            return response("200 OK", greeting, f"Set-Cookie: SESSION={self._cookies}; Path=/; HttpOnly")
        self.logins += 1
        user, _, password = self._login.rpartition(":")
        wanted = {
            name: put_in(text, {"user": user or SERIAL, "password": password}, str)
            for name, text in session.form.items()
        }
        good = dict(parse_qsl(request.body, keep_blank_values=True)) == wanted or not self._login
        if good:
            self._inside.add(cookie)
        return response("200 OK", {"authentication": good})

    def _has_login(self, request: Request) -> bool:
        brought = request.headers.get("authorization", "")
        if self._profile.login == "bearer":
            header = (self._profile.token_header or "authorization").lower()
            return request.headers.get(header) in {self._login, f"Bearer {self._login}"}
        if self._profile.login == "digest":
            return brought.startswith("Digest ") and self._digest_fits(request, brought)
        return brought == f"Basic {base64.b64encode(self._login.encode()).decode()}"

    def _digest_fits(self, request: Request, brought: str) -> bool:
        told = {name: quoted or plain for name, quoted, plain in _FIELD.findall(brought)}
        user, _, password = self._login.partition(":")
        secret = _sha256(f"{user}:device:{password}")
        asked = _sha256(f"{request.method}:{request.path}")
        parts = (secret, NONCE, told.get("nc", ""), told.get("cnonce", ""), "auth", asked)
        return told.get("response") == _sha256(":".join(parts))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
