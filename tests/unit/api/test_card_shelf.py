"""Report cards outlast the service, bounded, each with its page in every language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ems.api.errors import UnknownFile
from ems.api.servicing import cards
from ems.api.servicing.cards import CardShelf
from ems.api.wire_report_card import card_record
from ems.commissioning.report_card.card import report_card
from ems.commissioning.report_card.findings import ReportCard
from ems.model.words import Language
from tests.unit.commissioning.test_report_card import WELL


def card(station_id: str = "garage", minute: int = 0) -> ReportCard:
    return report_card(replace(WELL, station_id=station_id, utc_s=WELL.utc_s + 60.0 * minute))


async def kept(folder: Path, *made: ReportCard) -> CardShelf:
    """The shelf of a later run."""
    shelf = CardShelf(folder)
    for each in made:
        shelf.finished(each)
        await shelf.settled()
    return CardShelf(folder)


async def test_a_card_is_there_after_a_restart_and_says_the_same(tmp_path: Path) -> None:
    shelf = await kept(tmp_path, card())
    [told] = await shelf.cards("garage")

    assert await shelf.record("garage", told.id) == card_record(card())
    assert await shelf.newest("garage") == card_record(card())
    assert told.counts == card_record(card()).counts
    for language in Language:
        assert f'<html lang="{language}">' in await shelf.page("garage", told.id, language)


async def test_the_list_is_of_one_station_newest_first(tmp_path: Path) -> None:
    shelf = await kept(tmp_path, card(minute=1), card("carport", minute=2), card(minute=3))
    told = await shelf.cards("garage")

    assert [each.at.minute for each in told] == [(told[1].at.minute + 2) % 60, told[1].at.minute]
    assert await shelf.newest("nowhere") is None


async def test_the_oldest_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "MOST_CARDS", 2)
    shelf = await kept(tmp_path, *(card(minute=each) for each in range(4)))

    assert len(await shelf.cards("garage")) == 2
    assert len(list((tmp_path / "report_cards").iterdir())) == 4


async def test_a_card_of_another_station_or_one_that_is_damaged_is_none(tmp_path: Path) -> None:
    shelf = await kept(tmp_path, card())
    [told] = await shelf.cards("garage")
    with pytest.raises(UnknownFile):
        await shelf.record("carport", told.id)
    (tmp_path / "report_cards" / f"{told.id}.bin").write_bytes(b"[1]")

    with pytest.raises(UnknownFile):
        await shelf.record("garage", told.id)
    with pytest.raises(UnknownFile):
        await shelf.page("garage", told.id, Language("en"))


async def test_without_a_folder_nothing_is_kept_and_nothing_breaks() -> None:
    shelf = CardShelf(None)
    shelf.finished(card())
    await shelf.settled()

    assert await shelf.cards("garage") == ()


async def test_a_disk_that_is_in_the_way_keeps_no_card_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "report_cards").write_text("a file")
    shelf = CardShelf(tmp_path)
    shelf.finished(card())
    await shelf.settled()

    assert await shelf.cards("garage") == ()
