"""Every reason and every notice as one English sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ems.model.decision import LimitReason, Notice, NoticeCode, Reason
from ems.model.electrical import Phase


def sentence(reason: Reason) -> str:
    """What the pages, the log and the terminal table print beside a limit."""
    return _SENTENCES[reason.code](reason)


def notice_sentence(notice: Notice) -> str:
    """What the pages, the log and the terminal table print of a notice."""
    return _NOTICES[notice.code](notice)


def in_kw(power_w: float) -> str:
    """A power for people, such as `7.2 kW`."""
    return f"{power_w / 1000.0:.1f} kW"


def _fuse(name: str, cap: str) -> Callable[[Reason], str]:
    def say(reason: Reason) -> str:
        if reason.limit_w is not None:
            return _power_cap(f"{cap} {in_kw(reason.limit_w)}", reason, reason.limit_w)
        where = _on(name, reason.phase)
        if reason.house_a is None or reason.room_a is None:
            return f"{where}: no room"
        if reason.held_a is not None:
            return f"{where}: recent peak {reason.held_a:.1f} A held, {max(reason.room_a, 0.0):.1f} A left"
        return f"{where}: house {reason.house_a:.1f} A, {max(reason.room_a, 0.0):.1f} A left"

    return say


def _circuit_fuse(reason: Reason) -> str:
    return _fuse(f"fuse of {reason.circuit_id}", f"power limit of {reason.circuit_id}")(reason)


def _power_cap(bound: str, reason: Reason, limit_w: float) -> str:
    """The bound in watts, what the house takes of it or adds to it, and what is left."""
    if reason.used_w is None:
        return bound
    house = f"house {in_kw(reason.used_w)}" if reason.used_w >= 0 else f"house gives {in_kw(-reason.used_w)}"
    return f"{bound}: {house}, {in_kw(max(limit_w - reason.used_w, 0.0))} left"


def _grid_operator(reason: Reason) -> str:
    if reason.limit_w is None:
        return _bound("grid operator limit")(reason)
    bound = f"grid operator leaves {in_kw(reason.limit_w)} from the grid"
    if not reason.used_w:
        return bound
    # The house's own import does not count here: what is used is other cars', and what is added is surplus sun.
    beside = f"other cars {in_kw(reason.used_w)}" if reason.used_w > 0 else f"sun adds {in_kw(-reason.used_w)}"
    return f"{bound}: {beside}, {in_kw(max(reason.limit_w - reason.used_w, 0.0))} for the cars"


def _price(reason: Reason) -> str:
    if reason.limit_w is None:
        return _bound("price")(reason)
    return _power_cap(f"peak tariff, {in_kw(reason.limit_w)} until its window ends", reason, reason.limit_w)


def _imbalance(reason: Reason) -> str:
    if reason.limit_a is None:
        return "phase imbalance"
    return f"phase imbalance: cars may load one phase {reason.limit_a:.1f} A above another"


def _ignores_limit(reason: Reason) -> str:
    return "station ignores its limit" + (f" of {reason.limit_a:.1f} A" if reason.limit_a is not None else "")


def _solar(reason: Reason) -> str:
    if reason.surplus_w is None:
        return "surplus is unknown"
    if reason.needed_w is not None and reason.surplus_w < reason.needed_w:
        return f"surplus {reason.surplus_w:.0f} W, {reason.needed_w:.0f} W needed with this car"
    return f"surplus {reason.surplus_w:.0f} W{_patience(reason)}"


def _battery_first(reason: Reason) -> str:
    if reason.battery_w is None:
        return "home battery goes first"
    return f"home battery goes first: it takes {reason.battery_w:.0f} W, {_solar(reason)}"


def _patience(reason: Reason) -> str:
    if reason.gained_wh is None or reason.change_wh is None or reason.gained_wh >= reason.change_wh:
        return ""
    so_far_wh = max(reason.gained_wh, 0.0)
    return f", starts once that has brought {reason.change_wh:.0f} Wh ({so_far_wh:.0f} so far)"


def _settling(reason: Reason) -> str:
    if reason.remaining_s is None:
        return "settling"
    return f"settling, up to {reason.remaining_s:.0f} s more"


def _meter_lost(reason: Reason) -> str:
    if reason.age_s is None:
        return f"meter of {reason.circuit_id} gave no good sample yet"
    if reason.samples_to_go:
        return f"meter of {reason.circuit_id} answers, {reason.samples_to_go} good samples to go"
    return f"meter of {reason.circuit_id} silent for {reason.age_s:.0f} s"


def _car(reason: Reason) -> str:
    return "no car plugged in" if reason.limit_a is None else f"the car asks for no more than {reason.limit_a:.1f} A"


def _bound(what: str) -> Callable[[Reason], str]:
    def say(reason: Reason) -> str:
        return what if reason.limit_a is None else f"{what} {reason.limit_a:.1f} A"

    return say


def _on(place: str, phase: Phase | None) -> str:
    return place if phase is None else f"{place} {phase.name}"


def _house_overload(notice: Notice) -> str:
    where = _on(notice.circuit_id or "the house", notice.phase)
    if notice.current_a is None or notice.limit_a is None:
        return f"{where}: more than the fuse carries without any car; switch something off"
    return (
        f"{where}: {notice.current_a:.1f} A without any car, more than the {notice.limit_a:.1f} A that the fuse may "
        "carry; switch something off"
    )


def _station_ignores(notice: Notice) -> str:
    station = notice.station_id or "a station"
    if notice.current_a is None or notice.limit_a is None:
        return f"{station} ignores its limit"
    return f"{station} ignores its limit: it drew {notice.current_a:.1f} A where {notice.limit_a:.1f} A were allowed"


def _meter_flipped(notice: Notice) -> str:
    where = notice.circuit_id or "a circuit"
    return (
        f"the meter of {where} shows more export than sun and battery give; turn its clamps round, or name every "
        "inverter in the site file"
    )


_NOTICES: Final[Mapping[NoticeCode, Callable[[Notice], str]]] = {
    NoticeCode.HOUSE_OVERLOAD: _house_overload,
    NoticeCode.IGNORES_LIMIT: _station_ignores,
    NoticeCode.METER_FLIPPED: _meter_flipped,
}

_SENTENCES: Final[Mapping[LimitReason, Callable[[Reason], str]]] = {
    LimitReason.CAR: _car,
    LimitReason.CABLE: _bound("cable limit"),
    LimitReason.STATION_MAX: _bound("station maximum"),
    LimitReason.INSTALLER_LIMIT: _bound("installer limit"),
    LimitReason.MAIN_FUSE: _fuse("main fuse", "contract power"),
    LimitReason.CIRCUIT_FUSE: _circuit_fuse,
    LimitReason.PHASE_IMBALANCE: _imbalance,
    LimitReason.GRID_OPERATOR: _grid_operator,
    LimitReason.SOLAR_SURPLUS: _solar,
    LimitReason.PRIORITY: _bound("another car goes first"),
    LimitReason.BATTERY_FIRST: _battery_first,
    LimitReason.PLAN: _bound("plan"),
    LimitReason.PRICE: _price,
    LimitReason.USER: _bound("set by a person"),
    LimitReason.METER_LOST: _meter_lost,
    LimitReason.STATION_SILENT: _bound("station does not answer"),
    LimitReason.IGNORES_LIMIT: _ignores_limit,
    LimitReason.NOT_COMMISSIONED: _bound("main fuse not stated yet, so at most"),
    LimitReason.SETTLING: _settling,
    LimitReason.NONE: _bound("no limit"),
}
