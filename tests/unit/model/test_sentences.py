from __future__ import annotations

import pytest

from ems.model.decision import LimitReason, Notice, NoticeCode, Reason
from ems.model.electrical import Phase
from ems.model.sentences import notice_sentence, sentence


@pytest.mark.parametrize("code", list(LimitReason))
def test_every_reason_has_words_even_without_numbers(code: LimitReason) -> None:
    said = sentence(Reason(code=code))

    assert said
    assert "_" not in said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            Reason(code=LimitReason.MAIN_FUSE, circuit_id="main", phase=Phase.L2, house_a=21.94, room_a=3.06),
            "main fuse L2: house 21.9 A, 3.1 A left for all cars",
        ),
        (
            Reason(code=LimitReason.CIRCUIT_FUSE, circuit_id="garage", phase=Phase.L1, house_a=2.0, room_a=-1.0),
            "fuse of garage L1: house 2.0 A, 0.0 A left for all cars",
        ),
        (
            Reason(code=LimitReason.MAIN_FUSE, phase=Phase.L3, house_a=4.0, held_a=14.25, room_a=7.5),
            "main fuse L3: recent peak 14.2 A held, 7.5 A left for all cars",
        ),
        (Reason(code=LimitReason.MAIN_FUSE), "main fuse: no room"),
        (Reason(code=LimitReason.PLAN, energy_kwh=10.0, target_soc=0.8), "the car is charged to its 80 %"),
        (Reason(code=LimitReason.PLAN, energy_kwh=10.0), "the 10.0 kWh that were asked for are in the car"),
        (Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=2345.6), "surplus 2346 W"),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=900.0, needed_w=1380.0),
            "surplus 900 W, 1380 W needed with this car",
        ),
        (Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=2000.0, needed_w=1380.0), "surplus 2000 W"),
        (Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=-3376.0), "no surplus, 3376 W are missing"),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=4500.0, needed_w=1380.0, gained_wh=9.2, change_wh=15.0),
            "surplus 4500 W, a start must pay off first (9 of 15 Wh so far)",
        ),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=1500.0, gained_wh=-3.0, change_wh=15.0),
            "surplus 1500 W, a start must pay off first (0 of 15 Wh so far)",
        ),
        (Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=4500.0, gained_wh=15.0, change_wh=15.0), "surplus 4500 W"),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=900.0, needed_w=1380.0, gained_wh=9.0, change_wh=15.0),
            "surplus 900 W, 1380 W needed with this car",
        ),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=300.0, cost_wh=7.2, stop_wh=20.0),
            "surplus 300 W, kept at its minimum, stops once that has cost 20 Wh (7 so far)",
        ),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=-120.0, cost_wh=7.2, stop_wh=20.0),
            "no surplus, 120 W are missing, kept at its minimum, stops once that has cost 20 Wh (7 so far)",
        ),
        (
            Reason(code=LimitReason.BATTERY_FIRST, surplus_w=300.0, battery_w=900.0, cost_wh=0.0, stop_wh=20.0),
            (
                "home battery goes first: it takes 900 W, surplus 300 W, kept at its minimum, stops once that has cost "
                "20 Wh (0 so far)"
            ),
        ),
        (Reason(code=LimitReason.SOLAR_SURPLUS), "surplus is unknown"),
        (
            Reason(code=LimitReason.BATTERY_FIRST, surplus_w=300.0, needed_w=1380.0, battery_w=2000.0),
            "home battery goes first: it takes 2000 W, surplus 300 W, 1380 W needed with this car",
        ),
        (
            Reason(code=LimitReason.BATTERY_FIRST, surplus_w=3000.0, battery_w=2000.0),
            "home battery goes first: it takes 2000 W, surplus 3000 W",
        ),
        (
            Reason(code=LimitReason.MAIN_FUSE, circuit_id="main", limit_w=10_000.0, used_w=7_200.0),
            "contract power 10.0 kW: house 7.2 kW, 2.8 kW left",
        ),
        (
            Reason(code=LimitReason.MAIN_FUSE, circuit_id="main", limit_w=10_000.0, used_w=12_000.0),
            "contract power 10.0 kW: house 12.0 kW, 0.0 kW left",
        ),
        (
            Reason(code=LimitReason.CIRCUIT_FUSE, circuit_id="shed", limit_w=5_000.0, used_w=-1_500.0),
            "power limit of shed 5.0 kW: house gives 1.5 kW, 6.5 kW left",
        ),
        (
            Reason(code=LimitReason.GRID_OPERATOR, limit_w=10_500.0, used_w=0.0),
            "grid operator leaves 10.5 kW from the grid",
        ),
        (
            Reason(code=LimitReason.GRID_OPERATOR, limit_w=10_500.0, used_w=-2_000.0),
            "grid operator leaves 10.5 kW from the grid: sun adds 2.0 kW, 12.5 kW for the cars",
        ),
        (
            Reason(code=LimitReason.GRID_OPERATOR, limit_w=10_500.0, used_w=4_140.0),
            "grid operator leaves 10.5 kW from the grid: other cars 4.1 kW, 6.4 kW for the cars",
        ),
        (
            Reason(code=LimitReason.PRICE, limit_w=4_000.0, used_w=1_000.0),
            "peak tariff, 4.0 kW until its window ends: house 1.0 kW, 3.0 kW left",
        ),
        (
            Reason(code=LimitReason.PHASE_IMBALANCE, limit_a=20.0),
            "phase imbalance: cars may load one phase 20.0 A above another",
        ),
        (Reason(code=LimitReason.IGNORES_LIMIT, limit_a=6.0), "station ignores its limit of 6.0 A"),
        (Reason(code=LimitReason.IGNORES_LIMIT), "station ignores its limit"),
        (Reason(code=LimitReason.METER_LOST, circuit_id="main", age_s=12.4), "meter of main silent for 12 s"),
        (Reason(code=LimitReason.METER_LOST, circuit_id="main"), "meter of main gave no good sample yet"),
        (Reason(code=LimitReason.SETTLING, remaining_s=41.0), "settling, up to 41 s more"),
        (Reason(code=LimitReason.INSTALLER_LIMIT, limit_a=16.0), "installer limit 16.0 A"),
        (Reason(code=LimitReason.CAR, limit_a=10.0), "the car asks for no more than 10.0 A"),
        (Reason(code=LimitReason.NOT_COMMISSIONED, limit_a=6.0), "main fuse not stated yet, so at most 6.0 A"),
    ],
)
def test_reason_is_one_sentence_with_its_numbers(reason: Reason, said: str) -> None:
    assert sentence(reason) == said


