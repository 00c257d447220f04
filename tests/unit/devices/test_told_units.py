"""Numbers whose unit is told in another topic, as Home Assistant's state stream does, without a broker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.config.schema import SolarEntry
from ems.devices.catalog import connect_devices
from ems.devices.mqtt.device import MqttDevice
from ems.devices.units import UNITS, factor_of
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense
from ems.model.readings import GridReading
from tests.protocol.device_site import site

STATE = "ha/sensor/grid_power/state"
UNIT = "ha/sensor/grid_power/unit_of_measurement"


class Stream:
    """A house of one phase whose grid meter is a sensor of Home Assistant."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        mqtt = {"prefix": "ha", "parameters": {"power": "grid_power"}}
        meter = {"id": "grid", "profile": "home_assistant_stream", "period_s": 2, "mqtt": mqtt}
        file = site(meters=[meter], phases=1, mqtt={"host": "broker"})
        found = connect_devices(file, self.clock).meters["main"]
        assert isinstance(found, MqttDevice)
        self.meter: MqttDevice[GridReading] = found
        self.meter.link_changed(up=True)

    def say(self, topic: str, payload: str, *, retained: bool = False) -> None:
        self.meter.heard(topic, payload.encode(), retained=retained)

    def event(self, state: str, unit: str = "W") -> None:
        """What one change of the sensor publishes, in its order."""
        self.say(STATE, state)
        self.say(UNIT, f'"{unit}"')

    def read(self) -> GridReading:
        return run_virtual(self.meter.read(), self.clock)

    def power_or_code(self) -> float | str:
        try:
            return self.read().power_w
        except DeviceError as err:
            return err.code


@pytest.mark.parametrize(
    ("state", "unit", "watts"), [("2300", "W", 2300.0), ("-1.5", "kW", -1500.0), ("0.0", "kW", 0.0), ("5", "MW", None)]
)
def test_a_number_counts_in_the_unit_that_comes_after_it(state: str, unit: str, watts: float | None) -> None:
    stream = Stream()
    stream.event(state, unit)

    assert stream.power_or_code() == ("nonsense" if watts is None else watts)


def test_a_unit_that_changes_never_meets_a_number_of_the_other() -> None:
    stream = Stream()
    stream.event("2300", "W")
    assert stream.read().power_w == 2300.0
    stream.say(STATE, "2.4")
    assert stream.power_or_code() == "no_answer"
    stream.event("2.5", "kW")

    assert stream.read().power_w == 2500.0


@pytest.mark.parametrize("state", ["unknown", "unavailable", "nan", "NaN", "", "None", "inf", "on"])
def test_what_is_no_number_is_missing_and_takes_the_last_one_back(state: str) -> None:
    stream = Stream()
    stream.event("2300")
    stream.read()
    stream.event(state)

    with pytest.raises((Nonsense, NoAnswer)):
        stream.read()


@pytest.mark.parametrize("unit", ["hp", "kWh", "", "W\x00", "w", "kw"])
def test_a_unit_of_something_else_is_nonsense(unit: str) -> None:
    stream = Stream()
    stream.say(STATE, "2300")
    stream.say(UNIT, f'"{unit}"')

    with pytest.raises(Nonsense):
        stream.read()


def test_without_units_nothing_is_known_and_silence_is_no_reading() -> None:
    stream = Stream()
    stream.say(STATE, "2300")
    with pytest.raises(NoAnswer):
        stream.read()


def test_a_sensor_that_stands_still_is_lost_like_a_dead_one() -> None:
    """The stream says nothing of either, so nobody can tell them apart; the reading gets no younger meanwhile."""
    stream = Stream()
    stream.event("400")
    first = stream.read()

    async def listen() -> None:
        for _ in range(2):
            with pytest.raises(NoAnswer, match="published nothing usable for 10 s"):
                await stream.meter.read()
            stream.say(UNIT, '"W"')

    run_virtual(listen(), stream.clock)
    assert first.taken_at_s <= stream.clock.monotonic_s() - 20.0


def test_what_the_broker_kept_is_a_unit_perhaps_and_never_a_number() -> None:
    stream = Stream()
    stream.say(UNIT, '"kW"', retained=True)
    stream.say(STATE, "2.3", retained=True)
    stream.event("2.3", "kW")

    assert stream.read().power_w == 2300.0


def test_when_home_assistant_goes_the_meter_is_away() -> None:
    stream = Stream()
    stream.event("400")
    stream.say("homeassistant/status", "offline")
    with pytest.raises(LinkDown, match="announced offline"):
        stream.read()
    stream.say("homeassistant/status", "online")
    stream.event("410")

    assert stream.read().power_w == 410.0


def test_a_sun_that_says_nothing_at_night_is_unknown() -> None:
    entry = {"id": "roof", "profile": "home_assistant_stream_solar", "period_s": 2}
    entry |= {"mqtt": {"prefix": "ha", "parameters": {"power": "sun"}}}
    assert SolarEntry.model_validate(entry).id == "roof"
    clock = VirtualClock()
    meter = {"id": "grid", "pushed": True, "period_s": 2}
    (sun,) = connect_devices(site(meters=[meter], solar=[entry], mqtt={"host": "broker"}), clock).solar

    with pytest.raises(NoAnswer):
        run_virtual(sun.read(), clock)


@given(
    name=st.sampled_from(["power", "power_l2", "current_l1", "energy_import", "soc", "voltage", "odd"]), unit=st.text()
)
def test_only_units_of_the_same_quantity_have_a_factor(name: str, unit: str) -> None:
    known = UNITS.get(name.split("_", maxsplit=1)[0], {})
    assert factor_of(name, unit) == known.get(unit)
    assert factor_of(name, None) is None
