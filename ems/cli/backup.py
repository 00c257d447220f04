"""`ems backup` and `ems restore`: a site's database into one file, and back."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ems.cli.check import print_problems
from ems.clock import WallClock
from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.store.backup import back_up, restore
from ems.store.database import JOURNAL_FILE
from ems.store.errors import BackupRefused


def back_up_site(site: Path, file: Path, *, force: bool, as_json: bool) -> int:
    """Copy the database of that site. The exit code: 1 where that cannot be done."""
    try:
        source = _database_of(site)
        _must_be_free(file, source, force=force)
        back_up(source, file)
    except (BackupRefused, SiteFileError) as error:
        return _said(error)
    size_b = file.stat().st_size
    _tell({"ok": True, "file": str(file), "size_b": size_b}, f"{file}: {size_b / 1e6:.1f} MB", as_json=as_json)
    return 0


def restore_site(site: Path, file: Path, *, as_json: bool) -> int:
    """Put a copy back. The exit code: 1 where that cannot be done; then nothing has changed."""
    try:
        target = _database_of(site)
        kept = restore(file, target, WallClock().utc_now())
    except (BackupRefused, SiteFileError) as error:
        return _said(error)
    before = "there was none before" if kept is None else f"the one before is kept as {kept.name}"
    facts = {"ok": True, "file": str(target), "kept": None if kept is None else str(kept)}
    _tell(facts, f"{target} is restored; {before}", as_json=as_json)
    return 0


def _must_be_free(file: Path, source: Path, *, force: bool) -> None:
    if file.exists() and source.exists() and file.samefile(source):
        raise BackupRefused(f"{file} is the database itself; choose another name")
    if file.exists() and not force:
        raise BackupRefused(f"{file} exists; choose another name, or replace it with --force")


def _database_of(site: Path) -> Path:
    storage = load_site(site).storage
    if storage.url is not None:
        raise BackupRefused("the database is on a PostgreSQL server: use its own pg_dump and pg_restore")
    if storage.path is None:
        raise BackupRefused("the site file names no storage.path, so nothing is kept")
    return Path(storage.path) / JOURNAL_FILE


def _said(error: BackupRefused | SiteFileError) -> int:
    if isinstance(error, SiteFileError):
        print_problems(error.problems)
    else:
        sys.stderr.write(f"{error}\n")
    return 1


def _tell(facts: Mapping[str, object], sentence: str, *, as_json: bool) -> None:
    sys.stdout.write((json.dumps(facts) if as_json else sentence) + "\n")
