"""Where the service is, as people type it or the network announces it. No Home Assistant here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

LONGEST: Final = 300


def service_url(typed: str, default_port: int) -> str | None:
    """`fusewise.local` is `http://fusewise.local:8480`; a path is kept, what follows it is not. None for nonsense."""
    text = typed.strip()
    if not text or len(text) > LONGEST or any(sign.isspace() for sign in text):
        return None
    has_scheme = "://" in text
    try:
        parts = urlsplit(text if has_scheme else f"http://{text}")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        return None
    # Somebody who names http or https means its own port: a proxy stands there.
    if port is None and not has_scheme:
        port = default_port
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, host if port is None else f"{host}:{port}", parts.path.rstrip("/"), "", ""))


def announced_url(host: str, port: int, properties: Mapping[str, str | None]) -> str | None:
    """Of what the service announces on the network. None for nonsense."""
    scheme = "https" if properties.get("https") == "1" else "http"
    path = properties.get("path") or ""
    bracketed = f"[{host}]" if ":" in host else host
    return service_url(f"{scheme}://{bracketed}:{port}/{path.strip('/')}", port)
