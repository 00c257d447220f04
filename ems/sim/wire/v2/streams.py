"""A stream of one value that a simulated OCPP 2.1 station sends without waiting for answers (message type 6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ems.clock import Clock
from ems.sim.wire.fields import whole
from ems.sim.wire.ocpp_frames import Call, Payload
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v2.answer_words import Body
from ems.sim.wire.v2.answers import Answers2
from ems.sim.wire.v2.reports import Reports2, ignored

STREAM_ID: Final = 1
VALUES: Final = 2
"""In one message."""


class PowerStream:
    """The power of connector 1, half as often as it is taken, once the central system has agreed to it."""

    def __init__(
        self, box: StationBox, reports: Reports2, answers: Answers2, time: StationTime, clock: Clock, every_s: float
    ) -> None:
        self._box = box
        self._reports = reports
        self._time = time
        self._clock = clock
        self._every_s = every_s
        self._asked = every_s <= 0
        self._open = False
        self._due_s = 0.0
        self._begun: datetime | None = None
        self._taken: list[dict[str, Any]] = []
        answers.learns("ClosePeriodicEventStream", self._close)

    def tick(self) -> None:
        """Take a value when it is time; tell when there are enough."""
        if not self._asked and self._reports.booted:
            self._asked = True
            self._reports.queue(self._ask)
        now_s = self._clock.monotonic_s()
        if not self._open or now_s < self._due_s:
            return
        self._due_s = now_s + self._every_s
        now = self._box.now()
        self._begun = self._begun or now
        self._taken.append({"t": (now - self._begun).total_seconds(), "v": f"{self._box.car.power_w:.0f}"})
        if len(self._taken) >= VALUES:
            self._tell(self._begun)

    def restarted(self) -> None:
        """It asks again after its boot."""
        self._asked, self._open = self._every_s <= 0, False
        self._taken.clear()

    def _tell(self, begun: datetime) -> None:
        payload = {"id": STREAM_ID, "pending": 0, "basetime": self._time.text(begun), "data": self._taken}
        self._taken, self._begun = [], None
        call = OwnCall(action="NotifyPeriodicEventStream", payload=payload, answered=ignored, unanswered=True)
        self._reports.queue(lambda: call)

    def _ask(self) -> OwnCall:
        def answered(answer: Payload) -> None:
            self._open = answer.get("status") == "Accepted"

        params = {"interval": max(1, round(self._every_s)), "values": VALUES}
        stream = {"id": STREAM_ID, "params": params, "variableMonitoringId": 1}
        return OwnCall(action="OpenPeriodicEventStream", payload={"constantStreamData": stream}, answered=answered)

    def _close(self, call: Call) -> Body:
        if whole(call.payload, "id") == STREAM_ID:
            self._open = False
        return {}
