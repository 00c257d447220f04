"""Devices that describe themselves by SunSpec models, over real sockets."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import pytest

from ems.config.schema import SiteFile
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense
from ems.model.electrical import PerPhase
from ems.model.readings import GridReading, SolarReading
from tests.protocol.device_site import devices_of, modbus, sdm, site
from tests.protocol.modbus_bench import (
    ANSWERS_WITHIN_S,
    SILENCE,
    HandClock,
    asked_for,
    modbus_server,
    odd_server,
    refusal,
    sdm630,
    serving,
)
from tests.protocol.sunspec_bench import Words, at, chain, common, model, unknown_model

SUN = {
    "A": 300,
    "AphA": 100,
    "AphB": 101,
    "AphC": 99,
    "A_SF": -1,
    "W": 690,
    "W_SF": 1,
    "WH": 12_345_678,
    "WH_SF": 0,
    "St": 4,
}
FLOAT_SUN = {"AphA": 10.0, "AphB": 10.5, "AphC": 9.5, "W": 6912.0, "WH": 8_000_000.0, "St": 4}
GRID = {
    "AphA": 1000,
    "AphB": 400,
    "AphC": 100,
    "A_SF": -2,
    "PhVphA": 2300,
    "PhVphB": 2310,
    "PhVphC": 2290,
    "V_SF": -1,
    "Hz": 5001,
    "Hz_SF": -2,
    "W": 1500,
    "WphA": 2300,
    "WphB": -900,
    "WphC": 100,
    "W_SF": 0,
    "TotWhImp": 123_450,
    "TotWhExp": 98_700,
    "TotWh_SF": 1,
}
VOLTAGES = {"voltage_l1": 230.0, "voltage_l2": 230.0, "voltage_l3": 230.0, "frequency": 50.0}
FLOAT_GRID = {
    "AphA": 10.0,
    "AphB": -4.0,
    "AphC": 1.0,
    "PhVphA": 230.0,
    "PhVphB": 231.0,
    "PhVphC": 229.0,
    "Hz": 50.01,
    "W": 1500.0,
    "WphA": 2300.0,
    "WphB": -900.0,
    "WphC": 100.0,
    "TotWhImp": 1_234_500.0,
    "TotWhExp": 987_000.0,
}


def roof(port: int, *, timeout_s: float = 10.0) -> Mapping[str, object]:
    return {"id": "roof", "profile": "sunspec", "modbus": modbus(port, unit=126, timeout_s=timeout_s), "peak_w": 9000}


def roof_at(port: int, *, timeout_s: float = 10.0) -> SiteFile:
    return site(meters=[sdm(port)], solar=[roof(port, timeout_s=timeout_s)])


def meter_at(port: int, **more: object) -> SiteFile:
    return site(meters=[{"id": "grid", "profile": "sunspec", "modbus": modbus(port, unit=200), **more}])


async def sun_of(words: Words, base: int = 40000) -> SolarReading:
    """What the roof says when its unit holds those words."""
    async with modbus_server({126: at(base, words)}) as port, devices_of(roof_at(port), HandClock()) as devices:
        return await devices.solar[0].read()


async def grid_of(words: Words, *, invert: bool = False) -> GridReading:
    """What the meter says when its unit holds those words."""
    async with modbus_server({200: at(40000, words)}) as port, devices_of(meter_at(port, invert=invert)) as devices:
        return await devices.meters["main"].read()


@pytest.mark.parametrize("base", [40000, 0, 50000])
async def test_an_inverter_is_found_at_every_base(base: int) -> None:
    reading = await sun_of(chain(common(), model(103, SUN)), base)

    assert reading.power_w == 6900.0
    assert reading.current_a == PerPhase(10.0, 10.1, 9.9)
    assert reading.energy_kwh == 12345.678


async def test_a_float_inverter_behind_a_vendor_model() -> None:
    reading = await sun_of(chain(common(), unknown_model(64001, 300), unknown_model(120, 26), model(113, FLOAT_SUN)))

    assert reading.power_w == 6912.0
    assert reading.current_a == PerPhase(10.0, 10.5, 9.5)
    assert reading.energy_kwh == 8000.0


async def test_a_one_phase_inverter_has_one_phase() -> None:
    reading = await sun_of(chain(common(), model(101, {"AphA": 50, "A_SF": -1, "W": 1150, "W_SF": 0, "St": 4})))

    assert reading.current_a == PerPhase(5.0, 0.0, 0.0)
    assert reading.energy_kwh is None


@pytest.mark.parametrize("state", [1, 2, 8])
async def test_an_inverter_that_rests_makes_nothing(state: int) -> None:
    assert (await sun_of(chain(common(), model(103, {"St": state})))).power_w == 0.0
    assert (await sun_of(chain(common(), model(113, {"St": state})))).power_w == 0.0


@pytest.mark.parametrize("values", [{"St": 4}, {}, {"St": 7, "W": 500}, {"St": 4, "W": 500, "W_SF": 99}])
async def test_an_inverter_that_works_but_tells_no_power_is_nonsense(values: dict[str, float]) -> None:
    with pytest.raises(Nonsense, match="roof: it gave no power"):
        await sun_of(chain(common(), model(103, values)))


@pytest.mark.parametrize(("model_id", "values"), [(203, GRID), (213, FLOAT_GRID)])
async def test_a_meter_signs_its_currents_by_the_phase_powers(model_id: int, values: Mapping[str, float]) -> None:
    reading = await grid_of(chain(common(), unknown_model(64110, 8), model(model_id, values)))

    assert reading.current_a == PerPhase(10.0, -4.0, 1.0)
    assert reading.power_w == 1500.0
    assert reading.voltage_v == PerPhase(230.0, 231.0, 229.0)
    assert reading.frequency_hz == pytest.approx(50.01)
    assert (reading.energy_import_kwh, reading.energy_export_kwh) == (1234.5, 987.0)


async def test_a_maker_that_counts_export_is_turned_but_its_counters_are_not() -> None:
    reading = await grid_of(chain(common(), model(203, GRID)), invert=True)

    assert reading.current_a == PerPhase(-10.0, 4.0, -1.0)
    assert (reading.power_w, reading.energy_import_kwh, reading.energy_export_kwh) == (-1500.0, 1234.5, 987.0)


async def test_a_one_phase_meter_cannot_guard_three_phases() -> None:
    words = chain(common(), model(201, {"A": 10, "A_SF": 0, "W": 2300, "W_SF": 0}))

    with pytest.raises(Nonsense, match="grid: it gave neither current nor power for L1"):
        await grid_of(words)


async def test_a_one_phase_meter_guards_one_phase() -> None:
    words = chain(common(), model(201, {"A": 10, "A_SF": 0, "W": -2300, "W_SF": 0}))
    async with modbus_server({200: at(40000, words)}) as port:
        file = site(phases=1, meters=[{"id": "grid", "profile": "sunspec", "modbus": modbus(port, unit=200)}])
        async with devices_of(file) as devices:
            reading = await devices.meters["main"].read()

    assert reading.current_a == PerPhase(-10.0, 0.0, 0.0)


async def test_a_device_without_the_model_says_what_it_has() -> None:
    with pytest.raises(
        Nonsense, match="roof has none of the SunSpec models 101-103 or 111-113 or 701 with 714 or 701; it has 1, 203"
    ):
        await sun_of(chain(common(), model(203, GRID)))


async def test_a_device_that_is_not_sunspec_is_nonsense() -> None:
    with pytest.raises(Nonsense, match="roof: no SunSpec marker at any base address"):
        await sun_of([1, 2, 3, 4])


@pytest.mark.parametrize(
    "words",
    [
        [0x5375, 0x6E53],
        [0x5375, 0x6E53, 1, 0],
        [0x5375, 0x6E53, 1, 2000, *[0] * 3000],
        [0x5375, 0x6E53, *[7, 1, 0] * 200],
        [0x5375, 0x6E53, 0xFFFF],
    ],
)
async def test_a_broken_chain_ends_and_is_nonsense_or_refused(words: Words) -> None:
    with pytest.raises(DeviceError):
        await sun_of(words)


async def test_a_chain_that_ends_with_the_end_model_alone_is_read() -> None:
    assert (await sun_of(chain(common(), model(103, SUN))[:-1])).power_w == 6900.0


async def test_a_common_model_without_pad_is_skipped_by_its_own_length() -> None:
    short = common()[:-1]
    short[1] = 65

    assert (await sun_of(chain(short, model(103, SUN)))).power_w == 6900.0


async def test_scale_factors_come_with_every_sample() -> None:
    words = at(40000, chain(common(), model(103, SUN)))
    sf_address = 40000 + 2 + 68 + 15

    async with odd_server(serving(words)) as server, devices_of(roof_at(server.port), HandClock()) as devices:
        before = await devices.solar[0].read()
        words[sf_address] = 0
        after = await devices.solar[0].read()

    assert (before.power_w, after.power_w) == (6900.0, 690.0)


async def test_once_found_a_sample_is_one_request() -> None:
    words = at(40000, chain(common(), model(103, SUN)))
    async with odd_server(serving(words)) as server, devices_of(roof_at(server.port), HandClock()) as devices:
        await devices.solar[0].read()
        asked = len(server.requests)
        await devices.solar[0].read()

        assert len(server.requests) == asked + 1


async def test_the_chain_is_walked_again_after_a_reconnect() -> None:
    async with modbus_server({126: at(40000, chain(common(), model(103, SUN)))}) as port:
        pass
    async with devices_of(roof_at(port), HandClock()) as devices:
        async with modbus_server({126: at(40000, chain(common(), model(103, SUN)))}, port=port):
            assert (await devices.solar[0].read()).power_w == 6900.0
        with pytest.raises(LinkDown):
            await devices.solar[0].read()
        moved = chain(common(), unknown_model(64001, 50), model(113, FLOAT_SUN))
        async with modbus_server({126: at(0, moved)}, port=port):
            assert (await devices.solar[0].read()).power_w == 6912.0


async def test_a_chain_that_changes_under_a_connection_is_noticed() -> None:
    words = at(40000, chain(common(), model(103, SUN)))
    async with odd_server(serving(words)) as server, devices_of(roof_at(server.port), HandClock()) as devices:
        await devices.solar[0].read()
        words.clear()
        words |= at(40000, chain(common(), unknown_model(64001, 50), model(113, FLOAT_SUN)))

        assert (await devices.solar[0].read()).power_w == 6912.0


async def test_a_base_that_is_never_answered_does_not_hide_the_others() -> None:
    words = at(0, chain(common(), model(103, SUN)))

    def reply(request: bytes) -> Sequence[bytes] | None:
        return SILENCE if asked_for(request)[1] == 40000 else serving(words)(request)

    async with (
        odd_server(reply) as server,
        devices_of(roof_at(server.port, timeout_s=ANSWERS_WITHIN_S), HandClock()) as devices,
    ):
        with pytest.raises(NoAnswer):
            await devices.solar[0].read()

        assert (await devices.solar[0].read()).power_w == 6900.0


async def test_the_log_says_once_who_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ems")
    words = at(40000, chain(common("Sonne\nAG", "007"), model(103, SUN)))
    async with modbus_server({126: words}) as port, devices_of(roof_at(port), HandClock()) as devices:
        await devices.solar[0].read()
        await devices.solar[0].close()
        await devices.solar[0].read()

    assert [record.message for record in caplog.records] == ["roof is SonneAG Roof 10 007"]


async def test_an_sdm630_and_an_inverter_share_one_gateway() -> None:
    house = sdm630(power=690.0, power_l1=230.0, power_l2=230.0, power_l3=230.0, current_l1=1.0, **VOLTAGES)
    units = {1: house, 126: at(40000, chain(common(), model(103, SUN)))}
    async with modbus_server(units) as port, devices_of(roof_at(port), HandClock()) as devices:
        await devices.solar[0].read()
        grid = await devices.meters["main"].read()

        assert (await devices.solar[0].read()).power_w == 6900.0
        assert grid.power_w == 690.0


async def test_a_connection_renewed_by_another_device_costs_no_sample() -> None:
    words = at(40000, chain(common(), model(103, SUN)))
    async with odd_server(serving(words)) as server, devices_of(roof_at(server.port), HandClock()) as devices:
        await devices.solar[0].read()
        await devices.links[0].close()
        words.clear()
        words |= at(0, chain(common(), model(113, FLOAT_SUN)))

        assert (await devices.solar[0].read()).power_w == 6912.0


async def test_a_device_that_refuses_long_reads_is_read_in_shorter_ones() -> None:
    words = at(40000, chain(common(), model(203, GRID)))

    def reply(request: bytes) -> Sequence[bytes] | None:
        return [refusal(request, 3)] if asked_for(request)[2] > 60 else serving(words)(request)

    async with odd_server(reply) as server:
        file = site(meters=[{"id": "grid", "profile": "sunspec", "modbus": modbus(server.port, unit=200)}])
        async with devices_of(file, HandClock()) as devices:
            first = await devices.meters["main"].read()
            asked = len(server.requests)
            again = await devices.meters["main"].read()

    assert (first.power_w, again.current_a) == (1500.0, PerPhase(10.0, -4.0, 1.0))
    assert len(server.requests) - asked <= 3


async def test_what_is_assumed_of_a_battery_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="ems")
    words = at(40000, chain(common(), model(802, {"W": 100, "W_SF": 0, "SoC": 50, "SoC_SF": 0})))
    async with modbus_server({126: words}) as port:
        where = modbus(port, unit=126)
        file = site(meters=[sdm(port)], battery={"id": "cellar", "profile": "sunspec", "modbus": where})
        async with devices_of(file, HandClock()) as devices:
            assert devices.battery is not None
            await devices.battery.read()
            await devices.battery.close()
            await devices.battery.read()

    assert [record.message for record in caplog.records if "taken" in record.message] == [
        "cellar is read by the SunSpec models 802: a positive power is taken for discharge, which SunSpec does not say"
    ]
