"""Transactions as OCPP 2.x tells them: one TransactionEvent after the other, kept while there is nobody to hear it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ems.clock import Clock
from ems.model.station import ConnectorStatus
from ems.sim.wire.ocpp_frames import Payload
from ems.sim.wire.outlet import Outlet, Session
from ems.sim.wire.station_box import FREE_TAG, StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import OwnCall
from ems.sim.wire.v2.device_model import DeviceModel
from ems.sim.wire.v2.meter import meter_value
from ems.sim.wire.v2.profile_json import without_nothing

MOST_KEPT: Final = 5000
STATES: Final[Mapping[ConnectorStatus, str]] = {
    ConnectorStatus.PREPARING: "EVConnected",
    ConnectorStatus.CHARGING: "Charging",
    ConnectorStatus.SUSPENDED_EV: "SuspendedEV",
    ConnectorStatus.SUSPENDED_EVSE: "SuspendedEVSE",
}
"""Everything else is Idle."""

ENDED_BY: Final[Mapping[str, str]] = {
    "Remote": "RemoteStop",
    "EVDisconnected": "EVDeparted",
    "DeAuthorized": "Deauthorized",
    "ImmediateReset": "ResetCommand",
    "PowerLoss": "AbnormalCondition",
    "Other": "AbnormalCondition",
}
"""Trigger by stopped reason; everything else was the user's card."""


@dataclass(slots=True, kw_only=True)
class Track:
    """What was told of one transaction."""

    session: Session
    state: str
    values_due_s: float
    began_at_s: float
    next_number: int = 0
    outside_a: float | None = None


@dataclass(slots=True, kw_only=True)
class Event:
    """One message that has to arrive, in its turn."""

    payload: dict[str, Any]
    session: Session
    attempts: int = 0


