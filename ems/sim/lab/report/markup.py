"""HTML that cannot forget to escape: plain strings are text, only `Markup` passes as it is."""

from __future__ import annotations

from html import escape
from typing import Final

VOID: Final = frozenset({"meta", "br"})
"""Elements of HTML that take no end tag; those used here."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """`<name …>children</name>`. `class_` is `class`, `aria_label` is `aria-label`; attributes of None are left out."""
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """The children one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child, quote=False) for child in children))


def only_for_ears(text: str) -> Markup:
    """Text for screen readers where the eye has a sign or a colour."""
    return element("span", text, class_="ears")


def _attribute(key: str, value: str | float) -> str:
    return f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
