"""Answers as the makers' devices give them, and the numbers that their profiles find in them."""

from __future__ import annotations

from typing import Any

import pytest

from ems.devices.http.answers import number_in
from ems.devices.http.profile import HttpProfile
from ems.devices.library import profile
from ems.devices.messages import Json, parse_payload

EM420 = b"""{"smart-meter": {"status": "ok", "values": {"active_power_+": 0, "active_power_-": 1234500,
  "active_power_+_L1": 250000, "active_power_-_L1": 0, "current_L1": 1500}}}"""
EM300 = b"""{"serial": "4711", "1-0:1.4.0*255": 0, "1-0:2.4.0*255": 1500.5, "1-0:21.4.0*255": 320, "1-0:22.4.0*255": 0,
  "1-0:31.4.0*255": 1.4, "1-0:1.8.0*255": 8123456.7}"""
FOX = b'{"Outdated": false, "Watt": -412.0, "Timestamp": 1764290000, "A_Plus": 4123456.0, "A_Minus": 998877.0}'
FLOW = b'{"Body": {"Data": {"Site": {"P_Grid": -2150.5, "P_PV": null}}}}'
SENSOR = b'{"id": "sensor-power", "value": %s, "state": "%s"}'

ROWS: list[tuple[str, str, str, bytes, float | None]] = [
    ("tq_em420", "meter", "power", EM420, -1234.5),
    ("tq_em420", "meter", "power_l1", EM420, 250.0),
    ("tq_em420", "meter", "current_l1", EM420, 1.5),
    ("tq_em420", "meter", "power_l2", EM420, None),
    ("tq_em300", "meter", "power", EM300, -1500.5),
    ("tq_em300", "meter", "power_l1", EM300, 320.0),
    ("tq_em300", "meter", "current_l1", EM300, 1.4),
    ("tq_em300", "meter", "energy_import", EM300, 8123.4567),
    ("iotawatt", "meter", "power_l1", b"[[-273.4]]", -273.4),
    ("iotawatt", "inverter", "power", b"[[1830]]", 1830.0),
    ("iotawatt", "inverter", "power", b"[[null]]", None),
    ("iotawatt", "inverter", "power", b"[]", None),
    ("powerfox", "meter", "power", FOX, -412.0),
    ("powerfox", "meter", "energy_import", FOX, 4123.456),
    ("powerfox", "meter", "energy_export", FOX, 998.877),
    ("fronius_solar_api_grid", "meter", "power", FLOW, -2150.5),
    ("fronius_solar_api", "inverter", "power", FLOW, 0.0),
    ("esphome", "meter", "power", SENSOR % (b"-1520.5", b"-1520.5 W"), -1520.5),
    ("esphome", "meter", "power", SENSOR % (b"null", b"NA"), None),
]


@pytest.mark.parametrize(("profile_id", "kind", "name", "answer", "number"), ROWS)
def test_a_makers_answer_is_that_number(
    profile_id: str, kind: Any, name: str, answer: bytes, number: float | None
) -> None:
    found = profile(profile_id)
    assert isinstance(found, HttpProfile)
    found = found.filled(profile_id, found.as_named)
    point = found.uses[kind].points[name]
    content: Json = parse_payload(answer)

    told = number_in(dict.fromkeys(point.requests(found.request), content), point, found.request)

    assert told == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("delivered", "returned", "watts"),
    [("1.234", "0", 1234.0), ("0", "0.5", -500.0), ("0", "0", 0.0), ("0", "null", None), ("null", "2", -2000.0)],
)
def test_a_p1_reader_tells_kilowatts_in_two_directions(delivered: str, returned: str, watts: float | None) -> None:
    found = profile("esphome_p1")
    assert isinstance(found, HttpProfile)
    found = found.filled("p1", {})
    told = {"/sensor/power_delivered": delivered, "/sensor/power_returned": returned}
    answers = {request: parse_payload(SENSOR % (value.encode(), b"")) for request, value in told.items()}

    assert number_in(answers, found.uses["meter"].points["power"], "/") == watts
