"""What people wished, as the log says it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ems.api.wire import GoalWish, SettingsWish, VehicleWish
from ems.model.goals import ChargeMode
from ems.model.site import Keenness
from ems.model.words import Phrase

AS_USUAL: Final = "–"


def mode(station_id: str, wanted: ChargeMode) -> Phrase:
    return Phrase(f"log.wish.mode.{wanted}", {"station": station_id})


def settings(station_id: str, wish: SettingsWish) -> Phrase:
    facts = {
        "station": station_id,
        "priority": AS_USUAL if wish.priority is None else wish.priority,
        "vehicle": wish.vehicle or AS_USUAL,
    }
    if wish.max_a is None:
        return Phrase("log.wish.settings", facts)
    return Phrase("log.wish.settings.bound", {**facts, "max_a": wish.max_a})


def phases(station_id: str, wanted: int | None) -> Phrase:
    if wanted is None:
        return Phrase("log.wish.phases.auto", {"station": station_id})
    return Phrase("log.wish.phases", {"station": station_id, "phases": wanted})


def minimum(station_id: str, min_a: float | None) -> Phrase:
    if min_a is None:
        return Phrase("log.wish.minimum.none", {"station": station_id})
    return Phrase("log.wish.minimum", {"station": station_id, "min_a": min_a})


def goal(station_id: str, wish: GoalWish) -> Phrase:
    """Energy, time, both or none of them."""
    facts: dict[str, str | float] = {"station": station_id}
    parts = []
    if wish.energy_kwh is not None:
        parts.append(".energy")
        facts["energy_kwh"] = wish.energy_kwh
    if wish.ready_by is not None:
        parts.append(".time")
        facts["ready_by"] = f"{wish.ready_by:%Y-%m-%d %H:%M %z}"
    return Phrase(f"log.wish.goal{''.join(parts)}", facts)


def limit(station_id: str, limit_a: float, duration_s: float) -> Phrase:
    return Phrase("log.wish.limit", {"station": station_id, "limit_a": limit_a, "duration_s": duration_s})


def no_limit(station_id: str) -> Phrase:
    return Phrase("log.wish.limit.none", {"station": station_id})


def boost(station_id: str, duration_s: float) -> Phrase:
    return Phrase("log.wish.boost", {"station": station_id, "duration_s": duration_s})


def no_boost(station_id: str) -> Phrase:
    return Phrase("log.wish.boost.none", {"station": station_id})


def guest(station_id: str, vehicle: str | None) -> Phrase:
    if vehicle is None:
        return Phrase("log.wish.guest.none", {"station": station_id})
    return Phrase("log.wish.guest", {"station": station_id, "vehicle": vehicle})


def vehicle(wish: VehicleWish) -> Phrase:
    facts = {"vehicle": wish.vehicle, "target": _percent(wish.target_soc), "minimum": _percent(wish.minimum_soc)}
    return Phrase("log.wish.vehicle", facts)


def _percent(share: float | None) -> str:
    return AS_USUAL if share is None else f"{share:.0%}"


def import_cap(limit_kw: float, until: datetime) -> Phrase:
    return Phrase("log.wish.import_cap", {"limit_kw": limit_kw, "until": f"{until:%Y-%m-%d %H:%M %z}"})


def no_import_cap() -> Phrase:
    return Phrase("log.wish.import_cap.none")


def strategy(wanted: Keenness | None) -> Phrase:
    return Phrase(f"log.wish.strategy.{wanted or 'none'}")


def optimising(*, on: bool) -> Phrase:
    return Phrase(f"log.wish.optimising.{'on' if on else 'off'}")
