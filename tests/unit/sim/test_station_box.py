"""The inside of a simulated station in hand-moved time: no sockets, no waiting."""

from datetime import UTC, datetime

import pytest

from ems.clock import VirtualClock
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.model.station import ConnectorStatus
from ems.sim.car import Car
from ems.sim.charging_profiles import Firmware
from ems.sim.day import SummerDay
from ems.sim.schedules import Kind, Period, Profile, Purpose, RateUnit, Schedule
from ems.sim.wire.station_box import Forget, StationBox, StationBuild
from ems.sim.world import Place, World

TREE = CircuitTree((Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=tuple(Phase)),))


class Stand:
    """A station with a car, and a clock in the hand."""

    def __init__(self, soc: float = 0.5, resident_a: float | None = None) -> None:
        self.clock = VirtualClock(start_utc=datetime(2026, 6, 21, 10, tzinfo=UTC))
        place = Place(station_id="one", circuit_id="main", wiring=tuple(Phase), car=Car(), soc=soc)
        start_s = self.clock.monotonic_s()
        self.world = World(circuits=TREE, day=SummerDay(house_w=0), places=[place], start_s=start_s)
        self.box = StationBox(
            StationBuild(station_id="one", identity="one", resident_a=resident_a, firmware=Firmware(hardware_max_a=16)),
            self.world,
            self.clock,
        )

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.5)):
            self.clock.advance(0.5)
            self.box.tick()

    def install(self, *steps: tuple[int, float], purpose: Purpose = Purpose.TX_DEFAULT) -> None:
        profile = Profile(
            profile_id=1,
            stack_level=0,
            purpose=purpose,
            kind=Kind.ABSOLUTE,
            schedule=Schedule(
                unit=RateUnit.AMPERE,
                periods=tuple(Period(start_s=start_s, limit=limit) for start_s, limit in steps),
                start=self.clock.utc_now(),
            ),
        )
        connector_id = 0 if purpose is Purpose.CHARGE_POINT_MAX else 1
        self.box.profiles, _ = self.box.profiles.install(
            connector_id, profile, self.clock.utc_now(), self.box.transaction
        )

    @property
    def drawn_a(self) -> float:
        return max(self.world.car("one").current_a)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_two_period_lease_brings_the_car_down_with_nobody_there(purpose: Purpose) -> None:
    stand = Stand()
    stand.run(30)
    stand.install((0, 12), (60, 6), purpose=purpose)

    stand.run(59)
    before_a = stand.drawn_a
    stand.run(7)

    assert before_a == pytest.approx(11.7)
    assert stand.drawn_a <= 6


def test_wall_clock_that_jumps_back_prolongs_an_absolute_lease() -> None:
    stand = Stand()
    stand.run(30)
    stand.install((0, 12), (60, 6))

    stand.clock.jump_wall_clock(-30)
    stand.run(100)

    # Before its start an absolute schedule limits nothing: why leases start a guard time in the past.
    assert [change.limit_a for change in stand.box.limit_changes] == [12, 6]
    start_s, end_s = (change.at_s for change in stand.box.limit_changes)
    assert 89 < end_s - start_s + 30 < 91


def test_status_follows_the_car_through_a_whole_visit() -> None:
    stand = Stand(soc=0.9999)
    seen = []
    for _ in range(240):
        stand.run(0.5)
        seen.append(stand.box.status)
    stand.box.stop("Remote")
    seen.append(stand.box.status)
    stand.world.unplug("one")
    stand.run(0.5)
    seen.append(stand.box.status)

    story = [status for status, before in zip(seen, [None, *seen], strict=False) if status is not before]
    assert story == [
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.FINISHING,
        ConnectorStatus.AVAILABLE,
    ]


def test_without_power_nothing_is_offered_and_afterwards_the_default_still_holds() -> None:
    stand = Stand()
    stand.run(30)
    stand.install((0, 10))
    stand.run(10)

    stand.box.reboot(Forget.TRANSACTION_PROFILES, "PowerLoss")
    stand.run(4)
    dark_a = stand.drawn_a
    stand.run(40)

    assert dark_a == 0
    assert stand.drawn_a == pytest.approx(9.7)
    assert [session.reason for session in stand.box.sessions if session.stopped] == ["PowerLoss"]


def test_inoperative_station_offers_nothing_to_the_next_car() -> None:
    stand = Stand()
    stand.box.operative = False
    stand.run(30)

    assert stand.box.status is ConnectorStatus.UNAVAILABLE
    assert stand.drawn_a == 0


def test_limit_left_from_yesterday_caps_the_station_from_the_first_second() -> None:
    stand = Stand(resident_a=6)
    stand.run(30)
    before_a = stand.drawn_a
    stand.install((0, 12), (60, 6), purpose=Purpose.TX_DEFAULT)
    stand.run(10)

    assert before_a == pytest.approx(5.7)
    assert stand.drawn_a == pytest.approx(5.7)
    assert not stand.box.limit_changes

    stand.box.reboot(Forget.EVERY_PROFILE, "PowerLoss")
    stand.run(40)
    assert stand.drawn_a == pytest.approx(15.7)
