"""Several connectors of one station: each hears its own, is limited alone, and hides nothing from the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import UNKNOWN, Capabilities
from ems.csms.constructions import Construction, Form, Purpose, constructions, is_for
from ems.csms.messages import Boot
from ems.csms.search import Search
from ems.model.station import ConnectorStatus
from tests.unit.csms.two_connectors import RIGHT, TwoConnectors, amps, meter

V16, V201 = "ocpp1.6", "ocpp2.0.1"
AT = "2026-01-01T00:00:00Z"

Word = Callable[[TwoConnectors, int, dict[int, Any]], None]
"""What the station says of a connector; it keeps there what it was answered."""


def status(word: str) -> Word:
    def say(post: TwoConnectors, at: int, _kept: dict[int, Any]) -> None:
        post.hear("StatusNotification", connectorId=at, errorCode="NoError", status=word)

    return say


def draws(each_a: float) -> Word:
    def say(post: TwoConnectors, at: int, _kept: dict[int, Any]) -> None:
        post.hear("MeterValues", connectorId=at, meterValue=meter(L1=each_a, L2=0, L3=0, wh=each_a * 10))

    return say


def starts(post: TwoConnectors, at: int, kept: dict[int, Any]) -> None:
    kept[at] = post.hear("StartTransaction", connectorId=at, idTag=f"T{at}", meterStart=0)["transactionId"]


def stops(post: TwoConnectors, at: int, kept: dict[int, Any]) -> None:
    post.hear("StopTransaction", transactionId=kept.get(at, -1), meterStop=500)


WORDS = st.one_of(
    st.sampled_from(["Available", "Preparing", "Charging", "SuspendedEV", "Finishing", "Faulted"]).map(status),
    st.integers(0, 32).map(draws),
    st.just(starts),
    st.just(stops),
)


def event(step: str, number: int, evse: int | None, each_a: float | None) -> Word:
    def say(post: TwoConnectors, at: int, _kept: dict[int, Any]) -> None:
        post.hear(
            "TransactionEvent",
            eventType=step,
            seqNo=number,
            triggerReason="MeterValuePeriodic",
            transactionInfo={"transactionId": f"tx-{at}", "chargingState": "Charging"},
            **({} if evse is None else {"evse": {"id": at}}),
            **({} if each_a is None else {"meterValue": amps(each_a)}),
        )

    return say


def evse_status(word: str) -> Word:
    def say(post: TwoConnectors, at: int, _kept: dict[int, Any]) -> None:
        post.hear("StatusNotification", evseId=at, connectorId=1, connectorStatus=word)

    return say


WORDS_2 = st.one_of(
    st.sampled_from(["Available", "Occupied", "Faulted", "Unavailable"]).map(evse_status),
    st.builds(
        event,
        st.sampled_from(["Started", "Updated", "Ended"]),
        st.integers(0, 9),
        st.sampled_from([None, 1]),
        st.one_of(st.none(), st.floats(0, 32)),
    ),
)
SAID = st.lists(st.tuples(st.sampled_from([1, 2]), WORDS), max_size=16)
SAID_2 = st.lists(st.tuples(st.sampled_from([1, 2]), WORDS_2), max_size=16)


def played(protocol: str, said: list[tuple[int, Word]]) -> TwoConnectors:
    post, kept = TwoConnectors(protocol), dict[int, Any]()
    for at, word in said:
        word(post, at, kept)
    return post


@settings(max_examples=40, deadline=None)
@given(SAID)
def test_each_connector_knows_what_it_would_know_had_the_other_been_silent(said: list[tuple[int, Word]]) -> None:
    both = played(V16, said)

    for own in (1, 2):
        alone = played(V16, [(at, word) for at, word in said if at == own])
        assert both.known(own) == alone.known(own)


@settings(max_examples=40, deadline=None)
@given(SAID_2)
def test_the_same_holds_for_evses_of_version_2(said: list[tuple[int, Word]]) -> None:
    both = played(V201, said)

    for own in (1, 2):
        alone = played(V201, [(at, word) for at, word in said if at == own])
        assert both.known(own) == alone.known(own)


@given(st.integers(1, 8), st.sampled_from([None, *Purpose]), st.sampled_from([UNKNOWN, Capabilities(max_periods=1)]))
def test_no_form_of_a_limit_reaches_another_connector_than_its_own(
    only: int, purpose: Purpose | None, can: Capabilities
) -> None:
    quirks = QuirkSection(purposes=None if purpose is None else (purpose.value,), connector_for_station=1)

    ways = constructions(can, quirks, only)

    assert ways
    assert all(way.connector == only and way.purpose is not Purpose.STATION_MAX for way in ways)


def test_what_a_kind_of_station_obeys_is_not_tried_where_it_would_limit_the_other_connector() -> None:
    search = Search("right", 2)
    search.obeyed = Construction(
        form=Form.TWO_PERIODS, purpose=Purpose.STATION_MAX, connector=0, unit=constructions(UNKNOWN)[0].unit, level=0
    )

    assert all(is_for(way.purpose, way.connector, 2) for way in search.order(in_transaction=True))


def test_what_one_connector_learns_tells_of_the_other() -> None:
    post = TwoConnectors(V16)
    left, right = post.stations
    first, second = constructions(UNKNOWN, None, 2)[:2]
    left.known.meet(Boot(vendor="Acme"))

    left.limits.search.gave_up(constructions(UNKNOWN, None, 1)[0])
    right.known.meet(Boot(vendor="Acme"))

    tried = list(right.limits.search.order(in_transaction=False))
    assert tried[0] == second
    assert tried.index(first) > tried.index(second)


def test_meter_values_of_the_whole_station_are_no_connector_s() -> None:
    post = TwoConnectors(V16)

    post.hear("MeterValues", connectorId=0, meterValue=amps(30))

    assert [station.state.car for station in post.stations] == [None, None]


def test_meter_values_without_a_connector_count_where_their_transaction_runs() -> None:
    post = TwoConnectors(V16)
    running = post.hear("StartTransaction", connectorId=2, idTag="T", meterStart=0)["transactionId"]

    post.hear("MeterValues", transactionId=running, meterValue=amps(11))
    post.hear("MeterValues", meterValue=amps(30))

    left, right = (station.state.car for station in post.stations)
    assert left is None
    assert right is not None
    assert right.current_a == (11.0, 11.0, 11.0)


def test_meter_values_that_contradict_themselves_count_for_nobody() -> None:
    post = TwoConnectors(V16)
    running = post.hear("StartTransaction", connectorId=2, idTag="T", meterStart=0)["transactionId"]

    post.hear("MeterValues", connectorId=1, transactionId=running, meterValue=amps(2))

    assert [station.state.car for station in post.stations] == [None, None]


def test_a_transaction_that_tells_its_evse_late_begins_there_with_its_tag() -> None:
    post = TwoConnectors(V201)
    info = {"transactionId": "tx", "chargingState": "EVConnected"}
    post.hear("TransactionEvent", eventType="Started", seqNo=0, transactionInfo=info, idToken={"idToken": "ANNA"})

    assert [station.session for station in post.stations] == [None, None]

    post.hear("TransactionEvent", eventType="Updated", seqNo=1, transactionInfo=info, evse={"id": 2})

    left, right = (station.session for station in post.stations)
    assert left is None
    assert right is not None
    assert (right.id_tag, right.connector) == ("ANNA", 2)


def test_a_transaction_runs_on_one_connector_only() -> None:
    post = TwoConnectors(V201)
    info = {"transactionId": "tx"}
    post.hear("TransactionEvent", eventType="Started", seqNo=0, transactionInfo=info, evse={"id": 1})
    post.hear("TransactionEvent", eventType="Updated", seqNo=1, transactionInfo=info, evse={"id": 2})

    left, right = (station.session for station in post.stations)
    assert left is None
    assert right is not None


def test_a_connector_that_was_never_heard_of_is_not_taken_for_empty() -> None:
    both, lone = TwoConnectors(V16), TwoConnectors(V16, StationEntry(id="left", identity="CP"))
    for station in (*both.stations, *lone.stations):
        station.assume_available()

    assert [station.state.status for station in both.stations] == [None, None]
    assert lone.stations[0].state.status is ConnectorStatus.AVAILABLE


def test_a_reboot_is_of_every_connector() -> None:
    post = TwoConnectors(V16)
    for connector in (1, 2):
        post.hear("StartTransaction", connectorId=connector, idTag="T", meterStart=0)
        post.hear("StatusNotification", connectorId=connector, errorCode="NoError", status="Charging")
    for station in post.stations:
        station.restarted()

    assert [station.session for station in post.stations] == [None, None]
    assert [station.connector.status for station in post.stations] == [None, None]


def test_the_state_of_the_station_itself_is_that_of_no_connector() -> None:
    post = TwoConnectors(V16)

    post.hear("StatusNotification", connectorId=0, errorCode="NoError", status="Available")

    assert post.post.own_status is ConnectorStatus.AVAILABLE
    assert [station.state.status for station in post.stations] == [None, None]


def test_the_second_connector_alone_is_not_the_whole_station() -> None:
    post = TwoConnectors(V16, RIGHT)

    post.hear("StatusNotification", connectorId=1, errorCode="NoError", status="Charging")
    post.hear("MeterValues", meterValue=amps(30))

    (right,) = post.stations
    assert (right.connector.status, right.connector.car) == (None, None)
    assert not right.is_alone


def test_a_connector_that_nobody_configured_counts_with_the_first_one_so_that_nothing_is_hidden() -> None:
    post = TwoConnectors(V16)
    for connector in (1, 2):
        post.hear("StatusNotification", connectorId=connector, errorCode="NoError", status="Available")
    post.hear("StatusNotification", connectorId=3, errorCode="NoError", status="Charging")
    post.hear("MeterValues", connectorId=3, meterValue=amps(20))

    left, right = (station.state for station in post.stations)
    assert left.status is ConnectorStatus.CHARGING
    assert left.car is not None
    assert left.car.current_a == (20.0, 20.0, 20.0)
    assert not right.plugged

    post.hear("StatusNotification", connectorId=3, errorCode="NoError", status="Available")

    assert not post.stations[0].state.plugged
    assert post.stations[0].connector.transactions.known == ()


def test_two_cars_of_which_one_tells_no_current_are_an_unknown_current() -> None:
    post = TwoConnectors(V16, RIGHT)
    post.hear("StatusNotification", connectorId=2, errorCode="NoError", status="Charging")
    post.hear("MeterValues", connectorId=1, meterValue=amps(20))

    assert post.stations[0].state.plugged
    assert post.stations[0].state.car is None


def test_what_an_unconfigured_connector_draws_is_as_new_as_it_was_read_however_long_the_first_one_is_empty() -> None:
    post = TwoConnectors(V16)
    post.hear("StatusNotification", connectorId=1, errorCode="NoError", status="Available")
    post.clock.advance(3600.0)
    post.hear("StatusNotification", connectorId=3, errorCode="NoError", status="Charging")
    post.hear("MeterValues", connectorId=3, meterValue=amps(20))

    car = post.stations[0].state.car
    assert car is not None
    assert car.current_a == (20.0, 20.0, 20.0)
    assert car.taken_at_s == post.clock.monotonic_s()


def test_a_transaction_of_before_our_restart_is_followed_although_its_evse_is_not_told_again() -> None:
    before, after = TwoConnectors(V201), TwoConnectors(V201)
    info = {"transactionId": "tx", "chargingState": "Charging"}
    before.hear("TransactionEvent", eventType="Started", seqNo=0, transactionInfo=info, evse={"id": 2})
    running = before.stations[1].session
    assert running is not None
    after.stations[1].recall([running])

    after.hear("TransactionEvent", eventType="Updated", seqNo=1, transactionInfo=info, meterValue=amps(11))

    left, right = (station.state.car for station in after.stations)
    assert left is None
    assert right is not None
    assert right.current_a == (11.0, 11.0, 11.0)

    after.hear("TransactionEvent", eventType="Ended", seqNo=2, transactionInfo={"transactionId": "tx"})
    assert after.stations[1].session is None
