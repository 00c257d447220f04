"""What can be asked of a station on request, and what it tells in answer: bounded, and of the last question only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms.on_request_words import ComponentsThat, MonitorBase, MonitorKind, MonitorOrder
from ems.csms.told_on_request import FORGET_CUSTOMER_AFTER_S, MOST_EVENTS_KEPT, MOST_MONITORS, ToldOnRequest
from ems.errors import StationCannot
from tests.unit.csms.neutral import PaperStation, Payload

AT = "2026-06-21T08:00:00Z"
TEMPERATURE: Payload = {
    "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
    "variable": {"name": "Temperature"},
}
WATCHED = MonitorOrder(variable="Connector.Temperature", kind=MonitorKind.ABOVE, value=70, evse=1, severity=3)


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
def station(request: pytest.FixtureRequest) -> PaperStation:
    return PaperStation(subprotocol=request.param)


def told(station: PaperStation) -> ToldOnRequest:
    return station.heard.on_request


def monitor(number: int, **more: str) -> Payload:
    watched = {"id": number, "transaction": False, "value": 70.0, "type": "UpperThreshold", "severity": 3}
    return {**TEMPERATURE, "variableMonitoring": [watched | more]}


def test_a_monitor_is_set_and_known_by_the_number_that_the_station_gave(station: PaperStation) -> None:
    result = {"id": 7, "status": "Accepted", "type": "UpperThreshold", "severity": 3, **TEMPERATURE}
    station.replies["SetVariableMonitoring"] = lambda _: {"setMonitoringResult": [result]}
    outcome = station.asks(lambda dialect: dialect.on_request().monitor(WATCHED))

    assert (outcome.done, outcome.answer) == (True, "Accepted")
    assert station.last["setMonitoringData"][0]["component"] == {"name": "Connector", "evse": {"id": 1}}
    assert [(each.number, each.variable) for each in told(station).monitors.lines] == [(7, "Connector.Temperature#1")]


def test_a_monitor_that_is_gone_is_known_no_more(station: PaperStation) -> None:
    test_a_monitor_is_set_and_known_by_the_number_that_the_station_gave(station)
    station.replies["ClearVariableMonitoring"] = lambda _: {"clearMonitoringResult": [{"id": 7, "status": "NotFound"}]}

    assert station.asks(lambda dialect: dialect.on_request().stop_monitors([7])).done
    assert told(station).monitors.lines == ()


def test_a_monitor_that_cannot_be_removed_stays_known(station: PaperStation) -> None:
    test_a_monitor_is_set_and_known_by_the_number_that_the_station_gave(station)
    station.replies["ClearVariableMonitoring"] = lambda _: {"clearMonitoringResult": [{"id": 7, "status": "Rejected"}]}
    outcome = station.asks(lambda dialect: dialect.on_request().stop_monitors([7]))

    assert (outcome.done, outcome.answer) == (False, "Rejected")
    assert len(told(station).monitors.lines) == 1


def test_monitors_are_told_in_parts_in_any_order_and_strange_parts_change_nothing(station: PaperStation) -> None:
    station.asks(lambda dialect: dialect.on_request().report_monitors())
    number = station.last["requestId"]
    report = {"requestId": number, "generatedAt": AT}
    more = {"eventNotificationType": "CustomMonitor"} if station.speech.protocol == "ocpp2.1" else {}
    station.says("NotifyMonitoringReport", {**report, "seqNo": 0, "tbc": True, "monitor": [monitor(1, **more)]})
    station.says(
        "NotifyMonitoringReport", {**report, "requestId": number + 999, "seqNo": 0, "monitor": [monitor(9, **more)]}
    )
    assert not told(station).monitors.complete
    station.says("NotifyMonitoringReport", {**report, "seqNo": 1, "monitor": [monitor(2, **more)]})

    assert told(station).monitors.complete
    assert [each.number for each in told(station).monitors.lines] == [1, 2]


def test_a_station_without_monitors_says_so_and_nothing_is_awaited(station: PaperStation) -> None:
    station.replies["GetMonitoringReport"] = lambda _: {"status": "EmptyResultSet"}
    outcome = station.asks(lambda dialect: dialect.on_request().report_monitors())

    assert (outcome.done, outcome.answer) == (False, "EmptyResultSet")
    assert told(station).monitors.complete


def test_base_and_level_are_set(station: PaperStation) -> None:
    station.asks(lambda dialect: dialect.on_request().monitor_base(MonitorBase.FACTORY))
    station.asks(lambda dialect: dialect.on_request().monitor_level(4))

    assert station.asked == [
        ("SetMonitoringBase", {"monitoringBase": "FactoryDefault"}),
        ("SetMonitoringLevel", {"severity": 4}),
    ]


def test_events_are_kept_newest_last(station: PaperStation) -> None:
    event = {"eventId": 1, "timestamp": AT, "trigger": "Alerting", "actualValue": "81", "techInfo": "hot\x1b[31m"}
    kind = {"eventNotificationType": "CustomMonitor", "variableMonitoringId": 7, **TEMPERATURE}
    station.says("NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [{**event, **kind}]})

    [seen] = told(station).events
    assert (seen.variable, seen.value, seen.monitor, seen.about) == ("Connector.Temperature#1", "81", 7, "hot [31m")


def test_texts_of_the_display_are_told_and_taken_off(station: PaperStation) -> None:
    message = {"format": "UTF8", "content": "Ends at noon"}
    station.asks(lambda dialect: dialect.on_request().report_shown())
    shown = {"id": 3, "priority": "NormalCycle", "transactionId": "tx-1", "message": message}
    station.says("NotifyDisplayMessages", {"requestId": station.last["requestId"], "messageInfo": [shown]})
    assert [(each.number, each.content) for each in told(station).texts.lines] == [(3, "Ends at noon")]

    station.replies["ClearDisplayMessage"] = lambda _: {"status": "Unknown"}
    assert station.asks(lambda dialect: dialect.on_request().show_no_more(3)).done
    assert told(station).texts.lines == ()


def test_a_text_is_shown_until_its_session_ends_and_the_cost_is_told(station: PaperStation) -> None:
    station.replies["CostUpdated"] = lambda _: {}
    station.asks(lambda dialect: dialect.on_request().show(1, "Hello", transaction_id="tx-1"))
    assert station.last["message"]["transactionId"] == "tx-1"

    assert station.asks(lambda dialect: dialect.on_request().tell_cost("tx-1", 3.25)).done
    assert station.last == {"transactionId": "tx-1", "totalCost": 3.25}


def test_data_of_a_customer_are_told_in_order_and_forgotten_after_an_hour(station: PaperStation) -> None:
    notebook = ToldOnRequest(station.clock)
    station.heard.on_request = notebook
    station.versions = type(station.versions)(station.heard, station.clock, station.pace, station="paper", pin=None)
    station.speech = station.versions.speech(station.speech.protocol)
    station.asks(lambda dialect: dialect.on_request().customer("ANNA", report=True, clear=False))
    report = {"requestId": station.last["requestId"], "generatedAt": AT}
    station.says("NotifyCustomerInformation", {**report, "seqNo": 1, "tbc": True, "data": "Anna"})
    station.says("NotifyCustomerInformation", {**report, "seqNo": 0, "data": "name: "})
    assert sorted(notebook.customer.lines) == [(0, "name: "), (1, "Anna")]

    station.clock.advance(FORGET_CUSTOMER_AFTER_S + 1)
    assert notebook.customer.lines == ()


def test_components_with_a_problem_are_told(station: PaperStation) -> None:
    station.asks(lambda dialect: dialect.on_request().report_components([ComponentsThat.PROBLEM]))
    assert station.last["componentCriteria"] == ["Problem"]
    problem = {"component": {"name": "RCD"}, "variable": {"name": "Problem"}, "variableAttribute": [{"value": "true"}]}
    report = {"requestId": station.last["requestId"], "generatedAt": AT, "seqNo": 0, "reportData": [problem]}
    station.says("NotifyReport", report)

    assert [(each.variable, each.value) for each in told(station).components.lines] == [("RCD.Problem", "true")]


def test_grid_curves_are_read_from_2_1_and_nothing_is_asked_of_2_0_1() -> None:
    newer, older = PaperStation(subprotocol="ocpp2.1"), PaperStation(subprotocol="ocpp2.0.1")
    newer.asks(lambda dialect: dialect.on_request().report_curves())
    droop = {"priority": 2, "overFreq": 0.2, "underFreq": 0.2, "overDroop": 5.0, "underDroop": 5.0, "responseTime": 1.0}
    told_curve = {"id": "c1", "isDefault": True, "isSuperseded": False, "freqDroop": droop}
    newer.says("ReportDERControl", {"requestId": newer.last["requestId"], "freqDroop": [told_curve]})
    [curve] = told(newer).curves.lines
    assert (curve.kind, curve.number, curve.priority, curve.is_default) == ("freqDroop", "c1", 2, True)

    with pytest.raises(StationCannot, match=r"2\.0\.1"):
        older.asks(lambda dialect: dialect.on_request().report_curves())
    assert older.asked == []


def test_a_station_of_1_6_is_not_asked_at_all() -> None:
    station = PaperStation(subprotocol="ocpp1.6")

    async def ask(dialect: Any) -> None:
        await dialect.on_request().report_monitors()

    with pytest.raises(StationCannot, match=r"OCPP 1\.6"):
        station.asks(ask)
    assert station.asked == []


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["id", "requestId", "monitor", "messageInfo", "message", "content", "data", "seqNo", "component",
             "variable", "name", "variableMonitoring", "curve", "freqDroop", "eventData", "type", "tbc"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip
TOLD = (
    "NotifyMonitoringReport",
    "NotifyDisplayMessages",
    "NotifyCustomerInformation",
    "NotifyEvent",
    "ReportDERControl",
)


@given(st.sampled_from(TOLD), st.dictionaries(st.text(max_size=4) | st.just("monitor"), WILD, max_size=6) | WILD)
def test_whatever_a_station_tells_is_survived(action: str, payload: Any) -> None:
    station = PaperStation(subprotocol="ocpp2.1")

    assert station.says(action, payload if isinstance(payload, dict) else {}, lawful=False) == {}


@given(st.integers(min_value=0, max_value=MOST_MONITORS + 50))
def test_what_is_kept_is_bounded(count: int) -> None:
    station = PaperStation(subprotocol="ocpp2.0.1")
    station.asks(lambda dialect: dialect.on_request().report_monitors())
    number = station.last["requestId"]
    event = {"eventId": 1, "timestamp": AT, "trigger": "Delta", "actualValue": "1", **TEMPERATURE}
    for first in range(0, count, 100):
        monitors = [monitor(each) for each in range(first, min(first + 100, count))]
        station.says("NotifyMonitoringReport", {"requestId": number, "tbc": True, "monitor": monitors}, lawful=False)
        station.says("NotifyEvent", {"eventData": [event] * len(monitors)}, lawful=False)

    assert len(told(station).monitors.lines) == min(count, MOST_MONITORS)
    assert len(told(station).events) == min(count, MOST_EVENTS_KEPT)


def test_a_new_question_forgets_what_an_older_one_told() -> None:
    gathered = ToldOnRequest(VirtualClock()).customer
    gathered.expect(1)
    gathered.take(1, [(0, "old")], more_comes=False)
    gathered.expect(2)
    gathered.take(1, [(1, "late")], more_comes=False)

    assert (gathered.lines, gathered.complete) == ((), False)
