"""HTML that cannot forget to escape: plain strings are text, only `Markup` passes as it is.

No line of text ends between a number and its unit.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

VOID: Final = frozenset({"meta", "br"})
"""Elements of HTML that take no end tag; those used here."""

BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(?:(?:[kM]?Wh?|A|V|s|min|h|days?)\b|%))")
"""The blank between a number and its unit."""

FIXED_SPACE: Final = "\N{NO-BREAK SPACE}"


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
    return Markup("".join(child if isinstance(child, Markup) else _text(child) for child in children))


def only_for_ears(text: str) -> Markup:
    """Text for screen readers where the eye has a sign or a colour."""
    return element("span", text, class_="ears")


def _text(said: str) -> str:
    return escape(BEFORE_UNIT.sub(FIXED_SPACE, said), quote=False)


def _attribute(key: str, value: str | float) -> str:
    return f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
