"""Stamps of a device's own clock: duplicates, old messages, held-back ones, clocks that are set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ems.devices.sender_clock import SLACK_S, TRUST_AFTER, SenderClock

WRAP_S = 4_294_967.296


def test_messages_on_time_are_as_old_as_they_came() -> None:
    clock = SenderClock()

    told = [clock.measured_at_s(100.0 + i, 5.0 + i + 0.25 * (i % 3)) for i in range(6)]

    assert told == [5.0 + i for i in range(6)]


def test_the_same_one_twice_and_an_older_one_are_no_samples() -> None:
    clock = SenderClock()

    told = [clock.measured_at_s(stamp_s, 5.0 + i) for i, stamp_s in enumerate((100.0, 101.0, 101.0, 100.0, 104.0))]

    assert told == [5.0, 6.0, None, None, 9.0]


def test_what_stood_in_a_buffer_is_as_old_as_it_is() -> None:
    clock = SenderClock()
    clock.measured_at_s(100.0, 5.0)

    # Forty seconds of a network that held everything back, then all at once.
    told = [clock.measured_at_s(101.0 + i, 45.0 + 0.001 * i) for i in range(40)]

    assert all(at_s is not None and abs(at_s - (6.0 + i)) <= SLACK_S for i, at_s in enumerate(told))


def test_a_clock_that_is_set_is_believed_after_a_while_whichever_way() -> None:
    for jump_s in (-3600.0, -90.0, 90.0, 3600.0):
        clock = SenderClock()
        for i in range(5):
            clock.measured_at_s(100.0 + i, 5.0 + i)
        told = [clock.measured_at_s(100.0 + i + jump_s, 5.0 + i) for i in range(5, 40)]
        assert told[TRUST_AFTER:] == [5.0 + i for i in range(5 + TRUST_AFTER, 40)]
        back = [clock.measured_at_s(100.0 + i, 5.0 + i) for i in range(40, 80)]
        assert back[TRUST_AFTER:] == [5.0 + i for i in range(40 + TRUST_AFTER, 80)]


def test_a_counter_that_wraps_goes_on() -> None:
    clock = SenderClock(wraps_after_s=WRAP_S)

    told = [clock.measured_at_s((WRAP_S - 2.0 + i) % WRAP_S, 5.0 + i) for i in range(5)]

    assert [None if at_s is None else round(at_s, 3) for at_s in told] == [5.0, 6.0, 7.0, 8.0, 9.0]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 100)), max_size=60), st.sampled_from([None, 1000.0]))
def test_nothing_is_ever_newer_than_when_it_came(
    messages: list[tuple[float, float]], wraps_after_s: float | None
) -> None:
    clock, now_s = SenderClock(wraps_after_s=wraps_after_s), 0.0
    for stamp_s, later_s in messages:
        now_s += later_s
        at_s = clock.measured_at_s(stamp_s, now_s)
        assert at_s is None or at_s <= now_s
