"""Errors as problem objects (RFC 9457): one shape, stable codes, for every way in which a request can fail."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ems.api.errors import ApiError, Throttled
from ems.api.wire import Problem
from ems.errors import EmsError, StationCannot

LOGGER: Final = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
MOST_FINDINGS: Final = 5
LONGEST_DETAIL: Final = 500

_REFERENCE: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}

STATUS_CODES: Final[Mapping[int, str]] = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}

OTHER_CODES: Final = ("bad_request", "internal", "invalid")
"""What a request can fail with that is none of our own errors."""


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of a route, for its OpenAPI description."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _REFERENCE} for status in statuses}


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as an answer."""
    return Response(
        problem.model_dump_json(), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def refusal(error: EmsError) -> Response:
    """The answer to one of our own errors."""
    status, title = (error.status, error.title) if isinstance(error, ApiError) else (503, "Cannot do that now")
    if isinstance(error, StationCannot):
        status, title = 409, "This version of OCPP has no word for that"
    headers = {}
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(math.ceil(error.wait_s))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="fusewise"'
    return problem_response(problem(status, error.code, title, str(error)), headers)


def problem(status: int, code: str, title: str, detail: str) -> Problem:
    """A problem with its type made from the code."""
    return Problem(
        type=f"urn:fusewise:problem:{code}", title=title, status=status, code=code, detail=detail[:LONGEST_DETAIL]
    )


def answer_problems(app: FastAPI) -> None:
    """Make every error of that application a problem object."""
    app.add_exception_handler(EmsError, _ours)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, EmsError)  # noqa: S101 (registered for nothing else)
    return refusal(error)


async def _of_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for nothing else)
    code = STATUS_CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
    title = HTTPStatus(error.status_code).phrase
    return problem_response(problem(error.status_code, code, title, str(error.detail)), error.headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for nothing else)
    found = [
        f"{'.'.join(str(step) for step in detail['loc'])}: {detail['msg']}" for detail in error.errors()[:MOST_FINDINGS]
    ]
    return problem_response(problem(422, "invalid", "That does not make sense", "; ".join(found)))


async def _unexpected(_request: Request, error: Exception) -> Response:
    LOGGER.error("a request failed; control goes on", exc_info=error)
    return problem_response(problem(500, "internal", "Something went wrong here", "the service's log tells more"))
