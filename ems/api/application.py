"""The application: routes, gate and problems around a house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from ems.api.access.book import Access
from ems.api.forwarded import Proxies
from ems.api.gate import API, Gate
from ems.api.metrics import Figures
from ems.api.ports import House
from ems.api.problems import answer_problems
from ems.api.push import Push, push_router
from ems.api.reference import reference_router
from ems.api.routes import devices, entry, house, people, records, stations
from ems.api.routes.needs import Desk
from ems.api.routes.service import service_router
from ems.api.wire import HealthRecord, Problem
from ems.clock import Clock
from ems.config.schema_api import ApiSection

SCHEMA: Final = "/openapi.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the service is."""

    health: Callable[[], HealthRecord]
    figures: Callable[[], Figures] = Figures


def application(
    house_: House,
    access: Access,
    *,
    clock: Clock,
    push: Push,
    vitals: Vitals,
    section: ApiSection | None = None,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """API and room for pages: the API is mounted at `/api/v1`, pages may be mounted at `/` after it.

    `routers` are those of other parts, such as commissioning; they stand below `/api/v1` too. Run `push` beside it.
    """
    section = section or ApiSection()
    desk = Desk(house=house_, access=access, clock=clock)
    api = FastAPI(title="Fusewise", version=version("fusewise"), openapi_url=SCHEMA, docs_url=None, redoc_url=None)
    api.state.desk = desk
    answer_problems(api)
    for router in (
        house.router,
        devices.router,
        stations.router,
        records.router,
        entry.router,
        people.router,
        *routers,
    ):
        api.include_router(router)
    api.include_router(service_router(vitals.health, vitals.figures))
    api.include_router(push_router(push))
    _describe(api)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.desk = desk
    app.state.api = api
    answer_problems(app)
    app.mount(API, api)
    app.include_router(reference_router(api, API))
    app.add_middleware(Gate, access=access, proxies=Proxies.of(section.trusted_proxies, section.base_path), clock=clock)
    return app


def _describe(api: FastAPI) -> None:
    """The OpenAPI document, with the problem object and how to show a token."""

    def described() -> dict[str, Any]:
        if api.openapi_schema is None:
            found = get_openapi(title=api.title, version=api.version, routes=api.routes)
            parts = found.setdefault("components", {})
            schemas = parts.setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
            api.openapi_schema = found
        return api.openapi_schema

    api.openapi = described  # type: ignore[method-assign] # as FastAPI documents it
