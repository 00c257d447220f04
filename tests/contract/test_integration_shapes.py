"""What the Home Assistant integration makes of the service's golden files: both sides are tested against the same."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.api import wire
from tests.integration_client import answers, models, parsing, words

GOLDEN = Path(__file__).with_name("golden")


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def test_a_sunny_morning_is_read_as_it_was_said() -> None:
    house = parsing.parsed(models.House, golden("snapshot")["state"])

    assert (house.name, house.sequence, house.condition) == ("Sunny house", 7, words.SiteCondition.OPTIMISING)
    assert house.powers.grid_w == 172.5
    assert house.battery == models.Battery(
        power_w=-800.0,
        soc=0.62,
        mode=words.BatteryMode.CHARGING,
        orders=models.BatteryOrders(
            charge_at_most_w=None,
            discharge_at_most_w=0.0,
            reason=words.BatteryReason.CARS_FROM_GRID,
            since=None,
            in_force=True,
        ),
    )
    assert house.main is not None
    assert house.main.headroom_a == (23.25, 17.5, 23.75)
    garage, carport = house.station("garage"), house.station("carport")
    assert garage is not None
    assert garage.reason is words.LimitReason.SOLAR_SURPLUS
    assert garage.goal == models.Goal(energy_kwh=20.0, ready_by=datetime(2026, 6, 21, 17, tzinfo=UTC))
    assert carport is not None
    assert (carport.status, carport.current_a, carport.session) == (words.StationStatus.OFFLINE, None, None)


@pytest.mark.parametrize(
    ("charge_at_most_w", "discharge_at_most_w", "word"),
    [
        (None, None, words.BatteryOrder.FREE),
        (None, 0.0, words.BatteryOrder.HELD),
        (0.0, 0.0, words.BatteryOrder.HELD),
        (0.0, None, words.BatteryOrder.BOUNDED),
        (None, 2500.0, words.BatteryOrder.BOUNDED),
    ],
)
def test_the_order_of_the_battery_is_one_word(
    charge_at_most_w: float | None, discharge_at_most_w: float | None, word: words.BatteryOrder
) -> None:
    orders = models.BatteryOrders(
        charge_at_most_w=charge_at_most_w,
        discharge_at_most_w=discharge_at_most_w,
        reason=None,
        since=None,
        in_force=False,
    )

    assert orders.word is word


def test_a_house_in_trouble_has_unknowns_and_no_zeros() -> None:
    house = parsing.parsed(models.House, golden("state_in_trouble"))

    assert house.powers.grid_w is None
    assert house.battery is None
    assert house.main is not None
    assert house.main.measured_a is None
    assert house.storage_trouble == "the disk is full"


def test_a_delta_changes_the_stations_that_it_names() -> None:
    before = golden("snapshot")["state"]

    after = parsing.parsed(models.House, models.merged(before, golden("delta")["changes"]))

    garage, carport = after.stations
    assert garage == parsing.parsed(models.House, before).stations[0]
    assert carport.mode is words.ChargeMode.OFF


def test_hello_and_token_are_read() -> None:
    hello = parsing.parsed(answers.Hello, golden("hello"))

    assert (hello.api_version, hello.min_api) == (wire.API_VERSION, wire.MIN_API)
    assert parsing.parsed(answers.Token, golden("access")["token"]).token == "fw_example"


def test_an_explanation_and_a_past_session_are_read() -> None:
    explanation = parsing.parsed(answers.Explanation, golden("explanation"))
    session = parsing.parsed(answers.PastSession, golden("records")["session"])

    assert [step.stage for step in explanation.steps] == ["meter", "calm"]
    assert (session.station, session.energy_kwh, session.cost) == ("garage", 12.5, 1.25)


def test_devices_and_their_troubles_are_read() -> None:
    grid, roof, battery = (parsing.parsed(answers.Device, each) for each in golden("devices"))

    assert (grid.latency_p99_s, grid.trouble) == (0.0483, answers.DeviceTrouble(code="no_answer", age_s=90.0))
    assert (roof.age_s, roof.bad_in_a_row) == (None, 3)
    assert (battery.pushes, battery.reconnects, battery.trouble) == (True, None, None)


def test_cars_and_a_guest_are_read() -> None:
    house = parsing.parsed(models.House, golden("snapshot")["state"])
    family, carport = house.vehicle("family"), house.station("carport")

    assert family is not None
    assert (family.soc, family.target_soc, family.minimum_soc, family.is_passing) == (0.52, 0.8, 0.2, False)
    assert carport is not None
    assert (carport.vehicle, carport.guest, carport.user_vehicle) == ("Aunt Ida", True, "city")
    assert (house.strategy, house.strategy_fixed, house.import_cap) == (words.Keenness.NORMAL, False, None)


@pytest.mark.parametrize(
    "word",
    [
        words.BatteryMode,
        words.BatteryReason,
        words.ChargeMode,
        words.Keenness,
        words.LimitReason,
        words.SiteCondition,
        words.StationStatus,
    ],
)
def test_the_words_are_those_of_the_service(word: type[words.ChargeMode]) -> None:
    assert [each.value for each in word] == golden("words")[word.__name__]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from(sorted(golden("snapshot")["state"])), value=json_values)
def test_nothing_from_the_network_breaks_more_than_the_reading(key: str, value: object) -> None:
    with suppress(parsing.BadShape):
        parsing.parsed(models.House, golden("snapshot")["state"] | {key: value})
