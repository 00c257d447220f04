"""Bounds that are written into model 124 of a simulated battery end by themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ems.devices.sunspec.models import STORAGE
from ems.sim.wire.sunspec_orders import TAKEN, StorageOrders

MODE, OUT, IN, REVERT = (
    STORAGE.fields[name].offset for name in ("StorCtl_Mod", "OutWRte", "InWRte", "InOutWRte_RvrtTms")
)


class Watch:
    """A time that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_bounded_at_first() -> None:
    orders = StorageOrders(Watch())

    assert (orders.charge_share, orders.discharge_share) == (None, None)
    assert orders.told["StorCtl_Mod"] == 0


def test_a_bound_holds_where_its_bit_is_set() -> None:
    orders = StorageOrders(Watch())
    assert orders.take(OUT, [2500])
    assert orders.discharge_share is None

    assert orders.take(MODE, [2])

    assert orders.charge_share is None
    assert orders.discharge_share == 0.25


def test_both_rates_may_come_in_one_write_and_may_be_negative() -> None:
    orders = StorageOrders(Watch())
    assert orders.take(OUT, [0xFFFF & -5000, 10_000])
    assert orders.take(MODE, [3])

    assert (orders.charge_share, orders.discharge_share) == (1.0, -0.5)


@given(st.integers(1, 600), st.floats(0, 1200))
def test_a_bound_ends_when_its_time_is_over_and_not_before(lasts_s: int, later_s: float) -> None:
    watch = Watch()
    orders = StorageOrders(watch)
    for offset, word in ((REVERT, lasts_s), (OUT, 0), (MODE, 2)):
        assert orders.take(offset, [word])
    watch.now_s += later_s

    assert orders.discharge_share == (None if watch.now_s - 50.0 >= lasts_s else 0.0)
    assert orders.told["InOutWRte_RvrtTms"] == lasts_s


def test_every_write_begins_the_time_anew() -> None:
    watch = Watch()
    orders = StorageOrders(watch)
    for offset, word in ((REVERT, 60), (OUT, 0), (MODE, 2)):
        orders.take(offset, [word])
    watch.now_s += 50
    orders.take(OUT, [1000])
    watch.now_s += 50
    assert orders.discharge_share == 0.1

    watch.now_s += 10
    assert orders.discharge_share is None


def test_without_a_time_a_bound_never_ends() -> None:
    watch = Watch()
    orders = StorageOrders(watch)
    orders.take(MODE, [1])
    orders.take(IN, [0])
    watch.now_s += 1e6

    assert orders.charge_share == 0.0


@given(st.integers(-5, 40), st.lists(st.integers(0, 0xFFFF), max_size=5))
def test_only_its_own_registers_are_taken(offset: int, words: list[int]) -> None:
    places = {STORAGE.fields[name].offset for name in TAKEN}
    taken = bool(words) and {offset + place for place in range(len(words))} <= places

    assert StorageOrders(Watch()).take(offset, words) is taken
