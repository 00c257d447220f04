"""A charging station whose every word a test chooses, and a central system for it to talk to."""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ems.clock import ScaledClock, WallClock
from ems.config.schema import CsmsSection, StationEntry
from ems.csms.central_system import CentralSystem
from ems.csms.pace import Pace
from ems.csms.ports import LeasedLimit
from ems.csms.station import Station
from ems.csms.station_clock import format_timestamp
from ems.csms.tags import Authorise, free_vending
from ems.model.station import StationState

GUARD_S: Final = 20.0
Payload = dict[str, Any]
LEASE: Final = LeasedLimit(limit_a=10.0, phases=3, fallback_a=6.0, lease_s=60.0)
GARAGE: Final = StationEntry(id="garage", fallback_a=6.0)

LOOPBACK: Final = CsmsSection(host="127.0.0.1")

CALM: Final = Pace(
    limit_first_s=0.0,
    report_within_s=3600.0,
    ping_s=None,
    heartbeat_s=3600,
    preparing_s=3600.0,
    missing_meter_values=1000,
)
"""A pace at which nothing happens unasked but set-up."""

SETTINGS: Final[Mapping[str, str]] = {
    "ChargeProfileMaxStackLevel": "8",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
    "ChargingScheduleMaxPeriods": "24",
    "MaxChargingProfilesInstalled": "10",
    "ConnectorSwitch3to1PhaseSupported": "true",
    "SupportedFeatureProfiles": "Core,SmartCharging,RemoteTrigger",
    "GetConfigurationMaxKeys": "20",
    "MeterValueSampleInterval": "10",
    "MeterValuesSampledData": "Current.Import,Power.Active.Import,Voltage,Energy.Active.Import.Register",
    "WebSocketPingInterval": "30",
}


class Reply(Enum):
    """Answers that are none."""

    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Error:
    """A CALLERROR, from its third part on."""

    parts: tuple[object, ...] = ("InternalError", "", {})


