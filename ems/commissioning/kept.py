"""What commissioning keeps: one small file of limits, findings, seal and audit, replaced as a whole or not at all.

It stands beside the journal. A file that cannot be read is set aside, and the house counts as not commissioned, now and
after restarts, until its connection is stated again: nobody may guess limits.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from ems.commissioning.errors import NoStorage
from ems.commissioning.findings import Record
from ems.commissioning.limits import InstallerLimits, overlaid
from ems.commissioning.newcomers import NewStation
from ems.config.schema import SiteFile
from ems.model.words import Phrase
from ems.store.codec import decode, encode
from ems.store.errors import JournalError

LOGGER: Final = logging.getLogger(__name__)

FILE_NAME: Final = "installer.json"
DAMAGED: Final = "installer.damaged-*.json"
LAYOUT: Final = 1
MOST_BYTES: Final = 4_000_000
MOST_CHANGES: Final = 500
MOST_REFUSED: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the audit."""

    utc_s: float
    who: str
    """A person, or the proof that found something."""

    what: str
    """In English."""

    says: Phrase | None = None
    """The same for every language; None in what older versions kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The hand-over: a signature over its text."""

    text: str
    limits_hash: str
    signature: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealMark:
    """Who locked the limits, and when."""

    installer: str
    utc_s: float
    limits_hash: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The whole file."""

    limits: InstallerLimits = field(default_factory=InstallerLimits)
    record: Record = field(default_factory=Record)
    seal: SealMark | None = None
    """None while limits may be changed."""

    hand_over: Signed | None = None
    """The newest; it stays when the limits are unlocked."""

    refused: tuple[str, ...] = ()
    """Identities of strangers that an installer has said no to."""

    changes: tuple[Change, ...] = ()
    """Newest last."""

    added: tuple[NewStation, ...] = ()
    """Stations that the site file does not name."""

    def changed(self, change: Change) -> Kept:
        """With one more line in the audit."""
        return replace(self, changes=(*self.changes, change)[-MOST_CHANGES:])

    def without(self, station_id: str) -> Kept:
        """Without a station that was taken in, and all that was said and found of it."""
        stations = {name: each for name, each in self.limits.stations.items() if name != station_id}
        return replace(
            self,
            added=tuple(each for each in self.added if each.id != station_id),
            limits=self.limits.model_copy(update={"stations": stations}),
            record=self.record.without(station_id),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was found at the start."""

    kept: Kept
    trouble: str | None = None
    """Why a file that is there, or was there before, could not be used."""


def still_proven(kept: Kept, file: SiteFile) -> Kept:
    """With every lease unverified that was proven with another fallback or for another time than the site has now."""
    limits = kept.limits
    policy_s = file.policy.lease_s
    for entry in overlaid(file, limits).stations:
        told, proven = limits.station(entry.id), kept.record.loss.get(entry.id)
        if told.lease_verified and proven is not None and not proven.is_of(entry.fallback_a, policy_s):
            LOGGER.warning("the loss proof of %s was of other limits; run it again", entry.id)
            limits = limits.with_station(entry.id, told.model_copy(update={"lease_verified": False}))
    return replace(kept, limits=limits)


class KeptFile:
    """Reads and replaces the file in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self._path: Final = folder / FILE_NAME
        self._in_the_way = False
        """Whether a file stands there that could not be read: it may be a good one."""

    def open(self) -> Opened:
        """What the file holds; nothing where there is none yet. Never raises: a bad file is set aside."""
        try:
            with self._path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return self._beside_damaged(Kept())
        except OSError as error:
            self._in_the_way = True
            return Opened(kept=Kept(), trouble=f"{self._path.name} cannot be read ({error.strerror})")
        try:
            return self._beside_damaged(_read(content))
        except (ValueError, TypeError, KeyError, JournalError) as error:
            return Opened(kept=Kept(), trouble=f"{FILE_NAME} made no sense ({str(error)[:200]}); {self._put_away()}")

    def save(self, kept: Kept) -> None:
        """Replace the file; blocks until the disk has it. Raises NoStorage, and then the old one is still there."""
        beside = self._path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._in_the_way:
                self._set_aside()
            with beside.open("wb") as file:
                beside.chmod(0o600)
                file.write(_written(kept))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            _sync_folder(self.folder)
        except OSError as error:
            raise NoStorage(f"the installer's limits cannot be kept ({error.strerror}); the old ones stay") from error

    def _beside_damaged(self, kept: Kept) -> Opened:
        """Limits without a connection do not make up for those that were damaged."""
        damaged = next(self.folder.glob(DAMAGED), None)
        if damaged is None or kept.limits.connection is not None:
            return Opened(kept=kept)
        return Opened(kept=kept, trouble=f"earlier limits were damaged ({damaged.name}); state the connection again")

    def _put_away(self) -> str:
        """Set a damaged file aside, now or before the next one is written; gives what became of it."""
        try:
            return f"it is now {self._set_aside()}"
        except OSError as error:
            self._in_the_way = True
            LOGGER.warning("%s cannot be set aside (%s)", self._path.name, error.strerror)
            return "it cannot be set aside"

    def _set_aside(self) -> str:
        """Its new name. Raises OSError."""
        aside = next(
            path for n in range(1, 10_000) if not (path := self._path.with_suffix(f".damaged-{n}.json")).exists()
        )
        self._path.replace(aside)
        self._in_the_way = False
        return aside.name


def _read(content: bytes) -> Kept:
    if len(content) > MOST_BYTES:
        raise ValueError("it is too large")
    told: Any = json.loads(content)
    if not isinstance(told, dict) or told.get("layout") != LAYOUT:
        raise ValueError("it has another layout")
    try:
        limits = InstallerLimits.model_validate(told["limits"])
    except ValidationError as error:
        raise ValueError(f"{error.error_count()} limits are wrong") from error
    rest = decode(_Rest, told)
    return Kept(limits=limits, **{name: getattr(rest, name) for name in _Rest.__dataclass_fields__})


def _written(kept: Kept) -> bytes:
    told = {"layout": LAYOUT, "limits": kept.limits.model_dump(mode="json"), **_without_limits(kept)}
    return json.dumps(told, indent=1, ensure_ascii=False).encode()


def _without_limits(kept: Kept) -> dict[str, Any]:
    return encode(_Rest(**{name: getattr(kept, name) for name in _Rest.__dataclass_fields__}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """`Kept` but for the limits, which pydantic writes and reads."""

    record: Record = field(default_factory=Record)
    seal: SealMark | None = None
    hand_over: Signed | None = None
    refused: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    added: tuple[NewStation, ...] = ()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
