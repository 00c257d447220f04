from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, FuseDevice, PerPhase, Phase

L1, L2, L3 = Phase
AMPS = st.floats(-400, 400)
PER_PHASE = st.builds(PerPhase, AMPS, AMPS, AMPS)


def test_per_phase_reads_by_phase_and_in_order() -> None:
    current_a = PerPhase(1.0, 2.0, 3.0)

    assert (current_a[L1], current_a[L2], current_a[L3]) == (1.0, 2.0, 3.0)
    assert list(current_a) == [1.0, 2.0, 3.0]
    assert current_a.total == 6.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], PerPhase()), ([5.0], PerPhase(5.0)), ([1.0, 2.0, 3.0], PerPhase(1.0, 2.0, 3.0))],
)
def test_missing_phases_are_0(values: list[float], expected: PerPhase) -> None:
    assert PerPhase.of(values) == expected


def test_value_goes_to_the_named_phases_alone() -> None:
    assert PerPhase.on((L3, L1), 6.0) == PerPhase(6.0, 0.0, 6.0)
    assert PerPhase.on((), 6.0) == PerPhase()


def test_one_phase_is_replaced_and_the_others_stay() -> None:
    assert PerPhase(1.0, 2.0, 3.0).with_value(L2, 9.0) == PerPhase(1.0, 9.0, 3.0)


def test_each_phase_is_mapped_by_itself() -> None:
    assert PerPhase(-1.0, 2.0, -3.0).mapped(abs) == PerPhase(1.0, 2.0, 3.0)
    assert -PerPhase(1.0, -2.0, 0.5) == PerPhase(-1.0, 2.0, -0.5)


@given(PER_PHASE, PER_PHASE)
def test_upper_and_lower_bound_both_and_keep_the_sum(one: PerPhase, other: PerPhase) -> None:
    upper, lower = one.upper(other), one.lower(other)

    assert all(lower[p] <= one[p] <= upper[p] and lower[p] <= other[p] <= upper[p] for p in Phase)
    assert upper + lower == one + other


@given(PER_PHASE, PER_PHASE)
def test_sum_and_difference_work_phase_by_phase(one: PerPhase, other: PerPhase) -> None:
    assert one + other == PerPhase.of(one[p] + other[p] for p in Phase)
    assert one - other == PerPhase.of(one[p] - other[p] for p in Phase)
    assert one - one == PerPhase()


@given(PER_PHASE)
def test_factor_scales_every_phase(current_a: PerPhase) -> None:
    assert current_a * 2.0 == current_a + current_a


def circuit(circuit_id: str, parent_id: str | None = None) -> Circuit:
    return Circuit(circuit_id=circuit_id, fuse=Fuse(rating_a=25.0), parent_id=parent_id, phases=PHASES_OF[3])


TREE = CircuitTree((circuit("main"), circuit("garage", "main"), circuit("attic", "main"), circuit("left", "garage")))


def test_main_circuit_is_the_first() -> None:
    assert TREE.main.circuit_id == "main"
    assert [each.circuit_id for each in TREE] == ["main", "garage", "attic", "left"]
    assert TREE["attic"].parent_id == "main"


def test_current_flows_through_every_fuse_above() -> None:
    assert [each.circuit_id for each in TREE.above("left")] == ["left", "garage", "main"]
    assert TREE.feeds("main", "left")
    assert TREE.feeds("left", "left")
    assert not TREE.feeds("attic", "left")
    assert not TREE.feeds("left", "garage")


def test_unknown_circuit_is_an_error_and_no_empty_answer() -> None:
    with pytest.raises(KeyError):
        TREE["cellar"]
    with pytest.raises(KeyError):
        TREE.above("cellar")


def test_trees_are_equal_when_their_circuits_are() -> None:
    assert CircuitTree((circuit("main"),)) == CircuitTree((circuit("main"),))


def test_household_breaker_is_what_is_meant_unless_said_otherwise() -> None:
    assert Fuse(rating_a=16.0).device is FuseDevice.MCB_B
