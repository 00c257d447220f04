import asyncio
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.csms.ports import LimitReceipt
from ems.errors import NoAnswer, StationError, StationOffline, StationRefused, StationSilent
from ems.model.readings import GridReading
from ems.sim.plant.devices import PlantInverter, PlantMeter
from ems.sim.plant.faults import Faults
from ems.sim.plant.house import Plant
from ems.sim.plant.link import PlantLink
from tests.unit.sim.plant.houses import SITE, START, SteadyDays, lease, stay

Read = GridReading | NoAnswer


def readings(
    count: int, schedule: Callable[[Faults], None] | None = None, *, noise_a: float = 0.0, seed: int = 1
) -> list[tuple[float, Read]]:
    """What the main meter gives in a house of 690 W, each with the second of its arrival."""
    clock = VirtualClock(start_utc=START)
    plant = Plant(SITE, SteadyDays((690.0, 0.0, 0.0), 0.0), [], clock)
    if schedule is not None:
        schedule(plant.faults)
    meter = PlantMeter("main", plant, period_s=1.0, latency_s=0.2, noise_a=noise_a, seed=seed)

    async def read() -> list[tuple[float, Read]]:
        came: list[tuple[float, Read]] = []
        while len(came) < count:
            try:
                reading: Read = await meter.read()
            except NoAnswer as err:
                reading = err
            came.append((round(plant.run_s(), 3), reading))
        return came

    return run_virtual(read(), clock)


def test_sample_arrives_after_the_latency_and_knows_when_it_was_taken() -> None:
    (first_s, first), (second_s, second) = readings(2)

    assert (first_s, second_s) == (1.2, 2.2)
    assert isinstance(first, GridReading)
    assert isinstance(second, GridReading)
    assert second.taken_at_s - first.taken_at_s == 1.0
    assert first.current_a == pytest.approx((3, 0, 0))
    assert first.power_w == pytest.approx(690)


def test_noise_is_the_same_for_the_same_seed_and_spares_the_fault_free_mean() -> None:
    one = [reading for _, reading in readings(200, noise_a=0.1)]
    mean_a = sum(reading.current_a.l1 for reading in one if isinstance(reading, GridReading)) / 200

    assert one == [reading for _, reading in readings(200, noise_a=0.1)]
    assert one != [reading for _, reading in readings(200, noise_a=0.1, seed=2)]
    assert mean_a == pytest.approx(3, abs=0.03)


def test_lost_meter_gives_no_answer_until_it_is_back() -> None:
    came = readings(8, lambda faults: faults.meter_lost("main", at_s=3, for_s=2))

    assert [at_s for at_s, reading in came if isinstance(reading, NoAnswer)] == [3.2, 4.2]


def test_frozen_meter_repeats_itself_with_new_times() -> None:
    came = readings(6, lambda faults: faults.meter_frozen("main", at_s=3), noise_a=0.1)
    fresh = [reading for _, reading in came if isinstance(reading, GridReading)]

    assert len({reading.current_a for reading in fresh}) == 2
    assert len({reading.taken_at_s for reading in fresh}) == 6


def test_late_meter_delivers_old_samples() -> None:
    came = readings(8, lambda faults: faults.meter_late("main", 3.0, at_s=0))
    at_s, last = came[-1]

    assert isinstance(last, GridReading)
    assert at_s - (last.taken_at_s - 1000.0) == pytest.approx(3.2)


def test_dropping_and_spiking_meters_do_so_now_and_then() -> None:
    dropped = readings(200, lambda faults: faults.meter_drops("main", 0.3, at_s=0))
    spiked = readings(200, lambda faults: faults.meter_spikes("main", 500.0, at_s=0))

    assert 30 < sum(isinstance(reading, NoAnswer) for _, reading in dropped) < 90
    assert 5 < sum(isinstance(each, GridReading) and each.current_a.l1 > 400 for _, each in spiked) < 40


def test_a_meter_with_nothing_but_spikes_is_off_every_time() -> None:
    came = readings(20, lambda faults: faults.meter_spikes("main", 500.0, share=1.0, at_s=5, for_s=10))

    assert [at_s for at_s, each in came if isinstance(each, GridReading) and each.current_a.l1 > 400] == [
        second + 0.2 for second in range(5, 15)
    ]


def test_a_meter_that_runs_backwards_gives_older_times_with_numbers_of_now() -> None:
    came = readings(8, lambda faults: faults.meter_backwards("main", at_s=4, for_s=3), noise_a=0.1)
    fresh = [reading for _, reading in came if isinstance(reading, GridReading)]
    times_s = [reading.taken_at_s - fresh[0].taken_at_s for reading in fresh]

    assert times_s == [0, 1, 2, 1, 0, -1, 6, 7]
    assert len({reading.current_a for reading in fresh}) == 8


