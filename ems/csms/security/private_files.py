"""Files that only the service may read, replaced as a whole or not at all. Everything here blocks."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ems.csms.security.errors import CannotKeep

ONLY_OURS: Final = 0o600
LOCK_NAME: Final = ".lock"


def replace(path: Path, content: bytes) -> None:
    """Write `content` in place of what was there; a power cut leaves one of the two. Raises CannotKeep."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_OURS)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise CannotKeep(f"{path.name} cannot be written ({error.strerror}); the old one stays") from error


def content(path: Path, most_bytes: int) -> bytes | None:
    """What is in there; None where there is no such file. Raises CannotKeep."""
    try:
        with path.open("rb") as file:
            found = file.read(most_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotKeep(f"{path.name} cannot be read ({error.strerror})") from error
    if len(found) > most_bytes:
        raise CannotKeep(f"{path.name} is larger than {most_bytes} bytes; it is none of ours")
    return found


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While this lasts nobody else, in no other program either, changes the folder. Raises CannotKeep."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, ONLY_OURS)
    except OSError as error:
        raise CannotKeep(f"the folder {folder.name} cannot be used ({error.strerror})") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
