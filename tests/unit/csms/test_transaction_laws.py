"""One true session is one session, whatever befalls its messages (X05, X06, X08, X11, X12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms.messages import StartReport, Step, StopReport, TransactionEvent
from ems.csms.transaction_ids import TransactionIds
from ems.csms.transaction_words import NOW, Reading, When
from ems.csms.transactions import Transactions
from ems.model.transaction import Transaction

BEGAN_S = 1_700_000_000.0


@dataclass(frozen=True)
class Truth:
    """Seconds after its begin, and the register then."""

    registers: tuple[tuple[float, float], ...]

    def event(self, i: int, *, offline: bool = False) -> tuple[TransactionEvent, When, list[Reading]]:
        at_s, kwh = self.registers[i]
        last = len(self.registers) - 1
        step = Step.STARTED if i == 0 else Step.ENDED if i == last else Step.UPDATED
        stamp = BEGAN_S + at_s
        event = TransactionEvent(
            connector=1,
            transaction_id="a1",
            step=step,
            seq_no=i,
            at=datetime.fromtimestamp(stamp, UTC),
            offline=offline,
            reason="EVDisconnected" if i == last else "",
        )
        return event, When(utc_s=stamp, live=not offline), [Reading(kwh=kwh, utc_s=stamp)]


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    """At most 40 kW, over at most some hours, on a register that stands anywhere."""
    kwh, at_s = draw(st.sampled_from([0.0, 12_345.6])), 0.0
    registers = [(at_s, kwh)]
    for _ in range(draw(st.integers(1, 8))):
        seconds = draw(st.floats(1.0, 3600.0))
        at_s += seconds
        kwh += draw(st.floats(0.0, 40.0)) * seconds / 3600.0
        registers.append((at_s, kwh))
    return Truth(tuple(registers))


class Kept:
    """Transactions, and the newest of each that was told of."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.told: dict[str, Transaction] = {}
        self.transactions = self.anew()

    def anew(self) -> Transactions:
        return Transactions(TransactionIds(), self.clock, station_id="garage", told=self._keep)

    def restarted(self) -> None:
        """Our service begins again with what it had written."""
        self.transactions = self.anew()
        self.transactions.recall(sorted(self.told.values(), key=lambda each: each.began_utc_s))

    def _keep(self, transaction: Transaction) -> None:
        self.told[transaction.key] = transaction

    @property
    def only(self) -> Transaction:
        (alone,) = self.transactions.known
        assert set(self.told) == {alone.key}
        return alone


@given(st.data(), truths())
def test_events_in_any_order_twice_or_lost_are_one_session(data: st.DataObject, truth: Truth) -> None:
    """X11, X12: sequence numbers order them; what is missing is missing, nothing else."""
    count = len(truth.registers)
    arriving = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.booleans()), min_size=1, max_size=2 * count))
    kept = Kept()
    for i, offline in arriving:
        event, when, readings = truth.event(i, offline=offline)
        kept.transactions.event(event, when, readings, busy=False)
        kept.clock.advance(1.0)

    known = sorted({i for i, _ in arriving})
    (session,) = kept.transactions.known
    assert set(kept.told) == {session.key}
    assert session.last_seq == known[-1]
    assert set(session.missing) == set(range(known[-1])) - set(known)
    if count - 1 in known:
        assert kept.transactions.running is None
        assert session.stopped
        assert session.reason == "EVDisconnected"
        assert session.energy_kwh == pytest.approx(truth.registers[known[-1]][1] - truth.registers[known[0]][1])


@given(st.data(), truths())
def test_energy_is_what_the_register_rose_by_between_its_first_and_last_known_place(
    data: st.DataObject, truth: Truth
) -> None:
    count = len(truth.registers)
    arriving = data.draw(st.permutations(range(count)))
    arriving = arriving[: data.draw(st.integers(1, count))]
    kept = Kept()
    for i in arriving:
        kept.transactions.event(*truth.event(i, offline=True), busy=False)
    event, when, _ = truth.event(count - 1)
    kept.transactions.event(event, when, [], busy=False)

    session = kept.only
    assert session.energy_kwh == pytest.approx(truth.registers[max(arriving)][1] - truth.registers[min(arriving)][1])
    assert session.ended_utc_s == pytest.approx(BEGAN_S + truth.registers[-1][0])
    assert not session.live


def begin(truth: Truth, message_id: str = "1") -> tuple[StartReport, When]:
    at_s, kwh = truth.registers[0]
    at = datetime.fromtimestamp(int(BEGAN_S + at_s), UTC)
    report = StartReport(connector=1, id_tag="T", meter_start_wh=kwh * 1e3, at=at, message_id=message_id)
    return report, When(utc_s=at.timestamp(), live=False)


WORDS = ("start", "values", "stop", "restart", "reboot")