@pytest.mark.parametrize("code", list(NoticeCode))
def test_every_notice_has_words_even_without_numbers(code: NoticeCode) -> None:
    said = notice_sentence(Notice(code=code))

    assert said
    assert "None" not in said


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (
            Notice(code=NoticeCode.HOUSE_OVERLOAD, circuit_id="main", phase=Phase.L2, current_a=27.34, limit_a=25.0),
            "main L2: 27.3 A without any car, more than the 25.0 A that the fuse may carry; switch something off",
        ),
        (
            Notice(code=NoticeCode.IGNORES_LIMIT, station_id="garage", current_a=16.0, limit_a=6.0),
            "garage ignores its limit: it drew 16.0 A where 6.0 A were allowed",
        ),
        (
            Notice(code=NoticeCode.SECOND_CONTROLLER, station_id="garage"),
            (
                "garage keeps its limits for a while and then draws more again; does its maker's app, its own load "
                "management or another system control it too?"
            ),
        ),
        (
            Notice(code=NoticeCode.WIRING_UNKNOWN, station_id="garage"),
            "nobody knows on which phases garage is, so its current counts on each of them; have its wiring measured",
        ),
    ],
)
def test_notice_is_one_sentence_with_its_numbers(notice: Notice, said: str) -> None:
    assert notice_sentence(notice) == said
