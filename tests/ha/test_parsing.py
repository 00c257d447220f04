"""What a service may add, and what makes no sense."""

from __future__ import annotations

import pytest

from custom_components.fusewise.models import House
from custom_components.fusewise.parsing import BadShape, parsed
from tests.ha.paper_service import golden


def test_what_a_newer_service_adds_is_passed_over() -> None:
    state = golden("snapshot")["state"] | {"weather": "fine"}
    state["stations"][0]["reason"] = "a_reason_of_next_year"

    house = parsed(House, state)

    assert house.stations[0].reason is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sequence", 1.5),
        ("sequence", True),
        ("name", None),
        ("at", "2026-06-21T08:00:00"),
        ("at", "yesterday"),
        ("optimising", 1),
        ("powers", []),
        ("stations", {}),
        ("stations", [{}]),
        ("powers", {"grid_w": 10**400}),
        ("today", {"charging_kwh": float("nan"), "charging_solar_kwh": 0.0, "solar_share": None}),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(key: str, value: object) -> None:
    with pytest.raises(BadShape, match=key):
        parsed(House, golden("snapshot")["state"] | {key: value})