def test_inverters_share_the_sun() -> None:
    clock = VirtualClock(start_utc=START)
    plant = Plant(SITE, SteadyDays((0.0, 0.0, 0.0), 4000.0), [], clock)
    roof = PlantInverter("roof", plant, share=0.25, period_s=5.0, latency_s=0.2)

    assert run_virtual(roof.read(), clock).power_w == 1000.0


def sent(schedule: Callable[[Faults], None]) -> tuple[LimitReceipt | StationError, float, float]:
    """What came of a limit of 10 A sent at second 10, when it was known, and the limit that the station works by."""
    clock = VirtualClock(start_utc=START)
    plant = Plant(SITE, SteadyDays((0.0, 0.0, 0.0), 0.0), [stay()], clock)
    schedule(plant.faults)
    link = PlantLink(plant.bays["one"], plant, message_s=0.5, answer_within_s=30.0)

    async def send() -> tuple[LimitReceipt | StationError, float]:
        moving = asyncio.create_task(plant.run())
        await clock.sleep(10)
        try:
            outcome: LimitReceipt | StationError = await link.set_limit(lease(10.0))
        except StationError as err:
            outcome = err
        known_s = plant.run_s()
        moving.cancel()
        return outcome, round(known_s, 3)

    outcome, known_s = run_virtual(send(), clock)
    return outcome, known_s, plant.bays["one"].limit_a


def test_limit_travels_there_and_the_answer_back() -> None:
    outcome, known_s, limit_a = sent(lambda _faults: None)

    assert isinstance(outcome, LimitReceipt)
    assert outcome.answered_at_s - outcome.sent_at_s == pytest.approx(1.0)
    assert (known_s, limit_a) == (11.0, 10.0)


@pytest.mark.parametrize(
    ("schedule", "error", "known_s", "limit_a"),
    [
        (lambda faults: faults.station_offline("one", at_s=5), StationOffline, 10.0, 6.0),
        (lambda faults: faults.station_refuses("one", at_s=5), StationRefused, 11.0, 6.0),
        (lambda faults: faults.station_silent("one", at_s=5), StationSilent, 40.0, 10.0),
        (lambda faults: faults.station_deaf("one", at_s=5), StationSilent, 40.0, 6.0),
        (lambda faults: faults.station_ignores("one", at_s=5), LimitReceipt, 11.0, 6.0),
    ],
    ids=["offline", "refuses", "silent", "deaf", "ignores"],
)
def test_faulty_station_answers_as_its_fault_says(
    schedule: Callable[[Faults], None], error: type, known_s: float, limit_a: float
) -> None:
    outcome, at_s, works_by_a = sent(schedule)

    assert isinstance(outcome, error)
    assert (at_s, works_by_a) == (known_s, limit_a)


@pytest.mark.parametrize(
    ("schedule", "stops"),
    [
        (lambda faults: faults.station_ignores("one", at_s=5), True),
        (lambda faults: faults.station_refuses("one", at_s=5), True),
        (lambda faults: faults.station_deaf("one", at_s=5), False),
        (lambda faults: faults.station_offline("one", at_s=5), False),
    ],
    ids=["ignores", "refuses", "deaf", "offline"],
)
def test_transaction_can_be_ended_where_a_station_hears(schedule: Callable[[Faults], None], stops: bool) -> None:
    clock = VirtualClock(start_utc=START)
    plant = Plant(SITE, SteadyDays((0.0, 0.0, 0.0), 0.0), [stay()], clock)
    schedule(plant.faults)
    link = PlantLink(plant.bays["one"], plant, message_s=0.5, answer_within_s=30.0)

    async def stop() -> None:
        await clock.sleep(10)
        plant.advance_to(clock.monotonic_s())
        with nullcontext() if stops else pytest.raises((StationSilent, StationOffline)):
            await link.remote_stop()

    run_virtual(stop(), clock)

    assert plant.bays["one"].state.in_transaction is not stops


def test_station_that_comes_back_counts_a_new_connection() -> None:
    clock = VirtualClock(start_utc=START)
    plant = Plant(SITE, SteadyDays((0.0, 0.0, 0.0), 0.0), [], clock)
    plant.faults.station_offline("one", at_s=5, for_s=10)
    bay = plant.bays["one"]

    plant.advance_to(plant.start_s + 10)
    assert not bay.state.connected
    plant.advance_to(plant.start_s + 20)
    assert (bay.state.connected, bay.state.connections) == (True, 2)


def test_fault_of_an_unknown_station_is_an_error() -> None:
    faults = Faults(["main"], ["one"])

    with pytest.raises(ValueError, match="nowhere"):
        faults.station_offline("nowhere", at_s=0)
    with pytest.raises(ValueError, match="nowhere"):
        faults.meter_lost("nowhere", at_s=0)
