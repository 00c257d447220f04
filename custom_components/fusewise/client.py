"""A client of the service's API: REST for wishes, the push socket for what happens. No Home Assistant here.

It keeps no state and starts nothing: a caller iterates `houses()` for as long as it wants to know, and begins again
when that ends with an error.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import ClientError, ClientResponse, ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType

from .answers import CommandAnswer, Device, Explanation, Hello, PastSession, Plan, Token, Verdict, Verdicts
from .models import NEWEST_API, OLDEST_API, Goal, House, merged
from .parsing import BadShape, T, parsed
from .words import ChargeMode, Keenness

ANSWER_WITHIN_S: Final = 15.0
HEARTBEAT_S: Final = 10.0
"""A network that went silent is noticed after one and a half of these."""

LARGEST_B: Final = 4 * 1024 * 1024
"""No answer of the service comes near it."""

LONGEST_DETAIL: Final = 300

NOT_IN: Final = 4401
"""The close code for a token that is not good."""


class FusewiseError(Exception):
    """Whatever can go wrong between this client and the service."""


class ConnectionFailed(FusewiseError):
    """Nobody answers there, or not in time, or not as the contract says."""


class NotAuthorised(FusewiseError):
    """The token is not good any more."""


class VersionMismatch(FusewiseError):
    """There is no version of the contract that both speak."""

    def __init__(self, *, service_newest: int, service_oldest: int) -> None:
        super().__init__(
            f"the service speaks versions {service_oldest} to {service_newest}, we speak {OLDEST_API} to {NEWEST_API}"
        )
        self.service_is_older = service_newest < OLDEST_API


class Refused(FusewiseError):
    """The service will not do that; `code` is one of the stable codes in its documentation."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class FusewiseClient:
    """One service, as seen with one token."""

    def __init__(self, session: ClientSession, url: str, token: str | None = None) -> None:
        """`url` is that of the pages, without a slash at its end; the token may be missing while pairing."""
        self._session = session
        self._api = f"{url}/api/v1"
        self._token = token

    async def pair(self, code: str, name: str) -> str:
        """A token for the six digits that the service shows. Raises Refused with `wrong_code` or `too_many_tries`."""
        answer = await self._ask("POST", "/pairing/trade", {"code": code, "name": name})
        return self._shaped(Token, answer).token

    async def give_back(self) -> None:
        """The service forgets the token."""
        await self._ask("POST", "/logout")

    async def vehicles(self) -> tuple[str, ...]:
        """Names of cars that the service knows."""
        answer = await self._ask("GET", "/vehicles")
        if not isinstance(answer, list) or not all(isinstance(each, str) for each in answer):
            raise ConnectionFailed("the list of vehicles is no list of names")
        return tuple(answer)

    async def devices(self) -> tuple[Device, ...]:
        """How well the service reads its meters, inverters and battery. Raises Refused where it is too old to tell."""
        answer = await self._ask("GET", "/devices")
        if not isinstance(answer, list):
            raise ConnectionFailed("the list of devices is no list")
        return tuple(self._shaped(Device, each) for each in answer)

    async def explain(self, station_id: str) -> Explanation:
        """Step by step, how the present limit of a station came about."""
        return self._shaped(Explanation, await self._ask("GET", f"/explain/{quote(station_id, safe='')}"))

    async def plan(self, station_id: str) -> Plan:
        """What is ahead at a station, until its goal, 24 hours at most."""
        return self._shaped(Plan, await self._ask("GET", f"/stations/{quote(station_id, safe='')}/plan"))

    async def sessions(
        self, station_id: str, *, since: datetime | None = None, until: datetime | None = None, most: int = 100
    ) -> tuple[PastSession, ...]:
        """Charging sessions of a station, newest first."""
        asked = {"station": station_id, "limit": str(most), "since": _written(since), "until": _written(until)}
        query = urlencode({key: value for key, value in asked.items() if value is not None})
        answer = await self._ask("GET", f"/sessions?{query}")
        if not isinstance(answer, list):
            raise ConnectionFailed("the list of sessions is no list")
        return tuple(self._shaped(PastSession, each) for each in answer)

    async def bring(self, readings: Sequence[Mapping[str, object]]) -> tuple[Verdict, ...]:
        """What devices measured that the service cannot read itself, and what became of it."""
        answer = await self._ask("POST", "/readings", {"readings": list(readings)})
        return self._shaped(Verdicts, answer).verdicts

    async def set_optimising(self, *, optimising: bool) -> None:
        """Off gives every car its fallback current; the fuses are guarded all the same."""
        await self._ask("PUT", "/optimising", {"optimising": optimising})

    async def set_import_cap(self, *, limit_kw: float, until: datetime) -> None:
        """What the house may take from the grid until then: lower than its own bound only."""
        await self._ask("PUT", "/import_cap", {"limit_kw": limit_kw, "until": until.isoformat()})

    async def end_import_cap(self) -> None:
        await self._ask("DELETE", "/import_cap")

    async def report_vehicle(self, name: str, **known: float | bool) -> None:
        """What a car tells now, such as `soc` (0 to 1), `range_km`, `at_home`; what is left out stays as it was."""
        await self._ask("POST", "/vehicles/reports", {"reports": [{"vehicle": name, "age_s": 0.0, **known}]})

    async def set_vehicle(self, name: str, *, target_soc: float | None, minimum_soc: float | None) -> None:
        """Where a car pauses, and below what it charges at once (0 to 1); both at once, None for none."""
        wish = {"vehicle": name, "target_soc": target_soc, "minimum_soc": minimum_soc}
        await self._ask("PUT", "/vehicles/settings", wish)

    async def set_strategy(self, strategy: Keenness) -> None:
        await self._ask("PUT", "/strategy", {"strategy": strategy.value})

    async def set_mode(self, station_id: str, mode: ChargeMode) -> None:
        await self._wish(station_id, "mode", {"mode": mode.value})

    async def set_settings(
        self, station_id: str, *, max_a: float | None, priority: int | None, vehicle: str | None
    ) -> None:
        """All three at once: None goes back to what the site file says."""
        await self._wish(station_id, "settings", {"max_a": max_a, "priority": priority, "vehicle": vehicle})

    async def set_guest(self, station_id: str, name: str | None) -> None:
        """Another car than usual until it leaves; None for the usual one."""
        await self._wish(station_id, "guest", None if name is None else {"vehicle": name})

    async def set_phases(self, station_id: str, phases: int | None) -> None:
        """None leaves the choice to the service."""
        await self._wish(station_id, "phases", {"phases": phases})

    async def set_minimum(self, station_id: str, min_a: float | None) -> None:
        """Below it the car pauses; None goes back to the station's own."""
        await self._wish(station_id, "minimum", {"min_a": min_a})

    async def restart(self, station_id: str) -> None:
        """The station boots anew. Raises Refused when it says no."""
        await self._command(station_id, "restart", {"hard": False})

    async def unlock(self, station_id: str) -> None:
        """The station lets go of the cable. Raises Refused when it says no."""
        await self._command(station_id, "unlock", None)

    async def set_goal(self, station_id: str, goal: Goal | None) -> None:
        """For this stay on the cable; None for no goal."""
        body = None if goal is None else {"energy_kwh": goal.energy_kwh, "ready_by": _written(goal.ready_by)}
        await self._wish(station_id, "goal", body)

    async def set_limit(self, station_id: str, *, limit_a: float, duration_s: float) -> None:
        """A lower limit that ends by itself."""
        await self._wish(station_id, "limit", {"limit_a": limit_a, "duration_s": duration_s})

    async def end_limit(self, station_id: str) -> None:
        await self._wish(station_id, "limit", None)

    async def boost(self, station_id: str, *, duration_s: float) -> None:
        """As fast as the fuses allow, whatever the mode."""
        await self._wish(station_id, "boost", {"duration_s": duration_s})

    async def end_boost(self, station_id: str) -> None:
        await self._wish(station_id, "boost", None)

    async def houses(self) -> AsyncGenerator[House, None]:
        """The house now, and again after every change, for ever; it ends only by an error of ours."""
        try:
            socket = await self._connect()
            try:
                await self._greet(socket)
                state = _state(await _next(socket))
                yield self._shaped(House, state)
                while True:
                    state = _after(state, await _next(socket))
                    yield self._shaped(House, state)
            finally:
                await socket.close()
        except (ClientError, OSError, TimeoutError) as error:
            raise ConnectionFailed(_said(error)) from error

    async def _connect(self) -> ClientWebSocketResponse:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self._session.ws_connect(
                f"{self._api}/ws",
                heartbeat=HEARTBEAT_S,
                max_msg_size=LARGEST_B,
                timeout=ClientWSTimeout(ws_close=1.0),
            )

    async def _greet(self, socket: ClientWebSocketResponse) -> None:
        await socket.send_json(
            {"kind": "hello", "token": self._token, "api_version": NEWEST_API, "min_api": OLDEST_API}
        )
        hello = self._shaped(Hello, await _next(socket, kind="hello"))
        if hello.min_api > NEWEST_API or hello.api_version < OLDEST_API:
            raise VersionMismatch(service_newest=hello.api_version, service_oldest=hello.min_api)

    async def _command(self, station_id: str, what: str, body: Mapping[str, object] | None) -> None:
        raw = await self._ask("POST", f"/stations/{quote(station_id, safe='')}/{what}", body)
        answer = self._shaped(CommandAnswer, raw)
        if not answer.done:
            raise Refused("station_refuses", f"the station answers {answer.answer[:60]}")

    async def _wish(self, station_id: str, what: str, body: Mapping[str, object] | None) -> None:
        """Put that wish, or take it back. What it changes comes over the push socket."""
        await self._ask("DELETE" if body is None else "PUT", f"/stations/{quote(station_id, safe='')}/{what}", body)

    async def _ask(self, method: str, address: str, body: Mapping[str, object] | None = None) -> object:
        """What the service answers, as JSON. Raises ConnectionFailed, NotAuthorised or Refused."""
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                asyncio.timeout(ANSWER_WITHIN_S),
                self._session.request(
                    method, f"{self._api}{address}", json=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                status, answer = response.status, await _read(response)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise ConnectionFailed(_said(error)) from error
        if 200 <= status < 300:
            return answer
        raise _problem(status, answer)

    @staticmethod
    def _shaped(shape: type[T], raw: object) -> T:
        try:
            return parsed(shape, raw)
        except BadShape as error:
            raise ConnectionFailed(f"the service says what this client does not understand: {error}") from error


async def _read(response: ClientResponse) -> object:
    """The body as JSON, however it came. Raises ValueError where it is none or too large."""
    if response.status == 204:
        return None
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > LARGEST_B:
            raise ValueError("an answer too large to be the service's")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"status {response.status}, and no JSON") from error


