"""One day second by second, for reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ems.model.decision import Decision
from ems.model.snapshot import Snapshot
from ems.sim.lab.records import DaySeconds, Series
from ems.sim.plant.bay import Bay
from ems.sim.plant.house import Plant
from ems.sim.plant.sheet import Sheet


class Picture:
    """Collects what the plant does not write down: why each limit was what it was."""

    def __init__(self, day: int) -> None:
        self.day = day
        self._reasons: dict[str, list[tuple[float, str]]] = {}
        self._newest: dict[str, str] = {}
        self._sent_at_s: dict[str, list[float]] = {}
        self._steps: dict[str, list[tuple[float, str]]] = {}
        self._notices: dict[str, float] = {}

    def watcher(self, plant: Plant) -> Watching:
        """What the control loop tells its decisions to."""
        return Watching(self, plant)

    def note(self, row: int, station_id: str, reason: str, first_s: int) -> None:
        """The reason of a limit from that second on."""
        if self._newest.get(station_id) != reason:
            self._newest[station_id] = reason
            self._reasons.setdefault(station_id, []).append((float(max(row - first_s, 0)), reason))

    def note_sent(self, second: float, station_id: str) -> None:
        """A limit went out to that station."""
        self._sent_at_s.setdefault(station_id, []).append(second)

    def note_trouble(self, second: float, decision: Decision) -> None:
        """Steps against stations that are new, and what people are told for the first time."""
        for station_id, step in decision.escalations.items():
            steps = self._steps.setdefault(station_id, [])
            if not steps or steps[-1][1] != step.value:
                steps.append((second, step.value))
        for notice in decision.notices:
            self._notices.setdefault(notice.code.value, second)

    def draw(
        self,
        sheet: Sheet,
        bays: Mapping[str, Bay],
        cars_w: Mapping[str, Series],
        currents_a: Mapping[str, NDArray[np.float64]],
        images: Mapping[str, NDArray[np.float64]],
    ) -> DaySeconds:
        """The finished picture."""
        return DaySeconds(
            start_utc=sheet.start_utc,
            pv_w=sheet.pv_w,
            house_w=sheet.load_w,
            battery_w=np.array(sheet.battery_w),
            cars_w=cars_w,
            limits_a={station_id: _steps(bay.log, 1, sheet) for station_id, bay in bays.items()},
            phases={station_id: _steps(bay.log, 2, sheet) for station_id, bay in bays.items()},
            reasons={station_id: self._spans(station_id, sheet.seconds) for station_id in bays},
            current_a=currents_a,
            thermal=images,
            sent_at_s=self._sent_at_s,
            escalations=self._steps,
            notices=self._notices,
        )

    def _spans(self, station_id: str, seconds: int) -> Sequence[tuple[float, float, str]]:
        noted = self._reasons.get(station_id, [])
        ends_s = [*(begin_s for begin_s, _ in noted[1:]), float(seconds)]
        return [
            (begin_s, end_s, reason) for (begin_s, reason), end_s in zip(noted, ends_s, strict=False) if end_s > begin_s
        ]


class Watching:
    """Tells the picture the reasons of its day; a watcher of `ems.runtime.loop`."""

    def __init__(self, picture: Picture, plant: Plant) -> None:
        self._picture = picture
        self._plant = plant

    def __call__(self, look: Snapshot, decision: Decision) -> None:  # noqa: ARG002 (the shape of a watcher)
        plant = self._plant
        if plant.day != self._picture.day:
            return
        if decision.escalations or decision.notices:
            self._picture.note_trouble(plant.run_s() - plant.today.first_s, decision)
        for station_id, setpoint in decision.setpoints.items():
            self._picture.note(plant.row, station_id, setpoint.reason.code.value, plant.today.first_s)

    def sent(self, station_id: str) -> None:
        """A limit goes out to that station."""
        plant = self._plant
        if plant.day == self._picture.day:
            self._picture.note_sent(plant.run_s() - plant.today.first_s, station_id)


def _steps(log: Sequence[tuple[int, float, int]], column: int, sheet: Sheet) -> Series:
    """A day's log of changes as one number per second."""
    series = np.zeros(sheet.seconds)
    for entry in log:
        series[max(entry[0] - sheet.first_s, 0) :] = entry[column]
    return series
