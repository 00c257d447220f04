"""A simulated station in hand-moved time; the schemas of the `ocpp` package judge every word of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp.messages import MessageType, get_validator

from ems.clock import VirtualClock
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.sim.car import Car
from ems.sim.day import SummerDay
from ems.sim.wire.difficulties import difficult
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult
from ems.sim.wire.station_box import StationBox, StationBuild
from ems.sim.wire.tongue import OwnCall, Tongue
from ems.sim.wire.v2.tongue import Tongue2
from ems.sim.wire.v16.tongue import Tongue16
from ems.sim.wire.version import Version
from ems.sim.world import Place, World

TREE = CircuitTree((Circuit(circuit_id="main", fuse=Fuse(rating_a=63), phases=tuple(Phase)),))
Payload = dict[str, Any]
USUAL: dict[str, Payload] = {
    "BootNotification": {"status": "Accepted", "currentTime": "2026-06-21T10:00:00Z", "interval": 300},
    "Heartbeat": {"currentTime": "2026-06-21T10:00:00Z"},
    "StartTransaction": {"transactionId": 77, "idTagInfo": {"status": "Accepted"}},
}


def valid(version: Version, kind: MessageType, action: str, payload: Payload) -> None:
    """Raises where the schema of that message does not fit."""
    validator = get_validator(kind, action, version.value)
    validator.validate(json.loads(json.dumps(payload)))


class Stand:
    """Station, car, clock, and somebody who answers."""

    def __init__(
        self, version: Version = Version.V201, *, judged: bool = True, names: Iterable[str] = (), **build: Any
    ) -> None:
        """A station with these oddities; `judged` where it keeps to its schemas."""
        self.version = version
        self._judged = judged
        self.clock = VirtualClock(start_utc=datetime(2026, 6, 21, 10, tzinfo=UTC))
        plain = replace(StationBuild(station_id="one", identity="one"), **build)
        self.build = replace(difficult(plain, names), version=version)
        places = [
            Place(station_id=each, circuit_id="main", wiring=tuple(Phase), car=Car())
            for each in ("one", *self.build.further_places)
        ]
        start_s = self.clock.monotonic_s()
        self.world = World(circuits=TREE, day=SummerDay(house_w=0), places=places, start_s=start_s)
        self.box = StationBox(self.build, self.world, self.clock)
        self.tongue: Tongue = (Tongue16 if version is Version.V16 else Tongue2)(self.box, self.clock)
        self.told: list[tuple[str, Payload]] = []
        self.answers: dict[str, Payload] = {}
        self.online = False
        self._numbers = itertools.count(1)
        self.connect()

    def connect(self) -> None:
        self.online = True
        self.box.connected()
        self.tongue.connected()

    def cut(self) -> None:
        self.online = False
        self.box.disconnected()
        self.tongue.disconnected()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.5)):
            self.clock.advance(0.5)
            self.box.tick()
            self.tongue.tick()
            if self.online:
                self.talk()

    def talk(self) -> None:
        for _ in range(1000):
            call = self.tongue.next_call()
            if call is None:
                return
            self.hear(call)
        raise AssertionError("the station never stops talking")

    def hear(self, call: OwnCall) -> None:
        if self._judged:
            valid(self.version, MessageType.Call, call.action, dict(call.payload))
        self.told.append((call.action, dict(call.payload)))
        call.answered(self.answers.get(call.action, USUAL.get(call.action, {})))

    def ask(self, action: str, **payload: Any) -> Any:
        """The payload of a good answer, checked; the code of an error; None where there was no answer."""
        if self._judged:
            valid(self.version, MessageType.Call, action, payload)
        return self.ask_anything(action, payload)

    def ask_anything(self, action: str, payload: Payload) -> Any:
        answer = self.tongue.answer(Call(message_id=f"m{next(self._numbers)}", action=action, payload=payload))
        if isinstance(answer, CallError):
            return answer.code
        if isinstance(answer, CallResult):
            if self._judged:
                valid(self.version, MessageType.CallResult, action, dict(answer.payload))
            return answer.payload
        return None

    def heard(self, action: str, fits: Callable[[Payload], bool] = lambda _: True) -> list[Payload]:
        return [payload for told, payload in self.told if told == action and fits(payload)]

    def events(self) -> list[tuple[str, str]]:
        """Kind and trigger of every transaction event."""
        return [(each["eventType"], each["triggerReason"]) for each in self.heard("TransactionEvent")]

    @property
    def drawn_a(self) -> float:
        return max(self.world.car("one").current_a)

    def profile(self, *steps: tuple[int, float], **changes: Any) -> Payload:
        """A station-wide lease that began 30 s ago."""
        start = self.clock.utc_now() - timedelta(seconds=30)
        schedule = {
            "id": 1,
            "chargingRateUnit": "A",
            "startSchedule": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "chargingSchedulePeriod": [{"startPeriod": at, "limit": limit} for at, limit in steps],
        }
        profile = {
            "id": 1,
            "stackLevel": 1,
            "chargingProfilePurpose": "ChargingStationMaxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [{**schedule, **changes.pop("schedule", {})}],
        }
        return {key: value for key, value in {**profile, **changes}.items() if value is not None}

    def limit(self, evse_id: int, profile: Payload) -> Any:
        return self.ask("SetChargingProfile", evseId=evse_id, chargingProfile=profile)
