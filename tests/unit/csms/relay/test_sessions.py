"""Transactions as they are kept here, told to a second central system."""

import itertools
from dataclasses import replace

from ems.clock import VirtualClock
from ems.csms.messages import MeterReport
from ems.csms.relay.backlog import Backlog
from ems.csms.relay.entries import Begin, End, Meter
from ems.csms.relay.sessions import GONE_FOR_S, Sessions
from ems.csms.relay.settings import METER_VALUES, Settings
from ems.model.transaction import Mark, Transaction

T0 = 1_780_000_000.0


def mark(kwh: float) -> Mark:
    return Mark(kwh=kwh, order=0, at_utc_s=T0, heard_utc_s=T0)


BEGUN = Transaction(
    key="k1",
    station_id="garage",
    connector=1,
    transaction_id="0e7f",
    began_utc_s=T0,
    started_utc_s=T0,
    meter_start_wh=1000.0,
    id_tag="TAG",
    live=True,
)
OVER = replace(BEGUN, ended_utc_s=T0 + 3600.0, reason="EVDisconnected", stopped=True, last=mark(4.0))


class Story:
    """Sessions, and what is told of them."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.clock = VirtualClock()
        self.backlog = Backlog(lambda: f"m{next(numbers)}")
        self.settings = Settings(self.backlog.keep, meter_values_s=60, heartbeat_s=300)
        self.sessions = Sessions(self.backlog, self.settings, self.clock, phases=3)

    def meter(self, kwh: float, transaction_id: str | None = None) -> None:
        sample = {"value": str(kwh), "measurand": "Energy.Active.Import.Register", "unit": "kWh"}
        block = {"sampledValue": [sample]}
        self.sessions.metered(MeterReport(connector=1, transaction_id=transaction_id, meter_value=[block]))

    def told(self) -> list[Begin | Meter | End]:
        entries = []
        while (waiting := self.backlog.first) is not None:
            entries.append(waiting.entry)
            self.backlog.told(waiting)
        return entries


def test_a_transaction_begins_and_ends_once_however_often_it_is_told() -> None:
    story = Story()
    for each in (BEGUN, BEGUN, replace(BEGUN, last=mark(2.0)), OVER, OVER):
        story.sessions.followed(each)

    begin, end = story.told()
    assert isinstance(begin, Begin)
    assert isinstance(end, End)
    assert (begin.meter_wh, begin.at.timestamp(), begin.id_tag) == (1000, T0, "TAG")
    assert (end.meter_wh, end.at.timestamp(), end.reason) == (4000, T0 + 3600.0, "EVDisconnected")


def test_one_that_was_met_in_the_middle_counts_from_its_first_reading() -> None:
    story = Story()
    met = replace(BEGUN, started_utc_s=None, meter_start_wh=None)
    story.sessions.followed(met)
    assert story.told() == []

    story.sessions.followed(replace(met, first=mark(7.5), last=mark(7.5)))
    (begin,) = story.told()
    assert isinstance(begin, Begin)
    assert begin.meter_wh == 7500


def test_meter_values_come_as_often_as_they_are_wanted_and_at_once_when_they_are_asked_for() -> None:
    story = Story()
    story.sessions.followed(BEGUN)
    story.settings.change(METER_VALUES, "30")
    for second in range(0, 90, 10):
        story.meter(1.0 + second / 100)
        story.clock.advance(10)
    assert [type(each) for each in story.told()] == [Begin, Meter, Meter, Meter]

    story.meter(2.0)
    story.sessions.meter_soon()
    story.meter(2.1)
    told = story.told()
    assert isinstance(told[-1], Meter)
    assert told[-1].energy_wh == 2100


def test_meter_values_with_an_odd_id_count_for_the_connector_and_without_a_session_for_nothing() -> None:
    """Scenario Q9: a transaction id that nobody gave out."""
    story = Story()
    story.meter(1.0)
    assert story.told() == []

    story.sessions.followed(BEGUN)
    story.meter(1.0, "what")
    assert [type(each) for each in story.told()] == [Begin, Meter]


def test_an_older_session_that_is_told_late_does_not_end_the_one_that_runs() -> None:
    story = Story()
    story.sessions.followed(BEGUN)
    story.sessions.followed(replace(OVER, key="k0", began_utc_s=T0 - 7200, ended_utc_s=T0 - 3600))
    story.meter(1.5)

    assert [(type(each), each.transaction) for each in story.told()] == [
        (Begin, "k1"),
        (Begin, "k0"),
        (End, "k0"),
        (Meter, "k1"),
    ]


def test_a_session_whose_end_the_station_never_tells_is_ended_at_its_last_reading_after_a_while() -> None:
    story = Story()
    story.sessions.followed(BEGUN)
    story.meter(3.0)
    story.sessions.followed(replace(BEGUN, ended_utc_s=T0 + 60.0, reason="Reboot", last=mark(3.0)))
    for _ in range(3):
        story.sessions.close_gone(None, connected=False)
        story.clock.advance(GONE_FOR_S)
    story.sessions.close_gone(None, connected=True)
    assert [type(each) for each in story.told()] == [Begin, Meter]

    story.clock.advance(GONE_FOR_S)
    story.sessions.close_gone(None, connected=True)
    (end,) = story.told()
    assert isinstance(end, End)
    assert (end.meter_wh, end.reason) == (3000, "Other")

    story.sessions.followed(OVER)
    assert story.told() == []


def test_a_session_that_runs_is_not_ended() -> None:
    story = Story()
    story.sessions.followed(BEGUN)
    for _ in range(3):
        story.sessions.close_gone(BEGUN, connected=True)
        story.clock.advance(GONE_FOR_S)

    assert [type(each) for each in story.told()] == [Begin]
