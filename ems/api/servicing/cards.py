"""Report cards that were finished, kept over restarts: what was found, and the page to print in every language."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from ems.api.errors import ApiError, UnknownFile
from ems.api.servicing.folder import FileFolder, KeptFile
from ems.api.wire_report_card import CardRecord, KeptCard, card_record
from ems.commissioning.report_card.findings import Judgement, ReportCard
from ems.commissioning.report_card.page import card_page
from ems.model.words import ENGLISH, Language

LOGGER: Final = logging.getLogger(__name__)

MOST_CARDS: Final = 60
"""Of all stations together; the oldest goes."""

MOST_BYTES: Final = 4_000_000


class CardShelf:
    """Without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = (
            None if folder is None else FileFolder(folder / "report_cards", most=MOST_CARDS, drops_oldest=True)
        )
        self._keeping: set[asyncio.Task[None]] = set()

    def finished(self, card: ReportCard) -> None:
        """Keep that card. Never waits, never raises."""
        if self._folder is not None:
            task = asyncio.create_task(self._keep(self._folder, card), name="keep report card")
            self._keeping.add(task)
            task.add_done_callback(self._keeping.discard)

    async def settled(self) -> None:
        """Once all that was finished is kept, or could not be."""
        if self._keeping:
            await asyncio.wait(self._keeping)

    async def cards(self, station_id: str) -> tuple[KeptCard, ...]:
        """Newest first. Raises FilesTrouble."""
        return tuple(_told(file) for file in await self._files(station_id))

    async def newest(self, station_id: str) -> CardRecord | None:
        """None where none is kept."""
        files = await self._files(station_id)
        return await self.record(station_id, files[0].file_id) if files else None

    async def record(self, station_id: str, card_id: str) -> CardRecord:
        """What that card found. Raises UnknownFile or FilesTrouble."""
        told = await self._content(station_id, card_id)
        try:
            return CardRecord.model_validate(told.get("record"))
        except ValidationError as error:
            raise UnknownFile(f"the report card {card_id} is of another version; its page can still be read") from error

    async def page(self, station_id: str, card_id: str, language: Language) -> str:
        """The page of that card. Raises UnknownFile or FilesTrouble."""
        pages = (await self._content(station_id, card_id)).get("pages")
        found = pages.get(language.value, pages.get(ENGLISH.value)) if isinstance(pages, dict) else None
        if not isinstance(found, str):
            raise UnknownFile(f"the report card {card_id} has no page")
        return found

    async def _files(self, station_id: str) -> list[KeptFile]:
        files = [] if self._folder is None else await asyncio.to_thread(self._folder.files)
        return [file for file in files if file.about.get("station") == station_id]

    async def _content(self, station_id: str, card_id: str) -> dict[str, Any]:
        if all(file.file_id != card_id for file in await self._files(station_id)) or self._folder is None:
            raise UnknownFile(f"there is no report card {card_id} of {station_id}")
        return await asyncio.to_thread(_read, self._folder.path(card_id))

    async def _keep(self, folder: FileFolder, card: ReportCard) -> None:
        try:
            await asyncio.to_thread(_write, folder, card)
        except (ApiError, OSError) as error:
            LOGGER.warning("the report card of %s is not kept over a restart: %s", card.facts.station_id, error)


def _write(folder: FileFolder, card: ReportCard) -> None:
    """Blocks."""
    told = {
        "record": card_record(card).model_dump(mode="json"),
        "pages": {language.value: card_page(card, language) for language in Language},
    }
    content = json.dumps(told, ensure_ascii=False).encode()
    part = folder.begin()
    part.write_bytes(content)
    station_id, counts = card.facts.station_id, {word.value: str(card.count(word)) for word in Judgement}
    about = {"station": station_id, "tried": "" if card.facts.trial is None else "yes", **counts}
    at, digest = datetime.fromtimestamp(card.facts.utc_s, UTC), hashlib.sha256(content).hexdigest()
    folder.keep(part, name="report_card.json", sha256=digest, at=at, about=about)


def _read(path: Path) -> dict[str, Any]:
    """Blocks. Raises UnknownFile."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError) as error:
        raise UnknownFile("that report card cannot be read") from error
    if not isinstance(told, dict):
        raise UnknownFile("that report card makes no sense")
    return told


def _told(file: KeptFile) -> KeptCard:
    counts = {word.value: file.about.get(word.value, "") for word in Judgement}
    return KeptCard(
        id=file.file_id,
        at=file.at,
        tried=bool(file.about.get("tried")),
        counts={word: int(number) for word, number in counts.items() if number.isdecimal()},
    )
