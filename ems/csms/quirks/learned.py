"""What was learnt of kinds of station: which construction they were seen to obey, and which not. Bounded, and kept.

A kind is vendor, model and firmware, so that another firmware is looked at anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from ems.csms.constructions import Construction
from ems.csms.messages import Boot

LOGGER = logging.getLogger(__name__)

MOST_KINDS: Final = 64
MOST_STATIONS: Final = 1000
MOST_IGNORED: Final = 64
LONGEST_WORD: Final = 60

Written: TypeAlias = Any
"""What `json` writes and reads."""

Word = Annotated[str, Field(max_length=LONGEST_WORD)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Stations that may be taken for the same."""

    vendor: Word = ""
    model: Word = ""
    firmware: Word = ""

    @classmethod
    def of(cls, boot: Boot) -> Kind:
        return cls(
            vendor=boot.vendor.strip()[:LONGEST_WORD],
            model=boot.model.strip()[:LONGEST_WORD],
            firmware=boot.firmware.strip()[:LONGEST_WORD],
        )

    @property
    def boot(self) -> Boot:
        return Boot(vendor=self.vendor, model=self.model, firmware=self.firmware)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one kind was seen to do."""

    kind: Kind
    obeyed: Construction | None = None
    ignored: Annotated[tuple[Construction, ...], Field(max_length=MOST_IGNORED)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """One configured station, as it was met last."""

    kind: Kind
    way: Construction | None = None
    """How it was told its limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    kinds: Annotated[tuple[Learned, ...], Field(max_length=MOST_KINDS)] = ()
    stations: Annotated[dict[str, Met], Field(max_length=MOST_STATIONS)]


_PAGES: Final[TypeAdapter[_Pages]] = TypeAdapter(_Pages)


class LearnedBook:
    """Remembers for all stations of one central system; the kind that was met longest ago is forgotten first."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, Learned] = {}
        self._stations: dict[str, Met] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called when there is something to keep; must not wait."""

    def of(self, kind: Kind) -> Learned:
        """What that kind was seen to do."""
        return self._kinds.get(kind, Learned(kind=kind))

    def met(self, station_id: str) -> Met | None:
        """That station as it was met last, also by an earlier run."""
        return self._stations.get(station_id)

    def meet(self, station_id: str, kind: Kind) -> None:
        """That station is of this kind now."""
        before = self._stations.get(station_id)
        if before is None or before.kind != kind:
            self._note(station_id, Met(kind=kind, way=None if before is None else before.way))

    def told(self, station_id: str, way: Construction) -> None:
        """That station was told its limit so."""
        before = self._stations.get(station_id)
        if before is None or before.way != way:
            self._note(station_id, Met(kind=Kind() if before is None else before.kind, way=way))

    def obeys(self, kind: Kind, way: Construction) -> None:
        """A station of that kind was seen to follow its limit."""
        before = self.of(kind)
        ignored = tuple(each for each in before.ignored if each != way)
        self._learn(replace(before, obeyed=way, ignored=ignored))

    def ignores(self, kind: Kind, way: Construction) -> None:
        """A station of that kind took its limit and drew more."""
        before = self.of(kind)
        ignored = tuple(dict.fromkeys((*before.ignored, way)))[-MOST_IGNORED:]
        self._learn(replace(before, obeyed=None if before.obeyed == way else before.obeyed, ignored=ignored))

    def written(self) -> Written:
        """All of it, for `read`."""
        pages = _Pages(kinds=tuple(self._kinds.values()), stations=dict(self._stations))
        return _PAGES.dump_python(pages, mode="json")

    def read(self, written: Written) -> None:
        """Take over what an earlier run wrote; what makes no sense is left out as a whole."""
        if written is None:
            return
        try:
            pages = _PAGES.validate_python(written)
        except ValidationError as err:
            LOGGER.warning(
                "what was learnt of charging stations cannot be read (%d errors); learning anew", len(err.errors())
            )
            return
        self._kinds = {each.kind: each for each in pages.kinds} | self._kinds
        self._stations = {**pages.stations, **self._stations}

    def known(self) -> Mapping[Kind, Learned]:
        """All kinds, those met longest ago first."""
        return dict(self._kinds)

    def _learn(self, learned: Learned) -> None:
        if self._kinds.get(learned.kind) == learned:
            return
        self._kinds.pop(learned.kind, None)
        self._kinds[learned.kind] = learned
        if len(self._kinds) > MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        self.changed()

    def _note(self, station_id: str, met: Met) -> None:
        self._stations.pop(station_id, None)
        self._stations[station_id] = met
        if len(self._stations) > MOST_STATIONS:
            del self._stations[next(iter(self._stations))]
        self.changed()
