"""The site file from disk: everything that is wrong with it at once, each with line and cure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ems.config.cross_checks import findings_across
from ems.config.cures import findings_of
from ems.config.marked import Document, read_marked
from ems.config.problems import Finding, Place, Problem, SiteFileError
from ems.config.salvage import salvaged
from ems.config.schema import SiteFile
from ems.config.yaml_nodes import Value

MAX_BYTES: Final = 1024 * 1024
"""A site file of this size is none."""

_LONGEST_KEY: Final = 40

MAX_PROBLEMS: Final = 100
"""Nobody reads more; the first ones are the ones to cure."""


def load_site(path: Path, *, profiles: Collection[str] | None = None) -> SiteFile:
    """The site file at `path`, checked as a whole; with `profiles`, device profiles must be among them.
    Where that is a mapping, it tells the kinds of devices that each describes.

    Raises SiteFileError, which names all problems of the file.
    """
    try:
        document = read_marked(_text_of(path))
    except _Unreadable as error:
        raise SiteFileError([_problem(error.finding, Document(value=None, lines={}, findings=()), path)]) from error
    file, findings = _checked(document, path.absolute().parent, profiles)
    if findings or file is None:
        problems = (_problem(finding, document, path) for finding in findings[:MAX_PROBLEMS])
        raise SiteFileError(sorted(problems, key=lambda problem: problem.line or 0))
    return file


class _Unreadable(Exception):
    def __init__(self, problem: str, cure: str, line: int | None = None) -> None:
        self.finding = Finding(place=(), problem=problem, cure=cure, line=line)
        super().__init__(problem)


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _Unreadable("does not exist", "check the path, or start from one of the example files") from error
    except IsADirectoryError as error:
        raise _Unreadable("is a folder", "name the file in it") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise _Unreadable(f"cannot be read ({said})", "let the user that runs ems read it") from error
    if len(content) > MAX_BYTES:
        raise _Unreadable("is larger than 1 MiB", "a site file is a few pages of text; is this the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _Unreadable("is not UTF-8 text", "save it with the encoding UTF-8", line) from error


def _checked(
    document: Document, folder: Path, profiles: Collection[str] | None
) -> tuple[SiteFile | None, list[Finding]]:
    """The site file, and everything that is wrong with it; one of them is empty."""
    if document.value is None:
        empty = Finding(place=(), problem="is empty", cure="start from one of the example files")
        return None, list(document.findings) or [empty]
    if not isinstance(document.value, dict) or not SiteFile.model_fields.keys() & document.value.keys():
        # Somebody else's file: its content is no business of our messages.
        cure = "a site file has sections such as `connection:` and `stations:`; is this the right file?"
        return None, [Finding(place=(), problem="holds nothing of a site file", cure=cure)]
    findings = list(document.findings)
    try:
        file = SiteFile.model_validate(document.value, context=folder)
    except ValidationError as error:
        return None, [*findings, *findings_of(error), *_beyond(document.value, error, profiles)]
    return file, [*findings, *findings_across(file, profiles)]


def _beyond(value: Value, error: ValidationError, profiles: Collection[str] | None) -> Iterable[Finding]:
    """What the cross checks find in the part of a file that is right."""
    rest = salvaged(value, error)
    if rest is None:
        return
    for finding in findings_across(rest.file, profiles):
        original = rest.original(finding)
        if not original.doubtful(rest.wrong):
            yield original


def _problem(finding: Finding, document: Document, path: Path) -> Problem:
    line = document.line_of(finding.place) if finding.line is None and finding.place else finding.line
    return Problem(
        file=path.name,
        line=line,
        place=place_text(finding.place, document.value),
        problem=finding.problem,
        cure=finding.cure,
    )


def place_text(place: Place, value: Value) -> str:
    """A place for people: `stations[garage].max_a`, or `stations[#2].max_a` for an entry without a usable id."""
    text = ""
    for step in place:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
            name = value.get("id", value.get("station")) if isinstance(value, dict) else None
            text += f"[{name}]" if isinstance(name, str) and len(name) <= 48 else f"[#{step + 1}]"
        else:
            value = value.get(step) if isinstance(value, dict) else None
            text += f".{step[:_LONGEST_KEY]}" if text else step[:_LONGEST_KEY]
    return text