@given(st.data(), truths())
@example(None, Truth(((0.0, 0.0), (5.0, 0.01), (9.0, 0.02))))
def test_a_session_of_1_6_is_one_though_it_is_told_again_late_and_over_restarts(data: Any, truth: Truth) -> None:
    """X05, X06, X08, X09, X10: the start comes first, since its answer names the session; the rest as it likes."""
    kept, count = Kept(), len(truth.registers)
    lines = ["stop"] if data is None else data.draw(st.lists(st.sampled_from(WORDS), max_size=12))
    number = kept.transactions.start(*begin(truth), busy=True)
    known, stopped = {0}, False
    for line in [*lines, "stop"]:
        kept.clock.advance(1.0)
        if line == "start":
            assert kept.transactions.start(*begin(truth, "9"), busy=True) == number
        elif line == "values":
            i = data.draw(st.integers(1, count - 1))
            at_s, kwh = truth.registers[i]
            if kept.transactions.running is None:
                kept.transactions.adopt(number, 1)
            kept.transactions.read(number, Reading(kwh=kwh, utc_s=BEGAN_S + at_s))
            known |= {i}
        elif line == "stop":
            at_s, kwh = truth.registers[-1]
            stamp = BEGAN_S + at_s
            report = StopReport(transaction_id=number, meter_stop_wh=kwh * 1e3, at=datetime.fromtimestamp(stamp, UTC))
            assert kept.transactions.stop(report, When(utc_s=stamp, live=False))
            stopped = True
        elif line == "restart":
            kept.restarted()
        else:
            kept.transactions.end("Reboot")

    session = kept.only
    assert stopped
    assert session.energy_kwh == pytest.approx(truth.registers[-1][1] - truth.registers[0][1], abs=1e-6)
    assert (session.reason, session.stopped) == ("Local", True)


@given(truths())
def test_start_that_comes_after_its_values_names_the_session_that_was_met(truth: Truth) -> None:
    """Q9: until its queued start is answered, a station uses an id of its own."""
    kept = Kept()
    kept.clock.advance(BEGAN_S + truth.registers[-1][0] - kept.clock.utc_now().timestamp())
    assert kept.transactions.adopt(-1, 1)
    for at_s, kwh in truth.registers[1:]:
        kept.transactions.read(-1, Reading(kwh=kwh, utc_s=BEGAN_S + at_s))
    number = kept.transactions.start(*begin(truth), busy=True)

    session = kept.only
    assert session.transaction_id == number
    assert session is kept.transactions.running
    assert session.began_utc_s == int(BEGAN_S)
    assert session.energy_kwh == pytest.approx(truth.registers[-1][1] - truth.registers[0][1], abs=1e-6)


def test_a_backlog_of_whole_sessions_is_kept_at_its_own_time_and_never_runs() -> None:
    """X05."""
    kept, numbers = Kept(), []
    for hour in range(3):
        at_s = BEGAN_S + 3600.0 * hour
        at = datetime.fromtimestamp(at_s, UTC)
        report = StartReport(connector=1, id_tag="T", meter_start_wh=hour * 5e3, at=at, message_id=str(hour))
        number = kept.transactions.start(report, When(utc_s=at_s, live=False))
        assert kept.transactions.running is None
        stop = StopReport(transaction_id=number, meter_stop_wh=hour * 5e3 + 4e3, at=at)
        assert kept.transactions.stop(stop, When(utc_s=at_s + 1800.0, live=False))
        numbers.append(number)

    ended = kept.transactions.ended
    assert [each.transaction_id for each in ended] == numbers
    assert [each.energy_kwh for each in ended] == pytest.approx([4.0, 4.0, 4.0])
    assert [each.began_utc_s for each in ended] == [BEGAN_S, BEGAN_S + 3600.0, BEGAN_S + 7200.0]
    assert not any(each.live for each in ended)


def test_start_of_the_backlog_runs_once_the_car_is_found_to_charge() -> None:
    kept = Kept()
    kept.transactions.start(*begin(Truth(((0.0, 1.0),))))
    assert not kept.only.live
    kept.transactions.charges()

    assert kept.only is kept.transactions.running
    assert kept.only.live


def test_station_that_uses_its_ids_again_begins_another_transaction() -> None:
    """Of OCPP 2.x: the same text, after the first one has ended."""
    truth, kept = Truth(((0.0, 0.0), (60.0, 0.5))), Kept()
    for i in (0, 1):
        kept.transactions.event(*truth.event(i), busy=False)
    event, _, _ = truth.event(0)
    kept.transactions.event(event, When(utc_s=BEGAN_S + 7200.0), [Reading(kwh=0.5)], busy=False)

    assert len(kept.told) == 2
    assert kept.transactions.running is not None
    assert kept.transactions.running.energy_kwh == 0.0


