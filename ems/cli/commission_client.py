"""The running service as `ems commission` and `ems station` talk to it: one call, one answer, problems as sentences."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from ems.api.wire import Problem
from ems.api.wire_commissioning import LimitsProblem
from ems.errors import EmsError

PATH: Final = "/api/v1/commissioning"
ANSWERS_WITHIN_S: Final = 20.0
LARGEST_ANSWER_B: Final = 4_000_000

_S = TypeVar("_S", bound=BaseModel)


class NoService(EmsError):
    """Nobody answers at that address, or somebody else does."""

    code = "no_service"


class ServiceRefused(EmsError):
    """The service answered, and the answer was no."""

    code = "service_refused"

    def __init__(self, problem: Problem) -> None:
        self.problem: Final = problem
        lines = [f"{problem.title}: {problem.detail}"]
        if isinstance(problem, LimitsProblem):
            lines += [f"{each.place} {each.problem}: {each.cure}" for each in problem.problems]
        super().__init__("\n".join(lines))


class InstallersService:
    """Use as an async context manager. Raises NoService and ServiceRefused."""

    def __init__(self, url: str, token: str, *, certificate: str | None = None, path: str = PATH) -> None:
        """`path`: the part of the API that is talked to.

        `certificate`: PEM file of the authority that the service's own certificate comes from.
        """
        verify: ssl.SSLContext | bool = True if certificate is None else ssl.create_default_context(cafile=certificate)
        self._url = url
        self._door = url.rstrip("/") + path
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWERS_WITHIN_S,
            verify=verify,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, shape: type[_S]) -> _S:
        """What the service has there."""
        return _read(await self._ask("GET", path), shape)

    async def send(self, method: str, path: str, wish: BaseModel | None, shape: type[_S]) -> _S:
        """Its answer to a wish."""
        return _read(await self._ask(method, path, wish), shape)

    async def tell(self, method: str, path: str, wish: BaseModel | None = None) -> None:
        """A wish whose answer says nothing more."""
        await self._ask(method, path, wish)

    async def text(self, path: str) -> str:
        """A page as it is."""
        return (await self._ask("GET", path)).text

    async def _ask(self, method: str, path: str, wish: BaseModel | None = None) -> httpx.Response:
        body: Mapping[str, str] = {"Content-Type": "application/json"} if wish is not None else {}
        content = None if wish is None else wish.model_dump_json()
        try:
            answer = await self._client.request(method, self._door + path, content=content, headers=dict(body))
        except httpx.HTTPError as error:
            raise NoService(f"no service answers at {self._url} ({error}); is `ems run` at work there?") from error
        if answer.is_success:
            return answer
        raise _refusal(answer, self._url)


def _read(answer: httpx.Response, shape: type[_S]) -> _S:
    try:
        return shape.model_validate_json(answer.content[:LARGEST_ANSWER_B])
    except ValidationError as error:
        raise NoService("it answers something else than this version of Fusewise understands") from error


def _refusal(answer: httpx.Response, url: str) -> EmsError:
    for shape in (LimitsProblem, Problem):
        try:
            return ServiceRefused(shape.model_validate_json(answer.content[:LARGEST_ANSWER_B]))
        except ValidationError:
            continue
    return NoService(f"{url} answers {answer.status_code} and no word of ours; is it Fusewise?")
