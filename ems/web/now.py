"""The page *Now*: what the house does at this moment, and why."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from ems.api.wire import BatteryState, CircuitState, State
from ems.model.battery import BatteryReason
from ems.web.balance import Balance
from ems.web.bits import box, icon, words
from ems.web.charger import ChargerCard
from ems.web.gauge import Gauges
from ems.web.push import Draw, follow
from ems.web.visit import Visit
from ems.web.voice import Voice


async def show(visit: Visit, draw_frame: Draw) -> None:
    """Build the page for the circuits and stations that there are, and keep it up to date."""
    state = visit.house.state()
    with box("div", "now"):
        headline = words("", "h1", "headline", aria_live="polite")
        notices = _Notices(visit)
        with box("div", "now-top"):
            balance = Balance(visit)
            today = _Today(visit)
        circuits = [_Circuit(visit, state, circuit) for circuit in in_tree(state.circuits)]

    shape = _shape(state)

    def draw(state: State, age_s: float) -> None:
        if _shape(state) != shape:
            # An installer changed fuses or chargers: the page is another one now.
            ui.navigate.reload()
            return
        said = visit.voice.sentence(state.headline)
        headline.set_text(f"{said[:1].upper()}{said[1:]}")
        notices.draw(state, age_s)
        balance.draw(state, age_s)
        today.draw(state, age_s)
        for circuit in circuits:
            circuit.draw(state, age_s)

    follow(visit, [draw_frame, draw])


def in_tree(circuits: Sequence[CircuitState]) -> list[CircuitState]:
    """Every circuit after the one that feeds it, and beside its own."""
    found: list[CircuitState] = []

    def walk(feeding: str | None) -> None:
        for circuit in circuits:
            if circuit.fed_from == feeding and circuit not in found:
                found.append(circuit)
                walk(circuit.id)

    walk(None)
    return [*found, *(circuit for circuit in circuits if circuit not in found)]


def _shape(state: State) -> tuple[object, ...]:
    """What the page was built for."""
    circuits = [(each.id, each.fed_from, each.phases, each.fuse_a) for each in state.circuits]
    return circuits, [(each.id, each.circuit) for each in state.stations]


class _Circuit:
    """One fuse with the chargers behind it."""

    def __init__(self, visit: Visit, state: State, circuit: CircuitState) -> None:
        self._id = circuit.id
        with box("div", "circuit nested" if circuit.fed_from else "circuit"):
            self._gauges = Gauges(visit, circuit)
            behind = [station for station in state.stations if station.circuit == circuit.id]
            if behind:
                with box("div", "chargers"):
                    self._cards = {station.id: ChargerCard(visit, station) for station in behind}
            else:
                self._cards = {}

    def draw(self, state: State, age_s: float) -> None:
        for circuit in state.circuits:
            if circuit.id == self._id:
                self._gauges.draw(circuit, age_s)
        for station in state.stations:
            if station.id in self._cards:
                self._cards[station.id].draw(station, age_s)


class _Notices:
    """What people should know about."""

    def __init__(self, visit: Visit) -> None:
        self._voice = visit.voice
        self._said: tuple[str, ...] = ()
        self._box: Element = box("div", "stack stack-close gone", role="alert")

    def draw(self, state: State, _age_s: float) -> None:
        said = tuple(self._voice.sentence(notice.says) for notice in state.notices)
        if state.storage_trouble is not None:
            said = (*said, self._voice("page.storage_trouble", why=state.storage_trouble))
        if said == self._said:
            return
        self._said = said
        self._box.clear()
        self._box.classes(replace="stack stack-close" if said else "stack stack-close gone")
        with self._box:
            for each in said:
                with box("div", "notice"):
                    icon("warning")
                    words(each, "span", "capital")


class _Today:
    """What the day has brought so far."""

    def __init__(self, visit: Visit) -> None:
        voice = self._voice = visit.voice
        with box("section", "card", aria_label=voice("page.today")):
            words(voice("page.today"), "h2", "card-title")
            with box("div", "tiles"):
                self._sun = self._tile("page.today.sun", "sun")
                self._cars = self._tile("page.today.cars", "car")
                self._share = self._tile("page.today.share", "sun")
                self._surplus = self._tile("page.today.surplus", "now")
                self._battery = self._tile("page.today.battery", "battery")
            self._orders = words("", "p", "soft small", data_battery="orders")

    def _tile(self, key: str, picture: str) -> tuple[TextElement, Element, TextElement]:
        with box("div", "tile") as tile:
            value = words("", "span", "value")
            with box("span", "label"):
                icon(picture)
                label = words(self._voice(key))
        return value, tile, label

    def draw(self, state: State, _age_s: float) -> None:
        voice, today, battery = self._voice, state.today, state.battery
        self._sun[0].set_text(voice.energy(today.solar_kwh))
        self._cars[0].set_text(voice.energy(today.charging_kwh))
        self._share[0].set_text(voice.share(today.solar_share))
        self._surplus[0].set_text(voice.power(state.powers.surplus_w))
        soc = None if battery is None else battery.soc
        self._battery[0].set_text(voice.share(soc))
        self._battery[2].set_text(name_of(battery, voice))
        self._battery[1].set_visibility(soc is not None)
        said = orders_of(battery, voice)
        self._orders.set_text(said)
        self._orders.set_visibility(bool(said))


def name_of(battery: BatteryState | None, voice: Voice) -> str:
    """The battery, with its size where that is known."""
    if battery is None or battery.capacity_kwh is None:
        return voice("page.today.battery")
    return voice("page.today.battery_of", capacity=voice.energy(battery.capacity_kwh))


def orders_of(battery: BatteryState | None, voice: Voice) -> str:
    """What the home battery is ordered, and whether it follows; empty for one that is only read, or as it likes."""
    orders = None if battery is None else battery.orders
    if orders is None or orders.reason is BatteryReason.NONE:
        return ""
    key = "page.battery_orders" if orders.trouble is None else "page.battery_refuses"
    said = voice(key, because=voice.sentence(orders.because))
    if orders.trouble is not None or orders.since is None:
        return said
    return voice("page.battery_since", said=said, time=voice.time(orders.since))
