"""The fault table of the design, on real sockets: every test breaks one thing in a running house."""

from __future__ import annotations

import sys

import pytest

from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode
from ems.model.station import SendOutcome
from ems.sim.demo import played
from ems.sim.wire.ocpp_station import Garbage
from tests.scenario.stage import LEASE_S, Stage, elsewhere, site, staged

HAIR_A = 0.5
"""A measured current may exceed the limit by this (`control.md` §7)."""

SPEED_OF_THE_KILL = 4.0


def at_or_below_fallback(stage: Stage) -> bool:
    return all(stage.drawn_a(station_id) <= 6.0 + HAIR_A for station_id in stage.house.stations)


async def test_meter_stops_answering_and_every_car_falls_back_until_ten_good_samples() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        stage.house.units["grid"].faults.silent = True
        await stage.until(lambda: stage.reasons() == {LimitReason.METER_LOST}, within_s=15)
        await stage.until(lambda: at_or_below_fallback(stage), within_s=15)

        stage.house.units["grid"].faults.silent = False
        samples = stage.house.units["grid"].samples
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons(), within_s=60)

        assert stage.house.units["grid"].samples - samples >= 10
        assert stage.house.report().seconds_over_rating == 0


async def test_meter_port_closes_and_opens_again() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        port = next(iter(stage.house.ports.values()))
        await port.close()
        await stage.until(lambda: stage.reasons() == {LimitReason.METER_LOST}, within_s=15)
        await port.open()
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons(), within_s=60)
        await stage.until_charging()


async def test_frozen_meter_is_found_out_when_a_car_leaves() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        stage.house.units["grid"].faults.frozen = True
        await stage.after(20)
        stage.house.world.unplug("carport")
        await stage.until(lambda: stage.setpoint("garage").reason.code is LimitReason.METER_LOST, within_s=60)
        await stage.until(lambda: stage.drawn_a("garage") <= 6.0 + HAIR_A, within_s=15)


async def test_impossible_values_count_as_no_sample() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        stage.house.units["grid"].faults.impossible = True
        await stage.until(lambda: stage.reasons() == {LimitReason.METER_LOST}, within_s=15)
        await stage.until(lambda: at_or_below_fallback(stage), within_s=15)


async def test_station_drops_and_gets_its_limit_again_when_it_returns() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        garage = stage.station("garage")
        garage.drop()
        await stage.until(lambda: stage.setpoint("garage").reason.code is LimitReason.STATION_SILENT, within_s=10)
        await stage.until(lambda: stage.drawn_a("garage") <= 6.0 + HAIR_A, within_s=LEASE_S + 10)

        frames = len(garage.frames)
        garage.come_back()
        await stage.until(lambda: garage.connected, within_s=30)
        await stage.until(lambda: len(garage.frames) > frames, within_s=30)
        await stage.until_charging()
        assert stage.house.report().seconds_over_rating == 0


async def test_station_reboots_forgets_and_gets_its_limit_again() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        garage = stage.station("garage")
        frames = len(garage.frames)
        garage.reboot()
        await stage.until(lambda: not garage.connected, within_s=10)
        await stage.until(lambda: garage.connected, within_s=60)
        await stage.until(lambda: len(garage.frames) > frames, within_s=30)
        await stage.until_charging()


async def test_a_station_that_answers_after_a_minute_delays_nobody() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        stage.station("garage").faults.answer_delay_s = 60.0
        before = len(stage.sent)
        await stage.until(
            lambda: sum(sending.station_id == "carport" for sending in stage.sent[before:]) >= 3, within_s=90
        )

        slow = [limit for limit in stage.seen.state_of("garage").sent if limit.outcome is not SendOutcome.ACCEPTED]
        assert slow
        assert stage.house.report().seconds_over_rating == 0


