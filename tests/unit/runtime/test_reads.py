"""How well a device is read: measured where it is read, and told without a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.api.devices import WatchedDevices, device_state
from ems.clock import VirtualClock, run_virtual
from ems.errors import DeviceError, LinkDown, NoAnswer, Nonsense, Refused, UnknownHost
from ems.model.electrical import PerPhase
from ems.model.readings import GridReading
from ems.model.words import Language, has_words, say
from ems.runtime.poller import follow
from ems.runtime.reads import LOOKED_BACK, DeviceHealth, ReadDevice, ReadError, Reads, nearest_rank

SECRET = "http://installer:hunter2@192.0.2.7/?key=hunter2"


class ScriptedMeter:
    """Takes the seconds of each step, then answers, or fails with its error; silent for ever after the last."""

    name = "grid"
    period_s = 1.0

    def __init__(
        self, clock: VirtualClock, steps: Sequence[float | DeviceError], *, pushes: bool = False, connections: int = 1
    ) -> None:
        self.clock = clock
        self.steps = list(steps)
        self.pushes = pushes
        self.connections = connections

    async def read(self) -> GridReading:
        if not self.steps:
            await asyncio.Event().wait()
        step = self.steps.pop(0)
        if isinstance(step, DeviceError):
            raise step
        await self.clock.sleep(step)
        return GridReading(current_a=PerPhase(), power_w=0.0, taken_at_s=self.clock.monotonic_s())

    async def close(self) -> None:
        return


def after(*steps: float | DeviceError, pushes: bool = False, connections: int = 1) -> DeviceHealth:
    """The health after the poller went through those steps."""
    clock = VirtualClock()

    async def main() -> DeviceHealth:
        reads = Reads(clock)
        meter = ScriptedMeter(clock, steps, pushes=pushes, connections=connections)
        reader = asyncio.create_task(follow(reads.noted(meter, "meter"), lambda _: None, clock))
        while meter.steps:
            await clock.sleep(0.25)
        await clock.sleep(0.25)
        (health,) = reads.health()
        reader.cancel()
        await asyncio.wait([reader])
        return health

    return run_virtual(main(), clock)


def test_before_the_first_reading_nothing_is_known() -> None:
    clock = VirtualClock()

    health = ReadDevice(ScriptedMeter(clock, ()), "meter", clock).health

    assert (health.good_at_s, health.error_share, health.latency_p50_s, health.error) == (None, None, None, None)


def test_answers_tell_latency_and_age() -> None:
    health = after(0.1, 0.1, 0.125, 0.25, connections=3)

    assert (health.good, health.bad, health.error_share, health.bad_in_a_row) == (4, 0, 0.0, 0)
    assert health.latency_p50_s == pytest.approx(0.1)
    assert health.latency_p99_s == pytest.approx(0.25)
    assert health.reconnects == 2


def test_failures_are_counted_and_the_newest_is_kept() -> None:
    health = after(0.1, NoAnswer("silence"), Refused("no"), LinkDown("gone"))

    assert (health.good, health.bad, health.bad_in_a_row, health.error_share) == (1, 3, 3, 0.75)
    assert health.error is not None
    assert health.error.code == "link_down"


def test_a_good_reading_ends_the_row_and_leaves_the_error_known() -> None:
    health = after(Nonsense("500 A"), 0.1)

    assert (health.bad_in_a_row, health.bad) == (0, 1)
    assert health.error is not None
    assert health.error.code == "nonsense"


def test_who_speaks_by_itself_has_no_latency() -> None:
    health = after(0.1, 0.2, pushes=True)

    assert (health.latency_p50_s, health.latency_p99_s, health.good) == (None, None, 2)


def test_only_the_newest_hundred_make_the_share() -> None:
    health = after(*[NoAnswer("x")], *[0.0] * LOOKED_BACK)

    assert (health.error_share, health.bad) == (0.0, 1)


@pytest.mark.parametrize("error", [LinkDown, NoAnswer, Refused, Nonsense, UnknownHost, DeviceError])
def test_an_error_is_told_by_its_kind_and_never_in_its_own_words(error: type[DeviceError]) -> None:
    health = after(error(SECRET))
    told = WatchedDevices(lambda: (health,), VirtualClock(), circuits={"grid": "main"}).devices()[0]

    assert told.trouble is not None
    assert told.trouble.code == error.code
    assert "hunter2" not in told.model_dump_json()
    assert all(has_words(told.trouble.says.key) and say(told.trouble.says.key, each) for each in Language)


def test_an_error_of_another_version_is_said_too() -> None:
    health = DeviceHealth(
        device_id="x", kind="battery", period_s=1.0, pushes=True, error=ReadError(code="unheard_of", at_s=5.0)
    )

    told = device_state(health, 7.0)

    assert told.trouble is not None
    assert (told.trouble.says.text, told.trouble.age_s) == ("It gives no reading.", 2.0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.sampled_from([0.5, 0.99]))
def test_a_rank_is_one_of_the_values_and_so_large_a_share_is_no_larger(took_s: list[float], share: float) -> None:
    found = nearest_rank(sorted(took_s), share)

    assert found in took_s
    assert sum(each <= found for each in took_s) >= share * len(took_s)
    assert sum(each < found for each in took_s) < share * len(took_s) + 1


def test_ranks_are_near_what_statistics_say() -> None:
    took_s = [each / 1000 for each in range(1, 101)]

    assert nearest_rank(took_s, 0.5) == pytest.approx(quantiles(took_s, n=100)[49], abs=0.001)
    assert nearest_rank(took_s, 0.99) == pytest.approx(quantiles(took_s, n=100)[98], abs=0.001)
    assert nearest_rank([], 0.5) is None
