"""`ems station report`: the report card of a station from the running service."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ems.api.wire_report_card import CardRecord, CardWish, ReportCardState
from ems.cli.commission_client import InstallersService
from ems.clock import WallClock
from ems.model.words import say

LOOKS_EVERY_S: Final = 1.0
PIPED_COLUMNS: Final = 200
CARD: Final = "/report_card"
_STYLES: Final = {"good": "green", "peculiar": "yellow", "missing": "bold red", "unknown": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOptions:
    """What was asked for."""

    try_step: bool
    try_pause: bool
    last: bool
    page: Path | None
    as_json: bool


def stations_path(station_id: str) -> str:
    """The part of the API that is about that station."""
    return f"/api/v1/stations/{quote(station_id, safe='')}"


async def report_on(service: InstallersService, options: CardOptions) -> int:
    """Have the card made, or show the last one. 1 where something is missing, or no card came of it."""
    state = await (service.get(CARD, ReportCardState) if options.last else _made(service, options))
    if state.card is None or (not options.last and not _is_done(state)):
        print(state.stage.text, file=sys.stderr)
        return 1
    if options.page is not None:
        text = await service.text(f"{CARD}.html")
        await asyncio.to_thread(options.page.write_text, text, encoding="utf-8")
    if options.as_json:
        print(state.model_dump_json())
    else:
        print_card(state.station, state.card)
    return 1 if state.card.counts["missing"] else 0


async def _made(service: InstallersService, options: CardOptions) -> ReportCardState:
    """Waits for it; Ctrl-C ends it, and goals are as before."""
    wish = CardWish(try_step=options.try_step, try_pause=options.try_pause)
    state = await service.send("POST", CARD, wish, ReportCardState)
    clock, told = WallClock(), ""
    try:
        while state.running:
            if state.stage.text != told:
                told = state.stage.text
                print(told, file=sys.stderr, flush=True)
            await clock.sleep(LOOKS_EVERY_S)
            state = await service.get(CARD, ReportCardState)
    except asyncio.CancelledError:  # Ctrl-C
        state = await service.send("DELETE", CARD, None, ReportCardState)
    return state


def _is_done(state: ReportCardState) -> bool:
    """Whether it came to its end; a card of earlier times is no answer to a new question."""
    return state.stage.key == "commissioning.card.done"


def print_card(station_id: str, card: CardRecord) -> None:
    """Line by line."""
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=PIPED_COLUMNS)
    console.print(Text(f"{say('print.card.heading', station=station_id)}, {card.at:%Y-%m-%d %H:%M} UTC"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("About", "Verdict", "Found"):
        table.add_column(name)
    for line in card.lines:
        word = say(f"print.judgement.{line.judgement}")
        table.add_row(say(f"print.topic.{line.topic}"), Text(word, style=_STYLES[line.judgement]), Text(line.says.text))
    console.print(table)
    if card.trial is not None and card.trial.trouble is not None:
        console.print(Text(f"· {card.trial.trouble.text}"))
    console.print(Text(say("print.card.count", **card.counts)))
