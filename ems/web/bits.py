"""The small parts that pages are built of: plain HTML elements with the classes of `fusewise.css`.

Native buttons and fields keep the keyboard working, and cost a small machine little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeVar

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

Deed = Callable[[], object]
"""What a press does; a coroutine is waited for."""

Attribute = str | int | float | bool
E = TypeVar("E", bound=Element)

MOST_TYPED: Final = 500
"""Characters of a field that are looked at."""


def box(tag: str = "div", classes: str = "", **attributes: Attribute) -> Element:
    """An element around others; `aria_label` becomes `aria-label`."""
    return _dressed(Element(tag), classes, attributes)


def words(text: str, tag: str = "span", classes: str = "", **attributes: Attribute) -> TextElement:
    """An element with a text, which `set_text` changes."""
    return _dressed(TextElement(tag=tag, text=text), classes, attributes)


def icon(name: str) -> Element:
    """A picture that says nothing to a screen reader."""
    return box("span", f"icon icon-{name}", aria_hidden="true")


def button(text: str, deed: Deed, classes: str = "button", picture: str = "", **attributes: Attribute) -> Element:
    """Something to press, with mouse, finger or keyboard."""
    pressed = box("button", classes, type="button", **attributes)
    with pressed:
        if picture:
            icon(picture)
        if text:
            words(text)
    return pressed.on("click", deed, js_handler="() => emit()")


def link(text: str, href: str, classes: str = "", picture: str = "", **attributes: Attribute) -> Element:
    """A way to another page."""
    with box("a", classes, href=href, **attributes) as anchor:
        if picture:
            icon(picture)
        words(text)
    return anchor


def put(element: Element, attribute: str, value: Attribute | None) -> None:
    """Set an attribute, or take it away; nothing goes out where it is so already."""
    if value is None:
        if attribute in element.props:
            del element.props[attribute]
    elif element.props.get(attribute) != value:
        element.props[attribute] = value


def dress(element: Element, classes: str) -> None:
    """Give an element these classes and no others."""
    element.classes(replace=classes)


def measure(element: Element, **parts: float) -> None:
    """Lengths as CSS variables, as shares of the whole."""
    element.style("; ".join(f"--{name}: {min(max(part, 0.0), 1.0):.4f}" for name, part in parts.items()))


class Field(Element):
    """One input of a form; `value` follows what is typed."""

    def __init__(self, value: str = "", kind: str = "text", **attributes: Attribute) -> None:
        super().__init__("input")
        self.value = value
        # The value itself would be written back over what somebody types with every change of the page.
        _dressed(self, "input", {"type": kind, "defaultValue": value, **attributes})
        self._deed: Deed | None = None
        self.on("input", self._typed, js_handler="(event) => emit(event.target.value)")

    def on_typed(self, deed: Deed) -> Field:
        self._deed = deed
        return self

    def _typed(self, event: GenericEventArguments) -> object:
        self.value = str(event.args)[:MOST_TYPED]
        return None if self._deed is None else self._deed()


class Choice(Element):
    """A native list to choose one of; `value` follows the choice."""

    def __init__(self, options: Mapping[str, str], value: str, **attributes: Attribute) -> None:
        super().__init__("select")
        self.value = value
        self._options = frozenset(options)
        self._deed: Deed | None = None
        _dressed(self, "input", attributes)
        with self:
            for key, text in options.items():
                option = words(text, "option", value=key)
                put(option, "selected", True if key == value else None)
        self.on("change", self._chosen, js_handler="(event) => emit(event.target.value)")

    def on_chosen(self, deed: Deed) -> Choice:
        self._deed = deed
        return self

    def _chosen(self, event: GenericEventArguments) -> object:
        if event.args not in self._options:
            return None
        self.value = str(event.args)
        return None if self._deed is None else self._deed()


class Segments(Element):
    """A few choices side by side, of which one is in force."""

    def __init__(
        self, options: Mapping[str, str], value: str | None, chosen: Callable[[str], object], label: str
    ) -> None:
        super().__init__("div")
        _dressed(self, "segments", {"role": "group", "aria_label": label})
        self._value: str | None = None
        with self:
            self._buttons = {
                key: button(text, partial(chosen, key), "", data_value=key) for key, text in options.items()
            }
        self.choose(value)

    def choose(self, value: str | None) -> None:
        """Show that one as in force."""
        if value == self._value:
            return
        self._value = value
        for key, each in self._buttons.items():
            put(each, "aria-pressed", "true" if key == value else "false")

    def allow(self, allowed: bool) -> None:
        for each in self._buttons.values():
            put(each, "disabled", None if allowed else True)


def labelled(text: str, make: Callable[[], E]) -> E:
    """A field under its label."""
    with box("label", "field"):
        words(text)
        made = make()
    # Or a list's name would be all that one can choose.
    put(made, "aria-label", text)
    return made


def table_head(titles: Iterable[tuple[str, str]]) -> None:
    """The head of a table: text and class of every column."""
    with box("thead"), box("tr"):
        for text, classes in titles:
            words(text, "th", classes, scope="col")


def cell(text: str, label: str, classes: str = "") -> TextElement:
    """One cell; its label shows where a row becomes a card."""
    return words(text, "td", classes, data_label=label)


def _dressed(element: E, classes: str, attributes: Mapping[str, Attribute]) -> E:
    if classes:
        element.classes(classes)
    for name, value in attributes.items():
        element.props[name if name == "defaultValue" else name.rstrip("_").replace("_", "-")] = value
    return element
