"""Calls of our own API from the visitor's browser: there is the session cookie, and there the API checks itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from ems.web.visit import Visit

ANSWER_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    """0 where nothing came."""

    body: Any

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


async def call(visit: Visit, method: str, path: str, body: dict[str, object] | None = None) -> Answer:
    """Ask our API below `/api/v1/`."""
    address = json.dumps(f"{visit.root}/api/v1/{path}")
    code = f"return await fusewise.call({json.dumps(method)}, {address}, {json.dumps(body)})"
    try:
        answer = await ui.run_javascript(code, timeout=ANSWER_WITHIN_S)
    except TimeoutError:
        return Answer(0, None)
    # A page that is closed meanwhile has no answer.
    return Answer(int(answer["status"]), answer["body"]) if isinstance(answer, dict) else Answer(0, None)


def problem_of(visit: Visit, answer: Answer) -> str:
    """Why it was refused, in words."""
    if answer.status == 0 or not isinstance(answer.body, dict):
        return visit.voice("problem.no_answer")
    return visit.problem(str(answer.body.get("code", "")), str(answer.body.get("detail", "")))
