"""What people ask of a station of OCPP 2 when they want it: monitors, texts on displays, costs, customers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from ems.api.servicing.ports import ServicedStation
from ems.api.servicing.told import Telling
from ems.api.wire import CommandAnswer
from ems.api.wire.wishes import StationCommand
from ems.api.wire_on_request import (
    AskedFor,
    CurveLine,
    EventLine,
    MonitorLine,
    MonitorWish,
    OnRequestState,
    TextLine,
    VariableLine,
)
from ems.csms.messages import Outcome
from ems.csms.on_request_words import ComponentsThat, MonitorBase, MonitorKind, MonitorOrder, ShownText
from ems.csms.told_on_request import Gathered, ToldOnRequest

Asked = Callable[[ServicedStation], Awaitable[Outcome]]


class OnRequest:
    """All raise UnknownStation, TooOften, StationOffline, StationSilent, StationRefused or StationCannot."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling

    def state(self, station_id: str) -> OnRequestState:
        """Raises UnknownStation only."""
        return _state(station_id, self._telling.station(station_id).on_request)

    async def set_base(self, station_id: str, base: MonitorBase, *, who: str) -> CommandAnswer:
        """Which preset monitors are in force."""
        return await self._tell(
            station_id, "monitor", lambda it: it.requests.monitor_base(base), who, about=f"MonitoringBase {base}"
        )

    async def set_level(self, station_id: str, severity: int, *, who: str) -> CommandAnswer:
        """From which severity on it reports."""
        return await self._tell(
            station_id, "monitor", lambda it: it.requests.monitor_level(severity), who, about=f"severity {severity}"
        )

    async def set_monitor(self, station_id: str, wish: MonitorWish, *, who: str) -> CommandAnswer:
        """Have a variable watched."""
        order = MonitorOrder(
            variable=wish.variable,
            kind=MonitorKind(wish.kind),
            value=wish.value,
            evse=wish.evse,
            severity=wish.severity,
        )
        return await self._tell(
            station_id, "monitor", lambda it: it.requests.monitor(order), who, about=f"{wish.variable} {wish.kind}"
        )

    async def stop_monitor(self, station_id: str, number: int, *, who: str) -> CommandAnswer:
        """Watch no more by that one."""
        return await self._tell(
            station_id, "monitor", lambda it: it.requests.stop_monitors([number]), who, about=f"-{number}"
        )

    async def ask_monitors(self, station_id: str, *, who: str) -> CommandAnswer:
        """Have it tell its monitors."""
        return await self._tell(
            station_id, "report", lambda it: it.requests.report_monitors(), who, report="MonitoringReport"
        )

    async def ask_components(self, station_id: str, that: ComponentsThat, *, who: str) -> CommandAnswer:
        """Have it tell its components of that kind."""
        return await self._tell(
            station_id, "report", lambda it: it.requests.report_components([that]), who, report=f"Report {that}"
        )

    async def ask_texts(self, station_id: str, *, who: str) -> CommandAnswer:
        """Have it tell what its display shows."""
        return await self._tell(
            station_id, "report", lambda it: it.requests.report_shown(), who, report="DisplayMessages"
        )

    async def ask_curves(self, station_id: str, *, who: str) -> CommandAnswer:
        """Have it tell the grid curves that it follows."""
        return await self._tell(station_id, "report", lambda it: it.requests.report_curves(), who, report="DERControl")

    async def show(self, station_id: str, number: int, content: str, *, in_session: bool, who: str) -> CommandAnswer:
        """Show a text on its display."""
        return await self._tell(
            station_id, "display", lambda it: it.show_text(number, content, in_session=in_session), who
        )

    async def show_no_more(self, station_id: str, number: int, *, who: str) -> CommandAnswer:
        """Take a text off its display."""
        return await self._tell(station_id, "display", lambda it: it.requests.show_no_more(number), who)

    async def tell_cost(self, station_id: str, total: float, *, who: str) -> CommandAnswer:
        """What the running session has cost so far."""
        return await self._tell(station_id, "cost", lambda it: it.tell_cost(total), who, total=f"{total:.2f}")

    async def customer(self, station_id: str, tag: str, *, report: bool, clear: bool, who: str) -> CommandAnswer:
        """Have it tell or forget what it keeps of the owner of a tag. The diary names the tag, never what came."""
        return await self._tell(
            station_id,
            "customer_clear" if clear else "customer",
            lambda it: it.requests.customer(tag, report=report, clear=clear),
            who,
            tag=tag,
        )

    async def _tell(
        self, station_id: str, command: StationCommand, asked: Asked, who: str, **facts: str
    ) -> CommandAnswer:
        station = self._telling.allowed(station_id, command)
        return await self._telling.told(station_id, command, _really(station, asked), who, **facts)


async def _really(station: ServicedStation, asked: Asked) -> Outcome:
    # What cannot even be asked is raised before there is anything to wait for, and belongs in the diary as well.
    return await asked(station)


def _state(station_id: str, told: ToldOnRequest) -> OnRequestState:
    customer = told.customer
    return OnRequestState(
        station=station_id,
        monitors_asked=_asked(told.monitors),
        monitors=tuple(MonitorLine(**asdict(each)) for each in told.monitors.lines),
        events=tuple(EventLine(**asdict(each)) for each in reversed(told.events)),
        texts_asked=_asked(told.texts),
        texts=tuple(_text(each) for each in told.texts.lines),
        components_asked=_asked(told.components),
        components=tuple(VariableLine(**asdict(each)) for each in told.components.lines),
        curves_asked=_asked(told.curves),
        curves=tuple(CurveLine(**asdict(each)) for each in told.curves.lines),
        customer_asked=_asked(customer),
        customer="".join(piece for _, piece in sorted(customer.lines)),
    )


def _text(shown: ShownText) -> TextLine:
    return TextLine(
        number=shown.number,
        content=shown.content,
        priority=shown.priority,
        in_session=shown.transaction_id is not None,
    )


def _asked(gathered: Gathered[Any]) -> AskedFor:
    return AskedFor(asked=gathered.asked_at, complete=gathered.complete)
