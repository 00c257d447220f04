"""Cookies and the pace of logins, alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ems.devices.http.session import (
    FIRST_WAIT_S,
    LASTS_S,
    LONGEST_COOKIE,
    LONGEST_WAIT_S,
    MOST_COOKIES,
    Cookies,
    LoginPace,
)

STEPS = st.lists(st.tuples(st.floats(0, 400), st.booleans()), max_size=60)
"""Pauses, and whether the session gave an answer after each."""


@given(steps=STEPS)
def test_two_logins_are_never_closer_than_the_first_wait(steps: list[tuple[float, bool]]) -> None:
    pace, now_s, tried = LoginPace(), 0.0, [-FIRST_WAIT_S]
    for pause_s, good in steps:
        now_s += pause_s
        if good:
            pace.was_good(now_s)
        if pace.wait_s(now_s) == 0:
            assert now_s - tried[-1] >= FIRST_WAIT_S
            tried.append(now_s)
            pace.tried(now_s)
        assert pace.wait_s(now_s) <= LONGEST_WAIT_S


def test_only_a_session_that_lasted_makes_the_next_wait_short_again() -> None:
    pace = LoginPace()
    for now_s in (0.0, 30.0, 90.0):
        assert pace.wait_s(now_s) == 0
        pace.tried(now_s)
    pace.was_good(90.0 + LASTS_S - 1)
    assert pace.wait_s(90.0) == 120.0
    pace.was_good(90.0 + LASTS_S)
    assert pace.wait_s(90.0 + LASTS_S) == 0
    pace.tried(90.0 + LASTS_S)
    assert pace.wait_s(90.0 + LASTS_S) == FIRST_WAIT_S


@given(headers=st.lists(st.text(max_size=200), max_size=40))
def test_whatever_a_device_sets_stays_small_and_fits_into_a_header(headers: list[str]) -> None:
    cookies = Cookies()
    cookies.take(headers)

    assert cookies.header.isprintable()
    assert cookies.header.isascii()
    assert cookies.header.count("; ") < MOST_COOKIES


def test_cookies_are_told_back_without_their_attributes() -> None:
    cookies = Cookies()
    cookies.take(["A=1; Path=/; HttpOnly", "B=x=y", "A=2", "odd", "=3", "C=\r\nX: y", "D=" + "d" * LONGEST_COOKIE])

    assert cookies.header == "A=2; B=x=y"
    cookies.clear()
    assert cookies.header == ""
