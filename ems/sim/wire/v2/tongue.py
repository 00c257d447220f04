"""OCPP 2.0.1 and 2.1 for one simulated station."""

from __future__ import annotations

from ems.clock import Clock
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v2.answers import Answers2
from ems.sim.wire.v2.charging import ChargingAnswers
from ems.sim.wire.v2.device_model import DeviceModel
from ems.sim.wire.v2.inventory import inventory
from ems.sim.wire.v2.reports import Reports2
from ems.sim.wire.v2.transactions import TransactionBook


class Tongue2:
    """See `Tongue`."""

    def __init__(self, box: StationBox, clock: Clock) -> None:
        time = StationTime(box, clock)
        self._model = DeviceModel(inventory(box, time), no_changes=box.build.difficulty.no_changes)
        self._book = TransactionBook(box, self._model, time, clock)
        self._reports = Reports2(box, self._model, self._book, time, clock)
        self._charging = ChargingAnswers(box, self._reports, clock)
        self._answers = Answers2(box, self._model, self._book, self._reports, self._charging, time)
        self.log = self._charging.log

    @property
    def credentials(self) -> str | None:
        return self._model.text("SecurityCtrlr", "BasicAuthPassword") or None

    def connected(self) -> None:
        self._book.connected()
        self._reports.connected()

    def disconnected(self) -> None:
        self._book.disconnected()

    def power_lost(self) -> None:
        self._reports.power_lost()
        self._charging.wants_reset = False

    def tick(self) -> None:
        self._book.observe()

    def next_call(self) -> OwnCall | None:
        return self._reports.next_call()

    def answer(self, call: Call) -> CallResult | CallError | None:
        return self._answers.answer(call)

    def reset_wanted(self) -> str | None:
        return self._answers.reset_wanted()
