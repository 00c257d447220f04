"""What a simulated station tells of its own accord, one call at a time: boot, status, transactions, meter values."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ems.clock import Clock
from ems.model.station import ConnectorStatus
from ems.sim.wire.ocpp_frames import Payload
from ems.sim.wire.profile_json import timestamp
from ems.sim.wire.station_box import Session, StationBox
from ems.sim.wire.station_settings import Settings

BOOT_RETRY_S: Final = 10.0
TRIGGERS: Final = ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification")
UNITS: Final = {"Current": "A", "Power": "W", "Energy": "Wh", "Voltage": "V"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCall:
    """Something to tell, and what to do with the answer."""

    action: str
    payload: Payload
    answered: Callable[[Payload], None]


class StationReports:
    """Decides what the central system has to be told next."""

    def __init__(self, box: StationBox, settings: Settings, clock: Clock) -> None:
        self._box = box
        self._settings = settings
        self._clock = clock
        self._asked: deque[str] = deque(maxlen=16)
        self._booted = False
        self._boot_after_s = 0.0
        self._told_status: dict[int, ConnectorStatus] = {}
        self._heartbeat_due_s = 0.0
        self._meter_due_s: float | None = None

    def connected(self) -> None:
        """A new connection stands: tell the status again, and boot first where that is this station's habit."""
        self._told_status.clear()
        if self._box.build.boots_on_reconnect:
            self._booted = False
        self._boot_after_s = 0.0
        self._heartbeat_due_s = self._clock.monotonic_s() + self._settings.number("HeartbeatInterval")

    def power_lost(self) -> None:
        """The next connection begins with a BootNotification."""
        self._booted = False
        self._asked.clear()

    def ask(self, action: str) -> bool:
        """Queue what a TriggerMessage wants; False when this station cannot send it."""
        if action not in TRIGGERS:
            return False
        self._asked.append(action)
        return True

    def next_call(self) -> OwnCall | None:
        """The most urgent thing to tell; None when all is told."""
        now_s = self._clock.monotonic_s()
        if not self._booted:
            return self._boot() if now_s >= self._boot_after_s else None
        return self._wanted() or self._status_change() or self._session_news() or self._due(now_s)

    def _wanted(self) -> OwnCall | None:
        if not self._asked:
            return None
        match self._asked.popleft():
            case "BootNotification":
                return self._boot()
            case "Heartbeat":
                return self._heartbeat()
            case "MeterValues":
                return self._meter_values("Trigger")
            case _:
                return self._status(1, self._box.status)

    def _status_change(self) -> OwnCall | None:
        whole = ConnectorStatus.AVAILABLE if self._box.operative else ConnectorStatus.UNAVAILABLE
        for connector_id, status in ((0, whole), (1, self._box.status)):
            if self._told_status.get(connector_id) != status:
                return self._status(connector_id, status)
        return None

    def _session_news(self) -> OwnCall | None:
        if not self._box.sessions:
            return None
        oldest = self._box.sessions[0]
        if not oldest.start_told:
            return self._start(oldest)
        return self._stop(oldest) if oldest.stopped else None

    def _due(self, now_s: float) -> OwnCall | None:
        if now_s >= self._heartbeat_due_s:
            return self._heartbeat()
        key = "MeterValueSampleInterval" if self._box.session else "ClockAlignedDataInterval"
        interval_s = self._settings.number(key)
        if interval_s <= 0:
            self._meter_due_s = None
            return None
        if self._meter_due_s is None:
            self._meter_due_s = now_s + interval_s
        # A shorter interval counts from now on, not after the old one has passed.
        self._meter_due_s = min(self._meter_due_s, now_s + interval_s)
        if now_s < self._meter_due_s:
            return None
        self._meter_due_s = now_s + interval_s
        return self._meter_values("Sample.Periodic" if self._box.session else "Sample.Clock")

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
            self._settings.change("HeartbeatInterval", str(interval_s))
        self._booted = answer.get("status") == "Accepted"
        self._heartbeat_due_s = self._clock.monotonic_s() + self._settings.number("HeartbeatInterval")

    def _heartbeat(self) -> OwnCall:
        self._heartbeat_due_s = self._clock.monotonic_s() + self._settings.number("HeartbeatInterval")
        return OwnCall(action="Heartbeat", payload={}, answered=_ignore)

    def _status(self, connector_id: int, status: ConnectorStatus) -> OwnCall:
        self._told_status[connector_id] = status
        payload = {
            "connectorId": connector_id,
            "errorCode": "NoError",
            "status": status.value,
            "timestamp": timestamp(self._clock.utc_now()),
        }
        return OwnCall(action="StatusNotification", payload=payload, answered=_ignore)

    def _start(self, session: Session) -> OwnCall:
        def answered(answer: Payload) -> None:
            session.start_told = True
            given = answer.get("transactionId")
            session.transaction_id = given if isinstance(given, int) else None
            verdict = answer.get("idTagInfo")
            accepted = isinstance(verdict, dict) and verdict.get("status") == "Accepted"
            if not accepted and self._box.session is session:
                self._box.stop("DeAuthorized")

        payload = {
            "connectorId": 1,
            "idTag": session.tag,
            "meterStart": session.meter_start_wh,
            "timestamp": timestamp(session.started),
        }
        return OwnCall(action="StartTransaction", payload=payload, answered=answered)

    def _stop(self, session: Session) -> OwnCall:
        def answered(_: Payload) -> None:
            if self._box.sessions and self._box.sessions[0] is session:
                self._box.sessions.popleft()

        payload = {
            "transactionId": session.transaction_id if session.transaction_id is not None else -1,
            "idTag": session.tag,
            "meterStop": session.meter_stop_wh,
            "timestamp": timestamp(session.stopped or session.started),
            "reason": session.reason,
        }
        return OwnCall(action="StopTransaction", payload=payload, answered=answered)

    def _meter_values(self, context: str) -> OwnCall:
        samples = [sample for word in self._settings.words("MeterValuesSampledData") for sample in self._sampled(word)]
        for sample in samples:
            sample["context"] = context
        block = {"timestamp": timestamp(self._clock.utc_now()), "sampledValue": samples}
        payload: dict[str, Any] = {"connectorId": 1, "meterValue": [block]}
        session = self._box.session
        if session is not None and session.transaction_id is not None:
            payload["transactionId"] = session.transaction_id
        return OwnCall(action="MeterValues", payload=payload, answered=_ignore)

    def _sampled(self, measurand: str) -> list[dict[str, str]]:
        car = self._box.car
        match measurand:
            case "Current.Import":
                return [_sample(measurand, f"{a:.2f}", f"L{n}") for n, a in enumerate(car.current_a, 1)]
            case "Voltage":
                return [_sample(measurand, f"{v:.1f}", f"L{n}-N") for n, v in enumerate(car.voltage_v, 1)]
            case "Power.Active.Import":
                return [_sample(measurand, f"{car.power_w:.0f}")]
            case "Current.Offered":
                return [_sample(measurand, f"{self._box.offer.limit_a:.1f}")]
            case _:
                return [_sample(measurand, str(self._box.meter_wh()))]


def _sample(measurand: str, value: str, phase: str | None = None) -> dict[str, str]:
    sample = {"value": value, "measurand": measurand, "unit": UNITS[measurand.split(".", maxsplit=1)[0]]}
    return sample if phase is None else {**sample, "phase": phase}


def _ignore(_: Payload) -> None:
    return
