"""What a station of version 2 says of limits, of its car's needs and plans, and of the profiles that it holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from ems.csms.energy_words import CarPlan, ChargingNeeds, EnergyTold, OutsideLimit
from ems.csms.fields import number, text, whole
from ems.csms.inbound import Answers
from ems.csms.station_clock import parse_timestamp
from ems.csms.v201.book import Book
from ems.csms.v201.schedules import first_schedule

LOGGER = logging.getLogger(__name__)

MOST_WH: Final = 1e6
MOST_A: Final = 1e3
MOST_W: Final = 1e6


class EnergyV201:
    """NotifyChargingLimit and its end, NotifyEVChargingNeeds, NotifyEVChargingSchedule, ReportChargingProfiles."""

    def __init__(self, energy: EnergyTold, book: Book, *, station: str) -> None:
        self._energy = energy
        self._book = book
        self._station = station
        self.answers: Final[Answers] = {
            "ClearedChargingLimit": self._released,
            "NotifyChargingLimit": self._limited,
            "NotifyEVChargingNeeds": self._needs,
            "NotifyEVChargingSchedule": self._planned,
            "ReportChargingProfiles": self._profiles,
        }

    def _limited(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        told = payload.get("chargingLimit")
        about: Mapping[str, object] = told if isinstance(told, dict) else {}
        limit = OutsideLimit(
            connector=_evse(payload),
            source=text(about, "chargingLimitSource")[:20] or "Other",
            critical=about.get("isGridCritical") is True,
            schedule=first_schedule(payload),
        )
        LOGGER.info("%s: %s limits it from outside%s", self._station, limit.source, _how_much(limit))
        self._energy.limited(limit)
        return {}

    def _released(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        source = text(payload, "chargingLimitSource")[:20] or "Other"
        LOGGER.info("%s: %s limits it no more", self._station, source)
        self._energy.released(whole(payload, "evseId"), source)
        return {}

    def _needs(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        told = payload.get("chargingNeeds")
        if not isinstance(told, dict):
            return {"status": "Rejected"}
        self._energy.needs_told(needs_of(max(_evse(payload), 1), told))
        return {"status": "Accepted"}

    def _planned(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        schedule = first_schedule(payload)
        if schedule is None:
            return {"status": "Rejected"}
        told = parse_timestamp(payload.get("timeBase"))
        self._energy.planned(CarPlan(connector=max(_evse(payload), 1), told=told, schedule=schedule))
        return {"status": "Accepted"}

    def _profiles(self, payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
        self._book.installed.take(payload)
        return {}


def needs_of(connector: int, told: Mapping[str, object]) -> ChargingNeeds:
    """What a car needs, as far as it can be believed."""
    ac, dc, v2x = (_part(told, f"{kind}ChargingParameters") for kind in ("ac", "dc", "v2x"))
    energy_wh = _within(_first(ac, dc, name="energyAmount", also=number(v2x, "evTargetEnergyRequest")), MOST_WH)
    soc = _within(number(dc, "stateOfCharge"), 100.0)
    return ChargingNeeds(
        connector=connector,
        energy_kwh=None if energy_wh is None else energy_wh / 1e3,
        departs=parse_timestamp(told.get("departureTime")),
        min_a=_within(_first(ac, v2x, name="evMinCurrent", also=number(v2x, "minChargeCurrent")), MOST_A),
        max_a=_within(_first(ac, dc, name="evMaxCurrent", also=number(v2x, "maxChargeCurrent")), MOST_A),
        soc=None if soc is None else soc / 100.0,
        transfer=text(told, "requestedEnergyTransfer")[:40],
        discharge_w=_within(number(v2x, "maxDischargePower"), MOST_W),
    )


def _first(*parts: Mapping[str, object], name: str, also: float | None) -> float | None:
    told = [number(part, name) for part in parts]
    return next((each for each in (*told, also) if each is not None), None)


def _within(value: float | None, most: float) -> float | None:
    return value if value is not None and 0.0 <= value <= most else None


def _part(payload: Mapping[str, object], name: str) -> Mapping[str, object]:
    told = payload.get(name)
    return told if isinstance(told, dict) else {}


def _evse(payload: Mapping[str, object]) -> int:
    evse = whole(payload, "evseId")
    return evse if evse is not None and 0 <= evse < 100 else 0


def _how_much(limit: OutsideLimit) -> str:
    if limit.schedule is None:
        return ", and does not tell how much"
    return f" to {limit.schedule.periods[0].limit:g} {limit.schedule.unit.value}"
