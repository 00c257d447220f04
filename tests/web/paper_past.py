"""What the paper house remembers: sessions, a history, decisions and events, the same on every run but for the date."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ems.api.kept_words import log_says, log_text
from ems.api.wire import AuditRecord, DecisionRecord, HistoryPoint, HistoryStep, LogRecord, Sentence, SessionRecord
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import Phase
from ems.model.sentences import reason_phrase
from ems.model.words import Phrase
from ems.web.spans import length_s

STATIONS = ("garage", "carport", "guest")
EVENTS: tuple[tuple[str, str | None, Mapping[str, object]], ...] = (
    ("service_started", None, {"version": "0.1.0"}),
    ("login", "Anna", {"says": "log.login.in", "address": "192.0.2.7"}),
    ("wish", "Anna", {"text": "garage: mode fast"}),  # as older versions kept it
    ("wish", "Anna", {"says": "log.wish.mode.solar", "station": "garage"}),
    ("station_offline_ended", None, {"station": "carport"}),
)


def sentence(phrase: Phrase) -> Sentence:
    return Sentence(key=phrase.key, numbers=dict(phrase.numbers), text=phrase.said())


def because(code: LimitReason, **numbers: object) -> Sentence:
    return sentence(reason_phrase(Reason(code=code, **numbers)))  # type: ignore[arg-type]


class PaperPast(ABC):
    """The part of a house that looks back."""

    @abstractmethod
    def now(self) -> datetime: ...

    async def sessions(
        self, *, since: datetime | None, until: datetime | None, station_id: str | None, limit: int
    ) -> Sequence[SessionRecord]:
        first = since or datetime.min.replace(tzinfo=UTC)
        last = until or datetime.max.replace(tzinfo=UTC)
        found = [self._session(number) for number in range(72)]
        return [each for each in found if first <= each.began < last and station_id in {None, each.station}][:limit]

    def _session(self, number: int) -> SessionRecord:
        evening = self.now().replace(hour=16, minute=5, second=0, microsecond=0)
        began = evening - timedelta(hours=31 * (number + 1))
        station = STATIONS[number % 3]
        energy_kwh = 6.0 + (number * 7.3) % 31.0
        share = (0.91, 0.64, 0.27, 1.0)[number % 4]
        return SessionRecord(
            id=f"p{number}",
            station=station,
            vehicle={"garage": "Ioniq 5", "carport": "Zoe"}.get(station),
            began=began,
            ended=began + timedelta(minutes=95 + number % 50),
            energy_kwh=energy_kwh,
            solar_kwh=energy_kwh * share,
            solar_share=share,
            cost=energy_kwh * (1 - share) * 0.31,
            currency="EUR",
            reason="EVDisconnected",
        )

    async def history(self, step: HistoryStep, since: datetime, until: datetime) -> Sequence[HistoryPoint]:
        points = []
        at, end = since.astimezone(UTC), min(until, self.now())
        while at < end:
            points.append(_point(at))
            at += timedelta(seconds=length_s(step, at, UTC))
        return points

    async def decisions(
        self, *, since: datetime | None, station_id: str | None, text: str | None, limit: int
    ) -> Sequence[DecisionRecord]:
        first = since or datetime.min.replace(tzinfo=UTC)
        found = [self._decision(number) for number in range(150)]
        return [
            each
            for each in found
            if each.at >= first and station_id in {None, each.station} and (text or "") in each.because.text
        ][:limit]

    def _decision(self, number: int) -> DecisionRecord:
        says = (
            because(LimitReason.SOLAR_SURPLUS, surplus_w=6820.0),
            because(LimitReason.MAIN_FUSE, phase=Phase.L2, house_a=21.9, room_a=3.1),
            because(LimitReason.SETTLING, remaining_s=41.0),
            because(LimitReason.SOLAR_SURPLUS, surplus_w=900.0, needed_w=1380.0),
            because(LimitReason.PHASE_IMBALANCE, limit_a=20.0),
        )[number % 5]
        return DecisionRecord(
            at=self.now() - timedelta(seconds=73 * number),
            station=STATIONS[number % 3],
            limit_a=0.0 if number % 5 == 3 else 6.0 + number % 9,
            phases=3,
            reason=LimitReason(says.key.split(".")[1]),
            because=says,
        )

    async def vehicles(self) -> Sequence[str]:
        return ("Ioniq 5", "Zoe")

    async def log(self, *, before_id: int | None, kind: str | None, limit: int) -> Sequence[LogRecord]:
        newest = 60 if before_id is None else before_id - 1
        found = [self._event(number) for number in range(newest, 0, -1)]
        return [each for each in found if kind in {None, each.kind}][:limit]

    async def audit(self, *, before_id: int | None, limit: int) -> Sequence[AuditRecord]:
        records = await self.log(before_id=before_id, kind=None, limit=400)
        return [
            AuditRecord(id=each.id, at=each.at, who=each.who, action=each.kind, text=each.text, says=each.says)
            for each in records
            if each.who is not None
        ][:limit]

    def _event(self, number: int) -> LogRecord:
        kind, who, facts = EVENTS[number % len(EVENTS)]
        return LogRecord(
            id=number,
            at=self.now() - timedelta(minutes=17 * (61 - number)),
            kind=kind,
            who=who,
            text=log_text(kind, facts),
            says=log_says(kind, facts),
        )


def _point(at: datetime) -> HistoryPoint:
    hour = at.hour + at.minute / 60.0
    cloud = 0.75 + 0.25 * math.sin(at.day * 2.1 + hour * 1.7)
    solar_w = max(8200.0 * math.sin((hour - 5.0) / 14.0 * math.pi), 0.0) * cloud if 5 < hour < 19 else 0.0
    home_w = 380.0 + 900.0 * math.exp(-((hour - 7.3) ** 2)) + 1700.0 * math.exp(-((hour - 18.4) ** 2) / 2)
    charging_w = max(min(solar_w - home_w, 7000.0), 0.0) * 0.85 if 9.5 < hour < 16 else 0.0
    solar_charging_w = charging_w
    if 18 <= hour < 20.5:
        charging_w, solar_charging_w = 3680.0, min(max(solar_w - home_w, 0.0), 3680.0)
    return HistoryPoint(
        at=at,
        grid_w=home_w + charging_w - solar_w,
        grid_import_w=max(home_w + charging_w - solar_w, 0.0),
        grid_export_w=max(solar_w - home_w - charging_w, 0.0),
        solar_w=solar_w,
        battery_w=0.0,
        home_w=home_w,
        charging_w=charging_w,
        charging_solar_w=solar_charging_w,
        stations_w={"garage": charging_w},
    )
