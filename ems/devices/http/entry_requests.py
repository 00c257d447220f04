"""What a device is asked over HTTP: its profile's requests, with rules of its own over them."""

from __future__ import annotations

import ssl
from typing import Final

from pydantic import ValidationError

from ems.config.schema import DeviceEntry, HttpSource
from ems.config.secrets import reveal
from ems.devices.config_error import DeviceConfigError
from ems.devices.http.device import HttpAddress
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
    usual_port = found.port if found and secure == found.tls else HTTPS_PORT if secure else 80
    return HttpAddress(
        host=source.host,
        port=source.port or usual_port,
        tls=_tls(entry.id, source) if secure else None,
        request=request,
        login=_login(source, found),
        user=source.user or "",
        password=reveal(source.password) if source.password else "",
        token=reveal(source.token) if source.token else "",
        token_header=found.token_header if found else None,
        timeout_s=source.timeout_s or (found.limits.answer_within_ms / 1000 if found else TIMEOUT_S),
    )


def _login(source: HttpSource, found: HttpProfile | None) -> LoginWay:
    if source.password is None:
        return "none"
    return found.login if found and found.login in {"basic", "digest"} else "basic"


def _tls(owner: str, source: HttpSource) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=source.ca)
    except (OSError, ValueError) as err:
        raise DeviceConfigError(
            f"{owner}: the certificates of http.ca cannot be used ({err}): give a PEM file that this program may read"
        ) from err
    if source.trust_any_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
