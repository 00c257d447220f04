"""Transaction ids, sessions and their energy (quirks Q9 to Q12)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms.car_meter import CarMeter
from ems.csms.messages import StartReport, StopReport
from ems.csms.meter_values import MeterSample
from ems.csms.transaction_ids import TransactionIds
from ems.csms.transaction_words import Reading
from ems.csms.transactions import Transactions


def start(message_id: str, *, meter_wh: float | None = 0.0) -> StartReport:
    return StartReport(connector=1, id_tag="T", meter_start_wh=meter_wh, at=None, message_id=message_id)


def begun(clock: VirtualClock, *, meter_wh: float | None = 0.0) -> Transactions:
    transactions = Transactions(TransactionIds(), clock)
    transactions.start(start("1", meter_wh=meter_wh))
    return transactions


def energy_kwh(transactions: Transactions) -> float:
    assert transactions.running is not None
    return transactions.running.energy_kwh


def test_ids_do_not_repeat_even_over_a_restart_with_a_clock_set_back() -> None:
    before, after = TransactionIds(), TransactionIds()  # no clock is asked, so none can mislead
    ids = [each.next() for each in (before, after) for _ in range(100)]

    assert len(set(ids)) == 200
    assert 0 < min(ids) <= max(ids) < 2**31


def test_ids_begin_again_at_one_after_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda most: most - 1)
    ids = TransactionIds()

    assert [ids.next(), ids.next()] == [2**31 - 1, 1]


def test_second_session_is_another_one_though_the_station_counts_its_messages_anew() -> None:
    clock = VirtualClock()
    transactions = Transactions(TransactionIds(), clock)
    report = replace(start("5"), at=clock.utc_now())
    first = transactions.start(report)
    transactions.stop(StopReport(transaction_id=first, meter_stop_wh=9000.0, at=clock.utc_now()))
    clock.advance(3600)

    assert transactions.start(replace(report, message_id="6")) == first
    assert transactions.start(replace(report, at=clock.utc_now())) != first
    assert transactions.running is not None


def test_message_id_counts_within_one_connection_only() -> None:
    transactions = Transactions(TransactionIds(), VirtualClock())
    first = transactions.start(start("5"), connection=1)

    assert transactions.start(start("5"), connection=1) == first
    assert transactions.start(start("5"), connection=2) != first


def test_retry_with_the_same_message_id_is_the_same_transaction() -> None:
    clock = VirtualClock()
    transactions = Transactions(TransactionIds(), clock)
    first = transactions.start(start("1"))

    assert transactions.start(start("1")) == first
    assert transactions.start(start("2")) != first
    assert len(transactions.ended) == 1


def test_energy_follows_the_register_through_a_reset() -> None:
    clock = VirtualClock()
    transactions = begun(clock, meter_wh=100_000)
    for kwh in (100.2, 100.5, 0.1, 0.3):
        clock.advance(60)
        transactions.read(None, Reading(kwh=kwh))

    assert energy_kwh(transactions) == pytest.approx(0.5 + 0.1 + 0.2)


def test_register_glitch_counts_for_nothing() -> None:
    clock = VirtualClock()
    transactions = begun(clock, meter_wh=100_000)
    for kwh in (100.2, 99.9, 100.3, 5000.0, 100.4):
        clock.advance(60)
        transactions.read(None, Reading(kwh=kwh))

    assert energy_kwh(transactions) == pytest.approx(0.2 + 0.4)


@given(st.lists(st.floats(0, 3e6), max_size=20))
def test_energy_is_never_more_than_a_station_can_deliver(registers: list[float]) -> None:
    clock = VirtualClock()
    transactions = begun(clock)
    for kwh in registers:
        clock.advance(60)
        transactions.read(None, Reading(kwh=kwh))

    assert 0.0 <= energy_kwh(transactions) <= 2.0 * len(registers)


def test_session_without_a_meter_start_counts_from_its_first_register() -> None:
    clock = VirtualClock()
    transactions = begun(clock, meter_wh=None)
    transactions.read(None, Reading(kwh=7.0))
    transactions.read(None, Reading(kwh=7.5))
    transactions.stop(StopReport(transaction_id=-5, meter_stop_wh=None, at=None))
    assert transactions.running is not None
    running = transactions.running.transaction_id
    transactions.stop(StopReport(transaction_id=running, meter_stop_wh=None, at=None, reason="x" * 99))

    assert transactions.ended[-1].energy_kwh == pytest.approx(0.5)
    assert len(transactions.ended[-1].reason or "") == 50
    transactions.read(None, Reading(kwh=8.0))
    assert not transactions.adopt(running, 1)


def test_transaction_goes_on_after_a_reboot_as_the_same_one() -> None:
    clock = VirtualClock()
    transactions = begun(clock)
    assert transactions.running is not None
    key, number = transactions.running.key, transactions.running.transaction_id
    transactions.end("Reboot")

    assert transactions.adopt(number, 1)
    assert transactions.running is not None
    assert transactions.running.key == key
    assert not transactions.adopt(int(number) + 1, 1)


def sample(kwh: float) -> MeterSample:
    return MeterSample(at=None, energy_kwh=kwh)


def test_slope_of_the_register_stands_in_for_power() -> None:
    meter = CarMeter(3)
    assert meter.read([sample(1.0)], 0.0, active_phases=3, idle=False) is None
    assert meter.read([sample(1.0)], 1.0, active_phases=3, idle=False) is None
    reading = meter.read([sample(1.1)], 60.0, active_phases=3, idle=False)

    assert reading is not None
    assert reading.power_w == pytest.approx(6000)
    assert reading.current_a == pytest.approx((8.7, 8.7, 8.7), abs=0.01)


def test_register_that_jumps_says_nothing_of_power() -> None:
    meter = CarMeter(1)
    meter.read([sample(1.0)], 0.0, active_phases=1, idle=False)

    assert meter.read([sample(90.0)], 10.0, active_phases=1, idle=False) is None
    assert meter.read([sample(0.1)], 20.0, active_phases=1, idle=False) is None


def test_idle_station_that_reports_only_energy_draws_nothing() -> None:
    reading = CarMeter(2).read([sample(1.0)], 0.0, active_phases=2, idle=True)

    assert reading is not None
    assert reading.current_a == (0.0, 0.0)


def test_no_samples_are_no_reading() -> None:
    assert CarMeter(1).read([], 0.0, active_phases=1, idle=True) is None
