"""What the books keep: each page once however often it is written, sums that fit, nothing for longer than it should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from ems.model.decision import LimitReason, Reason
from ems.model.electrical import Phase
from ems.store import archive, books
from ems.store.accounts import audit, audit_entries
from ems.store.archive import StepLength
from ems.store.books import Books, end_lost_sessions, load_counters, load_state
from ems.store.days import MINUTE_S
from ems.store.entries import (
    Counters,
    Day,
    DecisionEntry,
    EventEntry,
    Flows,
    LedgerState,
    Page,
    Register,
    SessionEntry,
    SessionState,
    StationBook,
    Step,
)
from ems.store.errors import JournalError
from ems.store.packing import pack
from ems.store.pages import gathered
from ems.store.tables import SETTINGS

BERLIN = ZoneInfo("Europe/Berlin")
NOON_S = int(datetime(2026, 6, 21, 12, tzinfo=UTC).timestamp())
DAY_S = 86_400
SESSION = SessionEntry(
    session_id="a1",
    station_id="garage",
    vehicle="family",
    began_utc_s=NOON_S - 3600.0,
    ended_utc_s=None,
    energy_kwh=4.2,
    solar_kwh=3.1,
    cost=0.58,
    currency="EUR",
)
REASON = Reason(code=LimitReason.MAIN_FUSE, circuit_id="main", phase=Phase.L2, house_a=21.9, room_a=3.1)
DECISION = DecisionEntry(utc_s=NOON_S + 1.5, station_id="garage", limit_a=6.0, phases=3, reason=REASON)
EVENT = EventEntry(utc_s=NOON_S + 2.5, kind="login", who="anna", facts={"from": "10.0.0.7"})
STATE = LedgerState(
    utc_s=float(NOON_S),
    counters=Counters(grid_import_kwh=10.0, charging_kwh=4.2),
    stations={
        "garage": StationBook(
            counted_wh=4200.0,
            register=Register(kwh=1234.5, utc_s=NOON_S - 1.0),
            session=SessionState(
                session_id="a1", vehicle="family", began_utc_s=NOON_S - 3600.0, base_wh=1.0, base_solar_wh=0.5
            ),
        )
    },
    day=Day(at_utc_s=NOON_S - DAY_S // 2, solar_wh=1.0),
    minute=Step(at_utc_s=NOON_S, length_s=60, flows=Flows(home_wh=1.5, stations_wh={"garage": 2.0})),
)


def minute(number: int, *, at_utc_s: int = NOON_S, wh: float = 10.0) -> Step:
    flows = Flows(grid_import_wh=wh, charging_wh=wh / 2, stations_wh={"garage": wh / 2})
    return Step(at_utc_s=at_utc_s + number * MINUTE_S, length_s=MINUTE_S, flows=flows)


def everything(engine: Engine) -> list[object]:
    """All that the archive has."""
    steps = [archive.history(engine, length) for length in StepLength]
    return [
        *steps,
        archive.sessions(engine),
        archive.decisions(engine),
        len(archive.log(engine)),
        load_counters(engine),
        load_state(engine),
    ]


def test_page_is_found_again_as_it_was_given(engine: Engine) -> None:
    page = Page(minutes=(minute(0),), sessions=(SESSION,), decisions=(DECISION,), events=(EVENT,), state=STATE)
    Books(engine, UTC).write(page)
    [event] = archive.log(engine)

    assert archive.history(engine, StepLength.MINUTE) == [minute(0)]
    assert archive.sessions(engine) == [SESSION]
    assert archive.decisions(engine) == [DECISION]
    assert (event.utc_s, event.kind, event.who, event.facts) == (EVENT.utc_s, "login", "anna", {"from": "10.0.0.7"})
    assert load_state(engine) == STATE
    assert load_counters(engine) == STATE.counters


def test_page_written_twice_leaves_what_one_leaves(engine: Engine) -> None:
    page = Page(
        minutes=(minute(0), minute(1)), sessions=(SESSION,), decisions=(DECISION,), events=(EVENT,), state=STATE
    )
    Books(engine, UTC).write(page)
    once = everything(engine)
    Books(engine, UTC).write(page)

    assert everything(engine) == once


def test_minutes_add_up_to_quarters_and_days(engine: Engine) -> None:
    ledger = Books(engine, UTC)
    for number in range(40):
        ledger.write(Page(minutes=(minute(number),)))
    quarters = archive.history(engine, StepLength.QUARTER)
    [day] = archive.history(engine, StepLength.DAY)

    assert [quarter.flows.grid_import_wh for quarter in quarters] == [150.0, 150.0, 100.0]
    assert [quarter.at_utc_s - NOON_S for quarter in quarters] == [0, 900, 1800]
    assert (day.at_utc_s, day.length_s) == (NOON_S - DAY_S // 2, DAY_S)
    assert day.flows == Flows(grid_import_wh=400.0, charging_wh=200.0, stations_wh={"garage": 200.0})


def test_minute_that_grew_replaces_what_it_was_in_every_sum(engine: Engine) -> None:
    Books(engine, UTC).write(Page(minutes=(minute(0, wh=4.0), minute(1))))
    Books(engine, UTC).write(Page(minutes=(minute(0, wh=12.0),)))

    for length in (StepLength.QUARTER, StepLength.DAY):
        assert [step.flows.grid_import_wh for step in archive.history(engine, length)] == [22.0]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25)])
def test_days_are_as_long_as_the_clocks_of_the_house_make_them(engine: Engine, day: str, hours: int) -> None:
    noon_s = int(datetime.fromisoformat(day).replace(tzinfo=BERLIN).timestamp())
    Books(engine, BERLIN).write(Page(minutes=(minute(0, at_utc_s=noon_s),)))
    [step] = archive.history(engine, StepLength.DAY)

    assert step.length_s == hours * 3600
    assert datetime.fromtimestamp(step.at_utc_s, BERLIN).time().isoformat() == "00:00:00"


def test_counters_in_the_books_never_run_backwards(engine: Engine) -> None:
    Books(engine, UTC).write(Page(state=STATE))
    lower = replace(STATE, counters=Counters(grid_import_kwh=3.0, charging_kwh=9.0))
    Books(engine, UTC).write(Page(state=lower))
    state = load_state(engine)

    assert load_counters(engine) == Counters(grid_import_kwh=10.0, charging_kwh=9.0)
    assert state is not None
    assert state.counters == Counters(grid_import_kwh=10.0, charging_kwh=9.0)


def test_state_that_cannot_be_read_is_an_error_that_says_so(engine: Engine) -> None:
    Books(engine, UTC).write(Page(state=STATE))
    with engine.begin() as connection:
        connection.execute(update(SETTINGS).values(body=pack(b"{}")))

    with pytest.raises(JournalError, match=r"LedgerState\.utc_s"):
        load_state(engine)


def test_nobody_remembers_before_the_first_page(engine: Engine) -> None:
    assert load_state(engine) is None
    assert load_counters(engine) == Counters()


def test_sessions_that_nobody_goes_on_with_are_ended(engine: Engine) -> None:
    lost = replace(SESSION, session_id="b2")
    Books(engine, UTC).write(Page(sessions=(SESSION, lost)))

    assert end_lost_sessions(engine, ["a1"], NOON_S + 5.0) == 1
    assert end_lost_sessions(engine, ["a1"], NOON_S + 9.0) == 0
    found = {entry.session_id: entry for entry in archive.sessions(engine)}
    assert found == {"a1": SESSION, "b2": replace(lost, ended_utc_s=NOON_S + 5.0, reason="Lost")}


def test_sessions_are_read_newest_first_by_time_and_station(engine: Engine) -> None:
    entries = [
        replace(SESSION, session_id=str(i), station_id=("garage", "carport")[i % 2], began_utc_s=NOON_S + 100.0 * i)
        for i in range(6)
    ]
    Books(engine, UTC).write(Page(sessions=tuple(entries)))

    def ids(**wanted: object) -> list[str]:
        return [entry.session_id for entry in archive.sessions(engine, **wanted)]  # type: ignore[arg-type]

    assert ids() == ["5", "4", "3", "2", "1", "0"]
    assert ids(since_utc_s=NOON_S + 100.0, until_utc_s=NOON_S + 400.0) == ["3", "2", "1"]
    assert ids(station_id="carport", limit=2) == ["5", "3"]


def test_decisions_and_log_are_read_newest_first(engine: Engine) -> None:
    decisions = [replace(DECISION, utc_s=NOON_S + i, station_id=("garage", "carport")[i % 2]) for i in range(4)]
    events = [replace(EVENT, utc_s=NOON_S + i, kind=("login", "start")[i % 2]) for i in range(4)]
    Books(engine, UTC).write(Page(decisions=tuple(decisions), events=tuple(events)))
    newest = archive.log(engine, limit=2)

    assert [entry.utc_s - NOON_S for entry in archive.decisions(engine, since_utc_s=NOON_S + 1.0)] == [3, 2, 1]
    assert [entry.utc_s - NOON_S for entry in archive.decisions(engine, station_id="garage")] == [2, 0]
    assert [event.utc_s - NOON_S for event in newest] == [3, 2]
    assert [event.utc_s - NOON_S for event in archive.log(engine, before_id=newest[-1].event_id)] == [1, 0]
    assert [event.utc_s - NOON_S for event in archive.log(engine, kind="start")] == [3, 1]


def test_what_is_old_goes_and_days_and_sessions_stay(engine: Engine) -> None:
    def old(days: int) -> Page:
        at_utc_s = NOON_S - days * DAY_S
        return Page(
            minutes=(minute(0, at_utc_s=at_utc_s),),
            decisions=(replace(DECISION, utc_s=float(at_utc_s)),),
            sessions=(replace(SESSION, session_id=f"{days}", began_utc_s=float(at_utc_s)),),
        )

    Books(engine, UTC).write(gathered([old(59), old(61), old(89), old(91), old(730), old(732)]))
    Books(engine, UTC).write(Page(state=STATE))
    ages = {
        length: [(NOON_S - step.at_utc_s) // DAY_S for step in archive.history(engine, length)] for length in StepLength
    }

    assert ages[StepLength.MINUTE] == [59]
    assert ages[StepLength.QUARTER] == [730, 91, 89, 61, 59]
    assert ages[StepLength.DAY] == [732, 730, 91, 89, 61, 59]
    assert [(NOON_S - entry.utc_s) // DAY_S for entry in archive.decisions(engine)] == [59, 61, 89]
    assert len(archive.sessions(engine)) == 6


def test_too_many_of_anything_lose_the_oldest(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DECISIONS_KEPT", "EVENTS_KEPT", "SESSIONS_KEPT"):
        monkeypatch.setattr(books, name, 3)
    Books(engine, UTC).write(
        Page(
            decisions=tuple(replace(DECISION, utc_s=NOON_S + float(i)) for i in range(5)),
            events=tuple(replace(EVENT, utc_s=NOON_S + float(i)) for i in range(5)),
            sessions=tuple(replace(SESSION, session_id=str(i), began_utc_s=NOON_S + float(i)) for i in range(5)),
            state=STATE,
        )
    )

    assert [entry.utc_s - NOON_S for entry in archive.decisions(engine)] == [4, 3, 2]
    assert [event.utc_s - NOON_S for event in archive.log(engine)] == [4, 3, 2]
    assert [entry.session_id for entry in archive.sessions(engine)] == ["4", "3", "2"]


def test_words_of_a_station_are_kept_only_as_far_as_they_can_be(engine: Engine) -> None:
    Books(engine, UTC).write(Page(sessions=(replace(SESSION, ended_utc_s=1.0, reason="bad\0" + "x" * 99),)))
    [session] = archive.sessions(engine)

    assert session.reason == "bad" + "x" * 47


def test_words_of_a_stranger_keep_nothing_from_being_written(engine: Engine) -> None:
    stranger = replace(EVENT, who="bad\0" + "x" * 99, facts={"text": "bad\0"})
    Books(engine, UTC).write(Page(events=(stranger,), sessions=(SESSION,)))
    audit(engine, utc_s=NOON_S, who="bad\0" + "x" * 99, action="login", subject="bad\0" + "x" * 99)
    [event], [entry] = archive.log(engine), audit_entries(engine)

    assert (event.who, event.facts) == ("bad" + "x" * 77, {"text": "bad\0"})
    assert (entry.who, entry.subject) == ("bad" + "x" * 77,) * 2
    assert len(archive.sessions(engine)) == 1


def test_state_row_is_one(engine: Engine) -> None:
    for _ in range(3):
        Books(engine, UTC).write(Page(state=STATE))
    with engine.connect() as connection:
        assert connection.execute(select(SETTINGS.c.key)).scalars().all() == ["ledger"]
