"""The report card of a station: made on an installer's word, kept, and as a page to print."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from ems.api.problems import documented
from ems.api.routes.commissioning import PAGE_POLICY, InstallersRoute
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Installer
from ems.api.servicing.cards import CardShelf
from ems.api.spoken import language_of
from ems.api.wire_report_card import CardRecord, CardWish, KeptCard, ReportCardState, card_state, from_before
from ems.commissioning.desk import Desk
from ems.commissioning.errors import NoReportCard
from ems.commissioning.report_card.cards import CardWanted
from ems.commissioning.report_card.page import card_page
from ems.model.words import Language

CardId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


def report_card_router(desk: Desk, shelf: CardShelf) -> APIRouter:
    """The routes `/stations/{id}/report_card` and `/report_cards`; what is finished goes on the shelf."""
    desk.cards.finished = shelf.finished
    router = APIRouter(
        prefix="/stations/{station_id}",
        tags=["servicing"],
        route_class=InstallersRoute,
        responses={**GUARDED, **documented(404)},
    )

    @router.post("/report_card", status_code=202, responses=documented(409))
    async def make(station_id: StationPath, wish: CardWish, person: Installer) -> ReportCardState:
        """Ask what it can do, and try a small step down where that is wished; safe while a car charges."""
        wanted = CardWanted(station_id=station_id, steps=wish.try_step, pause=wish.try_pause)
        return card_state(desk.make_card(wanted, who=person.name))

    @router.get("/report_card")
    async def read(station_id: StationPath, _person: Installer) -> ReportCardState:
        """The last one, and how far a newer one is."""
        try:
            return card_state(desk.cards.progress(station_id))
        except NoReportCard:
            card = await shelf.newest(station_id)
            if card is None:
                raise
            return from_before(station_id, card)

    @router.delete("/report_card")
    async def abort(station_id: StationPath, _person: Installer) -> ReportCardState:
        """End what runs; goals are as before."""
        return card_state(await desk.cards.abort(station_id))

    _kept(router, desk, shelf)

    @router.get("/report_card.html", response_class=HTMLResponse)
    async def page(
        request: Request,
        station_id: StationPath,
        _person: Installer,
        language: Annotated[Language | None, Query(description="The browser's own one where it is not given.")] = None,
    ) -> HTMLResponse:
        """The last one as a page to print."""
        told = card_page(desk.cards.last(station_id), language or language_of(request))
        return HTMLResponse(told, headers={"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept-Language, Cookie"})

    return router


def _kept(router: APIRouter, desk: Desk, shelf: CardShelf) -> None:
    @router.get("/report_cards")
    async def cards(station_id: StationPath, _person: Installer) -> tuple[KeptCard, ...]:
        """Those that were finished, newest first, over restarts."""
        desk.entry(station_id)
        return await shelf.cards(station_id)

    @router.get("/report_cards/{card_id}")
    async def card(station_id: StationPath, card_id: CardId, _person: Installer) -> CardRecord:
        """What that one found."""
        return await shelf.record(station_id, card_id)

    @router.get("/report_cards/{card_id}/page", response_class=HTMLResponse)
    async def page_of(
        request: Request,
        station_id: StationPath,
        card_id: CardId,
        _person: Installer,
        language: Annotated[Language | None, Query(description="The browser's own one where it is not given.")] = None,
    ) -> HTMLResponse:
        """That one as a page to print."""
        told = await shelf.page(station_id, card_id, language or language_of(request))
        return HTMLResponse(told, headers={"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept-Language, Cookie"})
