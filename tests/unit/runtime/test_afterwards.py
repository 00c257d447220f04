"""Charging that stations tell of afterwards: neither lost nor counted twice, with its sun and its cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ems.model.tariff import Tariff
from ems.model.transaction import Mark, Transaction
from ems.runtime.recent_sun import RecentSun
from ems.store.entries import Flows, Step
from tests.unit.runtime.yard import NOON_S, Yard, energy

HOUR_S = 3600.0


def transaction(began_utc_s: float, ended_utc_s: float | None, kwh: float, *, live: bool = False) -> Transaction:
    until = Mark(kwh=kwh, order=0, at_utc_s=ended_utc_s or began_utc_s + HOUR_S, heard_utc_s=0.0)
    return Transaction(
        key="t1",
        station_id="garage",
        connector=1,
        transaction_id=7,
        began_utc_s=began_utc_s,
        started_utc_s=began_utc_s,
        ended_utc_s=ended_utc_s,
        energy_kwh=kwh,
        last=until,
        live=live,
        stopped=ended_utc_s is not None,
        reason="EVDisconnected",
    )


def away(yard: Yard, minutes: float) -> None:
    """The station is away for so long."""
    yard.offline.add("garage")
    yard.run(minutes=minutes, step_s=2.0)
    yard.offline.clear()


def test_session_of_a_station_that_was_away_is_kept_at_its_own_time_with_its_sun_and_cost() -> None:
    """X05: half an hour at 4 kW, of which the grid gave 3."""
    tariff = Tariff(import_per_kwh=0.30, feed_in_per_kwh=0.10, currency="EUR")
    yard = Yard(grid_w=3000.0, solar_w=2000.0, tariff=tariff, registers_kwh={"garage": 100.0})
    yard.look()
    away(yard, minutes=40)
    told = transaction(NOON_S + 300.0, NOON_S + 2100.0, 2.0)
    yard.ledger.told(told)
    yard.ledger.told(told)

    (session,) = yard.sessions
    assert (session.began_utc_s, session.ended_utc_s) == (NOON_S + 300.0, NOON_S + 2100.0)
    assert session.energy_kwh == pytest.approx(2.0)
    assert session.solar_kwh == pytest.approx(0.5)
    assert session.cost == pytest.approx(tariff.cost(2.0, 0.5))
    assert session.reason == "EVDisconnected"


def test_what_an_absent_station_charged_before_is_not_counted_for_the_car_that_hangs_there_now() -> None:
    yard = Yard(grid_w=0.0, registers_kwh={"garage": 100.0})
    yard.look()
    away(yard, minutes=60)
    yard.plugged.add("garage")
    yard.registers_kwh.clear()
    yard.look()
    yard.registers_kwh["garage"] = 105.0
    yard.run(seconds=10)
    yard.ledger.told(transaction(NOON_S + 300.0, NOON_S + 2100.0, 4.0))
    now = replace(transaction(NOON_S + 3600.0, None, 1.0, live=True), key="t2", transaction_id=8)
    yard.ledger.told(now)
    yard.ledger.told(now)
    yard.ledger.close()

    assert energy(yard.sessions) == [4.0, 1.0]
    assert yard.ledger.counters.charging_kwh == pytest.approx(5.0)


def test_session_that_began_while_the_station_was_away_is_told_whole() -> None:
    yard = Yard(grid_w=0.0, registers_kwh={"garage": 100.0})
    yard.look()
    away(yard, minutes=30)
    yard.plugged.add("garage")
    yard.registers_kwh["garage"] = 103.0
    yard.run(seconds=5)
    yard.ledger.told(transaction(NOON_S + 600.0, None, 3.0, live=True))
    yard.ledger.close()

    (session,) = yard.sessions
    assert session.began_utc_s == NOON_S + 600.0
    assert session.energy_kwh == pytest.approx(3.0)
    assert session.session_id == "session 0"


def test_stay_that_we_saw_covers_what_is_told_of_it_later() -> None:
    yard = Yard(grid_w=0.0, cars_w={"garage": 6000.0}, plugged={"garage"})
    yard.look()
    yard.run(minutes=30)
    yard.plugged.clear()
    yard.cars_w.clear()
    yard.run(seconds=2)
    yard.ledger.told(transaction(NOON_S + 60.0, NOON_S + 1700.0, 2.9))
    yard.ledger.told(replace(transaction(NOON_S + 60.0, NOON_S + 1700.0, 2.9), key="t9", station_id="unknown"))

    assert energy(yard.sessions) == [3.0]


def test_sun_is_shared_with_the_cars_that_were_seen() -> None:
    """The grid took 1 kW of the 3 kW that two cars draw."""
    sun = RecentSun()
    for i in range(60):
        flows = Flows(grid_import_wh=1000 / 60, grid_export_wh=0.0, charging_wh=2000 / 60)
        sun.add(Step(at_utc_s=i * 60, length_s=60, flows=flows))

    assert sun.part(0.0, 3600.0, 1.0) == pytest.approx(2 / 3)
    assert sun.part(1800.0, 5400.0, 1.0) == pytest.approx(1 / 3)
    assert sun.part(7200.0, 9000.0, 1.0) == 0.0
    assert sun.part(60.0, 60.0, 1.0) == 0.0
