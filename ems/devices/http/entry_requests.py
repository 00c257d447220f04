"""What a device is asked over HTTP: its profile's requests, with rules of its own over them, and who asks."""

from __future__ import annotations

import ssl
from typing import Final

from pydantic import ValidationError

from ems.config.schema import DeviceEntry, HttpSource
from ems.config.secrets import reveal
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.address import HttpAddress
from ems.devices.http.certificates import of_anybody, of_authorities, of_one
from ems.devices.http.profile import HttpPoint, HttpProfile, LoginWay
from ems.devices.profile_parts import Kind

HTTPS_PORT: Final = 443
TIMEOUT_S: Final = 2.0


def requests_of(entry: DeviceEntry, found: HttpProfile | None, kind: Kind) -> dict[str, HttpPoint]:
    """Where every point is found. Raises DeviceConfigError."""
    points = dict(found.uses[kind].points) if found else {}
    for name, rule in (entry.http.points if entry.http else {}).items():
        try:
            points[name] = HttpPoint(path=rule.path, scale=rule.scale, request=rule.request, signed=rule.signed)
        except ValidationError as err:
            said = err.errors()[0]["msg"].removeprefix("Value error, ")
            raise DeviceConfigError(f"{entry.id}: http.points.{name}: {said}") from err
    return points


def http_address_of(entry: DeviceEntry, found: HttpProfile | None) -> HttpAddress:
    """Where the device answers. Raises DeviceConfigError, and SecretError for a password that cannot be revealed."""
    source = entry.http
    if source is None:
        raise DeviceConfigError(f"{entry.id} has no HTTP address: add http: {{host: …}}")
    request = source.request or (found.request if found else None)
    if request is None:
        raise DeviceConfigError(f"{entry.id} says not what to ask for: add http: {{request: /…}}")
    secure = source.tls if source.tls is not None else bool(found and found.tls)
    if not secure and (source.ca is not None or source.fingerprint is not None):
        raise DeviceConfigError(f"{entry.id} is asked without TLS, so it shows none: add http: {{tls: true}}")
    usual_port = found.port if found and secure == found.tls else HTTPS_PORT if secure else 80
    return HttpAddress(
        host=source.host,
        port=source.port or usual_port,
        tls=_tls(entry.id, source) if secure else None,
        request=request,
        login=_login(source, found),
        user=source.user or "",
        password=reveal(source.password) if source.password else "",
        token=_token(entry.id, source),
        token_header=source.token_header or (found.token_header if found else None),
        session=found.session if found else None,
        timeout_s=source.timeout_s or (found.limits.answer_within_ms / 1000 if found else TIMEOUT_S),
        behind_s=found.limits.behind_s if found else 0.0,
        stamp=found.stamp if found else None,
    )


def _login(source: HttpSource, found: HttpProfile | None) -> LoginWay:
    if found and found.session:
        return "session"
    if source.password is None:
        return "none"
    return source.login or (found.login if found and found.login in {"basic", "digest"} else "basic")


def _token(owner: str, source: HttpSource) -> str:
    """The token, as a header can carry it."""
    token = reveal(source.token) if source.token else ""
    if not token.isascii() or not token.isprintable() or token != token.strip():
        raise DeviceConfigError(f"{owner}: http.token has signs that no header can carry: copy it anew, in one line")
    return token


def _tls(owner: str, source: HttpSource) -> ssl.SSLContext:
    ways = [source.ca is not None, source.fingerprint is not None, source.trust_any_certificate]
    if sum(ways) > 1:
        raise DeviceConfigError(f"{owner}: http has several of ca, fingerprint and trust_any_certificate: keep one")
    if source.fingerprint is not None:
        return of_one(source.fingerprint)
    if source.trust_any_certificate:
        return of_anybody()
    try:
        return of_authorities(source.ca)
    except (OSError, ValueError) as err:
        raise DeviceConfigError(
            f"{owner}: the certificates of http.ca cannot be used ({err}): give a PEM file that this program may read"
        ) from err
