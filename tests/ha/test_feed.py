"""Sensors of Home Assistant that the service hears: each value with its age, and silence where there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import restore_state
from homeassistant.helpers.restore_state import StoredState
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from custom_components.fusewise.feed import CONF_SOURCES, reading_of
from custom_components.fusewise.models import Source
from tests.ha.paper_service import PaperService

METER = Source(id="grid", kind="meter", phases=3, period_s=10.0, silent=False)
ROOF = Source(id="roof", kind="solar", phases=3, period_s=30.0, silent=True)
BY_PHASE = {f"power_l{place}": f"sensor.p{place}" for place in (1, 2, 3)}


def measure(hass: HomeAssistant, entity_id: str, value: object, unit: str | None = "W") -> None:
    hass.states.async_set(entity_id, str(value), {"unit_of_measurement": unit})


def measure_earlier(hass: HomeAssistant, entity_id: str, value: object, before: timedelta) -> None:
    at = (dt_util.utcnow() - before).timestamp()
    hass.states.async_set(entity_id, str(value), {"unit_of_measurement": "W"}, timestamp=at)


async def feed(hass: HomeAssistant, entry: MockConfigEntry, **sources: dict[str, str]) -> None:
    hass.config_entries.async_update_entry(entry, options={CONF_SOURCES: sources})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def test_a_sensor_is_brought_when_it_changes(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    measure(hass, "sensor.sun", 4.2, "kW")
    await feed(hass, entry, roof={"power": "sensor.sun"})
    first = await service.fed(lambda reading: reading["power_w"] == 4200.0)

    measure(hass, "sensor.sun", 4.5, "kW")
    second = await service.fed(lambda reading: reading["power_w"] == 4500.0)

    assert first["device"] == second["device"] == "roof"
    assert 0.0 <= second["age_s"] < 30.0
    assert set(second) == {"device", "age_s", "taken_at", "power_w"}


async def test_a_sensor_that_measures_the_same_again_is_brought_again(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    measure(hass, "sensor.sun", 100)
    await feed(hass, entry, roof={"power": "sensor.sun"})
    first = await service.fed(lambda _: True)

    measure(hass, "sensor.sun", 100)

    again = await service.fed(lambda reading: reading["taken_at"] != first["taken_at"])
    assert again["power_w"] == 100.0


async def test_a_sensor_from_before_a_restart_is_brought_once_it_speaks_again(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    mock_restore_cache(hass, [State("sensor.sun", "0")])
    unit = {"unit_of_measurement": "W"}
    hass.states.async_set("sensor.sun", "0", unit, force_update=True)
    await feed(hass, entry, roof={"power": "sensor.sun"})

    hass.states.async_set("sensor.sun", "0", unit, force_update=True)
    await service.fed(lambda _: True)

    now = hass.states.get("sensor.sun")
    assert now is not None
    assert service.brought[0]["taken_at"] == now.last_reported.isoformat()


async def test_a_sensor_that_comes_again_with_what_it_said_before_is_silent_until_it_measures(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    for entity_id in (*BY_PHASE.values(), "sensor.sun"):
        measure(hass, entity_id, 100)
    await feed(hass, entry, grid=BY_PHASE, roof={"power": "sensor.sun"})
    measure(hass, "sensor.sun", 200)
    await service.fed(lambda reading: reading.get("power_w") == 200.0)

    kept = StoredState(State("sensor.sun", "200"), None, dt_util.utcnow())
    restore_state.async_get(hass).last_states["sensor.sun"] = kept
    hass.states.async_set("sensor.sun", "unavailable")
    measure(hass, "sensor.sun", 200)
    again = hass.states.get("sensor.sun")
    assert again is not None
    # Whatever is brought of the meter from here on is brought after a look at the sun.
    measure(hass, "sensor.p1", 101)
    await service.fed(lambda reading: reading.get("powers_w") == [101.0, 100.0, 100.0])

    assert again.last_reported.isoformat() not in {reading["taken_at"] for reading in service.brought}


async def test_a_sensor_that_says_nothing_new_is_brought_with_its_age_when_it_is_due(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    service.state["sources"][1]["period_s"] = 0.01
    measure(hass, "sensor.sun", 100)
    await feed(hass, entry, roof={"power": "sensor.sun"})
    first = await service.fed(lambda _: True)

    again = await service.fed(lambda reading: reading["age_s"] > first["age_s"])

    assert again["taken_at"] == first["taken_at"]


async def test_what_the_service_refuses_is_said_once(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    service.verdict = {"taken": False, "code": "nonsense", "detail": "90000 W of sun is impossible"}
    measure(hass, "sensor.sun", 90_000)
    await feed(hass, entry, roof={"power": "sensor.sun"})
    for watts in (90_001.0, 90_002.0):
        measure(hass, "sensor.sun", watts)
        await service.fed(lambda reading, watts=watts: reading["power_w"] == watts)  # type: ignore[misc]
    # A request follows on the answer to the one before: what was said of that is said.
    service.verdict = {"taken": True, "code": None, "detail": None}
    for watts in (9000.0, 9001.0):
        measure(hass, "sensor.sun", watts)
        await service.fed(lambda reading, watts=watts: reading["power_w"] == watts)  # type: ignore[misc]

    assert caplog.text.count("sensors for roof: nonsense") == 1
    assert caplog.text.count("sensors for roof are taken again") == 1


async def test_a_service_that_takes_no_readings_is_said_once(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    measure(hass, "sensor.sun", 1)
    service.refuses = (403, "may_not")
    await feed(hass, entry, roof={"power": "sensor.sun"})
    await service.refused_to(1)
    service.refuses = None
    measure(hass, "sensor.sun", 2)
    await service.fed(lambda reading: reading["power_w"] == 2.0)

    assert caplog.text.count("readings were not taken") == 1


async def test_a_source_that_the_service_does_not_have_is_passed_over(
    hass: HomeAssistant, service: PaperService, entry: MockConfigEntry
) -> None:
    measure(hass, "sensor.sun", 1)
    service.state["sources"] = service.state["sources"][1:]
    await feed(hass, entry, grid={"power": "sensor.sun"}, roof={"power": "sensor.sun"})

    assert (await service.fed(lambda _: True))["device"] == "roof"
    assert {reading["device"] for reading in service.brought} == {"roof"}


def test_a_meter_is_read_by_phase_in_its_units(hass: HomeAssistant) -> None:
    for place, watts in enumerate((-345.0, 977.5, -460.0), start=1):
        measure(hass, f"sensor.p{place}", watts)
        measure(hass, f"sensor.i{place}", place * 1000, "mA")
    measure(hass, "sensor.import", 1204125, "Wh")
    sensors = BY_PHASE | {f"current_l{place}": f"sensor.i{place}" for place in (1, 2, 3)}

    reading = reading_of(hass, METER, sensors | {"energy_import": "sensor.import", "energy_export": "sensor.none"})

    assert reading is not None
    assert reading["powers_w"] == [-345.0, 977.5, -460.0]
    assert reading["current_a"] == [1.0, 2.0, 3.0]
    assert reading["energy_import_kwh"] == 1204.125
    assert "energy_export_kwh" not in reading


def test_the_age_is_that_of_the_oldest_sensor(hass: HomeAssistant) -> None:
    for place in (1, 2, 3):
        measure_earlier(hass, f"sensor.p{place}", 1, timedelta(seconds=10 * place))

    reading: Any = reading_of(hass, METER, BY_PHASE)

    assert 30.0 <= reading["age_s"] < 60.0


def test_a_sensor_that_said_nothing_for_a_day_does_not_spoil_what_is_brought_with_it(hass: HomeAssistant) -> None:
    sensors = {"power": "sensor.sun"}
    measure_earlier(hass, "sensor.sun", 100, timedelta(hours=25))
    assert reading_of(hass, ROOF, sensors) is None

    measure_earlier(hass, "sensor.sun", 100, timedelta(hours=23))

    assert reading_of(hass, ROOF, sensors) is not None


def test_a_value_from_before_a_restart_is_silence_until_it_is_measured_again(hass: HomeAssistant) -> None:
    for place in (1, 2, 3):
        measure(hass, f"sensor.p{place}", place)
    mock_restore_cache(hass, [State("sensor.p2", "-5000")])
    measure_earlier(hass, "sensor.p2", -5000, timedelta(seconds=2))
    assert reading_of(hass, METER, BY_PHASE) is None

    measure_earlier(hass, "sensor.p2", -5000, timedelta(seconds=1))

    reading = reading_of(hass, METER, BY_PHASE)
    assert reading is not None
    assert reading["powers_w"] == [1.0, -5000.0, 3.0]


def test_another_value_than_the_one_from_before_a_restart_is_a_measured_one(hass: HomeAssistant) -> None:
    mock_restore_cache(hass, [State("sensor.sun", "5000")])
    measure(hass, "sensor.sun", 5001)

    assert reading_of(hass, ROOF, {"power": "sensor.sun"}) is not None


@pytest.mark.parametrize(
    ("value", "unit"),
    [("unavailable", "W"), ("unknown", "W"), ("nan", "W"), ("inf", "W"), ("5", "kWh"), ("5", None), ("five", "W")],
)
def test_one_phase_that_measures_nothing_is_silence_of_all(hass: HomeAssistant, value: str, unit: str | None) -> None:
    measure(hass, "sensor.p1", 1)
    measure(hass, "sensor.p2", value, unit)
    measure(hass, "sensor.p3", 1)

    assert reading_of(hass, METER, BY_PHASE) is None


@pytest.mark.parametrize(("percent", "unit", "soc"), [("62", "%", 0.62), ("62", "W", None)])
def test_a_battery_is_read_in_shares(hass: HomeAssistant, percent: str, unit: str, soc: float | None) -> None:
    measure(hass, "sensor.power", -800)
    measure(hass, "sensor.soc", percent, unit)

    reading = reading_of(hass, ROOF, {"power": "sensor.power", "soc": "sensor.soc"})

    assert reading is not None
    assert reading.get("soc") == soc
