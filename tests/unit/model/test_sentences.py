from __future__ import annotations

import pytest

from ems.model.decision import LimitReason, Reason
from ems.model.electrical import Phase
from ems.model.sentences import sentence


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
            "main fuse L2: house 21.9 A, 3.1 A left",
        ),
        (
            Reason(code=LimitReason.CIRCUIT_FUSE, circuit_id="garage", phase=Phase.L1, house_a=2.0, room_a=-1.0),
            "fuse of garage L1: house 2.0 A, 0.0 A left",
        ),
        (
            Reason(code=LimitReason.MAIN_FUSE, phase=Phase.L3, house_a=4.0, held_a=14.25, room_a=7.5),
            "main fuse L3: recent peak 14.2 A held, 7.5 A left",
        ),
        (Reason(code=LimitReason.MAIN_FUSE), "main fuse: no room"),
        (Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=2345.6), "surplus 2346 W"),
        (
            Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=900.0, needed_w=1380.0),
            "surplus 900 W, 1380 W needed with this car",
        ),
        (Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=2000.0, needed_w=1380.0), "surplus 2000 W"),
        (Reason(code=LimitReason.SOLAR_SURPLUS), "surplus is unknown"),
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
