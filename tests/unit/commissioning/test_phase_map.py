"""The phase map: right through noise and rotation, and not certain where it cannot be."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.commissioning.phase_map import (
    Certainty,
    Loaded,
    Step,
    agrees,
    complete,
    loaded_phases,
    wiring_found,
)
from ems.model.electrical import PerPhase, Phase, Wiring

L1, L2, L3 = Phase
ALL: Wiring = (L1, L2, L3)
ROTATIONS = list(permutations(ALL))
NOISE_A = st.floats(-0.5, 0.5)
SWITCHING_A = st.sampled_from([-16.0, -9.0, 9.0, 13.0])
ROUND = (5.7, 4.0, -9.7)
"""What one round of the proof makes: 6 A, 10 A, pause."""


def steps_of(wiring: Wiring, sizes: tuple[float, ...], noise: list[PerPhase]) -> list[Step]:
    return [
        Step(size_a=size_a, seen_a=PerPhase.on(wiring, size_a) + each)
        for size_a, each in zip(sizes, noise, strict=False)
    ]


def per_phase(amps: st.SearchStrategy[float]) -> st.SearchStrategy[PerPhase]:
    return st.builds(PerPhase, amps, amps, amps)


def certain(phases: Wiring) -> Loaded:
    return Loaded(phases=frozenset(phases), odds=20.0, agreeing=3)


@given(
    wiring=st.sampled_from(ROTATIONS),
    used=st.integers(1, 3),
    noise=st.lists(per_phase(NOISE_A), min_size=6, max_size=6),
)
def test_a_quiet_house_shows_the_loaded_phases_within_two_rounds(
    wiring: Wiring, used: int, noise: list[PerPhase]
) -> None:
    loaded = loaded_phases(steps_of(wiring[:used], 2 * ROUND, noise), ALL)

    assert loaded.certain
    assert loaded.phases == set(wiring[:used])


@given(
    wiring=st.sampled_from(ROTATIONS),
    used=st.integers(1, 3),
    noise=st.lists(per_phase(NOISE_A), min_size=12, max_size=12),
    hits=st.lists(st.tuples(st.integers(0, 11), st.sampled_from(ALL), SWITCHING_A), max_size=4),
)
def test_a_hob_that_switches_now_and_then_deceives_nobody(
    wiring: Wiring, used: int, noise: list[PerPhase], hits: list[tuple[int, Phase, float]]
) -> None:
    for place, phase, amps in hits:
        noise[place] = noise[place] + PerPhase.on((phase,), amps)

    loaded = loaded_phases(steps_of(wiring[:used], 4 * ROUND, noise), ALL)

    assert loaded.phases == set(wiring[:used])
    assert loaded.certain


@given(steps=st.lists(st.tuples(st.sampled_from(ROUND), per_phase(st.floats(-20, 20))), max_size=2))
def test_no_single_step_decides(steps: list[tuple[float, PerPhase]]) -> None:
    one = [Step(size_a=size_a, seen_a=seen_a) for size_a, seen_a in steps][:1]

    assert not loaded_phases(one, ALL).certain


def test_noise_alone_is_not_certain() -> None:
    wild = [Step(size_a=5.7, seen_a=PerPhase(12.0 * sign, -9.0 * sign, 3.0)) for sign in (1, -1, 1, -1)]

    assert not loaded_phases(wild, ALL).certain


def test_a_car_behind_another_meter_is_certainly_not_seen() -> None:
    loaded = loaded_phases(steps_of((), 2 * ROUND, [PerPhase(0.2, -0.1, 0.0)] * 6), ALL)

    assert loaded.certain
    assert loaded.phases == frozenset()


def test_steps_too_small_to_tell_say_nothing() -> None:
    assert not loaded_phases([Step(size_a=0.5, seen_a=PerPhase(0.5, 0.0, 0.0))] * 5, ALL).certain


@pytest.mark.parametrize("wiring", ROTATIONS)
def test_one_two_and_three_phases_in_turn_prove_the_whole_wiring(wiring: Wiring) -> None:
    seen = [(used, certain(wiring[:used])) for used in (1, 2, 3)]

    found = wiring_found(3, seen, ALL)

    assert complete(found) == wiring
    assert {each.certainty for each in found} == {Certainty.CERTAIN}


@pytest.mark.parametrize("wiring", [(L1, L2, L3), (L2, L3, L1), (L3, L1, L2)])
def test_one_phase_and_a_field_that_turns_to_the_right_give_the_rest(wiring: Wiring) -> None:
    found = wiring_found(3, [(1, certain(wiring[:1]))], ALL)

    assert complete(found) == wiring
    assert [each.certainty for each in found] == [Certainty.CERTAIN, Certainty.PRESUMED, Certainty.PRESUMED]


def test_three_phases_at_once_do_not_tell_their_order() -> None:
    found = wiring_found(3, [(3, certain(ALL))], ALL)

    assert complete(found) is None
    assert {each.certainty for each in found} == {Certainty.UNKNOWN}


def test_two_phases_at_once_give_the_order_that_turns_to_the_right() -> None:
    found = wiring_found(3, [(2, certain((L3, L1)))], ALL)

    assert complete(found) == (L3, L1, L2)
    assert {each.certainty for each in found} == {Certainty.PRESUMED}


def test_a_one_phase_station_is_certain() -> None:
    found = wiring_found(1, [(1, certain((L2,)))], ALL)

    assert complete(found) == (L2,)
    assert found[0].certainty is Certainty.CERTAIN


def test_a_house_with_one_phase() -> None:
    loaded = loaded_phases(steps_of((L1,), ROUND, [PerPhase()] * 3), (L1,))

    assert complete(wiring_found(1, [(1, loaded)], (L1,))) == (L1,)


def test_what_contradicts_itself_is_unknown() -> None:
    found = wiring_found(3, [(1, certain((L2,))), (2, certain((L1, L3)))], ALL)

    assert complete(found) is None


def test_more_phases_than_the_station_says_prove_nothing() -> None:
    assert complete(wiring_found(3, [(1, certain(ALL))], ALL)) is None


def test_a_stated_wiring_agrees_only_with_what_was_seen() -> None:
    seen = [(1, certain((L3,)))]

    assert agrees((L3, L1, L2), seen) is True
    assert agrees((L1, L2, L3), seen) is False
    assert agrees((L1, L2, L3), [(3, certain(ALL))]) is True
    assert agrees((L1, L2, L3), [(1, Loaded(phases=frozenset({L3}), odds=1.0, agreeing=1))]) is None
