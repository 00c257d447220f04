"""A station for tests of the API: it answers commands as a test says, or raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ems.clock import VirtualClock
from ems.csms.dialect import OnRequestDialect
from ems.csms.messages import Outcome, Report, Setting
from ems.csms.on_request_words import ComponentsThat, MonitorBase, MonitorOrder
from ems.csms.service.local_list import TagList
from ems.csms.service.standing import Reservation, Standing
from ems.csms.service_words import FirmwareOrder, LogOrder, VendorAnswer
from ems.csms.station_calls import REMOTE_TAG
from ems.csms.told_on_request import ToldOnRequest
from ems.errors import StationCannot, StationError, StationRefused
from ems.model.station import StationState

SETTINGS = {
    "HeartbeatInterval": Setting(value="60", readonly=False),
    "NumberOfConnectors": Setting(value="1", readonly=True),
    "AuthorizationKey": Setting(value="secret of the station", readonly=False),
}


@dataclass
class PaperStation:
    """Implements `ems.api.servicing.ports.ServicedStation`."""

    answers: Outcome | StationError = Outcome(done=True, answer="Accepted")
    told: list[str] = field(default_factory=list)
    standing: Standing = Standing()
    settings: Mapping[str, Setting] = field(default_factory=lambda: dict(SETTINGS))
    orders: list[Any] = field(default_factory=list)
    lists: list[TagList] = field(default_factory=list)
    host: str = "127.0.0.1"
    is_installing: bool = False
    speaks: str = "2.0.1"
    on_request: ToldOnRequest = field(default_factory=lambda: ToldOnRequest(VirtualClock()))
    state: StationState = StationState(station_id="garage", connected=True)

    @property
    def requests(self) -> OnRequestDialect:
        self._raise()
        if self.speaks == "1.6":
            raise StationCannot("OCPP 1.6 has no word for that")
        return PaperRequests(self._answer)

    async def show_text(self, number: int, content: str, *, in_session: bool) -> Outcome:
        return self._answer(f"show {number} {content} {in_session}")

    async def tell_cost(self, total: float) -> Outcome:
        return self._answer(f"cost {total}")

    @property
    def reservation(self) -> Reservation | None:
        return self.standing.reservation

    @property
    def host_dialled(self) -> str:
        self._raise()
        return self.host

    async def restart(self, *, hard: bool = False) -> Outcome:
        return self._answer("hard restart" if hard else "restart")

    async def unlock(self) -> Outcome:
        return self._answer("unlock")

    async def remote_start(self, id_tag: str = REMOTE_TAG, *, any_connector: bool = False) -> None:
        self._need(f"start {id_tag} {None if any_connector else 1}")

    async def remote_stop(self) -> None:
        self._need("stop")

    async def change_availability(self, *, operative: bool, whole_station: bool = False) -> Outcome:
        return self._answer(f"operative {operative}{' all' if whole_station else ''}")

    async def clear_cache(self) -> Outcome:
        return self._answer("clear cache")

    async def ask_for(self, report: Report) -> Outcome:
        return self._answer(f"{report}")

    async def send_vendor_data(self, vendor: str, message: str | None, content: str | None) -> VendorAnswer:
        outcome = self._answer(f"{vendor} {message} {content}")
        return VendorAnswer(status=outcome.answer, content="")

    async def read_settings(self, keys: tuple[str, ...]) -> Mapping[str, Setting | None]:
        self._raise()
        return {key: self.settings.get(key) for key in keys}

    async def read_every_setting(self) -> Mapping[str, Setting]:
        self._raise()
        return {**self.settings, "acmeGlow": Setting(value="blue", readonly=False)}

    async def change_setting(self, key: str, value: str) -> Outcome:
        outcome = self._answer(f"{key} {value}")
        if outcome.done:
            self.settings = {**self.settings, key: Setting(value=value, readonly=False)}
        return outcome

    async def update_firmware(self, order: FirmwareOrder, file: str) -> Outcome:
        self.orders.append(order)
        return self._answer(f"firmware {file}")

    async def send_log(self, order: LogOrder) -> Outcome:
        self.orders.append(order)
        return self._answer(f"log {order.kind}")

    async def keep_list(self, tags: TagList) -> int:
        self._raise()
        self.lists.append(tags)
        return tags.version

    async def reserve(self, tag: str, until: datetime, *, parent: str | None = None) -> Outcome:  # noqa: ARG002
        return self._answer(f"reserve {tag}")

    async def cancel_reservation(self) -> Outcome:
        return self._answer("cancel reservation")

    def _answer(self, command: str) -> Outcome:
        self.told.append(command)
        self._raise()
        assert isinstance(self.answers, Outcome)
        return self.answers

    def _need(self, command: str) -> None:
        outcome = self._answer(command)
        if not outcome.done:
            raise StationRefused(f"it refused ({outcome.answer})")

    def _raise(self) -> None:
        if isinstance(self.answers, StationError):
            raise self.answers


@dataclass
class PaperRequests:
    """Implements `ems.csms.dialect.OnRequestDialect`."""

    answer: Callable[[str], Outcome]

    async def monitor(self, order: MonitorOrder) -> Outcome:
        return self.answer(f"monitor {order.variable} {order.kind} {order.value:g}")

    async def stop_monitors(self, numbers: Sequence[int]) -> Outcome:
        return self.answer(f"stop {list(numbers)}")

    async def monitor_base(self, base: MonitorBase) -> Outcome:
        return self.answer(f"base {base}")

    async def monitor_level(self, severity: int) -> Outcome:
        return self.answer(f"level {severity}")

    async def report_monitors(self) -> Outcome:
        return self.answer("report monitors")

    async def report_components(self, that: Sequence[ComponentsThat]) -> Outcome:
        return self.answer(f"report {', '.join(that)}")

    async def show(self, number: int, content: str, *, transaction_id: str | None = None) -> Outcome:
        return self.answer(f"show {number} {content} {transaction_id}")

    async def report_shown(self) -> Outcome:
        return self.answer("report shown")

    async def show_no_more(self, number: int) -> Outcome:
        return self.answer(f"show no more {number}")

    async def tell_cost(self, transaction_id: str, total: float) -> Outcome:
        return self.answer(f"cost {transaction_id} {total}")

    async def customer(self, tag: str, *, report: bool, clear: bool) -> Outcome:
        return self.answer(f"customer {tag} {report} {clear}")

    async def report_curves(self) -> Outcome:
        return self.answer("report curves")
