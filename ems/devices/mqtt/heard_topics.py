"""What was heard on the topics of one device, and the numbers that follow from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ems.devices.messages import Json, NotInMessage, Unreadable, as_number, pick
from ems.devices.mqtt.profile import TopicPoint, TopicTerm
from ems.devices.sample import is_live, one_way
from ems.devices.units import factor_of, units_of

Place = tuple[str, str]
"""Topic and path."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A number, and when it came."""

    number: float | None
    """None where the device says that it has none."""

    at_s: float


class HeardTopics:
    """Remembers the newest number of every place."""

    def __init__(self, points: Mapping[str, TopicPoint]) -> None:
        self._points = points
        self._known: dict[Place, Heard] = {}
        self._waiting: dict[Place, Heard] = {}
        """Numbers whose unit has not been told since."""

        self._unit_of: dict[str, set[Place]] = {}
        """Whose unit is told in a topic."""

        self._terms: dict[str, dict[Place, TopicTerm]] = {}
        self._told_by: dict[Place, set[str]] = {}
        self.live_news = 0
        """How often something about a current or power was told."""

        self._may_be_null: set[Place] = set()
        for name, point in points.items():
            for term in point.terms:
                self._terms.setdefault(term.topic, {})[_place(term)] = term
                self._told_by.setdefault(_place(term), set()).add(name)
                if term.unit_topic is not None:
                    self._unit_of.setdefault(term.unit_topic, set()).add(_place(term))
                if point.plus:
                    self._may_be_null.add(_place(term))

    @property
    def topics(self) -> frozenset[str]:
        """All that is listened to."""
        return frozenset(self._terms) | self.unit_topics

    @property
    def unit_topics(self) -> frozenset[str]:
        """Those that tell the units of others."""
        return frozenset(self._unit_of)

    def topics_of(self, name: str) -> frozenset[str]:
        """Where that point comes from."""
        return frozenset(term.topic for term in self._points[name].terms)

    def points_in(self, topic: str) -> frozenset[str]:
        """The points that a topic tells, alone or with others; or whose unit it tells."""
        places = (*self._terms.get(topic, {}), *self._unit_of.get(topic, ()))
        return frozenset(name for place in places for name in self._told_by[place])

    def clear(self) -> None:
        self._known.clear()
        self._waiting.clear()

    def forget(self, topic: str) -> None:
        """What that topic told is no longer known."""
        for place in (*self._terms.get(topic, {}), *self._unit_of.get(topic, ())):
            self._known.pop(place, None)
            self._waiting.pop(place, None)

    def take_unit(self, topic: str, content: Json) -> Iterator[tuple[str, Unreadable]]:
        """Take the unit of numbers that came before it; gives the points whose unit is none."""
        for place in self._unit_of.get(topic, ()):
            names = sorted(self._told_by[place])
            number, factor = self._waiting.pop(place, None), factor_of(names[0], content)
            if factor is None:
                self._known.pop(place, None)
                known = " or ".join(units_of(names[0]))
                yield from ((name, Unreadable(f"another unit than {known}")) for name in names)
            elif number is not None and number.number is not None:
                self._know(place, Heard(number.number * factor, number.at_s))

    def take(self, topic: str, content: Json, at_s: float) -> Iterator[tuple[str, Unreadable]]:
        """Take a message in; gives the points that it speaks of with what cannot be read."""
        for place, term in self._terms.get(topic, {}).items():
            try:
                value = pick(content, term.steps)
            except NotInMessage:
                continue
            if value is None and place in self._may_be_null:
                self._know(place, Heard(None, at_s))
                continue
            try:
                heard = Heard(as_number(value), at_s)
            except Unreadable as err:
                self._known.pop(place, None)
                self._waiting.pop(place, None)
                yield from ((name, err) for name in sorted(self._told_by[place]))
            else:
                if term.unit_topic is None:
                    self._know(place, heard)
                else:
                    self._waiting[place] = heard

    def _know(self, place: Place, heard: Heard) -> None:
        self._known[place] = heard
        self.live_news += any(is_live(name) for name in self._told_by[place])

    def numbers(self, since_s: float) -> dict[str, Heard]:
        """Every point that can be told; currents and powers only of what came since then."""
        found = {name: self._told(name, point, since_s) for name, point in self._points.items()}
        return {name: heard for name, heard in found.items() if heard is not None}

    def _told(self, name: str, point: TopicPoint, since_s: float) -> Heard | None:
        heard = [self._known.get(_place(term)) for term in point.terms]
        fresh = [
            each if each is not None and (each.at_s >= since_s or name.startswith("energy")) else None for each in heard
        ]
        known = [(term, each) for term, each in zip(point.terms, fresh, strict=True) if each is not None]
        if not known:
            return None
        at_s = min(each.at_s for _, each in known)
        scaled = {_place(term): each.number * term.scale for term, each in known if each.number is not None}
        if point.less is not None:
            number = one_way(scaled.get(_place(point)), scaled.get(_place(point.less)))
        elif len(known) < len(point.terms) or not scaled:
            number = None
        else:
            number = sum(scaled.values())
        return None if number is None else Heard(number, at_s)


def _place(term: TopicTerm) -> Place:
    return term.topic, term.path
