"""Every Modbus profile there and back: our numbers into a device's registers, over a real socket, and out again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio

from ems.config.schema import ModbusAddress
from ems.devices.library import profiles
from ems.devices.modbus.device import RegisterReader
from ems.devices.modbus.link import Line, ModbusLink
from ems.devices.modbus.point_map import PointMap
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_types import WordOrder
from ems.devices.plausibility import Bounds
from ems.devices.profile_parts import Kind
from ems.devices.sample import Sample
from ems.devices.views import BatteryView, GridView, Mounting, SolarView
from ems.model.electrical import PerPhase, Phase
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit
from ems.sim.wire.register_image import CannotShow, Values, filled_in, image
from tests.protocol.modbus_bench import LOOPBACK, HandClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODBUS = [each for each in profiles() if isinstance(each, ModbusProfile | HybridProfile)]
USES = [pytest.param(each, kind, id=f"{each.id}-{kind}") for each in MODBUS for kind in each.kinds]
MEASURED = {
    "power": 8100.0,
    "power_l1": 2300.0,
    "power_l2": 3400.0,
    "power_l3": 1500.0,
    "current": 37.0,
    "current_l1": 10.0,
    "current_l2": 15.0,
    "current_l3": 7.0,
    "voltage": 228.0,
    "voltage_l1": 231.0,
    "voltage_l2": 229.0,
    "voltage_l3": 232.0,
    "frequency": 51.0,
    "energy_import": 4321.0,
    "energy_export": 987.0,
    "energy": 6543.0,
    "soc": 0.83,
}
"""Every number another one, so that points which share a register are found; multiples of what the coarsest tell."""

PHASES_W = {"power_l1": 2300.0, "power_l2": -1150.0, "power_l3": 690.0}


@dataclass
class Bench:
    port: ModbusPort[ProfileUnit]
    units: Mapping[str, ProfileUnit]

    async def sample(self, profile: ModbusProfile | HybridProfile, kind: Kind) -> Sample:
        """What a reader that has just connected finds."""
        unit = self.units[profile.id].unit
        link = ModbusLink(Line(host=LOOPBACK, port=self.port.port), HandClock())
        address = ModbusAddress(host=LOOPBACK, port=self.port.port, unit=unit, timeout_s=10)
        reader = RegisterReader(name=profile.id, link=link, address=address, profile=profile, kind=kind)
        try:
            return await reader.sample()
        finally:
            await reader.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Bench]:
    """All profiles as units of one server."""
    units = {each.id: ProfileUnit(number, each) for number, each in enumerate(MODBUS, 1)}
    port = ModbusPort(units.values(), LOOPBACK)
    await port.open()
    yield Bench(port, units)
    await port.close()


def independent(each: PointMap) -> list[str]:
    """The names whose values do not follow from others that are told too."""
    follows = {name for name, rule in each.derived.items() if set(rule.terms) <= set(each.told)}
    return [name for name in each.told if name not in follows]


def can_be(profile: ModbusProfile | HybridProfile, kind: Kind, name: str, value: float | None) -> bool:
    try:
        image(profile, {kind: {name: value}})
    except CannotShow:
        return False
    return True


def close_to(each: PointMap, values: Values) -> Mapping[str, object]:
    """The values, as exact as the device tells them."""
    steps = {name: 0.0 if "float" in point.type else abs(point.scale) for name, point in each.rows.items()}
    derived = {name: sum(steps.get(term, 0.0) for term in rule.terms) for name, rule in each.derived.items()}
    told = {**steps, **derived}
    return {name: pytest.approx(value, rel=1e-6, abs=0.51 * told[name]) for name, value in values.items()}


@pytest.mark.parametrize(("profile", "kind"), USES)
async def test_every_number_comes_back_with_either_sign(
    bench: Bench, profile: ModbusProfile | HybridProfile, kind: Kind
) -> None:
    each, unit = profile.maps[kind], bench.units[profile.id]
    names = independent(each)
    negative = {name: -MEASURED[name] for name in names if can_be(profile, kind, name, -MEASURED[name])}
    for values in ({name: MEASURED[name] for name in names}, {name: MEASURED[name] for name in names} | negative):
        unit.show({kind: values})

        sample = await bench.sample(profile, kind)

        assert sample.values == close_to(each, filled_in(each, values))


@pytest.mark.parametrize(("profile", "kind"), USES)
async def test_what_the_device_does_not_know_is_unknown(
    bench: Bench, profile: ModbusProfile | HybridProfile, kind: Kind
) -> None:
    each, unit = profile.maps[kind], bench.units[profile.id]
    unknown = [name for name in independent(each) if can_be(profile, kind, name, None)]
    unit.show({kind: dict.fromkeys(unknown)})

    values = (await bench.sample(profile, kind)).values

    resting = {"power"} if each.rests_at_night else set()
    assert not (set(unknown) - resting) & set(values)
    assert not resting or values["power"] == 0.0


@pytest.mark.parametrize(("profile", "kind"), USES)
async def test_readings_have_our_signs(bench: Bench, profile: ModbusProfile | HybridProfile, kind: Kind) -> None:
    await CHECKS[kind](bench, profile)


async def grid_signs(bench: Bench, profile: ModbusProfile | HybridProfile) -> None:
    each, unit = profile.maps["meter"], bench.units[profile.id]
    three = set(PHASES_W) <= set(each.told)
    unit.show({"meter": PHASES_W if three else {"power": -1150.0}})
    wiring = tuple(Phase) if three else (Phase.L1,)
    view = GridView(Mounting(bounds=Bounds(phases=wiring, fuse_a=35.0), signed=each.signed))

    reading = view.reading(await bench.sample(profile, "meter"))

    expected = PerPhase(10.0, -5.0, 3.0) if three else PerPhase(-5.0)
    assert reading.power_w == pytest.approx(1840.0 if three else -1150.0, abs=6)
    assert tuple(reading.current_a) == pytest.approx(tuple(expected), abs=0.06)


async def solar_signs(bench: Bench, profile: ModbusProfile | HybridProfile) -> None:
    bench.units[profile.id].show({"inverter": {"power": 5400.0}})

    reading = SolarView().reading(await bench.sample(profile, "inverter"))

    assert reading.power_w == pytest.approx(5400.0, abs=1)


async def battery_signs(bench: Bench, profile: ModbusProfile | HybridProfile) -> None:
    for power_w in (2400.0, -2400.0):
        bench.units[profile.id].show({"battery": {"power": power_w}})

        reading = BatteryView().reading(await bench.sample(profile, "battery"))

        assert reading.power_w == pytest.approx(power_w, abs=12)
        assert reading.soc in (None, pytest.approx(0.5))


CHECKS = {"meter": grid_signs, "inverter": solar_signs, "battery": battery_signs}


@pytest.mark.parametrize("order", WordOrder)
@pytest.mark.parametrize("profile", [each for each in MODBUS if each.word_order_setting], ids=lambda each: each.id)
async def test_a_device_that_tells_its_word_order_is_read_in_it(
    bench: Bench, profile: ModbusProfile | HybridProfile, order: WordOrder
) -> None:
    kind = profile.kinds[0]
    bench.units[profile.id].show({kind: {"power": 2300.0}}, order)

    assert (await bench.sample(profile, kind)).values["power"] == pytest.approx(2300.0)
