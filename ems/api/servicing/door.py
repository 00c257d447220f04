"""The door for files: stations fetch firmware and bring logs here, by addresses that nobody can guess and that end.

It listens only while something is awaited. Stations have no account with us and many speak plain HTTP alone, so the
address is the secret: 192 bits, for one station and one purpose. Firmware is proven by its own signature.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from ems.api.errors import ApiError, NoDoor, TooLarge, UnknownFile
from ems.api.server import WebServer
from ems.api.servicing.folder import FileFolder, KeptFile, safe_name
from ems.api.servicing.intake import take_in
from ems.clock import Clock
from ems.config.schema_api import ApiSection

LOGGER: Final = logging.getLogger(__name__)

MOST_OPEN: Final = 16
FETCH_WITHIN_S: Final = 24 * 3600.0
BRING_WITHIN_S: Final = 2 * 3600.0
MOST_TRIES: Final = 12
MOST_LOG_B: Final = 64_000_000
LOOK_EVERY_S: Final = 10.0
MOST_FIELDS: Final = 10
SERVED: Final = "files of charging stations are"
PIECE_B: Final = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Offer:
    """A file that one station may fetch."""

    station_id: str
    file: KeptFile
    path: Path
    ends_at_s: float
    fetched: int = 0


@dataclass(slots=True, kw_only=True)
class Awaited:
    """A log that one station may bring, once."""

    station_id: str
    kind: str
    ends_at_s: float
    tries: int = 0
    busy: bool = False


Brought = Callable[[str, KeptFile], None]
"""Told of every file that a station brought: station id and file."""


class FileDoor:
    """`run` it beside the API."""

    def __init__(
        self, section: ApiSection, clock: Clock, logs: FileFolder, brought: Brought, *, bind_port: int | None = None
    ) -> None:
        """`section` says where it listens; `bind_port` overrides its port, 0 takes any free one."""
        self._bind_port = bind_port
        self._section = section
        self._clock = clock
        self._logs = logs
        self._brought = brought
        self._offers: dict[str, Offer] = {}
        self._awaited: dict[str, Awaited] = {}
        self._wanted = asyncio.Event()
        self._settled = asyncio.Event()
        self._server: WebServer | None = None
        self.app: Final = Starlette(
            routes=[
                Route("/f/{token}/{name}", self._fetch, methods=["GET"]),
                Route("/u/{token}/{name:path}", self._bring, methods=["PUT", "POST"]),
                Route("/u/{token}", self._bring, methods=["PUT", "POST"]),
            ]
        )

    async def offer(self, station_id: str, host: str, file: KeptFile, path: Path) -> str:
        """The address where that station may fetch the file for a day. Raises NoDoor."""
        token = secrets.token_urlsafe(24)
        ends_at_s = self._clock.monotonic_s() + FETCH_WITHIN_S
        self._make_room()
        self._offers[token] = Offer(station_id=station_id, file=file, path=path, ends_at_s=ends_at_s)
        port = await self._open(token)
        return f"http://{host}:{port}/f/{token}/{file.name}"

    async def expect(self, station_id: str, host: str, kind: str) -> str:
        """The address where that station may bring one log within the next hours. Raises NoDoor."""
        token = secrets.token_urlsafe(24)
        ends_at_s = self._clock.monotonic_s() + BRING_WITHIN_S
        self._make_room()
        self._awaited[token] = Awaited(station_id=station_id, kind=kind, ends_at_s=ends_at_s)
        port = await self._open(token)
        return f"http://{host}:{port}/u/{token}/"

    def withdraw(self, address: str) -> None:
        """That address is not used after all."""
        for token in address.split("/"):
            self._offers.pop(token, None)
            self._awaited.pop(token, None)

    async def run(self) -> None:
        """Listen while something is awaited, for ever."""
        while True:
            await self._wanted.wait()
            await self._serve_while_wanted()

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None and self._server.port is not None

    async def _serve_while_wanted(self) -> None:
        server = WebServer(self.app, self._section, self._clock, bind_port=self._bind_port, what=SERVED)
        self._server = server
        serving = asyncio.create_task(server.run(), name="file door")
        try:
            await server.settled.wait()
            self._settled.set()
            while self._is_wanted():
                await self._clock.sleep(LOOK_EVERY_S)
        finally:
            self._wanted.clear()
            self._settled.clear()
            self._server = None
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _open(self, token: str) -> int:
        """The port. Raises NoDoor."""
        self._wanted.set()
        await self._settled.wait()
        if self._server is None or self._server.port is None:
            self._offers.pop(token, None)
            self._awaited.pop(token, None)
            raise NoDoor(f"cannot listen for stations at port {self._section.port} (csms.files_port); is it in use?")
        return self._server.port

    def _is_wanted(self) -> bool:
        now_s = self._clock.monotonic_s()
        self._offers = {token: each for token, each in self._offers.items() if each.ends_at_s > now_s}
        self._awaited = {token: each for token, each in self._awaited.items() if each.ends_at_s > now_s}
        return bool(self._offers or self._awaited)

    def _make_room(self) -> None:
        self._is_wanted()
        both: tuple[dict[str, Any], ...] = (self._offers, self._awaited)
        for open_ones in both:
            while len(open_ones) >= MOST_OPEN:
                open_ones.pop(next(iter(open_ones)))

    async def _fetch(self, request: Request) -> Response:
        offer = self._offers.get(request.path_params["token"])
        if offer is None or offer.ends_at_s <= self._clock.monotonic_s() or not offer.path.is_file():
            return _nothing()
        offer.fetched += 1
        LOGGER.info("%s fetches the file %s (time %d)", offer.station_id, offer.file.name, offer.fetched)
        return FileResponse(offer.path, media_type="application/octet-stream", filename=offer.file.name)

    async def _bring(self, request: Request) -> Response:
        token = request.path_params["token"]
        awaited = self._awaited.get(token)
        if awaited is None or awaited.ends_at_s <= self._clock.monotonic_s():
            return _nothing()
        awaited.tries += 1
        if awaited.busy or awaited.tries > MOST_TRIES:
            return PlainTextResponse("One at a time, and not for ever.\n", status_code=429)
        awaited.busy = True
        try:
            file = await self._take(request, awaited)
        except ApiError as error:
            LOGGER.warning("%s brings a log that is not taken: %s", awaited.station_id, error)
            return PlainTextResponse("That was not taken.\n", status_code=error.status, headers={"Connection": "close"})
        finally:
            awaited.busy = False
        self._awaited.pop(token, None)
        self._brought(awaited.station_id, file)
        return PlainTextResponse("Thank you.\n", status_code=201)

    async def _take(self, request: Request, awaited: Awaited) -> KeptFile:
        said = request.headers.get("content-length", "")
        if said.isdecimal() and int(said) > MOST_LOG_B:
            raise TooLarge(f"a log may be {MOST_LOG_B // 1_000_000} MB long")
        part = await asyncio.to_thread(self._logs.begin)
        stream: AsyncIterator[bytes] = request.stream()
        name = request.path_params.get("name", "")
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            stream, name = await _first_file(request)
        sha256 = await take_in(stream, part, self._clock, most_b=MOST_LOG_B)
        about = {"station": awaited.station_id, "kind": awaited.kind}
        at = self._clock.utc_now()
        name = safe_name(name, "log.bin")
        return await asyncio.to_thread(self._logs.keep, part, name=name, sha256=sha256, at=at, about=about)


async def _first_file(request: Request) -> tuple[AsyncIterator[bytes], str]:
    """The file of a form, as some stations send it, and its name. Raises UnknownFile for a form without one."""
    parser = MultiPartParser(request.headers, _bounded(request.stream()), max_files=1, max_fields=MOST_FIELDS)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise UnknownFile("the form cannot be read") from error
    file = next((each for _, each in form.multi_items() if isinstance(each, UploadFile)), None)
    if file is None:
        raise UnknownFile("the form has no file")
    return _pieces(file), file.filename or ""


async def _bounded(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    read_b = 0
    async for piece in stream:
        read_b += len(piece)
        if read_b > MOST_LOG_B:
            raise TooLarge(f"a log may be {MOST_LOG_B // 1_000_000} MB long")
        yield piece


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE_B):
        yield piece
    await file.close()


def _nothing() -> Response:
    return PlainTextResponse("Nothing here.\n", status_code=404)