class TransactionBook:
    """Watches the box and keeps what has to be told of its transactions."""

    def __init__(self, box: StationBox, model: DeviceModel, time: StationTime, clock: Clock) -> None:
        self._box = box
        self._model = model
        self._time = time
        self._clock = clock
        self._events: deque[Event] = deque()
        self._tracks: dict[int, Track] = {}
        self._online = False

    def connected(self) -> None:
        """What happens from now on is told at once."""
        self._online = True
        for event in self._events:
            event.attempts = 0

    def disconnected(self) -> None:
        """What happens from now on is marked as offline."""
        self._online = False

    def queued(self, transaction_id: str | None = None) -> bool:
        """Whether events wait to be told, of any transaction or of that one."""
        return any(transaction_id in (None, event.session.transaction_id) for event in self._events)

    def observe(self) -> None:
        """See what has happened since the last look."""
        for session in tuple(self._box.sessions):
            track = self._tracks.get(id(session))
            if track is None:
                self._begun(session)
            elif session.stopped is not None:
                self._ended(track, session.stopped)
            else:
                self._going_on(track)

    def trigger(self, outlet: Outlet) -> bool:
        """Tell the running transaction of that EVSE once more; False where none runs."""
        track = None if outlet.session is None else self._tracks.get(id(outlet.session))
        if track is None:
            return False
        measurands = self._model.words("SampledDataCtrlr", "TxUpdatedMeasurands")
        self._tell(track, "Updated", "Trigger", measurands, "Trigger")
        return True

    def next_call(self) -> OwnCall | None:
        """The oldest event; one that is refused again and again is dropped in the end."""
        most = self._model.number("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent")
        while self._events and self._events[0].attempts >= most:
            self._events.popleft()
        if not self._events:
            return None
        event = self._events[0]
        event.attempts += 1

        def answered(answer: Payload) -> None:
            if self._events and self._events[0] is event:
                self._events.popleft()
            self._judge(event.session, answer)

        return OwnCall(action="TransactionEvent", payload=event.payload, answered=answered)

    def _judge(self, session: Session, answer: Payload) -> None:
        """A token that the central system does not want ends its transaction."""
        verdict = answer.get("idTokenInfo")
        refused = isinstance(verdict, dict) and verdict.get("status") != "Accepted"
        if refused and session.stopped is None and self._model.text("TxCtrlr", "StopTxOnInvalidId") == "true":
            self._box.stop("DeAuthorized", session.connector_id)

    def _begun(self, session: Session) -> None:
        now_s = self._clock.monotonic_s()
        interval_s = self._model.number("SampledDataCtrlr", "TxUpdatedInterval")
        outlet = self._outlet(session)
        track = Track(session=session, state=self._state(outlet), values_due_s=now_s + interval_s, began_at_s=now_s)
        self._tracks[id(session)] = track
        by_remote = "RemoteStart" if session.remote_start_id is not None else "Authorized"
        trigger = "CablePluggedIn" if session.tag == FREE_TAG else by_remote
        measurands = self._model.words("SampledDataCtrlr", "TxStartedMeasurands")
        self._tell(track, "Started", trigger, measurands, "Transaction.Begin", session.started)

    def _ended(self, track: Track, stopped: datetime) -> None:
        measurands = self._model.words("SampledDataCtrlr", "TxEndedMeasurands")
        trigger = ENDED_BY.get(track.session.reason, "StopAuthorized")
        plugged = self._outlet(track.session).car.plugged
        track.state = "EVConnected" if plugged else "Idle"
        self._tell(track, "Ended", trigger, measurands, "Transaction.End", stopped)
        del self._tracks[id(track.session)]
        self._box.sessions.remove(track.session)

    def _going_on(self, track: Track) -> None:
        state = self._state(self._outlet(track.session))
        measurands = self._model.words("SampledDataCtrlr", "TxUpdatedMeasurands")
        if state != track.state:
            track.state = state
            self._tell(track, "Updated", "ChargingStateChanged", measurands, "Other")
        if self._box.outside_a != track.outside_a:
            track.outside_a = self._box.outside_a
            self._tell(track, "Updated", "ChargingRateChanged", (), "Other")
        interval_s = self._model.number("SampledDataCtrlr", "TxUpdatedInterval")
        now_s = self._clock.monotonic_s()
        if interval_s <= 0 or self._box.build.difficulty.values_when_asked:
            return
        track.values_due_s = min(track.values_due_s, now_s + interval_s)
        if now_s >= track.values_due_s:
            track.values_due_s = now_s + interval_s
            self._tell(track, "Updated", "MeterValuePeriodic", measurands, "Sample.Periodic")

    def _tell(
        self,
        track: Track,
        kind: str,
        trigger: str,
        measurands: Iterable[str],
        context: str,
        at: datetime | None = None,
    ) -> None:
        session, outlet = track.session, self._outlet(track.session)
        timestamp = self._time.now() if at is None else self._time.text(at)
        meter = meter_value(self._box, outlet, measurands, context, timestamp)
        info = {
            "transactionId": session.transaction_id,
            "chargingState": track.state,
            "timeSpentCharging": int(self._clock.monotonic_s() - track.began_at_s),
            "stoppedReason": session.reason if kind == "Ended" else None,
            "remoteStartId": session.remote_start_id if kind == "Started" else None,
        }
        payload = {
            "eventType": kind,
            "timestamp": timestamp,
            "triggerReason": trigger,
            "seqNo": track.next_number,
            "offline": None if self._online else True,
            "transactionInfo": without_nothing(info),
            "evse": {"id": session.connector_id, "connectorId": 1},
            "idToken": None if kind == "Updated" else id_token(session.tag),
            "meterValue": [meter] if meter else None,
        }
        track.next_number += 1
        self._keep(Event(payload=without_nothing(payload), session=session))

    def _keep(self, event: Event) -> None:
        """Where memory is short, periodic values in the middle go first."""
        self._events.append(event)
        if len(self._events) > MOST_KEPT:
            spare = (each for each in self._events if each.payload["triggerReason"] == "MeterValuePeriodic")
            self._events.remove(next(spare, self._events[0]))

    def _outlet(self, session: Session) -> Outlet:
        return self._box.outlets[session.connector_id - 1]

    def _state(self, outlet: Outlet) -> str:
        return STATES.get(outlet.status(operative=self._box.operative), "Idle")


def id_token(tag: str) -> dict[str, Any]:
    """What stands for a tag; nobody's for free vending."""
    if tag == FREE_TAG:
        return {"idToken": "", "type": "NoAuthorization"}
    return {"idToken": tag, "type": "Central"}
