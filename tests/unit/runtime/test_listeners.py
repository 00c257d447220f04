"""Those who want to know may fail; control goes on."""

from __future__ import annotations

import logging

import pytest

from ems.runtime.listeners import Listeners


class Moody:
    """Fails while it is out of order."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.broken = False

    def listen(self, number: int) -> None:
        if self.broken:
            raise OSError("no space left")
        self.heard.append(number)


def test_one_that_fails_does_not_keep_the_news_from_the_others() -> None:
    moody, well = Moody(), Moody()
    moody.broken = True
    Listeners([moody.listen, well.listen]).tell(1)

    assert well.heard == [1]


def test_a_failure_is_said_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    moody = Moody()
    listeners = Listeners([moody.listen])
    for number, broken in enumerate([True, True, True, False, False]):
        moody.broken = broken
        listeners.tell(number)

    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert moody.heard == [3, 4]
