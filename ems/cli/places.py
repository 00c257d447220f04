"""Whether a result can be written where it is wanted, asked before the work begins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from ems.errors import EmsError


class CannotWrite(EmsError):
    """A result cannot be written where it was asked for."""

    code: ClassVar[str] = "cannot_write"


def check_writable(path: Path) -> None:
    """Raises CannotWrite when no file can be written there. Nothing is written, made or emptied."""
    folder = path.absolute().parent
    if path.is_dir():
        raise CannotWrite(f"cannot write {path}: it is a folder; name a file in it")
    if not folder.is_dir():
        raise CannotWrite(f"cannot write {path}: there is no folder {path.parent}; make it, or name another file")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise CannotWrite(f"cannot write {path}: this user may not write there; name another file")
