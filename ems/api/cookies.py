"""The session cookie of our pages."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ems.api.access.book import SESSION

SESSION_COOKIE: Final = "fusewise_session"


def give_session(request: Request, response: Response, token: str) -> None:
    """Let the browser keep it: out of reach of scripts, for our own path, over https alone where we are on https."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION.total_seconds()),
        path=_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def end_session(request: Request, response: Response) -> None:
    response.delete_cookie(
        SESSION_COOKIE, path=_path(request), secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )


def _path(request: Request) -> str:
    prefix: str = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return prefix.removesuffix("/api/v1") or "/"