async def test_a_station_that_rejects_counts_with_its_old_limit() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        stage.station("garage").faults.reject_profiles = True
        await stage.until(lambda: _newest_outcome(stage, "garage") is SendOutcome.REJECTED, within_s=60)
        kept = stage.seen.state_of("garage").accepted

        assert kept is not None
        assert kept.limit_a > 6.0

        stage.station("garage").faults.reject_profiles = False
        await stage.until(lambda: _newest_outcome(stage, "garage") is SendOutcome.ACCEPTED, within_s=90)
        assert stage.house.report().seconds_over_rating == 0


def _newest_outcome(stage: Stage, station_id: str) -> SendOutcome | None:
    settled = [limit for limit in stage.seen.state_of(station_id).sent if limit.outcome is not SendOutcome.PENDING]
    return settled[-1].outcome if settled else None


async def test_garbage_of_every_kind_from_one_station_harms_nobody() -> None:
    async with staged(site()) as stage:
        await stage.until(lambda: all(s.report().profiles_accepted > 0 for s in stage.house.stations.values()))
        garage, carport = stage.station("garage"), stage.station("carport")
        for kind in Garbage:
            await stage.until(lambda: garage.connected, within_s=30)
            await garage.send_garbage(kind)
        before = garage.report().profiles_accepted, carport.report().profiles_accepted
        await stage.until(
            lambda: garage.report().profiles_accepted > before[0] and carport.report().profiles_accepted > before[1]
        )

        assert carport.report().connections == 1


async def test_broker_restarts_and_the_mqtt_meter_is_back() -> None:
    async with staged(site("mqtt_meter")) as stage:
        await stage.until(lambda: LimitReason.METER_LOST in stage.reasons())
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons(), within_s=300)
        await stage.house.broker.stop()
        await stage.until(lambda: LimitReason.METER_LOST in stage.reasons(), within_s=150)
        await stage.house.broker.start()
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons(), within_s=300)


async def test_a_silent_inverter_changes_nothing() -> None:
    async with staged(site(mode=ChargeMode.SOLAR)) as stage:
        await stage.until(lambda: stage.seen.solar is not None)
        stage.house.units["roof"].faults.silent = True
        await stage.until(lambda: stage.seen.solar is None, within_s=120)

        assert stage.decided.surplus_w is not None
        assert LimitReason.METER_LOST not in stage.reasons()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a signal of POSIX systems")
async def test_service_killed_while_cars_charge_and_every_car_falls_back_by_itself() -> None:
    """The dead-man promise: nobody sends anything any more, and the leases bring every car down."""
    async with played(elsewhere(site()), speed=SPEED_OF_THE_KILL) as demo:
        house, clock = demo.house, demo.clock

        def drawn_a(station_id: str) -> float:
            house.world.advance_to(clock.monotonic_s())
            return max(house.world.car(station_id).current_a)

        async with clock.timeout(180):
            while not all(drawn_a(station_id) > 7.0 for station_id in house.stations):
                await clock.sleep(0.2)
        killed_at_s = clock.monotonic_s()
        demo.service.kill()
        await demo.service.wait()
        # What had left the service before it died may still be on its way.
        await clock.sleep(1.0)
        frames = {station_id: len(station.frames) for station_id, station in house.stations.items()}
        async with clock.timeout(killed_at_s + LEASE_S + 10.0 - clock.monotonic_s()):
            while not all(
                station.limit.limit_a <= 6.0 and drawn_a(station_id) <= 6.0 + HAIR_A
                for station_id, station in house.stations.items()
            ):
                await clock.sleep(0.2)

        await clock.sleep(30.0)
        assert all(drawn_a(station_id) <= 6.0 + HAIR_A for station_id in house.stations)
        assert frames == {station_id: len(station.frames) for station_id, station in house.stations.items()}


async def test_with_the_network_cut_cars_go_on_at_their_fallback_current() -> None:
    async with staged(site()) as stage:
        await stage.until_charging()
        for station in stage.house.stations.values():
            station.drop()
        await stage.until(lambda: at_or_below_fallback(stage), within_s=LEASE_S + 15)

        assert all(stage.drawn_a(station_id) > 5.0 for station_id in stage.house.stations)
