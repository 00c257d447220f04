"""The page *Service*: an installer looks after a station: commands, settings, firmware, logs, and the book of tags."""

from __future__ import annotations

from functools import partial

from ems.web.bits import Choice, box, labelled, link, words
from ems.web.push import Draw, follow
from ems.web.servicing.asking import Station
from ems.web.servicing.cards import ReportCardsCard
from ems.web.servicing.files import FirmwareCard, LogsCard
from ems.web.servicing.on_request import OnRequestCards
from ems.web.servicing.operation import OperationCard
from ems.web.servicing.settings import SettingsCard
from ems.web.servicing.tags import TagsCard
from ems.web.visit import Visit
from ems.web.voice import station_name

CHOSEN = "station"
"""The station in the page's address."""


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the cards of the station that the address names, or of the first one."""
    voice, ids = visit.voice, [station.id for station in visit.house.state().stations]
    asked = visit.request.query_params.get(CHOSEN, "")
    chosen = asked if asked in ids else next(iter(ids), "")
    with box("div", "stack"):
        with box("div", "row spread"):
            words(voice("page.servicing"), "h1", "page-title")
            link(voice("page.security"), f"{visit.root}/security", "button")
            if len(ids) > 1:
                names = {each: station_name(each) for each in ids}
                choice = labelled(voice("page.station"), lambda: Choice(names, chosen))
                choice.on_chosen(partial(_go, visit, choice))
        with box("div", "settings"):
            draws = [draw_frame, *_station_cards(visit, chosen)]
            TagsCard(visit, chosen)
    follow(visit, draws)


def _station_cards(visit: Visit, chosen: str) -> list[Draw]:
    """The cards of that station, and what keeps them up to date."""
    if not chosen:
        words(visit.voice("page.no_stations"), "p", "soft")
        return []
    station = Station(visit, chosen)
    operation, firmware = OperationCard(station), FirmwareCard(station)
    LogsCard(station)
    SettingsCard(station)
    cards, on_request = ReportCardsCard(station), OnRequestCards(station)
    station.tell(operation.draw, firmware.draw, cards.follow, on_request.follow)
    return [station.follow]


def _go(visit: Visit, choice: Choice) -> None:
    visit.go(f"/station?{CHOSEN}={choice.value}")
