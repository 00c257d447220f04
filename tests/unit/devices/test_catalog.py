"""From a site file to devices: what is shared, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.config.problems import SecretError
from ems.config.schema import SiteFile
from ems.devices.catalog import connect_devices
from ems.devices.config_error import DeviceConfigError
from ems.devices.modbus.device import ModbusDevice
from ems.devices.mqtt.device import MqttDevice
from ems.devices.pushed import PushedDevice
from ems.devices.sunspec.device import SunSpecDevice
from ems.runtime.reads import Connecting

GATEWAY = {"host": "gateway.local", "port": 502}
SDM = {"id": "grid", "profile": "eastron_sdm630", "modbus": GATEWAY}
SHELLY = {"id": "grid", "profile": "shelly_pro3em", "mqtt": {"prefix": "shelly-1"}}
BROKER = {"host": "broker.local"}
BROKEN_PATH = {"power": {"topic": "a", "path": "x[y]"}}
OPERATOR = {"rule": "de14a", "devices": 2}
POWER_ONLY = {"power": {"topic": "grid/power"}}


def site(*meters: Mapping[str, Any], phases: int = 3, **more: Any) -> SiteFile:
    content = {
        "connection": {"phases": phases, "main_fuse_a": 25},
        "meters": list(meters),
        "stations": [{"id": "garage"}],
        **more,
    }
    return SiteFile.model_validate(content)


def test_devices_are_built_without_a_connection_or_an_event_loop() -> None:
    sun = {"id": "roof", "profile": "sunspec", "modbus": {**GATEWAY, "unit": 126}, "period_s": 5}
    battery = {"id": "cellar", "mqtt": {"points": {"power": {"topic": "battery/w", "scale": -1}}}}

    devices = connect_devices(site(SDM, solar=[sun], battery=battery, mqtt=BROKER), VirtualClock())

    assert isinstance(devices.meters["main"], ModbusDevice)
    assert isinstance(devices.solar[0], SunSpecDevice)
    assert isinstance(devices.battery, MqttDevice)
    assert (devices.solar[0].name, devices.solar[0].period_s, devices.solar[0].pushes) == ("roof", 5.0, False)
    assert (devices.battery.name, devices.battery.pushes) == ("cellar", True)


def test_a_rule_of_ones_own_may_tell_directions_apart_and_sign_a_current() -> None:
    apart = {"power": {"topic": "in", "less": {"topic": "out", "scale": 1000}}}
    signed = {f"current_l{n}": {"topic": "amps", "path": f"[{n - 1}]", "signed": True} for n in (1, 2, 3)}

    devices = connect_devices(
        site({"id": "grid", "mqtt": {"points": {**apart, **signed}}}, mqtt=BROKER), VirtualClock()
    )

    meter = devices.meters["main"]
    assert isinstance(meter, MqttDevice)
    assert meter.topics == {"in", "out", "amps"}
    for topic, payload in (("in", b"0"), ("out", b"1.15"), ("amps", b"[-5, 0, 0]")):
        meter.link_changed(up=True)
        meter.heard(topic, payload, retained=False)
    reading = run_virtual(meter.read(), VirtualClock())
    assert (reading.power_w, reading.current_a.l1) == (-1150.0, -5.0)


def test_one_modbus_address_is_one_link() -> None:
    shed = {**SDM, "id": "shed", "circuit": "shed", "modbus": {**GATEWAY, "unit": 2}}
    other = {"id": "roof", "profile": "sunspec", "modbus": {"host": "inverter.local"}}
    file = site(SDM, shed, circuits=[{"id": "shed", "fuse_a": 16}], solar=[other])

    devices = connect_devices(file, VirtualClock())

    assert sorted(link.where for link in devices.links) == ["gateway.local:502", "inverter.local:502"]
    assert set(devices.meters) == {"main", "shed"}


def test_without_mqtt_nothing_runs_in_the_background() -> None:
    assert connect_devices(site(SDM), VirtualClock()).background == ()
    assert len(connect_devices(site(SHELLY, mqtt=BROKER), VirtualClock()).background) == 1


def test_the_grid_operator_signal_needs_the_broker_only_where_there_is_one() -> None:
    signal = {**OPERATOR, "signal": {"topic": "cabinet/dimming"}}

    dimmable = connect_devices(site(SDM, grid_operator=signal, mqtt=BROKER), VirtualClock())
    always = connect_devices(site(SDM, grid_operator=OPERATOR), VirtualClock())

    assert dimmable.operator_signal is not None
    assert dimmable.operator_signal.topics == {"cabinet/dimming"}
    assert len(dimmable.background) == 1
    assert (always.operator_signal, always.background) == (None, ())


def test_a_one_phase_house_is_content_with_a_total() -> None:
    meter = {"id": "grid", "mqtt": {"points": POWER_ONLY}}

    assert connect_devices(site(meter, phases=1, mqtt=BROKER), VirtualClock()).meters["main"].pushes


def test_a_profile_may_have_points_replaced() -> None:
    replaced = {**SHELLY, "mqtt": {"prefix": "a", "points": {"power": {"topic": "{prefix}/total"}}}}

    meter = connect_devices(site(replaced, mqtt=BROKER), VirtualClock()).meters["main"]

    assert isinstance(meter, MqttDevice)
    assert meter.topics == {"a/total", "a/status/em:0", "a/status/emdata:0", "a/online"}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (site({**SDM, "profile": "acme_9"}), "grid: there is no device profile acme_9: take one of `ems devices list`"),
        (site({**SDM, "modbus": None}), "grid has no Modbus address: eastron_sdm630 needs modbus"),
        (site({**SDM, "profile": None}), "grid has no profile"),
        (site({"id": "grid", "profile": "shelly_pro3em"}, mqtt=BROKER), "grid has no MQTT address"),
        (site({**SHELLY, "mqtt": {}}, mqtt=BROKER), "grid has no MQTT prefix"),
        (site(SHELLY), "grid speaks MQTT but the site names no broker"),
        (
            site({"id": "grid", "mqtt": {"points": POWER_ONLY}}, mqtt=BROKER),
            "grid tells neither current nor power of L1",
        ),
        (site({**SDM, "circuit": "barn"}), "grid sits at circuit barn, which is not there"),
        (site(SDM, solar=[{**SDM, "id": "roof"}]), "roof is used as inverter, but eastron_sdm630 describes a meter"),
        (site(SDM, solar=[{"id": "roof", "mqtt": {"points": {"powr": {"topic": "x"}}}}], mqtt=BROKER), "points powr"),
        (site(SDM, solar=[{"id": "roof", "mqtt": {"points": {"energy": {"topic": "x"}}}}], mqtt=BROKER), "no power"),
        (site({**SHELLY, "mqtt": {"prefix": "a", "points": BROKEN_PATH}}, mqtt=BROKER), "grid: .*broken step"),
        (site({**SDM, "profile": "dsmr_p1"}), "grid has no P1 line: add p1: "),
        (site({**SDM, "profile": "sma_energy_meter"}), "grid has no Speedwire: add speedwire: "),
        (site({"id": "grid", "profile": "eastron_sdm630", "p1": {"host": "a"}}), "grid has no Modbus address"),
        (
            site(SDM, grid_operator={**OPERATOR, "signal": {"topic": "dimming"}}),
            "grid_operator.signal speaks MQTT but the site names no broker",
        ),
        (
            site(SDM, grid_operator={**OPERATOR, "signal": BROKEN_PATH["power"]}, mqtt=BROKER),
            "grid_operator.signal: .*broken step",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_entry_and_cure(file: SiteFile, words: str) -> None:
    with pytest.raises(DeviceConfigError, match=words) as caught:
        connect_devices(file, VirtualClock())

    assert isinstance(caught.value, ValueError)
    assert caught.value.code == "device_config"


def test_a_password_that_cannot_be_found_is_a_secret_error() -> None:
    broker = {**BROKER, "username": "house", "password": {"env": "FUSEWISE_TEST_NOT_SET"}}

    with pytest.raises(SecretError):
        connect_devices(site(SHELLY, mqtt=broker), VirtualClock())


def test_pushed_devices_wait_for_a_program_and_connect_to_nobody() -> None:
    grid = {"id": "grid", "pushed": True, "period_s": 10}
    shed = {"id": "shed", "pushed": True, "period_s": 5, "circuit": "shed"}
    roof = {"id": "roof", "pushed": True, "period_s": 30}
    battery = {"id": "cellar", "pushed": True, "period_s": 30}
    circuits = [{"id": "shed", "fuse_a": 16, "phases": ["L2"]}]

    devices = connect_devices(site(grid, shed, solar=[roof], battery=battery, circuits=circuits), VirtualClock())

    told = [(inlet.name, inlet.kind, inlet.phases, inlet.period_s) for inlet in devices.pushed.values()]
    assert sorted(told) == [
        ("cellar", "battery", 3, 30.0),
        ("grid", "meter", 3, 10.0),
        ("roof", "inverter", 3, 30.0),
        ("shed", "meter", 1, 5.0),
    ]
    assert (devices.background, devices.links) == ((), ())
    assert isinstance(devices.meters["main"], PushedDevice)


def test_devices_that_connect_tell_how_often() -> None:
    sun = {"id": "roof", "profile": "sunspec", "modbus": {**GATEWAY, "unit": 126}}
    battery = {"id": "cellar", "mqtt": {"points": {"power": {"topic": "battery/w"}}}}
    more = {"id": "more", "profile": "fronius_solar_api", "http": {"host": "192.0.2.9"}}

    devices = connect_devices(site(SDM, solar=[sun, more], battery=battery, mqtt=BROKER), VirtualClock())

    read: list[object] = [devices.meters["main"], *devices.solar, devices.battery]
    assert [each.connections for each in read if isinstance(each, Connecting)] == [0, 0, 0, 0]


def test_a_battery_takes_orders_only_with_leave_and_with_registers_that_are_known() -> None:
    kostal = {"id": "cellar", "profile": "kostal_plenticore", "modbus": {"host": "192.0.2.9"}}
    unknown = {**kostal, "profile": "huawei_sun2000", "control": {"hold": True}}

    read_only = connect_devices(site(SDM, battery=kostal), VirtualClock())
    ordered = connect_devices(site(SDM, battery={**kostal, "control": {"hold": True}}), VirtualClock())

    assert read_only.battery_valve is None
    assert ordered.battery_valve is not None
    assert len(ordered.links) == len(read_only.links)
    with pytest.raises(DeviceConfigError, match="cellar cannot be controlled"):
        connect_devices(site(SDM, battery=unknown), VirtualClock())
