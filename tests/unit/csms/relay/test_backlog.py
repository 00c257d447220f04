"""What waits for a second central system: in order, once each, within bounds, over restarts."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.relay.backlog import MOST_CLOSED, Backlog, Change, Kept, Verb
from ems.csms.relay.disk import Disk
from ems.csms.relay.entries import Begin, End, Entry, Meter, account_from_text, waiting_from_text

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def numbered() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"m{next(numbers)}"


def begin(transaction: str = "1", connector: int = 1, meter_wh: int = 100) -> Begin:
    return Begin(
        transaction=transaction,
        named=f"id {transaction}",
        connector=connector,
        id_tag="TAG",
        meter_wh=meter_wh,
        at=NOON,
    )


def meter(transaction: str = "1", energy_wh: int = 200) -> Meter:
    return Meter(transaction=transaction, connector=1, at=NOON, current_a=(8.0, 8.1, 0.0), energy_wh=energy_wh)


def tell(backlog: Backlog) -> Entry:
    """The next entry is taken, as a second central system would."""
    waiting = backlog.first
    assert waiting is not None
    if isinstance(waiting.entry, Begin):
        backlog.named(waiting.entry.transaction, 1000 + int(waiting.entry.transaction), accepted=True)
    backlog.told(waiting)
    return waiting.entry


def kinds(backlog: Backlog) -> list[str]:
    told = []
    while len(backlog):
        told.append(type(tell(backlog)).__name__)
    return told


def test_a_session_is_told_in_order_with_its_own_times() -> None:
    backlog = Backlog(numbered())
    backlog.begun(begin())
    backlog.metered(meter())
    backlog.ended("1", 300, NOON + timedelta(hours=1), "EVDisconnected")

    assert [tell(backlog) for _ in range(3)] == [
        begin(),
        meter(),
        End(transaction="1", meter_wh=300, at=NOON + timedelta(hours=1), reason="EVDisconnected"),
    ]


def test_a_repeated_start_or_stop_is_told_once() -> None:
    backlog = Backlog(numbered())
    for _ in range(3):
        backlog.begun(begin())
    for _ in range(3):
        backlog.ended("1", 300, NOON, "Local")
    backlog.begun(begin())

    assert kinds(backlog) == ["Begin", "End"]


def test_a_stop_of_an_unknown_transaction_is_not_told() -> None:
    backlog = Backlog(numbered())

    assert not backlog.ended("9", 300, NOON, "Local")
    assert not len(backlog)


def test_a_new_session_on_a_connector_ends_the_one_before_at_its_last_reading() -> None:
    backlog = Backlog(numbered())
    backlog.begun(begin("1"))
    backlog.read("1", 250)
    backlog.begun(begin("2"))

    assert [tell(backlog) for _ in range(2)][1] == End(transaction="1", meter_wh=250, at=NOON, reason="Other")


def test_ids_are_found_from_both_sides() -> None:
    backlog = Backlog(numbered())
    backlog.begun(begin("5"))
    tell(backlog)

    account = backlog.by_their_id(1005)

    assert account is not None
    assert (account.transaction, account.accepted) == ("5", True)
    assert backlog.by_their_id(5) is None


def test_a_refused_start_takes_the_rest_of_its_session_along() -> None:
    backlog = Backlog(numbered())
    backlog.begun(begin("1"))
    backlog.metered(meter("1"))
    assert backlog.first is not None

    backlog.given_up(backlog.first)
    backlog.metered(meter("1"))
    backlog.ended("1", 300, NOON, "Local")

    assert not len(backlog)


def test_too_many_entries_cost_the_oldest_meter_values_first() -> None:
    backlog = Backlog(numbered(), most=4)
    backlog.begun(begin())
    for energy_wh in range(10):
        backlog.metered(meter(energy_wh=energy_wh))
    backlog.ended("1", 300, NOON, "Local")

    assert (backlog.lost, backlog.overflowed) == (8, True)
    told = [tell(backlog) for _ in range(4)]
    assert [type(each).__name__ for each in told] == ["Begin", "Meter", "Meter", "End"]
    assert told[1] == meter(energy_wh=8)
    assert not backlog.overflowed


def test_without_meter_values_to_lose_the_oldest_session_goes_as_a_whole() -> None:
    backlog = Backlog(numbered(), most=4)
    for number in range(1, 4):
        backlog.begun(begin(str(number)))
        backlog.ended(str(number), 300, NOON, "Local")

    assert backlog.lost == 2
    assert [tell(backlog).transaction for _ in range(len(backlog))] == ["2", "2", "3", "3"]


def test_only_so_many_sessions_that_are_over_are_remembered() -> None:
    backlog = Backlog(numbered())
    for number in range(1, 100):
        backlog.begun(begin(str(number)))
        backlog.ended(str(number), 300, NOON, "Local")
        kinds(backlog)

    assert len(backlog.accounts) == MOST_CLOSED


class Paper:
    """What a disk does, without one."""

    def __init__(self) -> None:
        self.waiting: dict[int, str] = {}
        self.facts: dict[str, str] = {}

    def write(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.verb is Verb.PUT:
                self.waiting[int(change.key)] = change.body
            elif change.verb is Verb.DROP:
                del self.waiting[int(change.key)]
            elif change.verb is Verb.KEEP:
                self.facts[change.key] = change.body
            else:
                del self.facts[change.key]

    def load(self) -> Kept:
        return Kept(
            waiting=tuple(waiting_from_text(number, body) for number, body in sorted(self.waiting.items())),
            accounts=tuple(account_from_text(body) for body in self.facts.values()),
        )


STEPS = st.lists(
    st.sampled_from(["begin", "repeat", "meter", "end", "tell", "tell", "refuse", "restart", "other connector"]),
    max_size=40,
)


@given(STEPS, st.sampled_from([3, 1000]))
def test_whatever_happens_nothing_is_doubled_or_out_of_order(steps: list[str], most: int) -> None:
    paper, told, newest, new_id = Paper(), [], 0, numbered()
    backlog = Backlog(new_id, most=most)
    for step in steps:
        if step in {"begin", "other connector"}:
            newest += 1
            backlog.begun(begin(str(newest), connector=2 if step == "other connector" else 1))
        elif step == "repeat":
            backlog.begun(begin(str(newest)))
        elif step == "meter":
            backlog.metered(meter(str(newest)))
        elif step == "end":
            backlog.ended(str(newest), 300, NOON, "Local")
        elif step == "restart":
            backlog = Backlog(new_id, most=most)
            backlog.recall(paper.load())
        elif backlog.first is not None and step == "tell":
            told.append(tell(backlog))
        elif backlog.first is not None:
            backlog.given_up(backlog.first)
        paper.write(backlog.take_changes())
        assert len(backlog) <= most

    edges = Counter((each.transaction, type(each)) for each in told if not isinstance(each, Meter))
    assert all(count == 1 for count in edges.values())
    for transaction in {each.transaction for each in told}:
        own = [type(each) for each in told if each.transaction == transaction]
        assert own[0] is Begin
        assert End not in own[:-1]


def test_what_was_heard_before_the_disk_was_read_comes_after_what_is_there(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "x.sqlite3")
    earlier = Backlog(numbered())
    earlier.begun(begin("1"))
    disk.write(earlier.take_changes())
    disk.close()

    later = Backlog(numbered())
    later.keep("boot", "{}")
    later.begun(begin("1"))
    later.begun(begin("2"))
    later.recall(disk.load())
    disk.write(later.take_changes())

    assert [(type(each).__name__, each.transaction) for each in (tell(later) for _ in range(len(later)))] == [
        ("Begin", "1"),
        ("End", "1"),
        ("Begin", "2"),
    ]
    assert disk.load().facts == {"boot": "{}"}
    disk.close()


def test_every_kind_of_entry_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    disk, backlog = Disk(tmp_path / "x.sqlite3"), Backlog(numbered())
    backlog.begun(begin())
    backlog.metered(meter())
    backlog.ended("1", 300, NOON, "Local")
    disk.write(backlog.take_changes())
    disk.close()

    kept = Disk(tmp_path / "x.sqlite3")
    again = Backlog(numbered())
    again.recall(kept.load())
    kept.close()

    assert (again.first, again.accounts) == (backlog.first, backlog.accounts)
    assert kinds(again) == ["Begin", "Meter", "End"]


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_bytes(b"this is no database, whatever its name says" * 100)

    disk = Disk(path)

    assert disk.load().waiting == ()
    disk.close()
    assert path.with_suffix(".damaged").exists()
    assert "set aside" in caplog.text


def test_a_line_that_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    disk, backlog = Disk(tmp_path / "x.sqlite3"), Backlog(numbered())
    backlog.begun(begin("1"))
    disk.write(backlog.take_changes())
    database = disk._open()
    with database:
        database.execute("INSERT INTO waiting VALUES (7, '{\"kind\": \"x\"}'), (8, '[]'), (9, 'no')")
        database.execute("INSERT INTO facts VALUES ('account:9', '{}')")

    kept = disk.load()
    disk.close()

    assert [each.entry for each in kept.waiting] == [begin("1")]
    assert [each.transaction for each in kept.accounts] == ["1"]
