"""What a simulated OCPP 2.x station tells of its own accord, one call at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from ems.clock import Clock
from ems.sim.schedules import Kind, RateUnit
from ems.sim.strict_profiles import with_limit
from ems.sim.wire.fields import section
from ems.sim.wire.ocpp_frames import Malformed, Payload
from ems.sim.wire.outlet import Outlet
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.tongue import Misunderstood, OwnCall
from ems.sim.wire.v2.device_model import DeviceModel
from ems.sim.wire.v2.inventory import connector_state
from ems.sim.wire.v2.meter import meter_value
from ems.sim.wire.v2.profile_json import Refused, limit_from
from ems.sim.wire.v2.transactions import TransactionBook

BOOT_RETRY_S: Final = 10.0
SILENCE_S: Final = 1.0
"""After which a chattering station says something."""

MOST_ASKED: Final = 500
Asked: TypeAlias = Callable[[], OwnCall]


class Reports2:
    """Decides what the central system has to be told next."""

    def __init__(
        self, box: StationBox, model: DeviceModel, book: TransactionBook, time: StationTime, clock: Clock
    ) -> None:
        self.booted = box.build.difficulty.no_boot
        """The central system has accepted it."""

        self.boot_reason = "PowerUp"
        self._box = box
        self._model = model
        self._book = book
        self._time = time
        self._clock = clock
        self._odd = box.build.difficulty
        self._asked: deque[Asked] = deque(maxlen=MOST_ASKED)
        self._boot_after_s = 0.0
        self._told_states: dict[int, str] = {}
        self._told_outside_a: float | None = None
        self._heartbeat_due_s = 0.0
        self._values_due_s: float | None = None
        self._chat_due_s = 0.0
        self._pull_due_s: dict[int, float] = {}

    def connected(self) -> None:
        """A new connection stands."""
        self._told_states.clear()
        if self._box.build.boots_on_reconnect:
            self.booted = self._odd.no_boot
        self._boot_after_s = 0.0
        self._heartbeat_later()

    def power_lost(self) -> None:
        """The next connection begins with a BootNotification."""
        self.booted = self._odd.no_boot
        self._asked.clear()

    def queue(self, asked: Asked) -> None:
        """Tell this as soon as it is possible."""
        self._asked.append(asked)

    def next_call(self) -> OwnCall | None:
        """The most urgent thing to tell; None when all is told."""
        now_s = self._clock.monotonic_s()
        if not self.booted:
            return self._wanted() or (self.boot(self.boot_reason) if now_s >= self._boot_after_s else None)
        call = (
            self._wanted()
            or self._state_change()
            or self._book.next_call()
            or self._outside_change()
            or self._pull(now_s)
            or self._due(now_s)
        )
        if call is None and self._odd.chatters and now_s >= self._chat_due_s:
            call = OwnCall(action="DataTransfer", payload={"vendorId": self._box.build.vendor}, answered=ignored)
        if call is not None:
            self._chat_due_s = now_s + SILENCE_S
        return call

    def boot(self, reason: str) -> OwnCall:
        """BootNotification."""
        build = self._box.build
        self._boot_after_s = self._clock.monotonic_s() + BOOT_RETRY_S
        station = {
            "vendorName": build.vendor,
            "model": build.model,
            "serialNumber": build.serial,
            "firmwareVersion": build.firmware_version,
        }
        payload = {"reason": reason, "chargingStation": station}
        return OwnCall(action="BootNotification", payload=payload, answered=self._boot_answered)

    def heartbeat(self) -> OwnCall:
        """Heartbeat."""
        self._heartbeat_later()
        return OwnCall(action="Heartbeat", payload={}, answered=ignored)

    def status(self, outlet: Outlet) -> OwnCall:
        """StatusNotification."""
        state = self._told_states[outlet.connector_id] = connector_state(self._box, outlet)
        payload = {
            "timestamp": self._time.now(),
            "connectorStatus": "Preparing" if self._odd.odd_words and state == "Occupied" else state,
            "evseId": outlet.connector_id,
            "connectorId": 1,
        }
        return OwnCall(action="StatusNotification", payload=payload, answered=ignored)

    def meter_values(self, outlet: Outlet, context: str) -> OwnCall:
        """MeterValues, which belong to no transaction."""
        measurands = self._model.words("AlignedDataCtrlr", "Measurands")
        meter = meter_value(self._box, outlet, measurands, context, self._time.now())
        payload = {"evseId": outlet.connector_id, "meterValue": [meter]}
        return OwnCall(action="MeterValues", payload=payload, answered=ignored)

    def _boot_answered(self, answer: Payload) -> None:
        interval_s, status = answer.get("interval"), answer.get("status")
        if not isinstance(interval_s, int) or status not in {"Accepted", "Pending", "Rejected"}:
            raise Misunderstood("BootNotification needs a status and an interval")
        if 0 < interval_s <= 86_400 and status == "Accepted":
            self._model.put("OCPPCommCtrlr", "HeartbeatInterval", str(interval_s))
        self.booted = status == "Accepted"
        self.boot_reason = "PowerUp"
        self._heartbeat_later()

    def _heartbeat_later(self) -> None:
        self._heartbeat_due_s = self._clock.monotonic_s() + self._model.number("OCPPCommCtrlr", "HeartbeatInterval")

    def _wanted(self) -> OwnCall | None:
        return self._asked.popleft()() if self._asked else None

    def _state_change(self) -> OwnCall | None:
        if self._odd.no_status:
            return None
        changed = (
            o for o in self._box.outlets if self._told_states.get(o.connector_id) != connector_state(self._box, o)
        )
        return next((self.status(outlet) for outlet in changed), None)

    def _outside_change(self) -> OwnCall | None:
        """A third party has set a cap, or taken it away."""
        outside_a = self._box.outside_a
        if outside_a == self._told_outside_a:
            return None
        self._told_outside_a = outside_a
        if outside_a is None:
            payload: dict[str, Any] = {"chargingLimitSource": "SO"}
            return OwnCall(action="ClearedChargingLimit", payload=payload, answered=ignored)
        schedule = {
            "id": 1,
            "startSchedule": self._time.now(),
            "chargingRateUnit": RateUnit.AMPERE.value,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": outside_a}],
        }
        payload = {"chargingLimit": {"chargingLimitSource": "SO"}, "chargingSchedule": [schedule]}
        return OwnCall(action="NotifyChargingLimit", payload=payload, answered=ignored)

    def _pull(self, now_s: float) -> OwnCall | None:
        """Dynamic profiles that want to be asked for have their time."""
        asking = {
            each.profile.profile_id: each.profile.asks_every_s
            for each in self._box.profiles.installed
            if each.profile.kind is Kind.DYNAMIC and each.profile.asks_every_s
        }
        self._pull_due_s = {
            number: min(self._pull_due_s.get(number, now_s + every_s), now_s + every_s)
            for number, every_s in asking.items()
        }
        due = [number for number, at_s in self._pull_due_s.items() if now_s >= at_s]
        if not due:
            return None
        number = due[0]
        self._pull_due_s[number] = now_s + asking[number]

        def answered(answer: Payload) -> None:
            if answer.get("status") == "Accepted":
                self._take_update(number, answer)

        payload = {"chargingProfileId": number}
        return OwnCall(action="PullDynamicScheduleUpdate", payload=payload, answered=answered)

    def _take_update(self, number: int, answer: Payload) -> None:
        try:
            limit = limit_from(section(answer.get("scheduleUpdate")))
        except (Malformed, Refused) as err:
            raise Misunderstood(str(err)) from err
        updated = with_limit(self._box.profiles, number, limit)
        if updated is not None:
            self._box.take(updated)

    def _due(self, now_s: float) -> OwnCall | None:
        if now_s >= self._heartbeat_due_s:
            return self.heartbeat()
        interval_s = self._model.number("AlignedDataCtrlr", "Interval")
        if interval_s <= 0 or self._odd.values_when_asked:
            self._values_due_s = None
            return None
        due_s = now_s + interval_s if self._values_due_s is None else self._values_due_s
        self._values_due_s = min(due_s, now_s + interval_s)
        if now_s < self._values_due_s:
            return None
        self._values_due_s = now_s + interval_s
        for outlet in self._box.outlets[1:]:
            self.queue(lambda outlet=outlet: self.meter_values(outlet, "Sample.Clock"))  # type: ignore[misc]
        return self.meter_values(self._box.outlets[0], "Sample.Clock")


def parts(rows: Sequence[Any], size: int) -> Iterator[tuple[int, Sequence[Any], bool]]:
    """Number, rows and whether more follow, of each part of a long report; one empty part when there is nothing."""
    for number, at in enumerate(range(0, max(len(rows), 1), size)):
        yield number, rows[at : at + size], at + size < len(rows)


def ignored(_: Payload) -> None:
    """Nothing in the answer matters."""
