"""The report as one HTML file that needs nothing else: no network, no script, light and dark, screen and paper.

`write_report(path, report)` is all that `ems simulate --report` calls.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Final

from ems.errors import EmsError
from ems.sim.lab.report.day import day_section
from ems.sim.lab.report.fault_table import fault_section
from ems.sim.lab.report.headline import headline, scene
from ems.sim.lab.report.markup import Markup, element
from ems.sim.lab.report.notes import notes_section
from ems.sim.lab.report.score_table import score_section
from ems.sim.lab.report.shapes import Report

STYLE_SHEET: Final = "style.css"

ONLY_THIS_PAGE: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy: even a browser that finds an address in here loads nothing."""


class CannotWriteReport(EmsError):
    """The page could not be written where it was asked for."""

    code: ClassVar[str] = "cannot_write_report"


def write_report(path: Path, report: Report) -> None:
    """Write the page; the same report gives the same bytes. `CannotWriteReport` when the file cannot be written."""
    try:
        # A name from a file may hold half a surrogate pair, which UTF-8 cannot.
        path.write_bytes(page(report).encode("utf-8", "replace"))
    except OSError as err:
        raise CannotWriteReport(f"cannot write the report to {path}: {err.strerror}; name another file") from err


def page(report: Report) -> str:
    """The whole page as text."""
    said = headline(report)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=ONLY_THIS_PAGE),
        element("title", report.title),
        element("style", Markup(files(__package__).joinpath(STYLE_SHEET).read_text("utf-8"))),
    )
    parts = [score_section(report), day_section(report), fault_section(report.faults), notes_section(report)]
    body = element(
        "body",
        element("header", element("h1", report.title), *([element("p", said, class_="headline")] if said else [])),
        element("main", scene(report), *(part for part in parts if part)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"
