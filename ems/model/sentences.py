"""Every reason and every notice as one sentence for people, in their language; the words are in `words.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from ems.model.decision import LimitReason, Notice, NoticeCode, Reason
from ems.model.electrical import Phase
from ems.model.words import ENGLISH, Language, Number, Phrase

DAY_S: Final = 86_400.0


def sentence(reason: Reason, language: Language = ENGLISH) -> str:
    """What the pages, the log and the terminal table print beside a limit."""
    return reason_phrase(reason).said(language)


def reason_phrase(reason: Reason) -> Phrase:
    """The same as its key, `reason.` and the code first, and its numbers."""
    return _REASONS.get(reason.code, _bound)(reason)


def notice_sentence(notice: Notice, language: Language = ENGLISH) -> str:
    """What the pages, the log and the terminal table print of a notice."""
    return notice_phrase(notice).said(language)


def notice_phrase(notice: Notice) -> Phrase:
    """The same as its key, `notice.` and the code first, and its numbers."""
    return _NOTICES[notice.code](notice)


def _because(reason: Reason, variant: str = "", **numbers: Number) -> Phrase:
    return Phrase(f"reason.{reason.code}{variant and '.'}{variant}", numbers)


def _bound(reason: Reason) -> Phrase:
    return _because(reason) if reason.limit_a is None else _because(reason, "limit", limit_a=reason.limit_a)


def _fuse(reason: Reason) -> Phrase:
    circuit = reason.circuit_id or "?"
    if reason.limit_w is not None:
        return _power(reason, reason.limit_w, circuit)
    phase = _name(reason.phase)
    if reason.house_a is None or reason.room_a is None:
        named = reason.code is LimitReason.CIRCUIT_FUSE and reason.circuit_id is not None
        return _because(reason, "circuit" if named else "", circuit=circuit, phase=phase)
    room_a = max(reason.room_a, 0.0)
    if reason.held_a is not None:
        return _because(reason, "held", circuit=circuit, phase=phase, held_a=reason.held_a, room_a=room_a)
    return _because(reason, "house", circuit=circuit, phase=phase, house_a=reason.house_a, room_a=room_a)


def _power(reason: Reason, limit_w: float, circuit: str) -> Phrase:
    """The bound in watts, what the house takes of it or adds to it, and what is left."""
    if reason.used_w is None:
        return _because(reason, "power", circuit=circuit, limit_kw=limit_w / 1000.0)
    variant = "power.house" if reason.used_w >= 0 else "power.gives"
    return _because(reason, variant, circuit=circuit, **_kilowatts(limit_w, reason.used_w))


def _kilowatts(limit_w: float, used_w: float) -> dict[str, float]:
    left_w = max(limit_w - used_w, 0.0)
    return {"limit_kw": limit_w / 1000.0, "used_kw": abs(used_w) / 1000.0, "left_kw": left_w / 1000.0}


def _grid_operator(reason: Reason) -> Phrase:
    if reason.limit_w is None:
        return _bound(reason)
    if not reason.used_w:
        return _because(reason, "power", limit_kw=reason.limit_w / 1000.0)
    # The house's own import does not count here: what is used is other cars', and what is added is surplus sun.
    variant = "power.cars" if reason.used_w > 0 else "power.sun"
    return _because(reason, variant, **_kilowatts(reason.limit_w, reason.used_w))


def _price(reason: Reason) -> Phrase:
    return _bound(reason) if reason.limit_w is None else _power(reason, reason.limit_w, reason.circuit_id or "?")


def _solar(reason: Reason) -> Phrase:
    if reason.surplus_w is None:
        return _because(reason)
    if reason.cost_wh is not None and reason.stop_wh is not None:
        price = {"stop_wh": reason.stop_wh, "cost_wh": max(reason.cost_wh, 0.0)}
        if reason.surplus_w < 0:
            return _because(reason, "kept_none", missing_w=-reason.surplus_w, **price)
        return _because(reason, "kept", surplus_w=reason.surplus_w, **price)
    if reason.needed_w is not None and reason.surplus_w < reason.needed_w:
        return _because(reason, "short", surplus_w=reason.surplus_w, needed_w=reason.needed_w)
    if reason.gained_wh is None or reason.change_wh is None or reason.gained_wh >= reason.change_wh:
        if reason.surplus_w < 0:
            return _because(reason, "none", missing_w=-reason.surplus_w)
        return _because(reason, "now", surplus_w=reason.surplus_w)
    gained_wh = max(reason.gained_wh, 0.0)
    return _because(reason, "patience", surplus_w=reason.surplus_w, change_wh=reason.change_wh, gained_wh=gained_wh)


def _battery_first(reason: Reason) -> Phrase:
    """As for the surplus that is left, and what the battery takes of the sun before."""
    if reason.battery_w is None:
        return _bound(reason)
    left = _solar(reason)
    variant = left.key.removeprefix(f"reason.{reason.code}").removeprefix(".") or "unknown"
    return _because(reason, variant, battery_w=reason.battery_w, **left.numbers)


def _plan(reason: Reason) -> Phrase:
    if reason.energy_kwh is None:
        return _bound(reason)
    if reason.by_utc_s is None:
        return _because(reason, "energy", energy_kwh=reason.energy_kwh)
    by = local_time(reason.by_utc_s, reason.utc_offset_s, beside_utc_s=reason.start_utc_s)
    numbers: dict[str, Number] = {"energy_kwh": reason.energy_kwh, "by": by}
    if reason.expected_kwh is not None:
        return _because(reason, "missed", expected_kwh=reason.expected_kwh, **numbers)
    if reason.start_utc_s is None:
        return _because(reason, "late", **numbers)
    start = local_time(reason.start_utc_s, reason.utc_offset_s, beside_utc_s=reason.by_utc_s)
    return _because(reason, "start", start=start, **numbers)


def _user(reason: Reason) -> Phrase:
    if reason.limit_w is not None:
        return _power(reason, reason.limit_w, reason.circuit_id or "?")
    if reason.energy_kwh is None or reason.by_utc_s is None:
        return _bound(reason)
    by = local_time(reason.by_utc_s, reason.utc_offset_s)
    return _because(reason, "off", energy_kwh=reason.energy_kwh, by=by)


def local_time(utc_s: float, utc_offset_s: float | None, *, beside_utc_s: float | None = None) -> str:
    """That time on the clocks of a house, to the minute; with its date where the one beside it is a day away."""
    local = datetime.fromtimestamp(utc_s + (utc_offset_s or 0.0), UTC)
    is_far = beside_utc_s is not None and abs(utc_s - beside_utc_s) >= DAY_S
    return f"{local:%Y-%m-%d %H:%M}" if is_far else f"{local:%H:%M}"


def _goal(reason: Reason) -> Phrase:
    soc = reason.target_soc
    return _plan(reason) if soc is None else _because(reason, "soc", target_percent=100.0 * soc)


def _settling(reason: Reason) -> Phrase:
    if reason.remaining_s is None:
        return _because(reason)
    return _because(reason, "remaining", remaining_s=reason.remaining_s)


def _meter_lost(reason: Reason) -> Phrase:
    if reason.circuit_id is None:
        return _because(reason)
    circuit = reason.circuit_id
    if reason.age_s is None:
        return _because(reason, "never", circuit=circuit)
    if reason.samples_to_go:
        return _because(reason, "returns", circuit=circuit, samples_to_go=reason.samples_to_go)
    return _because(reason, "silent", circuit=circuit, age_s=reason.age_s)


def _name(phase: Phase | None) -> str:
    return "" if phase is None else phase.name


def _says(notice: Notice, variant: str = "", **numbers: Number) -> Phrase:
    return Phrase(f"notice.{notice.code}{variant and '.'}{variant}", numbers)


def _house_overload(notice: Notice) -> Phrase:
    if notice.circuit_id is None:
        return _says(notice)
    circuit, phase = notice.circuit_id, _name(notice.phase)
    if notice.current_a is None or notice.limit_a is None:
        return _says(notice, "circuit", circuit=circuit, phase=phase)
    return _says(notice, "measured", circuit=circuit, phase=phase, current_a=notice.current_a, limit_a=notice.limit_a)


def _station_ignores(notice: Notice) -> Phrase:
    if notice.station_id is None:
        return _says(notice)
    if notice.current_a is None or notice.limit_a is None:
        return _says(notice, "station", station=notice.station_id)
    return _says(notice, "drew", station=notice.station_id, current_a=notice.current_a, limit_a=notice.limit_a)


def _station_refuses(notice: Notice) -> Phrase:
    if notice.station_id is None or notice.current_a is None:
        return _of_station(notice)
    return _says(notice, "drew", station=notice.station_id, current_a=notice.current_a)


def _of_station(notice: Notice) -> Phrase:
    return _says(notice) if notice.station_id is None else _says(notice, "station", station=notice.station_id)


def _meter_flipped(notice: Notice) -> Phrase:
    return _says(notice) if notice.circuit_id is None else _says(notice, "circuit", circuit=notice.circuit_id)


def _goal_at_risk(notice: Notice) -> Phrase:
    energy_kwh, expected_kwh = notice.energy_kwh, notice.expected_kwh
    if notice.station_id is None or energy_kwh is None or expected_kwh is None or notice.by_utc_s is None:
        return _says(notice)
    by = local_time(notice.by_utc_s, notice.utc_offset_s)
    return _says(notice, "station", station=notice.station_id, energy_kwh=energy_kwh, expected_kwh=expected_kwh, by=by)


_NOTICES: Final[Mapping[NoticeCode, Callable[[Notice], Phrase]]] = {
    NoticeCode.HOUSE_OVERLOAD: _house_overload,
    NoticeCode.IGNORES_LIMIT: _station_ignores,
    NoticeCode.REFUSES_LIMIT: _station_refuses,
    NoticeCode.SECOND_CONTROLLER: _of_station,
    NoticeCode.LOGIN_STORM: _of_station,
    NoticeCode.SECOND_CONNECTION: _of_station,
    NoticeCode.CLOCK_JUMP: _of_station,
    NoticeCode.IMPOSSIBLE_METER: _of_station,
    NoticeCode.FOREIGN_PROFILE: _of_station,
    NoticeCode.MESSAGE_FLOOD: _of_station,
    NoticeCode.CERTIFICATE_ENDS: _of_station,
    NoticeCode.WIRING_UNKNOWN: _of_station,
    NoticeCode.METER_FLIPPED: _meter_flipped,
    NoticeCode.GOAL_AT_RISK: _goal_at_risk,
    NoticeCode.UPSTREAM_OVERFLOW: _of_station,
}

_REASONS: Final[Mapping[LimitReason, Callable[[Reason], Phrase]]] = {
    LimitReason.MAIN_FUSE: _fuse,
    LimitReason.CIRCUIT_FUSE: _fuse,
    LimitReason.GRID_OPERATOR: _grid_operator,
    LimitReason.SOLAR_SURPLUS: _solar,
    LimitReason.BATTERY_FIRST: _battery_first,
    LimitReason.PLAN: _goal,
    LimitReason.PRICE: _price,
    LimitReason.USER: _user,
    LimitReason.METER_LOST: _meter_lost,
    LimitReason.SETTLING: _settling,
}
"""All others are a setting: their name, and its amps where they are known."""
