"""Batteries, hybrids and the 7xx models of devices that describe themselves, over real sockets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ems.config.schema import SiteFile
from ems.errors import LinkDown, Nonsense
from ems.model.readings import BatteryReading, SolarReading
from tests.protocol.device_site import devices_of, modbus, sdm, site
from tests.protocol.modbus_bench import HandClock, modbus_server, odd_server, serving
from tests.protocol.sunspec_bench import Words, at, chain, common, model

Values = Mapping[str, float | str]

SUN = {"W": 2500, "W_SF": 0, "AphA": 36, "AphB": 36, "AphC": 36, "A_SF": -1, "WH": 5_000_000, "WH_SF": 0, "St": 4}
FILL = {"ChaState": 6350, "ChaState_SF": -2, "ChaSt": 4}


def modules(*watts: int | None, **more: float) -> Values:
    told = {f"module.{number}.DCW": power_w for number, power_w in enumerate(watts, 1) if power_w is not None}
    return {"N": len(watts), "DCW_SF": 0, **told, **more}


def hybrid(*watts: int | None, sun: Values = SUN, fill: Values = FILL, state_2: int | None = None) -> Words:
    states = {} if state_2 is None else {"module.2.DCSt": state_2}
    return chain(common("Fronius"), model(103, sun), model(160, modules(*watts, **states)), model(124, fill))


def house(port: int, profile: str = "sunspec", **battery: object) -> SiteFile:
    where = {"profile": profile, "modbus": modbus(port, unit=1)}
    return site(
        meters=[sdm(port)],
        solar=[{"id": "roof", **where, "peak_w": 9000}],
        battery={"id": "cellar", **where, **battery},
    )


async def battery_of(words: Words, profile: str = "sunspec", **battery: object) -> BatteryReading:
    async with modbus_server({1: at(40000, words)}) as port, devices_of(house(port, profile, **battery)) as devices:
        assert devices.battery is not None
        return await devices.battery.read()


async def sun_of(words: Words, profile: str = "sunspec") -> SolarReading:
    async with modbus_server({1: at(40000, words)}) as port, devices_of(house(port, profile)) as devices:
        return await devices.solar[0].read()


def bank(**more: float) -> Words:
    return chain(common(), model(103, SUN), model(802, {"SoC": 815, "SoC_SF": -1, "W_SF": 1, **more}))


@pytest.mark.parametrize(("raw", "power_w"), [(150, 1500.0), (-80, -800.0), (0, 0.0)])
async def test_a_battery_bank_tells_its_power_and_how_full_it_is(raw: int, power_w: float) -> None:
    reading = await battery_of(bank(W=raw))

    assert reading.power_w == power_w
    assert reading.soc == pytest.approx(0.815)


async def test_a_maker_that_counts_charge_is_turned() -> None:
    assert (await battery_of(bank(W=150), invert=True)).power_w == -1500.0


@pytest.mark.parametrize("state", [1, 6])
async def test_a_bank_that_rests_gives_nothing(state: int) -> None:
    assert (await battery_of(bank(ChaSt=state))).power_w == 0.0


@pytest.mark.parametrize("told", [{"ChaSt": 3}, {"ChaSt": 4}, {}, {"W": 100, "W_SF": 11}])
async def test_a_bank_that_tells_no_power_is_nonsense(told: dict[str, float]) -> None:
    with pytest.raises(Nonsense, match="cellar: it gave no power"):
        await battery_of(bank(**told))


def ports(*each: tuple[int, int | None]) -> Words:
    kinds = {f"Prt.{number}.PrtTyp": kind for number, (kind, _) in enumerate(each, 1)}
    watts = {f"Prt.{number}.DCW": power_w for number, (_, power_w) in enumerate(each, 1) if power_w is not None}
    told = model(714, {"NPrt": len(each), "DCW_SF": 1, **kinds, **watts})
    fill = model(713, {"SoC": 42, "Pct_SF": 0, "WHRtg": 100, "WH_SF": 2})
    inverter = {"W": 250, "W_SF": 1, "InvSt": 3, "AL1": 110, "A_SF": -1, "TotWhInj": 7_000_000, "TotWh_SF": 0}
    return chain(common(), model(701, inverter), fill, told)


async def test_the_storage_ports_are_the_battery_and_the_others_the_sun() -> None:
    words = ports((0, 310), (1, -50), (0, 90), (1, -10))

    battery, sun = await battery_of(words), await sun_of(words)

    assert battery.power_w == -600.0
    assert battery.soc == pytest.approx(0.42)
    assert (sun.power_w, sun.energy_kwh, sun.current_a) == (4000.0, 7000.0, None)


async def test_an_inverter_without_a_storage_port_is_told_by_its_own_power() -> None:
    words = ports((0, 310))

    reading = await sun_of(words)

    assert (reading.power_w, reading.energy_kwh) == (2500.0, 7000.0)
    assert reading.current_a is not None
    assert reading.current_a.l1 == 11.0
    with pytest.raises(Nonsense, match="cellar: it gave no power"):
        await battery_of(words)


async def test_a_storage_port_without_a_number_leaves_the_battery_unknown() -> None:
    with pytest.raises(Nonsense, match="cellar: it gave no power"):
        await battery_of(ports((0, 310), (1, None), (1, 20)))


@pytest.mark.parametrize("state", [0, 1, 7])
async def test_a_701_inverter_that_rests_makes_nothing(state: int) -> None:
    assert (await sun_of(chain(common(), model(701, {"InvSt": state})))).power_w == 0.0


@pytest.mark.parametrize("state", [2, 3, 6])
async def test_a_701_inverter_that_works_but_tells_no_power_is_nonsense(state: int) -> None:
    with pytest.raises(Nonsense, match="roof: it gave no power"):
        await sun_of(chain(common(), model(701, {"InvSt": state})))


async def test_a_701_inverter_tells_each_phase() -> None:
    told = {"W": -300, "W_SF": 0, "AL1": 10, "AL2": 20, "AL3": 30, "A_SF": -1, "InvSt": 3, "ACType": 2}

    reading = await sun_of(chain(common(), model(701, told)))

    assert reading.power_w == -300.0
    assert reading.current_a is not None
    assert tuple(reading.current_a) == (-1.0, -2.0, -3.0)


async def test_the_sun_of_a_hybrid_is_its_strings_and_the_battery_its_last_two_modules() -> None:
    words = hybrid(3100, 1400, 2000, 0)

    battery, sun = await battery_of(words, "fronius"), await sun_of(words, "fronius")

    assert battery.power_w == -2000.0
    assert battery.soc == pytest.approx(0.635)
    assert (sun.power_w, sun.energy_kwh, sun.current_a) == (4500.0, 5000.0, None)


async def test_a_hybrid_gives_its_battery_at_night() -> None:
    words = hybrid(0, 0, 0, 700)

    assert (await battery_of(words, "fronius")).power_w == 700.0
    assert (await sun_of(words, "fronius")).power_w == 0.0


async def test_one_direction_alone_is_enough_where_something_flows() -> None:
    assert (await battery_of(hybrid(0, 0, None, 700), "fronius")).power_w == 700.0
    with pytest.raises(Nonsense, match="gave no power"):
        await battery_of(hybrid(0, 0, None, 0), "fronius")


@pytest.mark.parametrize(("state", "rests"), [(1, True), (6, True), (3, False), (4, False)])
async def test_a_storage_without_numbers_rests_only_where_it_says_so(state: int, rests: bool) -> None:
    words = hybrid(0, 0, None, None, fill={**FILL, "ChaSt": state})
    if rests:
        assert (await battery_of(words, "fronius")).power_w == 0.0
        return
    with pytest.raises(Nonsense, match="gave no power"):
        await battery_of(words, "fronius")


async def test_strings_without_numbers_make_nothing_where_they_or_the_inverter_rest() -> None:
    assert (await sun_of(hybrid(None, None, 0, 0, sun={"St": 2}), "fronius")).power_w == 0.0
    assert (await sun_of(hybrid(3100, None, 0, 0, state_2=2), "fronius")).power_w == 3100.0
    with pytest.raises(Nonsense, match="roof: it gave no power"):
        await sun_of(hybrid(3100, None, 0, 0), "fronius")


async def test_without_a_battery_the_inverters_own_power_counts() -> None:
    two_strings = chain(common("Fronius"), model(103, SUN), model(160, modules(1300, 1250)), model(124, FILL))

    assert (await sun_of(two_strings, "fronius")).power_w == 2500.0
    with pytest.raises(Nonsense, match="cellar has none of the SunSpec models 802 or 713 with 714 or 124 with 160"):
        await battery_of(two_strings, "fronius")


async def test_modules_of_a_maker_nobody_knows_are_no_battery() -> None:
    with pytest.raises(Nonsense, match="cellar has none of the SunSpec models 802 or 713 with 714"):
        await battery_of(hybrid(3100, 1400, 2000, 0))


async def test_a_battery_that_is_added_is_found_after_the_next_connection() -> None:
    before = chain(common("Fronius"), model(103, SUN), model(160, modules(1300, 1250)))
    async with modbus_server({1: at(40000, before)}) as port:
        pass
    async with devices_of(house(port, "fronius"), HandClock()) as devices:
        async with modbus_server({1: at(40000, before)}, port=port):
            assert (await devices.solar[0].read()).power_w == 2500.0
        with pytest.raises(LinkDown):
            await devices.solar[0].read()
        async with modbus_server({1: at(40000, hybrid(3100, 1400, 2000, 0))}, port=port):
            assert (await devices.solar[0].read()).power_w == 4500.0
            assert devices.battery is not None
            assert (await devices.battery.read()).power_w == -2000.0


async def test_a_counter_that_falls_to_nothing_keeps_the_last_good_one() -> None:
    floats = {"W": 1000.0, "St": 4, "WH": 8_000_000.0}
    words = at(40000, chain(common(), model(113, floats)))
    async with odd_server(serving(words)) as server, devices_of(house(server.port), HandClock()) as devices:
        assert (await devices.solar[0].read()).energy_kwh == 8000.0
        words |= at(40000, chain(common(), model(113, {"St": 2, "WH": 0.0})))
        asleep = await devices.solar[0].read()

    assert (asleep.power_w, asleep.energy_kwh) == (0.0, 8000.0)


async def test_a_battery_tells_its_size_where_the_device_does() -> None:
    nameplate = model(120, {"WHRtg": 96, "WHRtg_SF": 2})
    told = chain(common("Fronius"), model(103, SUN), nameplate, model(160, modules(0, 0, 0, 500)), model(124, FILL))

    assert (await battery_of(told, "fronius")).capacity_kwh == 9.6
    assert (await battery_of(hybrid(0, 0, 0, 500), "fronius")).capacity_kwh is None
    assert (await battery_of(bank(W=1, WHRtg=12_000, WHRtg_SF=0))).capacity_kwh == 12.0
    assert (await battery_of(ports((1, 20)))).capacity_kwh == 10.0
