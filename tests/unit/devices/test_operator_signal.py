"""The grid operator's signal: what its messages mean, and how long the last one counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.devices.mqtt.operator_signal import KEPT_FOR_S, OperatorSignal
from ems.devices.mqtt.profile import TopicPoint

TOPIC = "cabinet/dimming"
A_WEEK_S = 7 * 86_400.0


class Bench:
    """A signal that is followed, and all that it told."""

    def __init__(self, path: str = "") -> None:
        self.clock = VirtualClock()
        self.signal = OperatorSignal(TopicPoint(topic=TOPIC, path=path), self.clock)
        self.told: list[bool | None] = []

    def hear(self, payload: bytes, *, retained: bool = False) -> None:
        self.signal.heard(TOPIC, payload, retained=retained)

    async def passes(self, seconds: float = 0.1) -> None:
        await self.clock.sleep(seconds)

    def play(self, story: Callable[[], Awaitable[None]]) -> list[bool | None]:
        async def main() -> None:
            following = asyncio.create_task(self.signal.follow(self.told.append))
            await self.passes()
            await story()
            await self.passes()
            following.cancel()
            await asyncio.wait([following])

        run_virtual(main(), self.clock)
        return self.told


def told_after(*payloads: bytes, path: str = "") -> list[bool | None]:
    bench = Bench(path)

    async def story() -> None:
        for payload in payloads:
            bench.hear(payload)
            await bench.passes()

    return bench.play(story)


@pytest.mark.parametrize("payload", [b"true", b"ON", b'"on"', b" yes ", b"1", b"60", b"0.5", b"-1", b'"4.2"'])
def test_yes_and_every_number_but_0_call_for_the_limit(payload: bytes) -> None:
    assert told_after(payload) == [None, True]


@pytest.mark.parametrize("payload", [b"false", b"Off", b'"no"', b"0", b"0.0", b'"0"', b"offline"])
def test_no_and_0_do_not_call_for_it(payload: bytes) -> None:
    assert told_after(payload) == [None, False]


@pytest.mark.parametrize("payload", [b"unavailable", b"null", b"{}", b"[1]", b"", b"NaN", b"\xff", b"x" * 70_000])
def test_a_message_that_nobody_understands_is_unknown_even_after_no(payload: bytes) -> None:
    assert told_after(b"false", payload) == [None, False, None]


def test_the_contact_is_found_inside_a_message_and_other_messages_change_nothing() -> None:
    told = told_after(b'{"in":[{"on":true}]}', b'{"battery":80}', b'{"in":[{"on":false}]}', path="in[0].on")

    assert told == [None, True, False]


def test_a_retained_message_counts_since_a_contact_is_published_when_it_changes() -> None:
    bench = Bench()

    async def story() -> None:
        bench.hear(b"false", retained=True)

    assert bench.play(story) == [None, False]


def test_silence_keeps_the_last_word() -> None:
    bench = Bench()

    async def story() -> None:
        bench.hear(b"false")
        await bench.passes(A_WEEK_S)

    assert bench.play(story) == [None, False]


def test_the_same_word_again_is_no_news() -> None:
    assert told_after(b"true", b"true", b"1") == [None, True]


def test_a_broker_that_stays_away_makes_it_unknown_and_the_next_word_counts() -> None:
    bench = Bench()

    async def story() -> None:
        bench.hear(b"false")
        bench.signal.link_changed(up=False)
        await bench.passes(KEPT_FOR_S - 1)
        assert bench.told == [None, False]
        bench.signal.link_changed(up=False)
        await bench.passes(2)
        assert bench.told == [None, False, None]
        bench.signal.link_changed(up=True)
        bench.hear(b"false")

    assert bench.play(story) == [None, False, None, False]


def test_a_broker_that_returns_without_the_contact_leaves_it_unknown() -> None:
    bench = Bench()

    async def story() -> None:
        bench.hear(b"false")
        bench.signal.link_changed(up=False)
        bench.signal.link_changed(up=True)
        await bench.passes(KEPT_FOR_S + 1)

    assert bench.play(story) == [None, False, None]


def test_a_broker_that_restarts_and_still_has_the_contact_changes_nothing() -> None:
    bench = Bench()

    async def story() -> None:
        bench.hear(b"true")
        bench.signal.link_changed(up=False)
        await bench.passes(5)
        bench.signal.link_changed(up=True)
        bench.hear(b"true", retained=True)
        await bench.passes(A_WEEK_S)

    assert bench.play(story) == [None, True]
