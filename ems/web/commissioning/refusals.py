"""Limits and fields that were refused, in the reader's words."""

from __future__ import annotations

import string
from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ems.config.problems import Finding
from ems.model.words import ENGLISH, has_words, words
from ems.web.voice import Voice


def limits_refused(voice: Voice, findings: Iterable[Finding]) -> str:
    """Which limits do not fit together. What is wrong with them exactly is told in English alone."""
    found = tuple(findings)
    if voice.language is ENGLISH:
        places = [f"{_place(voice, each.place)} {each.problem}: {each.cure}" for each in found]
    else:
        places = [_place(voice, each.place) for each in found]
    named = "; ".join(dict.fromkeys(places))
    return voice("problem.limits_refused.at", fields=named) if named else voice("problem.limits_refused")


def fields_refused(voice: Voice, err: ValidationError) -> str:
    """Which fields to look at, and what each may be."""
    return voice("page.check_fields", fields="; ".join(_field_problem(voice, each) for each in err.errors()))


def _field_problem(voice: Voice, detail: ErrorDetails) -> str:
    field = _place(voice, detail["loc"])
    key, numbers = f"field_problem.{detail['type']}", detail.get("ctx", {})
    if not has_words(key) or any(name not in numbers for name in _gaps(key) if name != "field"):
        return voice("field_problem.other", field=field)
    return voice(key, **{**numbers, "field": field})


def _place(voice: Voice, place: tuple[str | int, ...]) -> str:
    """The last key of it that has words; the key itself where none has."""
    names = [each for each in place if isinstance(each, str)]
    known = next((name for name in reversed(names) if has_words(f"field.{name}")), None)
    return voice(f"field.{known}") if known is not None else ".".join(names)


def _gaps(key: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(words()[key]["en"]) if name is not None]
