"""YAML text into plain values that remember their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ems.config.problems import Finding, Place
from ems.config.syntax_cures import explain
from ems.config.yaml_nodes import (
    MAX_DEPTH,
    MAX_VALUES,
    Listing,
    Mapped,
    Node,
    NodeReader,
    Pair,
    Scalar,
    Stop,
    Value,
    too_much,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says, and in which line it says it."""

    value: Value
    lines: Mapping[Place, int]
    findings: tuple[Finding, ...]

    def line_of(self, place: Place) -> int | None:
        """Where the place stands, or else the nearest thing around it."""
        inner = (place[:length] for length in range(len(place), -1, -1))
        return next((self.lines[step] for step in inner if step in self.lines), None)


def read_marked(text: str) -> Document:
    """The one document of a YAML text. Whatever is wrong with it is in `findings`; nothing is raised."""
    reader = NodeReader(text)
    plain = _Plain()
    try:
        value = plain.value_of(reader.root(), ())
    except Stop as stop:
        return Document(value=None, lines={}, findings=(stop.finding,))
    except YAMLError as error:
        return Document(value=None, lines={}, findings=tuple(_syntax(text, error)))
    return Document(value=value, lines=plain.lines, findings=(*reader.findings, *plain.findings))


class _Plain:
    """Turns nodes into plain values, noting the line of every place."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.findings: list[Finding] = []

    def value_of(self, node: Node, place: Place) -> Value:
        self.lines.setdefault(place, node.line)
        # Aliases can make a small text large and deep, so what the reader bounded is bounded again.
        if len(self.lines) > MAX_VALUES or len(place) > MAX_DEPTH:
            raise too_much(node.line)
        if isinstance(node, Scalar):
            return node.value
        if isinstance(node, Listing):
            return [self.value_of(item, (*place, i)) for i, item in enumerate(node.items)]
        return self._mapping(node, place)

    def _mapping(self, node: Mapped, place: Place) -> dict[str, Value]:
        chosen: dict[str, Pair] = {}
        for pair in node.pairs:
            if (first := chosen.setdefault(pair.key, pair)) is not pair:
                self._twice((*place, pair.key), first.line, pair.line)
        for pair in node.merged:
            chosen.setdefault(pair.key, pair)
        self.lines.update({(*place, key): pair.line for key, pair in chosen.items()})
        return {key: self.value_of(pair.node, (*place, key)) for key, pair in chosen.items()}

    def _twice(self, place: Place, first_line: int, line: int) -> None:
        cure = f"it stands in line {first_line} already; keep one of them"
        self.findings.append(Finding(place=place, problem="is there twice", cure=cure, line=line))


def _syntax(text: str, error: YAMLError) -> Iterator[Finding]:
    """The syntax error in our words; where tabs indent lines, those lines instead."""
    tabs = [i for i, line in enumerate(text.splitlines(), 1) if "\t" in line[: len(line) - len(line.lstrip())]]
    for line in tabs[:10]:
        yield Finding(place=(), problem="is indented with a tab", cure="YAML wants spaces there", line=line)
    if tabs:
        return
    if not isinstance(error, MarkedYAMLError):
        problem, cure = explain(str(error))
        yield Finding(place=(), problem=problem, cure=cure)
        return
    said = str(error.problem or error)
    # What is never closed is best mended where it was opened.
    mark = error.context_mark if "stream end" in said or "end of stream" in said else error.problem_mark
    problem, cure = explain(said)
    yield Finding(place=(), problem=problem, cure=cure, line=mark.line + 1 if mark else None)
