"""What a simulated station tells of its own accord, one call at a time: boot, status, transactions, meter values."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from ems.clock import Clock
from ems.model.station import ConnectorStatus
from ems.sim.schedules import TransactionId
from ems.sim.wire.ocpp_frames import Payload
from ems.sim.wire.outlet import Outlet, Session
from ems.sim.wire.samples import Sample, sampled
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v16.settings import Settings

BOOT_RETRY_S: Final = 10.0
SILENCE_S: Final = 1.0
"""After which a chattering station says something."""

TRIGGERS: Final = ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification")


class StationReports:
    """Decides what the central system has to be told next."""

    def __init__(self, box: StationBox, settings: Settings, clock: Clock) -> None:
        self._box = box
        self._settings = settings
        self._clock = clock
        self._time = StationTime(box, clock)
        self._odd = box.build.difficulty
        self._asked: deque[tuple[str, int]] = deque(maxlen=16)
        self._booted = self._odd.no_boot
        self._boot_after_s = 0.0
        self._told_status: dict[int, ConnectorStatus] = {}
        self._heartbeat_due_s = 0.0
        self._chat_due_s = 0.0
        self._meter_due_s: float | None = None
        self._late: deque[Session] = deque(maxlen=4)

    def connected(self) -> None:
        """A new connection stands: tell the status again, and boot first where that is this station's habit."""
        self._told_status.clear()
        if self._box.build.boots_on_reconnect:
            self._booted = self._odd.no_boot
        self._boot_after_s = 0.0
        self._heartbeat_due_s = self._clock.monotonic_s() + self._settings.number("HeartbeatInterval")

    def power_lost(self) -> None:
        """The next connection begins with a BootNotification."""
        self._booted = self._odd.no_boot
        self._asked.clear()

    def ask(self, action: str, connector_id: int = 1) -> bool:
        """Queue what a TriggerMessage wants; False when this station cannot send it."""
        if action not in TRIGGERS or self._box.outlet(connector_id) is None:
            return False
        self._asked.append((action, connector_id))
        return True

    def next_call(self) -> OwnCall | None:
        """The most urgent thing to tell; None when all is told."""
        now_s = self._clock.monotonic_s()
        if not self._booted:
            return self._boot() if now_s >= self._boot_after_s else None
        call = self._wanted() or self._status_change() or self._session_news() or self._due(now_s)
        if call is None and self._odd.chatters and now_s >= self._chat_due_s:
            call = OwnCall(action="DataTransfer", payload={"vendorId": self._box.build.vendor}, answered=_ignore)
        if call is not None:
            self._chat_due_s = now_s + SILENCE_S
        return call

    def _wanted(self) -> OwnCall | None:
        if not self._asked:
            return None
        action, connector_id = self._asked.popleft()
        outlet = self._box.outlets[connector_id - 1]
        match action:
            case "BootNotification":
                return self._boot()
            case "Heartbeat":
                return self._heartbeat()
            case "MeterValues":
                return self._meter_values(outlet, "Trigger")
            case _:
                return self._status(connector_id, outlet.status(operative=self._box.operative))

    def _status_change(self) -> OwnCall | None:
        if self._odd.no_status:
            return None
        whole = ConnectorStatus.AVAILABLE if self._box.operative else ConnectorStatus.UNAVAILABLE
        states = {o.connector_id: o.status(operative=self._box.operative) for o in self._box.outlets}
        for connector_id, status in ({0: whole} | states).items():
            if self._told_status.get(connector_id) != status:
                return self._status(connector_id, status)
        return None

    def _session_news(self) -> OwnCall | None:
        if self._late:
            over = self._late.popleft()
            outlet = self._box.outlets[over.connector_id - 1]
            return self._meter_values(outlet, "Sample.Periodic", over.transaction_id)
        for session in self._box.sessions:
            if not session.start_told:
                return self._start(session)
            if session.stopped:
                return self._stop(session)
        return None

    def _due(self, now_s: float) -> OwnCall | None:
        if now_s >= self._heartbeat_due_s:
            return self._heartbeat()
        busy = [outlet for outlet in self._box.outlets if outlet.session]
        interval_s = self._settings.number("MeterValueSampleInterval" if busy else "ClockAlignedDataInterval")
        if interval_s <= 0 or self._odd.values_when_asked:
            self._meter_due_s = None
            return None
        if self._meter_due_s is None:
            self._meter_due_s = now_s + interval_s
        # A shorter interval counts from now on, not after the old one has passed.
        self._meter_due_s = min(self._meter_due_s, now_s + interval_s)
        if now_s < self._meter_due_s:
            return None
        self._meter_due_s = now_s + interval_s
        for outlet in busy[1:]:
            self._asked.append(("MeterValues", outlet.connector_id))
        first = busy[0] if busy else self._box.outlets[0]
        return self._meter_values(first, "Sample.Periodic" if busy else "Sample.Clock")

    def _boot(self) -> OwnCall:
        build = self._box.build
        self._boot_after_s = self._clock.monotonic_s() + BOOT_RETRY_S
        return OwnCall(
            action="BootNotification",
            payload={
                "chargePointVendor": build.vendor,
                "chargePointModel": build.model,
                "chargePointSerialNumber": build.serial,
                "chargeBoxSerialNumber": build.serial,
                "firmwareVersion": build.firmware_version,
            },
            answered=self._boot_answered,
        )

    def _boot_answered(self, answer: Payload) -> None:
        interval_s = answer.get("interval")
        if isinstance(interval_s, int) and 0 < interval_s <= 86_400:
            self._settings.set("HeartbeatInterval", str(interval_s))
        self._booted = answer.get("status") == "Accepted"
        self._heartbeat_due_s = self._clock.monotonic_s() + self._settings.number("HeartbeatInterval")

    def _heartbeat(self) -> OwnCall:
        self._heartbeat_due_s = self._clock.monotonic_s() + self._settings.number("HeartbeatInterval")
        return OwnCall(action="Heartbeat", payload={}, answered=_ignore)

    def _status(self, connector_id: int, status: ConnectorStatus) -> OwnCall:
        self._told_status[connector_id] = status
        payload: dict[str, Any] = {
            "connectorId": connector_id,
            "errorCode": "Error" if self._odd.odd_words else "NoError",
            "status": status.value,
            "timestamp": self._time.now(),
        }
        if self._odd.odd_words:
            payload["cableState"] = "Locked"
        return OwnCall(action="StatusNotification", payload=payload, answered=_ignore)

    def _start(self, session: Session) -> OwnCall:
        def answered(answer: Payload) -> None:
            session.start_told = True
            given = answer.get("transactionId")
            session.transaction_id = given if isinstance(given, int) else None
            verdict = answer.get("idTagInfo")
            accepted = isinstance(verdict, dict) and verdict.get("status") == "Accepted"
            if not accepted and session.stopped is None:
                self._box.stop("DeAuthorized", session.connector_id)

        payload = {
            "connectorId": session.connector_id,
            "idTag": session.tag,
            "meterStart": session.meter_start_wh,
            "timestamp": self._time.text(session.started),
        }
        return OwnCall(action="StartTransaction", payload=payload, answered=answered)

    def _stop(self, session: Session) -> OwnCall:
        def answered(_: Payload) -> None:
            if session in self._box.sessions:
                self._box.sessions.remove(session)
                if self._odd.late_values:
                    self._late.append(session)

        payload = {
            "transactionId": session.transaction_id if session.transaction_id is not None else -1,
            "idTag": session.tag,
            "meterStop": session.meter_stop_wh,
            "timestamp": self._time.text(session.stopped or session.started),
            "reason": session.reason,
        }
        return OwnCall(action="StopTransaction", payload=payload, answered=answered)

    def _meter_values(self, outlet: Outlet, context: str, over: TransactionId | None = None) -> OwnCall:
        words = self._settings.words("MeterValuesSampledData")
        samples = [_spelled(sample, context) for sample in sampled(self._box, outlet, words)]
        payload: dict[str, Any] = {
            "connectorId": outlet.connector_id,
            "meterValue": [{"timestamp": self._time.now(), "sampledValue": samples}],
        }
        running = outlet.session.transaction_id if outlet.session else None
        transaction_id = running if over is None else over
        if transaction_id is not None:
            odd = self._odd.odd_transaction_id
            payload["transactionId"] = transaction_id if odd is None else odd
        return OwnCall(action="MeterValues", payload=payload, answered=_ignore)


def _spelled(sample: Sample, context: str) -> dict[str, str]:
    text = "" if sample.missing else f"{sample.value:.{sample.decimals}f}"
    spelled = {"value": text, "measurand": sample.measurand, "unit": sample.unit}
    if sample.phase is not None:
        spelled["phase"] = sample.phase
    return {**spelled, "context": context}


def _ignore(_: Payload) -> None:
    return
