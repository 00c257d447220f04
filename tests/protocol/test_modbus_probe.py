"""What `probe` finds, over real sockets."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ems.config.schema import ModbusAddress
from ems.devices.inspection.finding import Finding
from ems.devices.inspection.probe import probe
from ems.devices.library import profile
from ems.devices.modbus.profile import ModbusProfile
from ems.devices.profile import SunSpecProfile
from ems.errors import LinkDown, Nonsense
from tests.protocol.modbus_bench import LOOPBACK, HandClock, Registers, modbus_server, sdm630
from tests.protocol.sunspec_bench import at, chain, common, model, unknown_model


async def found_in(profile_id: str, registers: Registers) -> Sequence[Finding]:
    chosen = profile(profile_id)
    assert isinstance(chosen, ModbusProfile | SunSpecProfile)
    async with modbus_server({1: registers}) as port:
        return await probe(chosen, ModbusAddress(host=LOOPBACK, port=port, timeout_s=10), HandClock())


async def test_every_point_of_a_register_map_is_shown_with_its_place() -> None:
    found = await found_in("eastron_sdm630", sdm630(power=1500.0, frequency=50.0))

    assert Finding(where="input 52", name="power", value=1500.0) in found
    assert Finding(where="input 70", name="frequency", value=50.0) in found
    assert len(found) == 13


async def test_what_the_device_refuses_is_unknown() -> None:
    registers = {address: word for address, word in sdm630(power=1500.0).items() if address < 54}

    found = await found_in("eastron_sdm630", registers)

    assert Finding(where="input 52", name="power", value=1500.0) in found
    assert Finding(where="input 70", name="frequency", value=None) in found


async def test_every_known_model_is_shown_and_the_others_are_named() -> None:
    strings = model(
        160, {"N": 2, "DCA_SF": -2, "module.1.DCA": 512, "DCW_SF": 0, "module.1.DCW": 3100, "module.2.DCW": 2900}
    )
    inverter = model(103, {"W": 690, "W_SF": 1, "St": 5})

    found = await found_in("sunspec", at(40000, chain(common(), unknown_model(64001, 7), inverter, strings)))

    assert Finding(where="model 1 + 2", name="Mn", value="Sonne") in found
    assert Finding(where="model 64001", name="length", value=7) in found
    assert Finding(where="model 103 + 14", name="W", value=6900.0) in found
    assert Finding(where="model 103 + 38", name="St", value="throttled") in found
    assert Finding(where="model 160 + 19", name="module.1.DCA", value=5.12) in found
    assert Finding(where="model 160 + 41", name="module.2.DCW", value=2900.0) in found


async def test_nobody_there_is_said() -> None:
    async with modbus_server({1: {0: 0}}) as port:
        pass
    chosen = profile("sunspec")
    assert isinstance(chosen, SunSpecProfile)

    with pytest.raises(LinkDown):
        await probe(chosen, ModbusAddress(host=LOOPBACK, port=port), HandClock())


async def test_a_device_that_is_not_sunspec_is_said() -> None:
    with pytest.raises(Nonsense, match="no SunSpec marker"):
        await found_in("sunspec", {0: 1, 1: 2})


async def test_a_hybrid_shows_its_models_beside_what_each_use_reads_of_them() -> None:
    strings = {"N": 4, "DCW_SF": 0} | {f"module.{number}.DCW": watts for number, watts in enumerate((9, 8, 7, 0), 1)}
    words = chain(
        common("Fronius"),
        model(103, {"W": 10, "W_SF": 0, "St": 4}),
        model(120, {"WHRtg": 96, "WHRtg_SF": 2}),
        model(160, strings),
        model(124, {"ChaState": 50, "ChaState_SF": 0, "ChaSt": 4, "InWRte": 100}),
    )

    found = await found_in("fronius", at(40000, words))
    told = {(each.kind, each.name): each.value for each in found if each.kind is not None}

    assert told["inverter", "power"] == 17.0
    assert told["battery", "power"] == -7.0
    assert told["battery", "soc"] == 0.5
    assert told["battery", "capacity"] == 9.6
    assert str(told["battery", "assumed"]).startswith("the modules of model 160 are taken for")
    assert ("meter", "power") not in told
    (state,) = (each for each in found if each.where == "model 124 + 11")
    assert (state.value, state.registers, state.unit) == ("charging", (4,), "")
    (rate,) = (each for each in found if each.name == "InWRte")
    assert rate.value is None
    assert rate.registers == (100,)


async def test_the_share_of_a_battery_that_nobody_tells_apart_is_said() -> None:
    words = chain(common(), model(103, {"W": 10, "W_SF": 0, "St": 4}), model(802, {"W": -5, "W_SF": 0}))

    found = await found_in("sunspec", at(40000, words))

    (assumed,) = (each.value for each in found if (each.kind, each.name) == ("inverter", "assumed"))
    assert assumed == "the device has a battery (model 802), whose share is in the inverter's power"
