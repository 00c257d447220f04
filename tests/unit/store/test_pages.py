"""Pages that wait become one, and never more than memory should hold."""

from __future__ import annotations

from dataclasses import replace

from ems.store.entries import Counters, Flows, Page, Step
from ems.store.pages import DECISIONS_WAIT, MINUTES_WAIT, gathered
from tests.unit.store.test_books import DECISION, EVENT, NOON_S, SESSION, STATE


def minute(number: int, wh: float = 1.0) -> Step:
    return Step(at_utc_s=NOON_S + 60 * number, length_s=60, flows=Flows(home_wh=wh))


def test_newest_of_each_minute_session_and_state_counts() -> None:
    grown = replace(SESSION, energy_kwh=9.0)
    newer = replace(STATE, counters=Counters(solar_kwh=99.0))
    page = gathered(
        [
            Page(minutes=(minute(0), minute(1)), sessions=(SESSION,), decisions=(DECISION,), state=STATE),
            Page(minutes=(minute(1, 5.0),), sessions=(grown,), events=(EVENT,), state=newer),
            Page(decisions=(replace(DECISION, limit_a=8.0),)),
        ]
    )

    assert page.minutes == (minute(0), minute(1, 5.0))
    assert page.sessions == (grown,)
    assert [entry.limit_a for entry in page.decisions] == [6.0, 8.0]
    assert page.events == (EVENT,)
    assert page.state == newer


def test_a_day_of_minutes_waits_and_no_more() -> None:
    page = Page()
    for number in range(MINUTES_WAIT + 10):
        page = gathered([page, Page(minutes=(minute(number),), decisions=(DECISION,) * 4)])

    assert MINUTES_WAIT >= 24 * 60
    assert page.minutes[0] == minute(10)
    assert len(page.minutes) == MINUTES_WAIT
    assert len(page.decisions) == DECISIONS_WAIT


def test_nothing_stays_nothing() -> None:
    assert gathered([]) == gathered([Page(), Page()]) == Page()
