"""Guessing passwords is slowed down, and the station that is guessed at comes in all the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms.security.guesses import AT_ONCE, EVERY_S, Guesses

ADDRESSES = [f"192.168.1.{number}" for number in range(2, 30)]


def tries(guesses: Guesses, address: str, times: int) -> int:
    """How many of these wrong passwords were looked at."""
    looked_at = 0
    for _ in range(times):
        if guesses.may_try("garage", address):
            looked_at += 1
            guesses.failed("garage", address)
    return looked_at


def test_one_address_has_so_many_at_once_and_then_one_now_and_then() -> None:
    clock = VirtualClock()
    guesses = Guesses(clock)

    assert tries(guesses, ADDRESSES[0], 100) == AT_ONCE
    clock.advance(EVERY_S)
    assert tries(guesses, ADDRESSES[0], 100) == 1


def test_another_station_is_not_touched() -> None:
    guesses = Guesses(VirtualClock())
    tries(guesses, ADDRESSES[0], 100)

    assert guesses.may_try("carport", ADDRESSES[1])


def test_a_new_name_keeps_its_address() -> None:
    guesses = Guesses(VirtualClock())
    guesses.proved("garage", ADDRESSES[0])
    guesses.rename("garage", "CP-7")
    for _ in range(AT_ONCE):
        guesses.failed("CP-7", ADDRESSES[1])

    assert guesses.may_try("CP-7", ADDRESSES[0])
    assert not guesses.may_try("CP-7", ADDRESSES[2])


@given(st.lists(st.sampled_from(ADDRESSES[1:]), max_size=300))
def test_the_station_comes_in_from_its_own_address_whoever_guesses_elsewhere(guessers: list[str]) -> None:
    guesses = Guesses(VirtualClock())
    guesses.proved("garage", ADDRESSES[0])
    looked_at = sum(tries(guesses, address, 1) for address in guessers)

    assert looked_at <= AT_ONCE, "all addresses together"
    assert guesses.may_try("garage", ADDRESSES[0])