def test_what_ran_before_a_restart_of_ours_has_ended_when_another_regular_id_is_heard() -> None:
    """X09: the station was used while we were away."""
    kept = Kept()
    number = kept.transactions.start(*begin(Truth(((0.0, 1.0),))), busy=True)
    kept.restarted()
    assert kept.transactions.running is not None
    assert kept.transactions.adopt(number % 1000 + 7, 1)

    assert [each.reason for each in kept.transactions.ended] == ["Lost"]
    assert kept.transactions.running.transaction_id == number % 1000 + 7


@pytest.mark.parametrize("odd", [0, -1, 2**63 - 1])
def test_odd_id_after_a_restart_of_ours_is_of_the_transaction_that_runs(odd: int) -> None:
    """Q9."""
    kept = Kept()
    kept.transactions.start(*begin(Truth(((0.0, 1.0),))), busy=True)
    kept.restarted()

    assert not kept.transactions.adopt(odd, 1)
    kept.transactions.read(odd, Reading(kwh=1.25))
    assert kept.only.energy_kwh == pytest.approx(0.25)


def test_ids_of_earlier_runs_are_not_given_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Q12."""
    monkeypatch.setattr("secrets.randbelow", lambda _most: 6)
    ids = TransactionIds()
    ids.avoid([7, 8, "9"])

    assert ids.next() == 9


def test_start_without_a_time_is_known_again_after_a_restart_of_ours() -> None:
    kept = Kept()
    report = StartReport(connector=1, id_tag="T", meter_start_wh=5.0, at=None, message_id="1")
    number = kept.transactions.start(report, NOW, connection=1)
    kept.restarted()

    assert kept.transactions.start(report, NOW, connection=1) == number
    assert len(kept.told) == 1


def test_memory_of_transactions_is_bounded() -> None:
    kept = Kept()
    for i in range(500):
        event = TransactionEvent(
            connector=1, transaction_id=f"t{i}", step=Step.UPDATED, seq_no=2**31, at=None, offline=True
        )
        kept.transactions.event(event, When(utc_s=float(i), live=False), busy=False)

    assert len(kept.transactions.known) <= 64
    assert all(len(each.missing) <= 100 for each in kept.transactions.known)


def test_stop_that_a_reboot_delayed_corrects_the_session_that_the_reboot_closed() -> None:
    """X10: with the last value first, then by the station's own word."""
    kept, truth = Kept(), Truth(((0.0, 1.0), (600.0, 1.5), (1200.0, 2.25)))
    number = kept.transactions.start(*begin(truth), busy=True)
    kept.transactions.read(number, Reading(kwh=1.5, utc_s=BEGAN_S + 600.0))
    kept.transactions.end("Reboot")
    assert kept.only.energy_kwh == pytest.approx(0.5)
    assert kept.only.reason == "Reboot"
    at = datetime.fromtimestamp(BEGAN_S + 1200.0, UTC)
    stop = StopReport(transaction_id=number, meter_stop_wh=2250.0, at=at, reason="PowerLoss")
    kept.transactions.stop(stop, When(utc_s=at.timestamp(), live=False))

    assert kept.only.energy_kwh == pytest.approx(1.25)
    assert kept.only.reason == "PowerLoss"
    assert kept.only.ended_utc_s == BEGAN_S + 1200.0


def test_what_a_station_kept_of_the_meter_counts_when_it_does_not_know_the_end() -> None:
    """X16."""
    kept, truth = Kept(), Truth(((0.0, 1.0),))
    number = kept.transactions.start(*begin(truth), busy=True)
    stop = StopReport(transaction_id=number, meter_stop_wh=None, at=None)
    kept.transactions.stop(
        stop, NOW, [Reading(kwh=1.4, utc_s=BEGAN_S + 60.0), Reading(kwh=1.9, utc_s=BEGAN_S + 3600.0)]
    )

    assert kept.only.energy_kwh == pytest.approx(0.9)


def test_station_that_does_not_know_where_its_meter_stood_counts_from_its_first_register() -> None:
    """M04: Zaptec says 2147483647."""
    kept = Kept()
    report = StartReport(connector=1, id_tag="T", meter_start_wh=2147483647.0, at=None, message_id="1")
    kept.transactions.start(report)
    for kwh in (0.4, 0.9):
        kept.clock.advance(60.0)
        kept.transactions.read(None, Reading(kwh=kwh))

    assert kept.only.energy_kwh == pytest.approx(0.5)


@pytest.mark.parametrize("odd", [0, -1, 2**63 - 1, 424242])
def test_stop_of_a_transaction_that_nobody_knows_leaves_the_one_that_runs(odd: int) -> None:
    """X07."""
    kept = Kept()
    kept.transactions.start(*begin(Truth(((0.0, 1.0),))), busy=True)

    assert not kept.transactions.stop(StopReport(transaction_id=odd, meter_stop_wh=99_000.0, at=None))
    assert kept.only is kept.transactions.running
