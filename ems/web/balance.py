"""The energy balance: where the power comes from above, where it goes below, both on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from ems.api.wire import Powers, State
from ems.web.bits import box, dress, measure, words
from ems.web.visit import Visit

LEAST_W: Final = 5.0
"""Less is nothing to draw."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One part of the balance."""

    key: str
    tint: str
    power_w: float | None


def sources(powers: Powers) -> tuple[Flow, ...]:
    """What gives power now."""
    return (
        Flow("sun", "sun", powers.solar_w),
        Flow("battery_out", "battery", _above(powers.battery_w)),
        Flow("grid_in", "grid", _above(powers.grid_w)),
    )


def sinks(powers: Powers) -> tuple[Flow, ...]:
    """What takes it."""
    return (
        Flow("home", "home", powers.home_w),
        Flow("cars", "cars", powers.charging_w),
        Flow("battery_in", "battery", _below(powers.battery_w)),
        Flow("grid_out", "export", _below(powers.grid_w)),
    )


def scale_w(powers: Powers) -> float:
    """What a whole bar stands for."""
    return max(_sum(sources(powers)), _sum(sinks(powers)), 1.0)


class Balance:
    """The card with both bars."""

    def __init__(self, visit: Visit) -> None:
        self._voice = visit.voice
        with box("section", "card stack stack-close", aria_label=self._voice("page.balance")):
            words(self._voice("page.balance"), "h2", "card-title")
            with box("div", "balance"):
                self._from = _Side(visit, sources(NO_POWERS), bar_first=False)
                self._to = _Side(visit, sinks(NO_POWERS), bar_first=True)

    def draw(self, state: State, _age_s: float) -> None:
        whole_w = scale_w(state.powers)
        self._from.draw(sources(state.powers), whole_w)
        self._to.draw(sinks(state.powers), whole_w)


class _Side:
    """One bar with its legend."""

    def __init__(self, visit: Visit, flows: tuple[Flow, ...], *, bar_first: bool) -> None:
        self._voice = visit.voice
        self._parts: dict[str, Element] = {}
        self._items: dict[str, Element] = {}
        self._values: dict[str, TextElement] = {}
        if bar_first:
            self._bar(flows)
        with box("div", "balance-legend"):
            for flow in flows:
                self._item(flow)
        if not bar_first:
            self._bar(flows)

    def _bar(self, flows: tuple[Flow, ...]) -> None:
        with box("div", "balance-bar", aria_hidden="true"):
            for flow in flows:
                self._parts[flow.key] = box("div", f"balance-part tint-{flow.tint}")

    def _item(self, flow: Flow) -> None:
        with box("div", "item") as item:
            box("span", f"dot tint-{flow.tint}", aria_hidden="true")
            words(self._voice(f"page.flow.{flow.key}"), "span", "soft")
            self._values[flow.key] = words("", "span", "value")
        self._items[flow.key] = item

    def draw(self, flows: tuple[Flow, ...], whole_w: float) -> None:
        for flow in flows:
            self._values[flow.key].set_text(self._voice.power(flow.power_w))
            measure(self._parts[flow.key], part=(flow.power_w or 0.0) / whole_w)
            dress(self._items[flow.key], "item" if _worth_a_word(flow) else "item gone")


NO_POWERS: Final = Powers(grid_w=None, solar_w=None, battery_w=None, home_w=None, charging_w=None, surplus_w=None)


def _worth_a_word(flow: Flow) -> bool:
    """The house always is; a house without a battery has no word for one."""
    if flow.power_w is None:
        return flow.tint != "battery"
    return flow.power_w >= LEAST_W or flow.key == "home"


def _sum(flows: tuple[Flow, ...]) -> float:
    return sum(flow.power_w or 0.0 for flow in flows)


def _above(power_w: float | None) -> float | None:
    return None if power_w is None else max(power_w, 0.0)


def _below(power_w: float | None) -> float | None:
    return None if power_w is None else max(-power_w, 0.0)