Script = Callable[[Payload], Payload | Error | Reply]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the central system."""

    message_id: str
    action: str
    payload: Payload


def accept(_payload: Payload) -> Payload:
    return {"status": "Accepted"}


def reject(_payload: Payload) -> Payload:
    return {"status": "Rejected"}


def mute(_payload: Payload) -> Reply:
    return Reply.SILENCE


def configured(settings: Mapping[str, str], readonly: Sequence[str] = ()) -> Script:
    """Answers GetConfiguration from these settings."""

    def answer(payload: Payload) -> Payload:
        keys = payload.get("key", list(settings))
        return {
            "configurationKey": [
                {"key": key, "readonly": key in readonly, "value": settings[key]} for key in keys if key in settings
            ],
            "unknownKey": [key for key in keys if key not in settings],
        }

    return answer


@dataclass
class Peer:
    """The station's end of one connection."""

    socket: ClientConnection
    script: dict[str, Script] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    frames: list[list[Any]] = field(default_factory=list)
    _answers: dict[str, asyncio.Future[list[Any]]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def tell(self, action: str, payload: object, message_id: str | None = None) -> Payload:
        """Send a request and give the payload of its answer."""
        answer = await self.exchange(action, payload, message_id)
        assert answer[0] == 3, answer
        result: Payload = answer[2]
        return result

    async def exchange(self, action: object, payload: object, message_id: str | None = None) -> list[Any]:
        """Send a request and give the whole answer."""
        message_id = message_id or f"s{next(self._numbers)}"
        return await self.exchange_raw(json.dumps([2, message_id, action, payload]), message_id)

    async def exchange_raw(self, text: str | bytes, message_id: str | int) -> list[Any]:
        """Send any text and give the answer to `message_id`."""
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._answers[str(message_id)] = answer
        await self.socket.send(text)
        async with WallClock().timeout(GUARD_S):
            return await answer

    async def answer(self, asked: Asked, payload: Payload) -> None:
        """Answer a request that the script left open."""
        await self.socket.send(json.dumps([3, asked.message_id, payload]))

    async def hears(self, action: str, count: int = 1) -> Asked:
        """Wait for the central system's request; gives the `count`th of its kind."""
        async with WallClock().timeout(GUARD_S):
            while len(self.all(action)) < count:
                self._news.clear()
                await self._news.wait()
        return self.all(action)[count - 1]

    def all(self, action: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.action == action]

    @property
    def profiles(self) -> list[Payload]:
        """Every charging profile that was sent, with its connector."""
        return [
            {"connectorId": asked.payload["connectorId"], **asked.payload["csChargingProfiles"]}
            for asked in self.all("SetChargingProfile")
        ]

    async def live(self) -> None:
        """Answer by the script until the connection ends."""
        try:
            async for text in self.socket:
                await self._take(json.loads(text))
        except ConnectionClosed:
            pass

    async def _take(self, message: list[Any]) -> None:
        self.frames.append(message)
        if message[0] != 2:
            answer = self._answers.pop(str(message[1]), None)
            if answer is not None and not answer.done():
                answer.set_result(message)
            return
        asked = Asked(*message[1:4])
        self.asked.append(asked)
        self._news.set()
        reply = self.script.get(asked.action, accept)(asked.payload)
        if isinstance(reply, Error):
            await self.socket.send(json.dumps([4, asked.message_id, *reply.parts]))
        elif isinstance(reply, dict):
            await self.answer(asked, reply)


class SteppedClock(ScaledClock):
    """A clock whose wall time somebody can set."""

    jumped_s = 0.0

    def utc_now(self) -> datetime:
        return super().utc_now() + timedelta(seconds=self.jumped_s)


class House:
    """A central system that listens, and what it told of its stations."""

    serving: asyncio.Task[None]

    def __init__(
        self,
        clock: SteppedClock,
        entries: Sequence[StationEntry],
        pace: Pace,
        passwords: Mapping[str, str],
        authorise: Authorise,
        section: CsmsSection = LOOPBACK,
        folder: Path | None = None,
    ) -> None:
        self.clock = clock
        self.states: list[StationState] = []
        self._news = asyncio.Event()
        self.central = CentralSystem(
            section,
            entries,
            clock,
            self._changed,
            passwords,
            bind_port=0,
            pace=pace,
            authorise=authorise,
            folder=folder,
        )

    def _changed(self, state: StationState) -> None:
        self.states.append(state)
        self._news.set()

    async def until(self, holds: Callable[[StationState], bool]) -> StationState:
        """Wait until the newest state is so."""
        async with WallClock().timeout(GUARD_S):
            while not (self.states and holds(self.states[-1])):
                self._news.clear()
                await self._news.wait()
        return self.states[-1]

    @property
    def station(self) -> Station:
        return next(iter(self.central.links.values()))

    def stamp(self, later_s: float = 0.0) -> str:
        """Station time, which is right unless `later_s` is not 0."""
        return format_timestamp(self.clock.utc_now() + timedelta(seconds=later_s))

    def url(self, path: str = "/garage") -> str:
        return f"ws://127.0.0.1:{self.central.port}{path}"

    @asynccontextmanager
    async def peer(
        self,
        path: str = "/garage",
        *,
        protocols: Sequence[str] | None = ("ocpp1.6",),
        script: Mapping[str, Script] | None = None,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> AsyncIterator[Peer]:
        """A station connects, encrypted with `tls`; it answers set-up sensibly and takes every limit."""
        async with connect(
            self.url(path) if tls is None else f"wss://127.0.0.1:{self.central.tls_port}{path}",
            ssl=tls,
            subprotocols=None if protocols is None else [Subprotocol(each) for each in protocols],
            additional_headers=dict(headers or {}),
            compression=None,
            proxy=None,
            ping_interval=None,
            close_timeout=1,
        ) as socket:
            peer = Peer(socket, {"GetConfiguration": configured(SETTINGS), **(script or {})})
            life = asyncio.create_task(peer.live())
            try:
                yield peer
            finally:
                await socket.close()
                await life


@asynccontextmanager
async def house(
    *entries: StationEntry,
    speed: float = 1.0,
    pace: Pace = CALM,
    passwords: Mapping[str, str] | None = None,
    authorise: Authorise = free_vending,
    section: CsmsSection = LOOPBACK,
    folder: Path | None = None,
) -> AsyncIterator[House]:
    """A central system on a free port of this machine, and on one more where `section` wants TLS."""
    place = House(SteppedClock(speed), entries or (GARAGE,), pace, passwords or {}, authorise, section, folder)
    place.serving = asyncio.create_task(place.central.serve())
    async with WallClock().timeout(GUARD_S):
        await place.central.listening.wait()
    try:
        yield place
    finally:
        place.serving.cancel()
        await asyncio.gather(place.serving, return_exceptions=True)


def meter_values(
    *samples: Mapping[str, object], at: str | None = None, transaction_id: int | None = None, connector: int = 1
) -> Payload:
    """A MeterValues request with one block."""
    block = {"timestamp": at, "sampledValue": [dict(sample) for sample in samples]}
    payload: Payload = {"connectorId": connector, "meterValue": [block]}
    return payload if transaction_id is None else {**payload, "transactionId": transaction_id}


def current(amps: float | str, phase: str | None = None) -> Payload:
    sample: Payload = {"value": str(amps), "measurand": "Current.Import", "unit": "A"}
    return sample if phase is None else {**sample, "phase": phase}


def status(word: str, at: str | None = None, connector: int = 1) -> Payload:
    payload: Payload = {"connectorId": connector, "errorCode": "NoError", "status": word}
    return payload if at is None else {**payload, "timestamp": at}


def start(at: str | None, *, meter_wh: object = 0, id_tag: str = "TAG", connector: int = 1) -> Payload:
    """A StartTransaction request."""
    return {"connectorId": connector, "idTag": id_tag, "meterStart": meter_wh, "timestamp": at}


def stop(transaction_id: object, at: str | None, *, meter_wh: object = 0, **more: object) -> Payload:
    """A StopTransaction request."""
    return {"transactionId": transaction_id, "meterStop": meter_wh, "timestamp": at, **more}


BOOT: Final[Payload] = {"chargePointVendor": "Acme", "chargePointModel": "Box", "chargePointSerialNumber": "SN1"}
