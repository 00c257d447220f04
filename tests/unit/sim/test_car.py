from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.sim.car import Car, CarState, Offer, step

CAR = Car(dead_time_s=2.0, start_delay_s=5.0)
HALF = CarState(soc=0.5)
DT_S = 0.1


def after(car: Car, state: CarState, offer: Offer, seconds: float) -> CarState:
    for _ in range(round(seconds / DT_S)):
        state = step(car, state, offer, DT_S)
    return state


OFFERS = st.lists(
    st.tuples(
        st.builds(Offer, limit_a=st.sampled_from([0.0, 3.0, 6.0, 9.5, 16.0, 32.0]), phases=st.sampled_from([1, 3])),
        st.floats(min_value=0.1, max_value=12),
    ),
    min_size=1,
    max_size=6,
)


def test_car_starts_after_its_dead_time_and_start_delay() -> None:
    waiting = after(CAR, HALF, Offer(limit_a=10), 6.5)
    charging = after(CAR, waiting, Offer(limit_a=10), 10)

    assert waiting.drawn_a == 0
    assert charging.drawn_a == pytest.approx(9.7)
    assert charging.phases == 3


def test_lower_offer_is_reached_within_five_seconds() -> None:
    charging = after(Car(max_a=32), HALF, Offer(limit_a=32), 60)

    assert charging.drawn_a == pytest.approx(31.7)
    assert after(Car(max_a=32), charging, Offer(limit_a=6), 5).drawn_a <= 6


def test_current_does_not_move_during_the_dead_time() -> None:
    charging = after(CAR, HALF, Offer(limit_a=16), 60)

    assert after(CAR, charging, Offer(limit_a=6), 1.8).drawn_a == charging.drawn_a


def test_offer_below_six_amperes_pauses_the_car() -> None:
    charging = after(CAR, HALF, Offer(limit_a=16), 60)

    paused = after(CAR, charging, Offer(limit_a=5.9), 5)

    assert paused.drawn_a == 0
    assert paused.phases == 0


def test_offers_that_keep_changing_still_arrive() -> None:
    state = after(CAR, HALF, Offer(limit_a=16), 60)
    for tenths in range(50):
        state = step(CAR, state, Offer(limit_a=16 - tenths * 0.1), DT_S)

    assert state.drawn_a < 13.7


def test_nearly_full_car_tapers_and_then_stops() -> None:
    nearly = after(CAR, CarState(soc=0.97), Offer(limit_a=16), 60)
    full = after(CAR, CarState(soc=1.0), Offer(limit_a=16), 60)

    assert 0 < nearly.drawn_a < 8
    assert full.drawn_a == 0


def test_opening_two_phases_acts_at_once_and_closing_them_needs_a_pause() -> None:
    charging = after(CAR, HALF, Offer(limit_a=10), 60)
    single = after(CAR, charging, Offer(limit_a=10, phases=1), DT_S)
    still_single = after(CAR, single, Offer(limit_a=10, phases=3), DT_S)
    triple = after(CAR, still_single, Offer(limit_a=10, phases=3), 20)

    assert (single.phases, still_single.phases, triple.phases) == (1, 1, 3)


def test_energy_is_current_times_phases_times_volts() -> None:
    charging = after(CAR, HALF, Offer(limit_a=10.3), 60)
    later = after(CAR, charging, Offer(limit_a=10.3), 360)

    assert later.energy_kwh - charging.energy_kwh == pytest.approx(0.69)
    assert later.soc - charging.soc == pytest.approx(0.69 / 60)


def test_car_that_could_not_obey_the_norm_is_refused() -> None:
    with pytest.raises(ValueError, match="5 s"):
        Car(dead_time_s=3, max_a=32, fall_a_per_s=5)


@given(OFFERS, st.floats(0, 1))
def test_car_never_draws_more_than_the_largest_offer_of_the_last_five_seconds(
    offers: list[tuple[Offer, float]], soc: float
) -> None:
    state, recent = CarState(soc=soc), [0.0] * 50
    for offer, seconds in offers:
        for _ in range(round(seconds / DT_S)):
            state = step(CAR, state, offer, DT_S)
            recent = [*recent[1:], offer.limit_a if offer.limit_a >= 6 else 0.0]
            assert 0 <= state.drawn_a <= max(recent)
            assert state.soc <= 1.0


@given(OFFERS)
def test_car_never_uses_more_phases_than_offered_or_built(offers: list[tuple[Offer, float]]) -> None:
    car = replace(CAR, phases=2)
    state = HALF
    for offer, seconds in offers:
        state = after(car, state, offer, seconds)
        assert state.phases <= min(offer.phases, 2)
