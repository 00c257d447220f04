"""Every reason as one English sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ems.model.decision import LimitReason, Reason


def sentence(reason: Reason) -> str:
    """What the pages, the log and the terminal table print beside a limit."""
    return _SENTENCES[reason.code](reason)


def _fuse(name: str) -> Callable[[Reason], str]:
    def say(reason: Reason) -> str:
        where = f"{name} {reason.phase.name}" if reason.phase is not None else name
        if reason.house_a is None or reason.room_a is None:
            return f"{where}: no room"
        if reason.held_a is not None:
            return f"{where}: recent peak {reason.held_a:.1f} A held, {max(reason.room_a, 0.0):.1f} A left"
        return f"{where}: house {reason.house_a:.1f} A, {max(reason.room_a, 0.0):.1f} A left"

    return say


def _circuit_fuse(reason: Reason) -> str:
    return _fuse(f"fuse of {reason.circuit_id}")(reason)


def _solar(reason: Reason) -> str:
    if reason.surplus_w is None:
        return "surplus is unknown"
    if reason.needed_w is not None and reason.surplus_w < reason.needed_w:
        return f"surplus {reason.surplus_w:.0f} W, {reason.needed_w:.0f} W needed with this car"
    return f"surplus {reason.surplus_w:.0f} W"


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


_SENTENCES: Final[Mapping[LimitReason, Callable[[Reason], str]]] = {
    LimitReason.CAR: _car,
    LimitReason.CABLE: _bound("cable limit"),
    LimitReason.STATION_MAX: _bound("station maximum"),
    LimitReason.INSTALLER_LIMIT: _bound("installer limit"),
    LimitReason.MAIN_FUSE: _fuse("main fuse"),
    LimitReason.CIRCUIT_FUSE: _circuit_fuse,
    LimitReason.PHASE_IMBALANCE: _bound("phase imbalance"),
    LimitReason.GRID_OPERATOR: _bound("grid operator limit"),
    LimitReason.SOLAR_SURPLUS: _solar,
    LimitReason.PRIORITY: _bound("another car goes first"),
    LimitReason.BATTERY_FIRST: _bound("home battery goes first"),
    LimitReason.PLAN: _bound("plan"),
    LimitReason.PRICE: _bound("price"),
    LimitReason.USER: _bound("set by a person"),
    LimitReason.METER_LOST: _meter_lost,
    LimitReason.STATION_SILENT: _bound("station does not answer"),
    LimitReason.IGNORES_LIMIT: _bound("station ignores its limit"),
    LimitReason.NOT_COMMISSIONED: _bound("main fuse not stated yet, so at most"),
    LimitReason.SETTLING: _settling,
    LimitReason.NONE: _bound("no limit"),
}
