"""What is around every page: name, ways to the other pages, the banner when the house is out of reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

from nicegui import ui

from ems.api.wire import SiteCondition, State
from ems.model.words import has_words
from ems.web.bits import box, dress, icon, link, put, words
from ems.web.places import Place
from ems.web.push import Draw
from ems.web.theme import head
from ems.web.visit import LOOKS, Visit

TONES: Final = {
    SiteCondition.OPTIMISING: "tone-good",
    SiteCondition.PROTECTING: "tone-sun",
    SiteCondition.FALLBACK: "tone-bad",
    SiteCondition.PAUSED: "",
    SiteCondition.NOT_COMMISSIONED: "tone-bad",
}

OLD_S: Final = 5.0
"""A state older than this is no longer what the house does now."""


@contextmanager
def frame(visit: Visit, here: Place) -> Iterator[Draw]:
    """Build the frame, and what is built inside goes into the page; yields what keeps the frame itself up to date."""
    voice = visit.voice
    ui.add_head_html(head(voice.language, visit.look))
    ui.page_title(f"{voice(f'page.{here.key}')} · Fusewise")
    words(voice("page.skip"), "a", "skip", href="#main")
    words(voice("page.offline"), "div", "offline-banner", role="alert")
    with box("header", "top"), box("div", "top-in"):
        _brand(visit)
        _ways(visit, here)
        with box("div", "top-right"):
            condition = words("", "span", "chip gone")
            _buttons(visit)
    visit.hang_dialogs_here()
    beat = words("", "span", "gone", aria_hidden="true")
    beats = count(1)
    with box("div", "page", id="main", tabindex="-1"):
        old = words("", "p", "age gone", role="status")

        def draw(state: State, age_s: float) -> None:
            condition.set_text(voice(f"condition.{state.condition}"))
            dress(condition, f"chip {TONES[state.condition]}")
            old.set_text(voice("page.old", age=voice.lasting(age_s)))
            dress(old, "age" if age_s > OLD_S else "age gone")
            beat.set_text(str(next(beats)))

        yield draw


def _brand(visit: Visit) -> None:
    with box("a", "brand", href=f"{visit.root}/"):
        with box("span", "brand-mark"):
            icon("now")
        words(visit.house.state().name, "span", "brand-name")


def _ways(visit: Visit, here: Place) -> None:
    with box("nav", "nav", aria_label=visit.voice("page.ways")):
        for place in visit.premises.places:
            if place.in_menu and visit.person.may(place.role):
                name = visit.voice(f"page.{place.key}")
                # Long names have a place to break on a phone.
                shown = visit.voice(f"page.way.{place.key}") if has_words(f"page.way.{place.key}") else name
                way = link(shown, f"{visit.root}{place.path}", picture=place.key, aria_label=name)
                put(way, "aria-current", "page" if place is here else None)


def _buttons(visit: Visit) -> None:
    voice = visit.voice
    following = LOOKS[(LOOKS.index(visit.look) + 1) % len(LOOKS)]
    label = f"{voice('page.look')}: {voice(f'page.look.{visit.look}')}"
    look = box("button", "icon-button on-desk", type="button", aria_label=label, title=label)
    with look:
        icon("look")
    look.on("click", js_handler=f"() => fusewise.remember('look', '{following}')")
    label = f"{voice('page.leave')} ({visit.person.name})"
    leave = box("button", "icon-button", type="button", aria_label=label, title=label)
    with leave:
        icon("leave")
    leave.on(
        "click",
        js_handler=f"async () => {{ await fusewise.call('POST', {json.dumps(visit.root + '/api/v1/logout')}); "
        f"location.href = {json.dumps(visit.root + '/login')}; }}",
    )
