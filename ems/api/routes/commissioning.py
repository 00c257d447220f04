"""Commissioning: what an installer sees, sets, proves and hands over. For installers only."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from ems.api.commissioning_port import Commissioning
from ems.api.problems import documented, problem, problem_response
from ems.api.routes.house import StationPath
from ems.api.routes.needs import GUARDED, Installer
from ems.api.spoken import language_of
from ems.api.wire_commissioning import (
    AdoptWish,
    CircuitsWish,
    CommissioningState,
    ConnectionLimits,
    FoundProblem,
    HandOver,
    HandOverWish,
    LimitsAnswer,
    LimitsProblem,
    NewStationWish,
    ProofState,
    ProofWish,
    RefuseWish,
    StationBench,
    StationLimits,
    UnlockWish,
)
from ems.commissioning import errors
from ems.commissioning.errors import CommissioningError
from ems.model.words import Language

STATUSES: Final[Mapping[type[CommissioningError], int]] = {
    errors.NoSuchStation: 404,
    errors.NoSuchCircuit: 404,
    errors.NoSuchStranger: 404,
    errors.NoHandOver: 404,
    errors.NoReportCard: 404,
    errors.NoStorage: 503,
}
"""All others are 409: they fit another state of the house."""

PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
MOST_PROBLEMS: Final = 50


class InstallersRoute(APIRoute):
    """Answers refusals of the desk as problem objects."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answering(request: Request) -> Response:
            try:
                return await answer(request)
            except CommissioningError as error:
                return refusal(error)

        return answering


def refusal(error: CommissioningError) -> Response:
    """The answer to one of the desk's refusals."""
    status = STATUSES.get(type(error), 409)
    told = problem(status, error.code, "The desk says no", str(error))
    if isinstance(error, errors.LimitsRefused):
        found = tuple(
            FoundProblem(place=".".join(map(str, each.place)), problem=each.problem, cure=each.cure)
            for each in error.findings[:MOST_PROBLEMS]
        )
        told = LimitsProblem(**told.model_dump(), problems=found)
    return problem_response(told)


def installer_router(desk: Commissioning) -> APIRouter:
    """All routes below `/commissioning`."""
    router = APIRouter(
        prefix="/commissioning",
        tags=["commissioning"],
        route_class=InstallersRoute,
        responses={**GUARDED, **documented(404, 409)},
    )
    _limits(router, desk)
    _stations(router, desk)
    _proofs(router, desk)
    _hand_over(router, desk)
    return router


def _limits(router: APIRouter, desk: Commissioning) -> None:
    @router.get("")
    async def commissioning(request: Request, _person: Installer) -> CommissioningState:
        """Everything: steps, limits, meters, stations, strangers, proofs, audit."""
        return desk.state(_host(request))

    @router.put("/connection")
    async def connection(wish: ConnectionLimits, person: Installer, dry_run: bool = False) -> LimitsAnswer:
        """The house connection. It counts when the very same values come a second time."""
        return await desk.set_connection(wish, who=person.name, dry_run=dry_run)

    @router.put("/circuits")
    async def circuits(wish: CircuitsWish, person: Installer, dry_run: bool = False) -> LimitsAnswer:
        """All circuits below the main fuse."""
        return await desk.set_circuits(wish, who=person.name, dry_run=dry_run)

    @router.post("/unlock")
    async def unlock(wish: UnlockWish, request: Request, person: Installer) -> CommissioningState:
        """Let limits be changed again after a hand-over."""
        await desk.unlock(wish.why, who=person.name)
        return desk.state(_host(request))


def _stations(router: APIRouter, desk: Commissioning) -> None:
    @router.put("/stations/{station_id}")
    async def station(
        station_id: StationPath, wish: StationLimits, person: Installer, dry_run: bool = False
    ) -> LimitsAnswer:
        """Circuit, wiring, maximum and fallback of one station."""
        return await desk.set_station(station_id, wish, who=person.name, dry_run=dry_run)

    @router.post("/stations/{station_id}/wiring")
    async def wiring(station_id: StationPath, person: Installer) -> LimitsAnswer:
        """State the wiring that the last charger proof found."""
        return await desk.take_found_wiring(station_id, who=person.name)

    @router.post("/stations/{station_id}/adopt")
    async def adopt(station_id: StationPath, wish: AdoptWish, request: Request, person: Installer) -> StationBench:
        """Let the stranger of that name in as this station."""
        return await desk.adopt(station_id, wish.identity, host=_host(request), who=person.name)

    @router.post("/strangers/take_in")
    async def take_in(wish: NewStationWish, person: Installer, dry_run: bool = False) -> LimitsAnswer:
        """Make an entry for a stranger that none of the site file waits for; in force after a restart."""
        return await desk.take_in(wish, who=person.name, dry_run=dry_run)

    @router.delete("/stations/{station_id}", status_code=204)
    async def leave_out(station_id: StationPath, person: Installer) -> None:
        """Make no entry any more for a station that was taken in; after a restart it is a stranger again."""
        await desk.leave_out(station_id, who=person.name)

    @router.post("/strangers/refuse", status_code=204)
    async def refuse(wish: RefuseWish, person: Installer) -> None:
        """Say no to a stranger."""
        await desk.refuse(wish.identity, who=person.name)


def _proofs(router: APIRouter, desk: Commissioning) -> None:
    @router.post("/proofs", status_code=202)
    async def start(wish: ProofWish, person: Installer) -> ProofState:
        """Begin a proof; one runs at a time."""
        return await desk.start(wish, who=person.name)

    @router.get("/proofs/current")
    async def current(_person: Installer) -> ProofState | None:
        """The proof that runs or ran last."""
        return desk.proof()

    @router.delete("/proofs/current")
    async def abort(person: Installer) -> ProofState | None:
        """End it at once; everybody's goals are as before."""
        return await desk.abort(who=person.name)


def _hand_over(router: APIRouter, desk: Commissioning) -> None:
    @router.post("/hand-over")
    async def hand_over(wish: HandOverWish, person: Installer) -> HandOver:
        """Sign what was proven, and lock the limits."""
        return await desk.hand_over(wish, who=person.name)

    @router.get("/hand-over")
    async def last_hand_over(_person: Installer) -> HandOver:
        """The newest signed document."""
        return desk.last_hand_over()

    @router.get("/hand-over.html", response_class=HTMLResponse)
    async def hand_over_page(
        request: Request,
        _person: Installer,
        language: Annotated[Language | None, Query(description="The browser's own one where it is not given.")] = None,
    ) -> HTMLResponse:
        """The same as a page to print, in the language that is asked for."""
        page = desk.hand_over_page(language or language_of(request))
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept-Language, Cookie"})


def _host(request: Request) -> str:
    """What the asker calls us by: the stations can do the same."""
    return request.url.hostname or "localhost"
