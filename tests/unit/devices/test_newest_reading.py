"""What devices do with their samples, alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

import pytest

from ems.clock import VirtualClock, run_virtual
from ems.devices.newest_reading import NewestReading, in_its_name
from ems.devices.sample import Sample
from ems.errors import LinkDown, NoAnswer, Nonsense


def test_nonsense_says_whose_it_is() -> None:
    with pytest.raises(Nonsense, match=r"^grid: it gave no power$"):
        in_its_name("grid", _power)(Sample(taken_at_s=0.0, values={}))


def test_only_the_newest_is_handed_over() -> None:
    async def story(clock: VirtualClock) -> None:
        newest, began_s = _newest(clock), clock.monotonic_s()
        for watts in (1.0, 2.0):
            newest.take(_sample(watts))
        assert await newest.next("silent") == 2.0
        with pytest.raises(NoAnswer, match=r"^silent$"):
            await newest.next("silent")
        assert clock.monotonic_s() == began_s + 5.0

    _play(story)


def test_what_comes_in_place_of_a_reading_is_raised_once() -> None:
    async def story(clock: VirtualClock) -> None:
        newest = _newest(clock)
        newest.take(Sample(taken_at_s=0.0, values={}))
        with pytest.raises(Nonsense, match="grid: it gave no power"):
            await newest.next("silent")
        newest.fail(LinkDown("gone"))
        newest.take(_sample(3.0))
        assert await newest.next("silent") == 3.0
        newest.fail(LinkDown("gone"))
        with pytest.raises(LinkDown):
            await newest.next("silent")

    _play(story)


def test_what_is_cleared_is_forgotten() -> None:
    async def story(clock: VirtualClock) -> None:
        newest = _newest(clock)
        newest.take(_sample(1.0))
        newest.clear()
        newest.put(4.0)
        assert await newest.next("silent") == 4.0

    _play(story)


def _power(sample: Sample) -> float:
    if "power" not in sample.values:
        raise Nonsense("it gave no power")
    return sample.values["power"]


def _sample(watts: float) -> Sample:
    return Sample(taken_at_s=0.0, values={"power": watts})


def _newest(clock: VirtualClock) -> NewestReading[float]:
    return NewestReading("grid", _power, silence_s=5.0, clock=clock)


def _play(story: Callable[[VirtualClock], Coroutine[None, None, None]]) -> None:
    clock = VirtualClock()
    run_virtual(story(clock), clock)
