"""The language that a browser asks for."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from ems.model.words import Language

LANGUAGE_COOKIE: Final = "fusewise_language"
"""A person's choice in this browser."""

LONGEST_ASKED: Final = 200


def language_of(request: Request) -> Language:
    """By its person's choice, else by its own languages."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in {language.value for language in Language}:
        return Language(chosen)
    for wanted in request.headers.get("accept-language", "")[:LONGEST_ASKED].split(","):
        tag = wanted.split(";")[0].strip().lower()[:2]
        if tag in {language.value for language in Language}:
            return Language(tag)
    return Language.ENGLISH
