"""The service begins anew in a house where cars charge, and its stations come one after the other."""

from __future__ import annotations

from random import Random

import pytest

from ems.control.headroom import CARRIES
from ems.model.electrical import FuseDevice, Phase
from ems.model.goals import ChargeMode, Goal
from tests.house import House
from tests.unruly import Unruly

LONG_AFTER_S = 100
"""Well past the leases of an earlier life."""


def three_stations(*, sun_w: float = 0.0, others_draw_a: float = 0.0) -> House:
    """A car that never pauses, and two stations that could draw 48 A beside it on L2, after three minutes."""
    house = House(main_fuse_a=25, sun_w=sun_w)
    house.with_car("garage", mode=ChargeMode.MIN_SOLAR)
    house.with_car("carport", wiring=(Phase.L2,), max_a=32.0, fallback_a=0.0, appetite_a=0.0)
    house.with_car("workshop", mode=ChargeMode.FAST, appetite_a=others_draw_a)
    return house.run(minutes=3)


def limits_a(house: House, seconds: int) -> list[float]:
    """What the garage got in each of the next seconds."""
    found = []
    for _ in range(seconds):
        house.step()
        found.append(house.limit_a("garage"))
    return found


@pytest.mark.parametrize("sun_w", [0.0, 9000.0, 14_000.0])
def test_a_car_that_never_pauses_charges_on_while_other_stations_have_not_come_yet(sun_w: float) -> None:
    house = three_stations(sun_w=sun_w)
    house.restart(absent={"carport", "workshop"})

    assert min(limits_a(house, LONG_AFTER_S)) >= 6.0


def test_no_limit_rises_while_a_station_that_has_not_come_may_still_follow_an_old_lease() -> None:
    house = three_stations(sun_w=14_000.0)
    house.restart(absent={"carport", "workshop"})

    assert max(limits_a(house, int(house.policy.lease_s) + 10)) <= 6.0
    assert max(limits_a(house, 60)) > 6.0


def test_a_car_makes_room_for_a_station_that_has_not_come_and_charges() -> None:
    """The house draws 9 A, the workshop at its old 14 A: beside them 6 A do not fit under 0.95 of 25 A."""
    house = three_stations(others_draw_a=14.0)
    house.goals["garage"] = Goal(mode=ChargeMode.OFF)
    house.run(minutes=2)
    assert house.cars["workshop"].drawn_a == 14.0
    house.goals.clear()
    house.base_a = house.base_a.mapped(lambda _amps: 9.0)
    house.restart(absent={"carport", "workshop"})
    house.run(seconds=40)

    assert house.cars["workshop"].drawn_a == 14.0
    assert house.limit_a("garage") == 0.0
    assert max(house.grid_a()) <= 25.0


@pytest.mark.parametrize("seed", range(201, 209))
def test_no_fuse_carries_too_much_after_a_start_whoever_comes_late(seed: int) -> None:
    unruly = Unruly(seed, faults=False).run(minutes=3)
    dice = Random(seed)
    for _ in range(2):
        house = unruly.house
        house.restart(absent=[s.station_id for s in house.stations if dice.random() < 0.7])
        slowest_s = max([house.meter_period_s, *house.circuit_meter_period_s.values()])
        unruly.meter_back_s = house.now_s + house.policy.good_samples_to_trust * slowest_s
        unruly.run(seconds=dice.randint(1, 30))
        while house.offline:
            house.offline.discard(dice.choice(sorted(house.offline)))
            unruly.run(seconds=dice.randint(1, 30))
        unruly.run(minutes=1)

    carried_for_ever = CARRIES[FuseDevice.MCB_B] - 1.0
    ratings_a = [circuit.fuse.rating_a for circuit in unruly.house.site.circuits]
    assert unruly.watch.worst_a <= carried_for_ever * min(ratings_a), unruly.watch.worst
