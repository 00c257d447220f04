"""What the service decides and sends, as JSON lines for another program: `ems run --json`."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TextIO

from ems.model.battery import BatteryStanding
from ems.model.decision import CircuitLoad, Decision, Notice, Setpoint
from ems.model.electrical import PerPhase
from ems.model.readings import BatteryReading
from ems.model.sentences import notice_sentence, sentence
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from ems.model.words import say
from ems.runtime.dispatch import Sending
from ems.runtime.usage import usage

USAGE_EVERY_S: Final = 5.0
LONGEST_QUEUE: Final = 500

Json = str | float | int | bool | None | list["Json"] | dict[str, "Json"]


class EventStream:
    """Writes one JSON object per line from a thread of its own; a reader that is too slow loses lines, not us time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(LONGEST_QUEUE)
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._usage_at_s = float("-inf")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._emit("usage", _usage())
        try:
            self._lines.put(None, timeout=1.0)
        except queue.Full:
            return
        self._thread.join(timeout=1.0)

    def started(self, ocpp_port: int) -> None:
        """The service listens for stations."""
        self._emit("started", {"ocpp_port": ocpp_port})

    def pages(self, page: str | None, setup_code: str | None) -> None:
        """Browsers find the pages there, or nowhere; the first person needs that code."""
        self._emit("pages", {"page": page, "setup_code": setup_code})

    def cycle(self, look: Snapshot, decision: Decision) -> None:
        """A watcher of the loop."""
        self._emit("decision", decision_json(look, decision))
        if decision.at_s - self._usage_at_s >= USAGE_EVERY_S:
            self._usage_at_s = decision.at_s
            self._emit("usage", _usage())

    def sent(self, sending: Sending) -> None:
        """A station took a limit."""
        self._emit(
            "sent",
            {
                "station": sending.station_id,
                "limit_a": sending.lease.limit_a,
                "phases": sending.lease.phases,
                "message_id": sending.receipt.message_id,
                "sent_at_s": sending.receipt.sent_at_s,
                "answered_at_s": sending.receipt.answered_at_s,
                "decided_on_s": sending.decided_on_s,
            },
        )

    def _emit(self, event: str, facts: Mapping[str, Json]) -> None:
        try:
            self._lines.put_nowait(json.dumps({"event": event, **facts}, separators=(",", ":")))
        except queue.Full:
            return

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # The reader is gone; the service goes on without it.
                return


def decision_json(look: Snapshot, decision: Decision) -> dict[str, Json]:
    """One cycle for a reader: circuits against their fuses, every station with its limit and reason, and notices."""
    return {
        "at_s": decision.at_s,
        "surplus_w": decision.surplus_w,
        "solar_w": None if look.solar is None else look.solar.power_w,
        "battery": None if look.battery is None else _battery_json(look.battery, look.ordered),
        "dimmed": look.dimmed,
        "circuits": {
            circuit_id: _circuit_json(look.site.circuits[circuit_id].fuse.rating_a, load)
            for circuit_id, load in decision.circuits.items()
        },
        "stations": {
            station_id: _station_json(look.state_of(station_id), setpoint)
            for station_id, setpoint in decision.setpoints.items()
        },
        "escalations": {station_id: step.value for station_id, step in decision.escalations.items()},
        "notices": [_notice_json(notice) for notice in decision.notices],
    }


def _battery_json(battery: BatteryReading, ordered: BatteryStanding | None) -> Json:
    return {
        "power_w": battery.power_w,
        "soc": battery.soc,
        "order": None if ordered is None else _order_json(ordered),
    }


def _order_json(ordered: BatteryStanding) -> Json:
    return {
        "charge_at_most_w": ordered.order.charge_at_most_w,
        "discharge_at_most_w": ordered.order.discharge_at_most_w,
        "reason": ordered.order.reason,
        "because": say(f"battery.{ordered.order.reason}"),
        "in_force": ordered.in_force,
        "trouble": ordered.trouble,
    }


def _circuit_json(rating_a: float, load: CircuitLoad) -> Json:
    return {
        "fuse_a": rating_a,
        "usable_a": load.usable_a,
        "measured_a": _per_phase(load.measured_a),
        "house_a": _per_phase(load.house_a),
        "meter_age_s": load.meter_age_s,
    }


def _station_json(state: StationState, setpoint: Setpoint) -> Json:
    return {
        "connected": state.connected,
        "protocol": state.protocol,
        "status": state.status,
        "limit_a": setpoint.limit_a,
        "phases": setpoint.phases,
        "measured_a": None if state.car is None else list(state.car.current_a),
        "reason": setpoint.reason.code,
        "because": sentence(setpoint.reason),
    }


def _notice_json(notice: Notice) -> Json:
    return {
        "code": notice.code,
        "circuit": notice.circuit_id,
        "phase": None if notice.phase is None else notice.phase.name,
        "station": notice.station_id,
        "current_a": notice.current_a,
        "limit_a": notice.limit_a,
        "says": notice_sentence(notice),
    }


def _per_phase(values: PerPhase | None) -> Json:
    return None if values is None else [round(value, 2) for value in values]


def _usage() -> dict[str, Json]:
    spent = usage()
    return {"rss_mb": round(spent.rss_mb, 1), "cpu_s": round(spent.cpu_s, 3)}
