"""Files that are kept for stations or were brought by them: named by us on the disk, bounded in number and size.

Plain calls on a disk, to be run in a thread. All of them raise FilesTrouble when the disk does not play along.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ems.api.errors import FilesTrouble, TooMany, UnknownFile

LONGEST_NAME: Final = 80
LONGEST_ABOUT: Final = 20_000
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")
_ID: Final = re.compile(r"^[0-9a-f]{16}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file and what is known of it."""

    file_id: str
    name: str
    """Safe to show and to save under."""

    size_b: int
    sha256: str
    at: datetime
    about: Mapping[str, str] = field(default_factory=dict)


def safe_name(said: str, otherwise: str) -> str:
    """The last part of a name that somebody gave, without what could mean something to a disk or a page."""
    last = said.replace("\\", "/").rsplit("/", 1)[-1]
    return _ODD.sub("_", last)[-LONGEST_NAME:].lstrip("._-") or otherwise


class FileFolder:
    """A folder of such files; each has its description beside it."""

    def __init__(self, folder: Path, *, most: int, drops_oldest: bool) -> None:
        """Above `most` the oldest one goes, or a new one is not taken."""
        self.folder: Final = folder
        self._most = most
        self._drops_oldest = drops_oldest
        self._sweeping = threading.Lock()
        self._swept = False

    def files(self) -> list[KeptFile]:
        """Newest first."""
        found = [file for path in self._descriptions() if (file := _read(path)) is not None]
        return sorted(found, key=lambda file: (file.at, file.file_id), reverse=True)

    def find(self, file_id: str) -> KeptFile:
        """Raises UnknownFile."""
        found = _read(self._description(file_id)) if _ID.match(file_id) else None
        if found is None or not self.path(file_id).is_file():
            raise UnknownFile(f"there is no file {file_id[:LONGEST_NAME]!r}")
        return found

    def path(self, file_id: str) -> Path:
        return self.folder / f"{file_id}.bin"

    def begin(self) -> Path:
        """Where a new file is written until it is whole. Raises TooMany."""
        self.sweep()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise FilesTrouble(f"the folder for files cannot be used ({error.strerror})") from error
        if not self._drops_oldest and len(self._descriptions()) >= self._most:
            raise TooMany(f"there are {self._most} files already; remove one first")
        return self.folder / f"{secrets.token_hex(8)}.part"

    def keep(self, part: Path, *, name: str, sha256: str, at: datetime, about: Mapping[str, str]) -> KeptFile:
        """That part is whole now."""
        try:
            size_b = part.stat().st_size
            file = KeptFile(file_id=part.stem, name=name, size_b=size_b, sha256=sha256, at=at, about=dict(about))
            part.replace(self.path(file.file_id))
            self.describe(file)
        except OSError as error:
            raise FilesTrouble(f"a file cannot be kept ({error.strerror})") from error
        for old in self.files()[self._most :]:
            self.remove(old.file_id)
        return file

    def describe(self, file: KeptFile) -> None:
        """Write down what is known of it."""
        body = json.dumps({**asdict(file), "at": file.at.isoformat()})
        fresh = self._description(file.file_id).with_suffix(".new")
        fresh.write_text(body, encoding="utf-8")
        fresh.replace(self._description(file.file_id))

    def remove(self, file_id: str) -> None:
        """Raises UnknownFile."""
        self.find(file_id)
        self._description(file_id).unlink(missing_ok=True)
        self.path(file_id).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what an earlier run left half written: once, and before the first file of this run begins."""
        with self._sweeping:
            if not self._swept:
                for part in self.folder.glob("*.part"):
                    part.unlink(missing_ok=True)
                self._swept = True

    def _description(self, file_id: str) -> Path:
        return self.folder / f"{file_id}.json"

    def _descriptions(self) -> list[Path]:
        return [path for path in self.folder.glob("*.json") if _ID.match(path.stem)]


def _read(path: Path) -> KeptFile | None:
    """None for what is no description of ours."""
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8")[: 2 * LONGEST_ABOUT])
        about = {str(key): str(value)[:LONGEST_ABOUT] for key, value in said["about"].items()}
        return KeptFile(
            file_id=path.stem,
            name=safe_name(str(said["name"]), "file.bin"),
            size_b=int(said["size_b"]),
            sha256=str(said["sha256"])[:64],
            at=datetime.fromisoformat(said["at"]),
            about=about,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