def _problem(status: int, answer: object) -> FusewiseError:
    """The error of a problem object (RFC 9457)."""
    said = answer if isinstance(answer, Mapping) else {}
    code, detail = str(said.get("code", f"status_{status}"))[:60], str(said.get("detail", ""))[:LONGEST_DETAIL]
    if status == 401:
        return NotAuthorised(detail or code)
    return ConnectionFailed(f"{code}: {detail}") if status >= 500 else Refused(code, detail)


async def _next(socket: ClientWebSocketResponse, kind: str | None = None) -> Mapping[str, Any]:
    """The next message. Raises what the close code says, or ConnectionFailed."""
    message = await (socket.receive(ANSWER_WITHIN_S) if kind else socket.receive())
    if message.type is not WSMsgType.TEXT:
        raise _closed(socket)
    try:
        found = json.loads(message.data)
    except (ValueError, RecursionError) as error:
        raise ConnectionFailed("a message that is no JSON") from error
    if not isinstance(found, Mapping) or kind not in {None, found.get("kind")}:
        raise ConnectionFailed("a message out of turn")
    return found


def _closed(socket: ClientWebSocketResponse) -> FusewiseError:
    if socket.close_code == NOT_IN:
        return NotAuthorised("the service does not know this token")
    return ConnectionFailed(f"the service ended the connection (code {socket.close_code})")


def _state(message: Mapping[str, Any]) -> dict[str, Any]:
    """Of a snapshot."""
    state = message.get("state")
    if message.get("kind") != "snapshot" or not isinstance(state, dict):
        raise ConnectionFailed("a message out of turn")
    return state


def _after(before: dict[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    """The state after that message. Raises ConnectionFailed where one is missing between."""
    if message.get("kind") != "delta":
        return _state(message)
    sequence, changes = message.get("sequence"), message.get("changes")
    if sequence != before["sequence"] + 1 or not isinstance(changes, Mapping):
        raise ConnectionFailed("a message is missing")
    try:
        return {**merged(before, changes), "sequence": sequence, "at": message.get("at")}
    except (KeyError, TypeError) as error:
        raise ConnectionFailed("a change that fits nothing") from error


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _said(error: BaseException) -> str:
    return str(error)[:LONGEST_DETAIL] or type(error).__name__
