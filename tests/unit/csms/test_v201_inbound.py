"""What stations of OCPP 2.0.1 and 2.1 say, in neutral words; schemas judge both directions (`neutral.PaperStation`)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.messages import Step, TagStatus, TagVerdict
from ems.csms.service_words import FirmwareState, UploadState
from ems.csms.v201.connectors import Connectors
from ems.csms.v201.meter_values import plain
from ems.model.station import ConnectorStatus
from tests.unit.csms.neutral import Heard, PaperStation, Payload

AT = "2026-06-21T10:00:00Z"
VERSIONS = pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])


def paper(protocol: str = "ocpp2.0.1") -> PaperStation:
    return PaperStation(subprotocol=protocol)


def status(word: str, evse: int = 1, connector: int = 1) -> Payload:
    return {"timestamp": AT, "connectorStatus": word, "evseId": evse, "connectorId": connector}


def event(kind: str, number: int, **more: Any) -> Payload:
    """A TransactionEvent of transaction T1 on EVSE 1."""
    info = {"transactionId": more.pop("transaction", "T1"), **more.pop("info", {})}
    return {
        "eventType": kind,
        "timestamp": more.pop("at", AT),
        "triggerReason": more.pop("why", "Authorized"),
        "seqNo": number,
        "transactionInfo": info,
        **more,
    }


def energy(value: float, **more: Any) -> list[Payload]:
    return [{"timestamp": AT, "sampledValue": [{"value": value, "measurand": "Energy.Active.Import.Register", **more}]}]


@VERSIONS
def test_boot_tells_who_it_is(protocol: str) -> None:
    """B01."""
    station = paper(protocol)
    about = {"vendorName": "Acme", "model": "Box", "serialNumber": "SN1", "firmwareVersion": "2.0"}

    answer = station.says("BootNotification", {"reason": "PowerUp", "chargingStation": about})

    boot = station.heard.boots[-1]
    assert (boot.vendor, boot.model, boot.firmware, boot.serials) == ("Acme", "Box", "2.0", ("SN1",))
    assert (answer["status"], answer["currentTime"]) == ("Accepted", AT)
    assert station.heard.told_time == 1


def test_foreign_serial_is_rejected() -> None:
    station = paper()
    station.heard.accepts = False

    answer = station.says("BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "", "model": ""}})

    assert answer["status"] == "Rejected"


def test_heartbeat_touches_nothing_but_the_time() -> None:
    """B10."""
    station = paper()

    assert station.says("Heartbeat", {}) == {"currentTime": AT}
    assert station.heard.statuses == []


@pytest.mark.parametrize(
    ("words", "evse_is"),
    [
        (["Available"], ConnectorStatus.AVAILABLE),
        (["Occupied"], ConnectorStatus.PREPARING),
        (["Unavailable", "Occupied"], ConnectorStatus.PREPARING),
        (["Unavailable", "Available"], ConnectorStatus.AVAILABLE),
        (["Faulted"], ConnectorStatus.FAULTED),
        (["Reserved"], ConnectorStatus.RESERVED),
    ],
)
def test_evse_is_what_the_busiest_of_its_connectors_is(words: list[str], evse_is: ConnectorStatus) -> None:
    station = paper()
    for connector, word in enumerate(words, 1):
        station.says("StatusNotification", status(word, connector=connector))

    assert station.heard.statuses[-1].status is evse_is
    assert station.heard.statuses[-1].connector == 1


def test_unknown_state_changes_nothing() -> None:
    """R03."""
    station = paper()

    station.says("StatusNotification", status("Dreaming"), lawful=False)

    assert station.heard.statuses[-1].status is None


def test_availability_may_come_as_an_event() -> None:
    station = paper()
    where = {"name": "Connector", "evse": {"id": 2, "connectorId": 1}}
    told = {"eventId": 1, "timestamp": AT, "trigger": "Delta", "eventNotificationType": "HardWiredNotification"}

    station.says(
        "NotifyEvent",
        {
            "generatedAt": AT,
            "seqNo": 0,
            "eventData": [
                {**told, "component": where, "variable": {"name": "AvailabilityState"}, "actualValue": "Occupied"},
                {**told, "component": {"name": "Fan"}, "variable": {"name": "Speed"}, "actualValue": "3"},
            ],
        },
    )

    assert [(each.connector, each.status) for each in station.heard.statuses] == [(2, ConnectorStatus.PREPARING)]


def test_transaction_from_plug_to_departure() -> None:
    """X01, X03."""
    station = paper()
    station.says("StatusNotification", status("Occupied"))
    token = {"idToken": "04A1B2C3", "type": "ISO14443"}
    station.says(
        "TransactionEvent", event("Started", 0, evse={"id": 1}, idToken=token, info={"chargingState": "EVConnected"})
    )
    station.says("TransactionEvent", event("Updated", 1, info={"chargingState": "Charging"}, meterValue=energy(100)))
    station.says("TransactionEvent", event("Updated", 2, info={"chargingState": "SuspendedEVSE"}))
    station.says(
        "TransactionEvent", event("Ended", 3, info={"stoppedReason": "EVDisconnected"}, meterValue=energy(900))
    )
    station.says("StatusNotification", status("Available"))

    heard = station.heard
    assert [each.status for each in heard.statuses] == [
        ConnectorStatus.PREPARING,
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.FINISHING,
        ConnectorStatus.AVAILABLE,
    ]
    assert [each.step for each in heard.events] == [Step.STARTED, Step.UPDATED, Step.UPDATED, Step.ENDED]
    assert {(each.transaction_id, each.connector) for each in heard.events} == {("T1", 1)}
    assert (heard.events[0].id_tag, heard.events[-1].reason) == ("04A1B2C3", "EVDisconnected")


def test_state_of_a_plug_waits_for_the_end_of_its_transaction() -> None:
    station = paper()
    station.says("TransactionEvent", event("Started", 0, evse={"id": 1}, info={"chargingState": "Charging"}))
    station.says("StatusNotification", status("Available"))
    station.says("TransactionEvent", event("Ended", 1))

    said = [each.status for each in station.heard.statuses]
    assert said == [ConnectorStatus.CHARGING, ConnectorStatus.CHARGING, ConnectorStatus.AVAILABLE]


def test_what_waited_in_the_station_says_nothing_of_now() -> None:
    """X05, X11: the offline flag."""
    station = paper()
    station.says(
        "TransactionEvent", event("Started", 0, evse={"id": 1}, offline=True, info={"chargingState": "Charging"})
    )
    station.says("TransactionEvent", event("Ended", 1, offline=True))

    assert station.heard.statuses == []
    assert all(each.offline for each in station.heard.events)


def test_late_event_does_not_turn_the_state_back() -> None:
    """X11."""
    station = paper()
    station.says("TransactionEvent", event("Started", 0, evse={"id": 1}, info={"chargingState": "EVConnected"}))
    station.says("TransactionEvent", event("Updated", 2, info={"chargingState": "SuspendedEV"}))
    station.says("TransactionEvent", event("Updated", 1, info={"chargingState": "Charging"}))

    assert station.heard.statuses[-1].status is ConnectorStatus.SUSPENDED_EV
    assert [each.seq_no for each in station.heard.events] == [0, 2, 1]


def test_event_after_the_end_revives_nothing() -> None:
    """X08."""
    station = paper()
    station.says("TransactionEvent", event("Ended", 5, evse={"id": 1}))
    station.says("TransactionEvent", event("Updated", 4, info={"chargingState": "Charging"}))

    assert station.heard.statuses == []


def test_token_is_judged_when_there_is_one() -> None:
    """X13, A01."""
    station = paper()
    station.heard.verdicts["BAD"] = TagVerdict(status=TagStatus.BLOCKED, parent="FAMILY")

    answer = station.says("TransactionEvent", event("Started", 0, idToken={"idToken": "BAD", "type": "Central"}))

    assert answer["idTokenInfo"]["status"] == "Blocked"
    assert answer["idTokenInfo"]["groupIdToken"]["idToken"] == "FAMILY"
    assert station.says("TransactionEvent", event("Updated", 1)) == {}


def test_certificate_of_a_car_is_answered_and_declined() -> None:
    """A08."""
    station = paper()
    hashes = {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "aa",
        "issuerKeyHash": "bb",
        "serialNumber": "01",
        "responderURL": "https://ocsp.example",
    }
    token = {"idToken": "DE8AA1A2B3C4D5", "type": "eMAID"}

    answer = station.says("Authorize", {"idToken": token, "iso15118CertificateHashData": [hashes]})

    assert answer == {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "NoCertificateAvailable"}
    assert station.says("Authorize", {"idToken": token}) == {"idTokenInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ({"value": 7.2, "unitOfMeasure": {"unit": "W", "multiplier": 3}}, (7200.0, "W")),
        ({"value": 16, "unitOfMeasure": {"unit": "A"}}, (16, "A")),
        ({"value": 230.0}, (230.0, None)),
        ({"value": "5", "unitOfMeasure": {"multiplier": 2}}, ("5", None)),
        ({"value": 1.0, "unitOfMeasure": {"unit": "W", "multiplier": 400}}, (None, "W")),
    ],
)
def test_units_stand_beside_their_values(sample: Payload, expected: tuple[object, object]) -> None:
    """M02."""
    (block,) = plain([{"timestamp": AT, "sampledValue": [sample]}])
    values: Any = block["sampledValue"]

    assert (values[0]["value"], values[0]["unit"]) == expected


@VERSIONS
def test_meter_values_name_their_evse(protocol: str) -> None:
    """M08: 0 is the meter of the station."""
    station = paper(protocol)
    for evse in (0, 2):
        station.says("MeterValues", {"evseId": evse, "meterValue": energy(5)})

    assert [(each.connector, each.transaction_id) for each in station.heard.meters] == [(0, None), (2, None)]


def test_outside_limit_counts_until_it_is_released() -> None:
    """S17."""
    station = paper()
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}
    limit = {"chargingLimitSource": "SO", "isGridCritical": True}
    station.says("NotifyChargingLimit", {"chargingLimit": limit, "chargingSchedule": [schedule]})
    station.says("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}})

    energy_book, now = station.heard.energy, station.clock.utc_now()
    assert energy_book.outside_a(now) == 10.0
    assert [(each.source, each.critical) for each in energy_book.limits] == [("SO", True), ("EMS", False)]

    station.says("ClearedChargingLimit", {"chargingLimitSource": "SO"})
    assert energy_book.outside_a(now) is None


def test_our_own_limit_that_a_station_tells_of_caps_nothing() -> None:
    """S17: it would never rise again."""
    station = paper()
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
    station.says(
        "NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "CSO"}, "chargingSchedule": [schedule]}
    )

    assert station.heard.energy.outside_a(station.clock.utc_now()) is None


@pytest.mark.parametrize(
    ("schedule", "amps"),
    [
        ({"startSchedule": "2026-06-21T09:59:00Z", "duration": 120}, 16.0),
        ({"startSchedule": "2026-06-21T09:58:00Z", "duration": 120}, None),
        ({"startSchedule": "2026-06-21T10:01:00Z"}, None),
        ({"startSchedule": "2026-06-21T09:00:00Z"}, 6.0),
    ],
)
def test_outside_limit_follows_its_schedule(schedule: Payload, amps: float | None) -> None:
    """S17, in watts: the sum of three phases."""
    station = paper()
    periods = [{"startPeriod": 0, "limit": 11040.0}, {"startPeriod": 1800, "limit": 4140.0}]
    told = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": periods, **schedule}
    station.says("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "SO"}, "chargingSchedule": [told]})

    assert station.heard.energy.outside_a(station.clock.utc_now()) == amps


def test_needs_of_a_car_are_kept_and_answered() -> None:
    """S18."""
    station = paper()
    ac = {"energyAmount": 22000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
    needs = {"requestedEnergyTransfer": "AC_three_phase", "departureTime": "2026-06-22T06:00:00Z"}

    answer = station.says(
        "NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": {**needs, "acChargingParameters": ac}}
    )

    kept = station.heard.energy.needs[1]
    assert answer == {"status": "Accepted"}
    assert (kept.energy_kwh, kept.min_a, kept.max_a) == (22.0, 6.0, 16.0)
    assert kept.departs is not None
    assert kept.departs.hour == 6
    assert station.heard.waiting == 1


def test_what_a_car_could_give_back_is_only_kept() -> None:
    station = paper("ocpp2.1")
    v2x = {"maxChargePower": 11000.0, "maxDischargePower": 7000.0, "evTargetEnergyRequest": 20000.0}
    needs = {"requestedEnergyTransfer": "AC_BPT", "v2xChargingParameters": v2x}

    station.says("NotifyEVChargingNeeds", {"evseId": 1, "timestamp": AT, "chargingNeeds": needs})

    kept = station.heard.energy.needs[1]
    assert (kept.transfer, kept.discharge_w, kept.energy_kwh) == ("AC_BPT", 7000.0, 20.0)


def test_plan_of_a_car_is_kept_till_its_session_ends() -> None:
    """S18."""
    station = paper()
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 13.0}]}

    answer = station.says("NotifyEVChargingSchedule", {"evseId": 1, "timeBase": AT, "chargingSchedule": schedule})

    assert answer == {"status": "Accepted"}
    assert station.heard.energy.plans[1].schedule.periods[0].limit == 13.0
    station.heard.energy.session_over(1)
    assert station.heard.energy.plans == {}


def test_service_is_told_in_neutral_words() -> None:
    """F01, F03."""
    station = paper()
    station.says("FirmwareStatusNotification", {"status": "Installing", "requestId": 7})
    station.says("LogStatusNotification", {"status": "UploadFailure", "requestId": 8})

    assert [(each.state, each.request_id) for each in station.heard.firmware] == [(FirmwareState.INSTALLING, 7)]
    assert [(each.state, each.request_id) for each in station.heard.uploads] == [(UploadState.UPLOAD_FAILED, 8)]


def test_data_of_unknown_makers_is_answered() -> None:
    """F05."""
    assert paper().says("DataTransfer", {"vendorId": "acme"}) == {"status": "UnknownVendorId"}


words = st.sampled_from(["Available", "Occupied", "Reserved", "Unavailable", "Faulted", "Odd"])
steps = st.one_of(
    st.tuples(st.just("told"), st.integers(0, 3), words),
    st.tuples(
        st.just("charging"), st.integers(1, 3), st.sampled_from(["Charging", "EVConnected", "Idle", "", "SuspendedEV"])
    ),
    st.tuples(st.just("ended"), st.integers(1, 3), st.just("")),
)


@given(st.lists(steps, max_size=30))
def test_connector_in_a_transaction_is_never_available(story: list[tuple[str, int, str]]) -> None:
    """Else the session would end with it."""
    heard = Heard()
    connectors = Connectors(heard)
    running: set[int] = set()
    for act, evse, word in story:
        if act == "told":
            connectors.told(evse, 1, word, None)
        elif act == "charging":
            running.add(evse)
            connectors.charging(evse, word, None)
        else:
            running.discard(evse)
            connectors.ended(evse, None)
        last = heard.statuses[-1]
        assert last.connector not in running or last.status is not ConnectorStatus.AVAILABLE
