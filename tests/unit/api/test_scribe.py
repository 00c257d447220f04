"""What people change is written in order, and a database that hangs costs neither memory nor a good end."""

from __future__ import annotations

from threading import Event

import pytest

from ems.api.scribe import ENDS_WITHIN_S, Scribe
from ems.clock import VirtualClock
from tests.kept import GUARD_S, until_written


def test_a_database_that_hangs_is_not_waited_for_and_fills_no_memory(caplog: pytest.LogCaptureFixture) -> None:
    scribe, hangs, written = Scribe(VirtualClock(), most_waiting=3), Event(), list[int]()
    scribe.takes(lambda: _wait(hangs))

    taken = [scribe.takes(lambda number=number: written.append(number)) for number in range(5)]  # type: ignore[misc]
    hangs.set()
    _until_there_is_room(scribe)
    scribe.close()

    assert taken == [True, True, False, False, False]
    assert written == [0, 1]
    assert caplog.text.count("does not keep up") == 1


def test_what_fails_is_said_and_the_next_is_written(caplog: pytest.LogCaptureFixture) -> None:
    scribe, written = Scribe(VirtualClock()), list[str]()
    scribe.takes(_fail)
    scribe.takes(lambda: written.append("next"))
    until_written(scribe)
    scribe.close()

    assert written == ["next"]
    assert "is not written" in caplog.text


def test_at_the_end_it_writes_what_waits_but_not_for_ever() -> None:
    clock = VirtualClock()
    scribe, hangs, ended, written = Scribe(clock), Event(), Event(), list[str]()
    scribe.takes(lambda: _wait(hangs))
    scribe.takes(lambda: _late(clock, written))
    scribe.takes(lambda: written.append("too late"))
    scribe._thread.submit(ended.set)

    scribe.close()
    hangs.set()

    assert ended.wait(GUARD_S)
    assert written == ["in time"]


def _wait(hangs: Event) -> None:
    assert hangs.wait(GUARD_S)


def _fail() -> None:
    raise RuntimeError("no disk")


def _late(clock: VirtualClock, written: list[str]) -> None:
    written.append("in time")
    clock.advance(ENDS_WITHIN_S)


def _until_there_is_room(scribe: Scribe) -> None:
    done = Event()
    scribe._thread.submit(done.set)
    assert done.wait(GUARD_S)
