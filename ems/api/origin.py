"""Whether a request comes from our own pages: what protects a cookie from the pages of others."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

OWN_HEADER: Final = "x-fusewise"
"""A page of somebody else cannot send it without our leave, which we never give."""


def is_same_origin(connection: HTTPConnection) -> bool:
    """By the Origin that browsers send; without one, reading is harmless, and changing needs another proof."""
    headers = connection.headers
    origin = headers.get("origin")
    if origin is not None:
        # The scheme is left out: behind a proxy that ends TLS we may not know it.
        return _place(origin) == headers.get("host", "").lower() != ""
    if connection.scope["type"] == "websocket":
        return False  # browsers always send one
    site = headers.get("sec-fetch-site")
    if connection.scope["method"] in SAFE_METHODS:
        return site is None or site in {"same-origin", "same-site", "none"} or _is_navigation(connection)
    return site == "same-origin" or OWN_HEADER in headers


def _place(origin: str) -> str:
    """Host and port; nothing for what no browser sends."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_navigation(connection: HTTPConnection) -> bool:
    """Somebody followed a link to one of our pages."""
    return connection.headers.get("sec-fetch-mode") == "navigate"
