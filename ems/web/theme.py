"""How the pages look: one style sheet, one script, drawn icons. All of it is in the page itself, nothing is fetched."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ems.model.words import Language

_ASSETS: Final = Path(__file__).with_name("assets")

_ICONS: Final = {
    "now": '<path d="M13 2 4 14h7l-1 8 9-12h-7z"/>',
    "history": '<path d="M4 4v16h16M8 16v-4M12 16V8M16 16v-6"/>',
    "sessions": '<path d="M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01"/>',
    "log": '<path d="M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "commissioning": '<path d="m14 6 4 4M4 20l1-5L16 4a2.1 2.1 0 0 1 3 0l1 1a2.1 2.1 0 0 1 0 3L9 19z"/>',
    "servicing": '<path d="M14.7 6.3a4 4 0 0 0-5.4 5L3 17.6 6.4 21l6.3-6.3a4 4 0 0 0 5-5.4l-2.6 2.6-2.4-.6-.6-2.4z"/>',
    "leave": '<path d="M10 4H5v16h5M15 8l4 4-4 4M19 12H9"/>',
    "look": '<circle cx="12" cy="12" r="8"/><path d="M12 4v16a8 8 0 0 0 0-16z" fill="#000"/>',
    "why": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8h.01"/>',
    "warning": '<path d="M12 4 2.8 20h18.4zM12 10v4M12 17h.01"/>',
    "check": '<path d="m5 13 4 4L19 7" stroke-width="3"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "boost": '<path d="m6 17 6-6 6 6M6 11l6-6 6 6"/>',
    "limit": '<path d="M5 18a9 9 0 1 1 14 0M12 13l4-5"/>',
    "goal": '<path d="M5 21V4h13l-3 4 3 4H5"/>',
    "sun": '<circle cx="12" cy="12" r="4"/>'
    '<path d="M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2"/>',
    "grid": '<path d="M12 2 7 22M12 2l5 20M9 10h6M8 16h8M5 7h14"/>',
    "home": '<path d="m3 11 9-8 9 8M6 9v11h12V9"/>',
    "car": '<path d="M4 16v-4l2-5h12l2 5v4zM4 16v3M20 16v3M4 12h16M8 14h.01M16 14h.01"/>',
    "battery": '<path d="M3 8h15v8H3zM21 11v2M6 11v2M10 11v2"/>',
    "left": '<path d="m15 5-7 7 7 7"/>',
    "right": '<path d="m9 5 7 7-7 7"/>',
    "file": '<path d="M12 4v11M7 11l5 5 5-5M5 20h14"/>',
}


@cache
def style() -> str:
    """The style sheet with the icons."""
    rules = [f'.icon-{name} {{ --i: url("{_drawn(paths)}"); }}' for name, paths in _ICONS.items()]
    return "\n".join([(_ASSETS / "fusewise.css").read_text(encoding="utf-8"), *rules])


@cache
def script() -> str:
    """What the pages do by themselves."""
    return (_ASSETS / "fusewise.js").read_text(encoding="utf-8")


@cache
def favicon() -> str:
    """Our mark, as SVG."""
    mark = f'<g transform="translate(4 4)">{_ICONS["now"]}</g>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#fff" stroke-width="2" '
        f'stroke-linejoin="round"><rect width="32" height="32" rx="8" fill="#0a7355" stroke="none"/>{mark}</svg>'
    )


def head(language: Language, look: str) -> str:
    """What goes into the head of every page, before anything is drawn."""
    return (
        f"<script>document.documentElement.lang={language.value!r};document.documentElement.dataset.look={look!r};"
        f"</script><style>{style()}</style><script>{script()}</script>"
    )


def _drawn(paths: str) -> str:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{paths}</svg>'
    )
    return f"data:image/svg+xml,{quote(drawing)}"
