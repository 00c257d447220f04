"""What is written comes back equal, and what cannot come back says which field is to blame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.control.cycle import decide
from ems.control.memory import Memory
from ems.model.decision import Decision, LimitReason, Reason, Setpoint
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import Goal
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, SendOutcome, SentLimit, StationState
from ems.store.codec import decode, encode, from_text, to_text
from ems.store.errors import JournalError
from tests.strategies import looks
from tests.unit.store.taped import two_cars


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Every shape that our values may have."""

    amount: float = 0.0
    pair: tuple[int, str] = (0, "")
    limits: tuple[SentLimit, ...] = ()
    either: Reason | Setpoint | None = None
    names: frozenset[str] = frozenset()
    of_phase: Mapping[Phase, float | None] | None = None
    of_key: Mapping[tuple[str, Phase], PerPhase] | None = None
    of_status: Mapping[ConnectorStatus, Goal] | None = None
    of_pattern: Mapping[tuple[int, ...], float] | None = None


def again(value: object) -> object:
    """There and back."""
    return decode(type(value), from_text(to_text(encode(value))))


@given(looks())
def test_snapshot_memory_and_decision_come_back_equal(look_and_memory: tuple[Snapshot, Memory]) -> None:
    look, memory = look_and_memory
    turn = decide(look, memory)

    for value in (look, memory, turn.decision, turn.memory):
        assert repr(again(value)) == repr(value)


@given(look_and_memory=looks())
def test_decision_on_what_came_back_is_the_same(look_and_memory: tuple[Snapshot, Memory]) -> None:
    look, memory = look_and_memory
    look_again = decode(Snapshot, from_text(to_text(encode(look))))
    memory_again = decode(Memory, from_text(to_text(encode(memory))))

    assert repr(decide(look_again, memory_again)) == repr(decide(look, memory))


@given(st.floats(allow_nan=False))
def test_every_float_keeps_its_last_bit(amount: float) -> None:
    back = again(Odd(amount=amount))

    assert isinstance(back, Odd)
    assert back.amount.hex() == amount.hex()


def test_every_shape_comes_back_in_its_own_type() -> None:
    limit = SentLimit(limit_a=6, phases=1, sent_at_s=1.0, lease_ends_at_s=61.0, outcome=SendOutcome.ACCEPTED)
    odd = Odd(
        pair=(3, "x"),
        limits=(limit,),
        either=Setpoint(station_id="a", limit_a=6.0, phases=3),
        names=frozenset({"b"}),
        of_phase={Phase.L3: None, Phase.L1: -0.0},
        of_key={("main", Phase.L2): PerPhase(1.0, 2.0, 3.0)},
        of_status={ConnectorStatus.FAULTED: Goal()},
        of_pattern={(1, 3): float("-inf"), (): 2.5},
    )
    back = again(odd)

    assert repr(back) == repr(odd)
    assert isinstance(back, Odd)
    assert back.of_key is not None
    assert isinstance(back.of_key["main", Phase.L2], PerPhase)


def test_set_is_written_in_order_whatever_order_it_has() -> None:
    odd = Odd(names=frozenset({"c", "b", "a"}))

    assert again(odd) == odd
    assert encode(odd)["names"] == ["a", "b", "c"]


def test_mapping_keeps_its_order() -> None:
    back = again(Odd(of_phase={Phase.L3: 1.0, Phase.L1: 2.0, Phase.L2: 3.0}))

    assert isinstance(back, Odd)
    assert list(back.of_phase or ()) == [Phase.L3, Phase.L1, Phase.L2]


def test_field_added_since_gets_its_default() -> None:
    old = encode(Reason(code=LimitReason.CAR, limit_a=10.0))
    del old["needed_w"]

    assert decode(Reason, old) == Reason(code=LimitReason.CAR, limit_a=10.0)


def test_field_dropped_since_is_passed_over() -> None:
    old = encode(Reason(code=LimitReason.CAR)) | {"mood": "sunny"}

    assert decode(Reason, old) == Reason(code=LimitReason.CAR)


def test_missing_field_without_default_is_named() -> None:
    old = encode(SentLimit(limit_a=6.0, phases=3, sent_at_s=1.0, lease_ends_at_s=2.0))
    del old["lease_ends_at_s"]
    state = encode(StationState(station_id="a")) | {"sent": [old]}

    with pytest.raises(JournalError, match=r"SentLimit\.lease_ends_at_s is missing"):
        decode(StationState, state)


@pytest.mark.parametrize(
    ("field", "nonsense"),
    [("status", "Dancing"), ("sent", 5), ("car", [1.0]), ("car", {"current_a": None, "taken_at_s": 1.0})],
)
def test_nonsense_is_named(field: str, nonsense: object) -> None:
    with pytest.raises(JournalError, match=r"StationState\.status|StationState\.sent|CarReading"):
        decode(StationState, encode(StationState(station_id="a")) | {field: nonsense})


def test_left_out_field_is_given_back() -> None:
    look = two_cars(0.2).snapshot()
    text = to_text(encode(look, without=("site",)))

    assert b"fuse" not in text
    assert decode(Snapshot, from_text(text), given={"site": look.site}) == look


def test_class_that_is_no_value_is_refused() -> None:
    @dataclass(frozen=True)
    class Wrong:
        anything: list[object]

    with pytest.raises(TypeError, match="no way to write"):
        encode(Wrong(anything=[]))


def test_text_that_is_no_json_is_said() -> None:
    with pytest.raises(JournalError, match="not JSON"):
        from_text(b"{")


def test_decision_of_a_real_house_comes_back() -> None:
    house = two_cars(1.0)
    assert house.decision is not None
    back = again(house.decision)

    assert isinstance(back, Decision)
    assert back == house.decision
    assert CarReading in {type(state.car) for state in house.snapshot().stations.values()}
