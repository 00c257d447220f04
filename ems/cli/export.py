"""`ems export`: sessions or history of a site's database as a table."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from ems.cli.check import print_problems
from ems.config.loader import load_site
from ems.config.problems import SecretError, SiteFileError
from ems.store import archive
from ems.store.archive import StepLength
from ems.store.database import open_url_for_reading
from ems.store.days import house_zone
from ems.store.errors import JournalError
from ems.store.place import url_of
from ems.store.sheets import Sheet, history_sheet, sessions_sheet, write_csv, write_xlsx


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted."""

    site: Path
    step: str | None = None
    """Of the history; None for sessions."""

    as_xlsx: bool
    since: str | None
    until: str | None
    output: Path | None


class WrongUse(Exception):
    """What was asked for makes no sense."""


def export(request: Request, *, as_json: bool) -> int:
    """Write the table. The exit code: 0, 1 for a database or file that is not as it should be, 2 for wrong use."""
    try:
        _must_have_a_place(request, as_json=as_json)
        sheet = _sheet(request)
        _write(sheet, request)
    except WrongUse as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except SiteFileError as error:
        print_problems(error.problems)
        return 1
    except (JournalError, SecretError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        where = request.output or "the standard output"
        sys.stderr.write(f"{where} cannot be written ({error.strerror})\n")
        return 1
    if as_json:
        sys.stdout.write(json.dumps({"ok": True, "output": str(request.output), "rows": len(sheet.rows)}) + "\n")
    return 0


def _must_have_a_place(request: Request, *, as_json: bool) -> None:
    if request.output is None and (request.as_xlsx or as_json):
        raise WrongUse("--output is missing: name the file, since --format xlsx and --json leave no other place")


def _sheet(request: Request) -> Sheet:
    file = load_site(request.site)
    zone = house_zone(file.site.time_zone)
    since_utc_s, until_utc_s = _utc_s(request.since, "--since", zone), _utc_s(request.until, "--until", zone)
    engine = open_url_for_reading(url_of(file.storage))
    try:
        if request.step is None:
            found = archive.sessions(engine, since_utc_s=since_utc_s, until_utc_s=until_utc_s)
            return sessions_sheet(found[::-1], zone)
        length = StepLength(request.step)
        steps = archive.history(engine, length, since_utc_s=since_utc_s, until_utc_s=until_utc_s)
        return history_sheet(steps, zone)
    finally:
        engine.dispose()


def _write(sheet: Sheet, request: Request) -> None:
    if request.output is None:
        write_csv(sheet, sys.stdout)
    elif request.as_xlsx:
        with request.output.open("wb") as stream:
            write_xlsx(sheet, stream)
    else:
        with request.output.open("w", encoding="utf-8", newline="") as stream:
            write_csv(sheet, stream)


def _utc_s(text: str | None, option: str, zone: tzinfo) -> float | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUse(f"{option} {text!r} is no time; write it as 2026-06-21 or 2026-06-21T12:30") from error
    return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
