"""Asks one station the questions of its card. Only questions: nothing here changes a setting, a limit or a session."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ems.clock import Clock
from ems.commissioning.report_card.facts import Answers, Asked, Question
from ems.csms.fields import printable
from ems.csms.messages import CompositeSchedule, Report, Setting
from ems.csms.redaction import is_secret
from ems.csms.service.known_settings import known_settings
from ems.csms.station import Station
from ems.errors import StationError, StationOffline, StationRefused

ASKS_FOR_S: Final = 90.0
"""All questions together get no more time than this; what was not asked by then stays unknown."""

REPORT_WITHIN_S: Final = 20.0
LOOKS_EVERY_S: Final = 0.5
SCHEDULE_S: Final = 3600
ONE_KEY: Final = "HeartbeatInterval"
LONGEST_REFUSAL: Final = 200
TIMED_OUT: Final = "-"
"""Our own word for a question that found no time."""

_T = TypeVar("_T")


@dataclass(slots=True)
class _Sheet:
    """What is answered so far."""

    settings: dict[str, Setting | None] = field(default_factory=dict)
    composite: CompositeSchedule | None = None
    asked: list[Asked] = field(default_factory=list)


class Asker:
    """One round of questions."""

    def __init__(self, station: Station, clock: Clock) -> None:
        self._station = station
        self._clock = clock
        self._sheet = _Sheet()

    async def ask(self) -> Answers:
        """Everything, within `ASKS_FOR_S`; what is missing then is missing. Never raises a StationError."""
        try:
            async with self._clock.timeout(ASKS_FOR_S):
                await self._ask_one_setting()
                await self._ask_composite()
                await self._ask_meter_values()
                await self._ask_settings()
        except (TimeoutError, StationOffline):
            pass
        sheet = self._sheet
        return Answers(settings=dict(sheet.settings), composite=sheet.composite, asked=tuple(sheet.asked))

    async def _ask_one_setting(self) -> None:
        await self._timed(Question.ONE_SETTING, self._station.get_configuration((ONE_KEY,)))

    async def _ask_composite(self) -> None:
        """Of the whole station; of its connector where it knows none of the whole."""
        try:
            await self._ask_composite_of(None)
        except StationRefused:
            self._sheet.asked.pop()
            await self._tolerated(self._ask_composite_of(self._station.number))

    async def _ask_composite_of(self, connector: int | None) -> None:
        schedule = self._station.composite_schedule(SCHEDULE_S, connector)
        self._sheet.composite = await self._raising(Question.COMPOSITE, schedule)

    async def _ask_meter_values(self) -> None:
        """Has it report, and waits a while for what comes."""
        heard = self._station.connector.heard
        before = heard.count
        outcome = await self._timed(Question.METER_VALUES, self._station.ask_for(Report.METER_VALUES))
        if outcome is None:
            return
        if not outcome.done:
            refused = printable(outcome.answer, LONGEST_REFUSAL)
            self._sheet.asked[-1] = Asked(question=Question.METER_VALUES, refused=refused)
            return
        ends_s = self._clock.monotonic_s() + REPORT_WITHIN_S
        while heard.count == before and self._clock.monotonic_s() < ends_s:
            await self._clock.sleep(LOOKS_EVERY_S)

    async def _ask_settings(self) -> None:
        """Those of the standard, in pages; never a secret one."""
        keys = tuple(key for key in known_settings() if not is_secret(key))
        found = await self._timed(Question.SETTINGS, self._station.read_settings(keys))
        told = found or {}
        self._sheet.settings = {key: told[key] for key in keys if key in told}

    async def _tolerated(self, asking: Awaitable[None]) -> None:
        try:
            await asking
        except StationOffline:
            raise
        except StationError:
            return

    async def _timed(self, question: Question, asking: Awaitable[_T]) -> _T | None:
        """None for one that it refused or left unanswered."""
        try:
            return await self._raising(question, asking)
        except StationOffline:
            raise
        except StationError:
            return None

    async def _raising(self, question: Question, asking: Awaitable[_T]) -> _T:
        began_s = self._clock.monotonic_s()
        try:
            answer = await asking
        except StationError as error:
            refused = printable(str(error), LONGEST_REFUSAL)
            self._sheet.asked.append(Asked(question=question, refused=refused))
            raise
        self._sheet.asked.append(Asked(question=question, answered_s=self._clock.monotonic_s() - began_s))
        return answer
