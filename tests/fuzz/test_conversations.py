"""Whole conversations of an honest station in dishonest circumstances: each session once, with its energy."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ems.clock import VirtualClock, _VirtualLoop
from ems.csms.pace import Pace
from tests.fuzz.mutations import mutant
from tests.fuzz.seeds import made_up
from tests.fuzz.talk import VERSIONS, Talk

PATIENT = Pace(heartbeat_s=10**8, ping_s=None, watch_every_s=1e8, report_within_s=1e8, limit_first_s=1e8)
"""Hours pass between two words."""

HARMLESS = ("Heartbeat", "DataTransfer", "FirmwareStatusNotification", "SecurityEventNotification", "Authorize")
"""What may come spoilt without a word about sessions in it."""


@dataclass
class Stay:
    """A transaction as it truly is."""

    number: int
    began_wh: int
    ended_wh: int | None = None
    transaction_id: int | None = None
    """What it was answered, in 1.6."""

    events: int = 0


@dataclass
class Letter:
    """A message that waits in the station until it was answered."""

    kind: str
    stay: Stay
    register_wh: int
    at_s: float
    seq_no: int
    offline: bool
    tries: int = 0


@dataclass
class TrueStation:
    """Keeps its promises: sends everything in order, again and again, until it was answered."""

    version: str
    letters: list[Letter] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    register_wh: int = 5000
    numbers: int = 0

    @property
    def running(self) -> Stay | None:
        return self.stays[-1] if self.stays and self.stays[-1].ended_wh is None else None

    def write(self, kind: str, stay: Stay, at_s: float, *, offline: bool) -> None:
        self.letters.append(Letter(kind, stay, self.register_wh, at_s, stay.events, offline))
        stay.events += 1

    def message(self, letter: Letter) -> tuple[str, Mapping[str, Any]]:
        stamp = f"{datetime.fromtimestamp(letter.at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
        if self.version != "1.6":
            return "TransactionEvent", _event(letter, stamp)
        transaction_id = letter.stay.transaction_id
        if letter.kind == "Started":
            return "StartTransaction", {
                "connectorId": 1,
                "idTag": "T",
                "meterStart": letter.register_wh,
                "timestamp": stamp,
            }
        if letter.kind == "Ended":
            return "StopTransaction", {
                "transactionId": transaction_id,
                "meterStop": letter.register_wh,
                "timestamp": stamp,
            }
        values = [{"value": str(letter.register_wh)}, {"value": "8.0", "measurand": "Current.Import", "unit": "A"}]
        block = {"timestamp": stamp, "sampledValue": values}
        return "MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [block]}


def _event(letter: Letter, stamp: str) -> Mapping[str, Any]:
    info: dict[str, Any] = {"transactionId": f"tx-{letter.stay.number}", "chargingState": "Charging"}
    if letter.kind == "Ended":
        info = {"transactionId": f"tx-{letter.stay.number}", "stoppedReason": "Local", "chargingState": "Idle"}
    return {
        "eventType": letter.kind,
        "timestamp": stamp,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": letter.seq_no,
        "offline": letter.offline,
        "transactionInfo": info,
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": stamp, "sampledValue": [{"value": letter.register_wh}]}],
    }


class Conversation(RuleBasedStateMachine):
    """What may befall the two."""

    version = "1.6"

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.runner = asyncio.Runner(loop_factory=lambda: _VirtualLoop(self.clock))
        self.talk = Talk(self.version, self.clock, pace=PATIENT)
        self.true = TrueStation(self.version)
        self.online = False
        self.sent: list[Letter] = []

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def comes(self) -> None:
        self.do(self._connect())

    @precondition(lambda self: self.true.running is None)
    @rule()
    def begins(self) -> None:
        stay = Stay(len(self.true.stays), self.true.register_wh)
        self.true.stays.append(stay)
        self.true.write("Started", stay, self._utc_s(), offline=not self.online)
        self.do(self._deliver())

    @precondition(lambda self: self.true.running is not None)
    @rule(minutes=st.integers(1, 90), told=st.booleans())
    def charges(self, minutes: int, told: bool) -> None:
        stay = self.true.running
        assert stay is not None
        self.clock.advance(minutes * 60.0)
        self.true.register_wh += minutes * 90
        if told:
            self.true.write("Updated", stay, self._utc_s(), offline=not self.online)
        self.do(self._deliver())

    @precondition(lambda self: self.true.running is not None)
    @rule()
    def ends(self) -> None:
        stay = self.true.running
        assert stay is not None
        self.clock.advance(30.0)
        stay.ended_wh = self.true.register_wh
        self.true.write("Ended", stay, self._utc_s(), offline=not self.online)
        self.do(self._deliver())

    @rule(reason=st.sampled_from(["lost", "reboot", "ours"]))
    def goes(self, reason: str) -> None:
        """The connection is lost; our service restarts with what it kept; the station boots in the middle."""
        self.clock.advance(20.0)
        if self.online:
            self.do(self.talk.hang_up())
            self.online = False
        if reason == "ours":
            earlier = sorted(self.talk.told.values(), key=lambda each: each.began_utc_s)
            self.talk = Talk(self.version, self.clock, pace=PATIENT)
            self.talk.told = {each.key: each for each in earlier}
            self.talk.station.recall(earlier)
        if reason == "reboot":
            self.do(self._connect())
            self.do(self._ask("BootNotification", self._boot()))
            self.do(self._deliver())

    @precondition(lambda self: not self.online)
    @rule()
    def returns(self) -> None:
        self.clock.advance(200.0)
        self.do(self._connect())
        self.do(self._deliver())

    @precondition(lambda self: self.online and self.true.letters == [] and self.true.stays)
    @rule(kind=st.sampled_from(["Started", "Ended"]))
    def repeats(self, kind: str) -> None:
        """An answer was lost: the station says it again."""
        stay = self.true.stays[-1]
        if (kind == "Ended") == (stay.ended_wh is not None):
            again = [letter for letter in self.sent if letter.stay is stay and letter.kind == kind]
            self.true.letters.extend(again[-1:])
            self.do(self._deliver())

    @precondition(lambda self: self.online)
    @rule(seed=st.integers(0, 2**20), action=st.sampled_from(HARMLESS))
    def babbles(self, seed: int, action: str) -> None:
        self.do(self._babble(random.Random(seed), action))

    def teardown(self) -> None:
        try:
            if not self.online:
                self.returns()
            if self.true.running is not None:
                self.ends()
            self._judge()
        finally:
            if self.online:
                self.do(self.talk.hang_up())
            self.runner.close()

    def _judge(self) -> None:
        told = sorted(self.talk.told.values(), key=lambda each: each.began_utc_s)
        truth = [(stay.ended_wh or 0) - stay.began_wh for stay in self.true.stays]
        assert [round(each.energy_kwh * 1000.0) for each in told] == truth
        assert all(each.ended_utc_s is not None for each in told)
        assert self.talk.station.session is None

    async def _connect(self) -> None:
        await self.talk.connect()
        self.online = True

    async def _deliver(self) -> None:
        while self.online and self.true.letters:
            letter = self.true.letters[0]
            answer = await self._ask(*self.true.message(letter))
            if letter.kind == "Started" and self.version == "1.6":
                letter.stay.transaction_id = answer["transactionId"]
            self.sent.append(self.true.letters.pop(0))

    async def _ask(self, action: str, payload: Mapping[str, Any]) -> Any:
        self.true.numbers += 1
        message_id = str(self.true.numbers)
        said = await self.talk.hear(json.dumps([2, message_id, action, payload]).encode())
        (answer,) = [each for each in said if each[0] == 3]
        return answer[2]

    async def _babble(self, dice: random.Random, action: str) -> None:
        message = [2, f"b{dice.random()}", action, {}]
        if (self.version, action) != ("1.6", "SecurityEventNotification"):
            message[3] = made_up(self.version, action, dice)
        frame = mutant(message, dice)
        if action.encode() in frame:
            await self.talk.hear(frame)

    def _boot(self) -> Mapping[str, Any]:
        if self.version == "1.6":
            return {"chargePointVendor": "Acme", "chargePointModel": "Box"}
        return {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Box"}}

    def _utc_s(self) -> float:
        return float(int(self.clock.utc_now().timestamp()))


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_are_neither_lost_nor_doubled_in_any_conversation(version: str) -> None:
    """X01, X03, X05, X06, X09, X10, X11, R04."""
    kind = type("Conversation", (Conversation,), {"version": version})
    run_state_machine_as_test(kind, settings=settings(max_examples=8, stateful_step_count=15, deadline=None))
