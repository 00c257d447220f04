"""What is suspicious about a station, how much it may say, and what is kept of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.csms import valve
from ems.csms.security import occurrences
from ems.csms.security.alarms import LASTS_S, Alarms
from ems.csms.security.occurrences import Kind, Occurrence, Occurrences
from ems.csms.valve import Valve
from ems.model.decision import NoticeCode
from ems.model.station import StationAlarm
from ems.model.words import WORDS_FILE


def test_every_alarm_is_a_notice() -> None:
    assert {alarm.value for alarm in StationAlarm} <= {code.value for code in NoticeCode}


def test_an_alarm_is_news_once_and_ends_by_itself() -> None:
    clock = VirtualClock()
    alarms = Alarms(clock, 16.0)

    assert [alarms.ring(StationAlarm.LOGIN_STORM) for _ in range(2)] == [True, False]
    clock.advance(LASTS_S - 1)
    assert alarms.now == (StationAlarm.LOGIN_STORM,)
    clock.advance(2)
    assert not alarms.now


def test_connections_that_take_turns_are_two_stations_of_one_name() -> None:
    clock = VirtualClock()
    alarms = Alarms(clock, 16.0)
    alive = []
    for _ in range(3):
        clock.advance(30)
        alive.append(alarms.replaced(clock.monotonic_s() - 10))

    assert alive == [False, False, True]


def test_a_station_that_comes_back_after_its_line_was_dead_is_one_station() -> None:
    clock = VirtualClock()
    alarms = Alarms(clock, 16.0)
    for _ in range(10):
        clock.advance(200)
        assert not alarms.replaced(clock.monotonic_s() - 150)


def test_a_clock_may_be_set_after_a_boot_and_not_later() -> None:
    clock = VirtualClock()
    alarms = Alarms(clock, 16.0)
    came_at_s = clock.monotonic_s()

    assert not alarms.clock_seen(3600.0, came_at_s)
    assert not alarms.clock_seen(0.0, came_at_s)
    clock.advance(1000)
    assert not alarms.clock_seen(20.0, came_at_s)
    assert alarms.clock_seen(3600.0, came_at_s)


@given(st.lists(st.floats(0, 1000), max_size=3), st.floats(6, 80))
def test_a_current_that_the_hardware_may_carry_is_never_impossible(current_a: list[float], most_a: float) -> None:
    alarms = Alarms(VirtualClock(), most_a)
    impossible = alarms.metered(tuple(current_a))

    assert impossible == (max(current_a, default=0.0) > max(2 * most_a, most_a + 20))


def test_a_flood_waits_and_a_backlog_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valve, "AT_ONCE", 50.0)
    clock = VirtualClock()
    told: list[float] = []
    gate = Valve(clock, lambda: told.append(clock.monotonic_s()))

    async def say(count: int, *, hurried: bool = False) -> float:
        began_s = clock.monotonic_s()
        for _ in range(count):
            await gate.rest(hurried=hurried)
        return clock.monotonic_s() - began_s

    async def story() -> tuple[float, float, float]:
        return await say(50), await say(200), await say(200, hurried=True)

    backlog_s, flood_s, hurried_s = run_virtual(story(), clock)

    assert backlog_s == 0.0
    assert flood_s == pytest.approx(200 / valve.EACH_S)
    assert hurried_s == pytest.approx(200 / valve.HURRIED_EACH_S, rel=0.1)
    assert told


def test_the_same_occurrence_counts_up_and_is_told_once() -> None:
    clock = VirtualClock()
    told: list[Occurrence] = []
    kept = Occurrences(clock, told.append)
    for _ in range(5):
        kept.note(Kind.PASSWORD, "garage", "192.0.2.7")
    kept.note(Kind.PASSWORD, "carport", "192.0.2.7")

    assert [(each.station_id, each.times) for each in kept.all] == [("garage", 5), ("carport", 1)]
    assert len(told) == 2
    clock.advance(occurrences.TOLD_AGAIN_S + 1)
    kept.note(Kind.PASSWORD, "garage", "192.0.2.7")
    assert len(told) == 3


@given(st.lists(st.tuples(st.sampled_from(Kind), st.text(max_size=300)), max_size=200))
def test_whatever_comes_the_list_is_short_and_printable(noted: list[tuple[Kind, str]]) -> None:
    kept = Occurrences(VirtualClock())
    for kind, about in noted:
        kept.note(kind, None, about)

    assert len(kept.all) <= occurrences.MOST_KEPT
    assert all(len(each.about) <= occurrences.LONGEST_WORD and each.about.isprintable() for each in kept.all)


def test_a_flood_of_different_things_is_bounded() -> None:
    told: list[Occurrence] = []
    kept = Occurrences(VirtualClock(), told.append)
    for number in range(1000):
        kept.note(Kind.UNKNOWN_STATION, None, f"stranger {number}")

    assert len(told) == occurrences.AT_ONCE


def test_every_occurrence_has_a_sentence_in_each_language() -> None:
    words = json.loads(WORDS_FILE.read_text(encoding="utf-8"))
    alarms = {alarm.value for alarm in StationAlarm}
    keys = {f"log.{kind}_began" if kind.value in alarms else f"log.security_{kind}" for kind in Kind}

    assert all({"en", "de"} <= words[key].keys() for key in keys)
