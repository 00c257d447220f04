"""A station of paper: its requests go in, the neutral words that came of them and the answers come out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from ocpp.messages import get_validator

from ems.clock import VirtualClock, run_virtual
from ems.csms.certificate_words import CertificateAsked, SecurityTold
from ems.csms.energy_words import EnergyBook
from ems.csms.lane import CallLane
from ems.csms.messages import Boot, MeterReport, StartReport, StatusReport, StopReport, TagVerdict, TransactionEvent
from ems.csms.pace import Pace
from ems.csms.rpc import Unanswerable
from ems.csms.service_words import FirmwareReport, UploadReport
from ems.csms.told_on_request import ToldOnRequest
from ems.csms.versions import Versions

Payload = dict[str, Any]
_T = TypeVar("_T")


def judge(kind: int, action: str, version: str, payload: Mapping[str, object]) -> None:
    """Raises unless the schema allows it."""
    schema: Any = get_validator(kind, action, version)
    schema.validate(dict(payload))


def accepted(_payload: Payload) -> Payload:
    return {"status": "Accepted"}


@dataclass
class Security:
    """Implements `certificate_words.HeardSecurity` by remembering."""

    asked: list[CertificateAsked] = field(default_factory=list)
    told: list[SecurityTold] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    signs: bool = True

    def certificate_asked(self, asked: CertificateAsked) -> bool:
        self.asked.append(asked)
        return self.signs

    def security_told(self, told: SecurityTold) -> None:
        self.told.append(told)

    def foreign_profile(self, about: str) -> None:
        self.foreign.append(about)


class Energy(EnergyBook):
    """Of a station with one connector."""

    def hurried(self, *, on: bool, transaction_id: str = "") -> None:
        assert len(transaction_id) <= 36
        super().hurried(on=on)


@dataclass
class Heard:
    """Implements `messages.Heard` by remembering."""

    boots: list[Boot] = field(default_factory=list)
    statuses: list[StatusReport] = field(default_factory=list)
    meters: list[MeterReport] = field(default_factory=list)
    starts: list[StartReport] = field(default_factory=list)
    stops: list[StopReport] = field(default_factory=list)
    events: list[TransactionEvent] = field(default_factory=list)
    firmware: list[FirmwareReport] = field(default_factory=list)
    uploads: list[UploadReport] = field(default_factory=list)
    verdicts: dict[str, TagVerdict] = field(default_factory=dict)
    asked_at: list[int | None] = field(default_factory=list)
    """Connectors for which tags were asked about."""

    untold_connector: int = 1
    accepts: bool = True
    waiting: int = 0
    """How often a car waited for a schedule."""

    changes: int = 0
    told_time: int = 0
    security: Security = field(default_factory=Security)

    def __post_init__(self) -> None:
        self.energy = Energy(self._changed, self._needed)
        self.on_request = ToldOnRequest(VirtualClock())

    def _needed(self) -> None:
        self.waiting += 1

    def _changed(self) -> None:
        self.changes += 1

    def booted(self, boot: Boot) -> bool:
        self.boots.append(boot)
        return self.accepts

    def time_told(self) -> None:
        self.told_time += 1

    def status_reported(self, report: StatusReport) -> None:
        self.statuses.append(report)

    def metered(self, report: MeterReport) -> None:
        self.meters.append(report)

    def authorize(self, id_tag: str, connector: int | None = None) -> TagVerdict:
        self.asked_at.append(connector)
        return self.verdicts.get(id_tag, TagVerdict())

    def firmware_reported(self, report: FirmwareReport) -> None:
        self.firmware.append(report)

    def upload_reported(self, report: UploadReport) -> None:
        self.uploads.append(report)

    def transaction_started(self, report: StartReport) -> int:
        self.starts.append(report)
        return len(self.starts)

    def transaction_stopped(self, report: StopReport) -> None:
        self.stops.append(report)

    def transaction_told(self, event: TransactionEvent) -> None:
        self.events.append(event)


class PaperStation:
    """One station and one connection of it."""

    def __init__(self, *, subprotocol: str | None, pin: str | None = None) -> None:
        self.heard = Heard()
        self.clock = VirtualClock()
        self.pace = Pace()
        self.versions = Versions(self.heard, self.clock, self.pace, station="paper", pin=pin)
        self.speech = self.versions.speech(subprotocol)
        self.asked: list[tuple[str, Payload]] = []
        self.replies: dict[str, Callable[[Payload], Payload]] = {}
        self._numbers = 0

    def says(self, action: str, payload: Mapping[str, object], *, lawful: bool = True) -> Payload:
        """Its request, judged by the schema if it is `lawful`, and our answer, which always is."""
        self._numbers += 1
        answer = dict(self.speech.answer(action, payload, f"m{self._numbers}"))
        version = self.speech.protocol.removeprefix("ocpp")
        if lawful:
            judge(2, action, version, payload)
        judge(3, action, version, answer)
        return answer

    def is_refused(self, action: str, payload: Mapping[str, object]) -> str:
        """The code that its request is refused with."""
        with pytest.raises(Unanswerable) as refused:
            self.speech.answer(action, payload, "m0")
        return refused.value.error_code

    def asks(self, ask: Callable[[Any], Coroutine[Any, Any, _T]]) -> _T:
        """What comes of asking it: `ask` gets its dialect; it answers by `replies`, else `Accepted`."""

        async def run() -> _T:
            lane = CallLane(self._take, self.clock, station="paper")
            self._lane = lane
            self.speech.speak_on(lane)
            carrying = asyncio.create_task(lane.run())
            try:
                return await ask(self.speech.dialect)
            finally:
                carrying.cancel()
                lane.close()
                await asyncio.gather(carrying, return_exceptions=True)

        return run_virtual(run(), self.clock)

    @property
    def last(self) -> Payload:
        """What it was asked last."""
        return self.asked[-1][1]

    async def _take(self, frame: str) -> None:
        _, message_id, action, payload = json.loads(frame)
        judge(2, action, self.speech.protocol.removeprefix("ocpp"), payload)
        self.asked.append((action, payload))
        reply = self.replies.get(action, accepted)(payload)
        asyncio.get_running_loop().call_soon(self._lane.answered, message_id, reply)
