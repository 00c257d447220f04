"""The numbers in a device's answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ems.devices.http.profile import HttpPoint, HttpTerm
from ems.devices.messages import Json, NotInMessage, as_number, parse_path, pick
from ems.devices.sample import one_way


def number_at(content: Json, point: HttpPoint) -> float | None:
    """The number where all of it stands in one answer. Raises Unreadable."""
    return number_in(dict.fromkeys(point.requests("/"), content), point, "/")


def number_in(answers: Mapping[str, Json], point: HttpPoint, usual: str) -> float | None:
    """The number, of what was answered to each request. Raises Unreadable.

    Of a sum, the terms that are there count; None when there is none. Of two directions, both have to be there, or one
    that is not 0.
    """
    here = _sum(answers, point.terms, point, usual)
    return here if point.less is None else one_way(here, _sum(answers, (point.less,), point, usual))


def _sum(answers: Mapping[str, Json], terms: Sequence[HttpTerm], point: HttpPoint, usual: str) -> float | None:
    found: list[float] = []
    for term in terms:
        try:
            value = pick(answers[term.request or point.request or usual], parse_path(term.path))
        except NotInMessage:
            continue
        if value is None:
            if point.null_is_zero:
                found.append(0.0)
            continue
        found.append(as_number(value) * term.scale)
    return sum(found) if found else None
