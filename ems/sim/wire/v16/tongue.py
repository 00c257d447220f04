"""OCPP 1.6 for one simulated station."""

from __future__ import annotations

from ems.clock import Clock
from ems.sim.wire.ocpp_frames import Call, CallError, CallResult
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v16.answers import StationAnswers
from ems.sim.wire.v16.reports import StationReports
from ems.sim.wire.v16.settings import Settings


class Tongue16:
    """See `Tongue`."""

    def __init__(self, box: StationBox, clock: Clock) -> None:
        self._settings = Settings(box.build)
        self._reports = StationReports(box, self._settings, clock)
        self._answers = StationAnswers(box, self._settings, self._reports, clock)
        self.log = self._answers.log

    @property
    def credentials(self) -> str | None:
        return self._settings.password

    def connected(self) -> None:
        self._reports.connected()

    def disconnected(self) -> None:
        return

    def power_lost(self) -> None:
        self._reports.power_lost()
        self._answers.power_lost()

    def tick(self) -> None:
        return

    def next_call(self) -> OwnCall | None:
        return self._reports.next_call()

    def answer(self, call: Call) -> CallResult | CallError | None:
        return self._answers.answer(call)

    def reset_wanted(self) -> str | None:
        return self._answers.reset_wanted()
