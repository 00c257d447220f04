"""Verdicts of schemas, remembered."""

from __future__ import annotations

import pytest
from ocpp.charge_point import remove_nones, serialize_as_dict, snake_to_camel_case
from ocpp.v16 import call, datatypes
from ocpp.v16.enums import ChargingRateUnitType

from ems.csms import verdicts
from ems.csms.spelling import spelled
from ems.csms.v16.vocabulary import VOCABULARY, call_complaint
from ems.csms.verdicts import Verdicts


def test_what_differs_by_digits_alone_is_judged_once() -> None:
    asked: list[int] = []
    known = Verdicts()

    def judge() -> str:
        asked.append(1)
        return "too long"

    for text in ('{"value":"12.5"}', '{"value":"98.7"}'):
        assert known.of(2, "MeterValues", text, judge) == "too long"
    assert len(asked) == 1
    for kind, action, text in ((2, "MeterValues", '{"value":"-2.5"}'), (3, "MeterValues", '{"value":"12.5"}')):
        known.of(kind, action, text, judge)
    assert len(asked) == 3


def test_memory_of_verdicts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "MOST_REMEMBERED", 3)
    known = Verdicts()
    for letter in "abcdefa":
        known.of(2, "Heartbeat", letter, lambda: None)

    assert len(known._known) == 3


def test_a_limit_with_too_many_decimals_never_leaves_though_another_one_did() -> None:
    def request(limit: float) -> object:
        period = datatypes.ChargingSchedulePeriod(start_period=0, limit=limit)
        schedule = datatypes.ChargingSchedule(charging_rate_unit="A", charging_schedule_period=[period])
        profile = datatypes.ChargingProfile(1, 0, "TxDefaultProfile", "Relative", schedule)
        return call.SetChargingProfile(connector_id=1, cs_charging_profiles=profile)

    VOCABULARY.encode(request(16.1))
    VOCABULARY.encode(request(12.7))
    with pytest.raises(ValueError, match="multipleOf"):
        VOCABULARY.encode(request(16.15))


def test_requests_are_spelled_as_the_package_spells_them() -> None:
    period = datatypes.ChargingSchedulePeriod(start_period=0, limit=16.1, number_phases=3)
    schedule = datatypes.ChargingSchedule(
        charging_rate_unit=ChargingRateUnitType.amps, charging_schedule_period=[period]
    )
    profile = datatypes.ChargingProfile(
        1, 0, "TxDefaultProfile", "Relative", schedule, valid_from="2026-01-01T00:00:00Z"
    )
    requests = [
        call.SetChargingProfile(connector_id=1, cs_charging_profiles=profile),
        call.ClearChargingProfile(),
        call.GetConfiguration(key=["A", "B"]),
        call.DataTransfer(vendor_id="x", data=""),
        call.SendLocalList(list_version=0, update_type="Full", local_authorization_list=[]),
    ]

    for request in requests:
        assert spelled(request) == snake_to_camel_case(remove_nones(serialize_as_dict(request)))


def test_complaints_are_those_of_the_schema() -> None:
    good = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}

    assert call_complaint("StatusNotification", good) is None
    assert call_complaint("StatusNotification", {**good, "connectorId": 2}) is None
    assert call_complaint("StatusNotification", {**good, "status": "Dreaming"}) == "status breaks rule 'enum'"
    assert call_complaint("StatusNotification", {**good, "more": 1}) == "payload breaks rule 'additionalProperties'"
