"""YAML text into nodes that know their lines, with the bounds that a file from outside needs.

Numbers, booleans and nulls follow YAML 1.2, whatever version the file claims: `off`, `yes` and `12:30` are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ems.config.problems import Finding

Value: TypeAlias = str | int | float | bool | list["Value"] | dict[str, "Value"] | None

MAX_VALUES: Final = 20_000
"""More than a garage with a thousand stations needs; counts what aliases repeat."""

MAX_DEPTH: Final = 16
"""The deepest place of a site file is 6 levels down."""

_MERGE: Final = "<<"
_LONGEST_NUMBER: Final = 40
_INT: Final = re.compile(r"[-+]?\d+")
_FLOAT: Final = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_WORDS: Final[Mapping[str, Value]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Stop(Exception):
    """Reading on makes no sense."""

    def __init__(self, problem: str, cure: str, line: int) -> None:
        self.finding = Finding(place=(), problem=problem, cure=cure, line=line)
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Scalar:
    line: int
    value: Value


@dataclass(frozen=True, slots=True)
class Listing:
    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    key: str
    line: int
    """The line of the key."""

    node: Node


@dataclass(frozen=True, slots=True)
class Mapped:
    line: int
    pairs: tuple[Pair, ...]
    """As written: a key may come twice."""

    merged: tuple[Pair, ...]
    """What `<<` brings in; the mapping's own keys go first."""


Node: TypeAlias = Scalar | Listing | Mapped


class NodeReader:
    """Builds nodes from the parser's events: one pass, bounded in depth and number."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        self._anchors: dict[str, Node] = {}
        self._seen = 0
        self.findings: list[Finding] = []
        """What is wrong without keeping us from reading on."""

    def root(self) -> Node:
        """The one document of the text. Raises Stop, or YAMLError for a text that is not YAML."""
        if not self._to_next_document():
            return Scalar(1, None)
        node = self._node(next(self._events), 0)
        if event := self._to_next_document():
            raise Stop("holds a second document", "one file is one house; drop the `---`", line_of(event))
        return node

    def _to_next_document(self) -> Event | None:
        return next((event for event in self._events if isinstance(event, DocumentStartEvent)), None)

    def _node(self, event: Event, depth: int) -> Node:
        self._seen += 1
        if self._seen > MAX_VALUES or depth > MAX_DEPTH:
            raise too_much(line_of(event))
        if isinstance(event, AliasEvent):
            return self._aliased(event)
        self._look_at_tag(event)
        node = self._inside(event, depth)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _inside(self, event: Event, depth: int) -> Node:
        line = line_of(event)
        if isinstance(event, ScalarEvent):
            is_plain = event.implicit[0] and event.style is None
            return Scalar(line, resolved(event.value) if is_plain else event.value)
        if isinstance(event, SequenceStartEvent):
            return Listing(line, tuple(self._items(depth)))
        pairs = tuple(self._pairs(depth))
        own = (pair for pair in pairs if pair.key != _MERGE)
        return Mapped(line, tuple(own), _merged(pairs))

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _pairs(self, depth: int) -> Iterator[Pair]:
        while not isinstance(key := next(self._events), MappingEndEvent):
            if not isinstance(key, ScalarEvent):
                raise Stop(
                    "has a list, a mapping or an alias where a key should stand",
                    "a key is a plain word; templates such as {{ … }} are not known here",
                    line_of(key),
                )
            yield Pair(key.value, line_of(key), self._node(next(self._events), depth + 1))

    def _aliased(self, event: AliasEvent) -> Node:
        name = str(event.anchor)
        if name not in self._anchors:
            cure = f"define it first with &{name}, outside of itself"
            raise Stop(f"uses *{name}, which stands nowhere before", cure, line_of(event))
        return self._anchors[name]

    def _look_at_tag(self, event: Event) -> None:
        tag = getattr(event, "tag", None)
        if tag is None:
            return
        cure = "leave it out; a password is given as {env: NAME} or {file: PATH}"
        self.findings.append(Finding(place=(), problem=f"uses the tag {tag}", cure=cure, line=line_of(event)))


def line_of(event: Event) -> int:
    """The line of an event, counted from 1."""
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def resolved(text: str) -> Value:
    """A plain scalar by the YAML 1.2 core schema, less its octal and hexadecimal numbers."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def too_much(line: int) -> Stop:
    """The end of patience with a file that is too large or too deep."""
    return Stop(
        f"holds more than {MAX_VALUES} values or {MAX_DEPTH} levels",
        "a site file is far smaller; look for an alias (*name) that repeats itself",
        line,
    )


def _merged(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """What the `<<` keys bring in: of equal keys the first, as the YAML merge key asks."""
    found: dict[str, Pair] = {}
    for merge in (pair for pair in pairs if pair.key == _MERGE):
        for source in merge.node.items if isinstance(merge.node, Listing) else (merge.node,):
            if not isinstance(source, Mapped):
                raise Stop("has a << that is no mapping", "write <<: *name of an &name mapping", merge.line)
            for pair in (*source.pairs, *source.merged):
                found.setdefault(pair.key, pair)
    return tuple(found.values())
