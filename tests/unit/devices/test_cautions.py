"""What an owner is told of the devices in the site file, and where profiles fill in what the file leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ems.config.schema import ModbusAddress, SiteFile
from ems.devices.cautions import cautions
from ems.devices.library import profile
from ems.devices.modbus.address import Pace, address_of, pace_of


def site(*meters: Mapping[str, Any], **more: Any) -> SiteFile:
    content = {"connection": {"main_fuse_a": 25}, "meters": list(meters), "stations": [{"id": "garage"}], **more}
    return SiteFile.model_validate(content)


def entry(profile_id: str, **more: Any) -> dict[str, Any]:
    return {"id": "grid", "profile": profile_id, "modbus": {"host": "meter.local"}, **more}


def test_an_experimental_profile_is_told_with_its_reason() -> None:
    (caution,) = cautions(site(entry("carlogavazzi_em530")))

    assert (caution.device_id, caution.about) == ("grid", "experimental")
    assert caution.sentence.startswith(
        "grid is read by carlogavazzi_em530, which is experimental as meter: Its powers "
    )


def test_only_the_use_that_is_experimental_is_told() -> None:
    grid = entry("foxess_h1_lan", period_s=5)
    cellar = {**grid, "id": "cellar"}

    assert {each.device_id for each in cautions(site(grid, battery=cellar))} == {"grid"}
    assert cautions(site(entry("eastron_sdm630"), battery=cellar)) == ()


def test_a_device_that_is_asked_too_often_is_told_with_the_period() -> None:
    (caution,) = cautions(site(entry("huawei_sun2000")))

    assert caution.about == "period"
    assert caution.sentence == ("grid is asked every 1 s, and huawei_sun2000 stands once every 5 s: set period_s to 5.")
    assert cautions(site(entry("huawei_sun2000", period_s=5))) == ()


def test_a_meter_whose_numbers_cannot_show_wrong_registers_is_told_to_be_tested() -> None:
    (caution,) = cautions(site(entry("victron_gx")))

    assert caution.about == "unsure"
    assert "tells neither voltage nor frequency" in caution.sentence
    assert "make the sign test" in caution.sentence
    inverter = {"id": "roof", "profile": "victron_gx", "modbus": {"host": "gx.local"}}
    assert cautions(site(entry("eastron_sdm630"), solar=[inverter])) == ()


def test_a_direction_that_nobody_tells_is_told_until_somebody_stated_it() -> None:
    (caution,) = cautions(site(entry("sunspec")))

    assert caution.about == "direction"
    assert caution.sentence.startswith("grid: SunSpec does not say what a meter counts as positive; import is assumed")
    assert caution.sentence.endswith("State `invert: false` where that is so, `invert: true` where it is not.")
    assert cautions(site(entry("sunspec", invert=False))) == ()
    assert cautions(site(entry("fronius"))) == ()


def test_what_a_hold_costs_is_told_where_it_costs_sun() -> None:
    held = {"control": {"hold": True}}
    (caution,) = cautions(site(entry("eastron_sdm630"), battery={**entry("sma"), "id": "cellar", **held}))

    assert (caution.device_id, caution.about) == ("cellar", "control")
    assert "for 60 s at most when that is over" in caution.sentence
    assert cautions(site(entry("eastron_sdm630"), battery={**entry("kostal_plenticore"), "id": "cellar", **held})) == ()


def test_a_profile_that_is_not_there_is_somebody_elses_problem() -> None:
    assert cautions(site(entry("nothing"))) == ()


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, (1502, 71, 5.0)),
        ({"unit": 1}, (1502, 1, 5.0)),
        ({"port": 502, "timeout_s": 1}, (502, 71, 1.0)),
    ],
)
def test_a_profile_fills_in_what_the_site_file_does_not_state(
    stated: dict[str, Any], expected: tuple[int, int, float]
) -> None:
    address = address_of(ModbusAddress.model_validate({"host": "h", **stated}), profile("kostal_plenticore"))

    assert (address.port, address.unit, address.timeout_s) == expected


def test_devices_at_one_address_go_at_the_pace_of_the_slowest() -> None:
    gateway = {"host": "gateway.local"}
    file = site(
        entry("eastron_sdm630", modbus=gateway),
        solar=[{"id": "roof", "profile": "huawei_sun2000", "modbus": gateway}],
        battery={"id": "cellar", "profile": "solis_hybrid", "modbus": {"host": "other.local"}},
    )

    assert pace_of(file, ("gateway.local", 502)) == Pace(gap_s=0.1, connect_delay_s=1.0)
    assert pace_of(file, ("other.local", 502)) == Pace(gap_s=0.3, connect_delay_s=0.0)
    assert pace_of(file, ("nobody.local", 502)) == Pace(gap_s=0.0, connect_delay_s=0.0)
