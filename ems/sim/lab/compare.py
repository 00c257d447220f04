"""One trace, several policies: every policy meets the same seconds, the same cars and the same chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.config.schema import SiteFile
from ems.config.translate import to_site
from ems.model.electrical import NOMINAL_V, PerPhase
from ems.sim.lab.foresight import foresight_solar_kwh, within_stations
from ems.sim.lab.lag_free import lag_free_kwh
from ems.sim.lab.records import RunRecord, Series, Stay
from ems.sim.lab.runner import FUSEWISE, PolicyFactory, simulate
from ems.sim.lab.score import FORESIGHT, Score, foresight_score, score
from ems.sim.lab.whole_steps import whole_steps_solar_kwh
from ems.sim.lab.workers import HowFar, Job, all_done
from ems.sim.policies.registry import policy_named
from ems.sim.traces.seconds import HouseSeconds, SecondsOfDay
from ems.sim.traces.trace import Trace

DAY_S: Final = 86_400
MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is replayed, the same for all policies."""

    site: SiteFile
    trace: Trace
    start_utc: datetime
    days: float
    stays: Sequence[Stay]
    seed: int
    picture_day: int | None = None
    """The day whose seconds are kept, counted from 0 at the start."""


class FirstDays:
    """The first so many days of a house; the last one may be a part."""

    def __init__(self, seconds: HouseSeconds, days: float) -> None:
        self._seconds = seconds
        self._length_s = round(days * DAY_S)
        self.days: Final = -(-self._length_s // DAY_S)

    def day(self, index: int) -> SecondsOfDay:
        """The seconds of one day. Raises IndexError outside `days`."""
        if not 0 <= index < self.days:
            raise IndexError(f"day {index} of {self.days}")
        whole = self._seconds.day(index)
        left_s = self._length_s - index * DAY_S
        return whole if left_s >= DAY_S else replace(whole, load_w=whole.load_w[:left_s], pv_w=whole.pv_w[:left_s])


@dataclass(frozen=True, slots=True)
class _PolicyRun:
    replay: Replay
    policy: str

    def __call__(self, how_far: HowFar) -> RunRecord:
        replay = self.replay
        return simulate(
            replay.site,
            seconds_of(replay),
            replay.stays,
            policy_for(self.policy, replay.site),
            start_utc=replay.start_utc,
            seed=replay.seed,
            picture_day=replay.picture_day,
            progress=how_far,
        )


def policy_for(name: str, site: SiteFile) -> str | PolicyFactory:
    """What `simulate` takes for the policy of that name. Raises UnknownPolicy."""
    return name if name == FUSEWISE else partial(policy_named, name, to_site(site))


def seconds_of(replay: Replay) -> FirstDays:
    """The seconds of the house that every policy meets. Raises TraceError."""
    site = replay.site
    seconds = HouseSeconds(
        replay.trace,
        site.connection.phases,
        replay.seed,
        site.simulation.inverter_max_w,
        start_utc=replay.start_utc,
    )
    return FirstDays(seconds, replay.days)


def compared(
    replay: Replay, policies: Sequence[str], *, workers: int, told: Callable[[str, float], None]
) -> tuple[list[RunRecord], list[Score]]:
    """Run every policy; returns the records, and the scores in the order asked for. Raises TraceError and JobFailed.

    `foresight` among the policies asks for the optimum; it has a score and no record.
    """
    house = seconds_of(replay)
    played = [policy for policy in policies if policy != FORESIGHT]
    jobs: list[Job[RunRecord]] = [_PolicyRun(replay, policy) for policy in played]
    records = all_done(jobs, workers=workers, told=lambda number, share: told(played[number], share))
    surplus_w = records[0].surplus_w_by_minute if records else surplus_by_minute(house)
    return records, scored(replay, records, policies, surplus_w)


def scored(
    replay: Replay, records: Sequence[RunRecord], policies: Sequence[str], surplus_w_by_minute: Series
) -> list[Score]:
    """One score for each policy asked for, all beside the same optimum."""
    stays = within_stations(replay.stays, replay.site.stations)
    best_kwh = foresight_solar_kwh(surplus_w_by_minute, stays)
    unhindered_kwh = lag_free_kwh(flow_without_cars_a(replay), to_site(replay.site), stays) if records else None
    scores = {record.policy: score(record, best_kwh, unhindered_kwh) for record in records}
    if FORESIGHT in policies:
        switching = {station.id for station in replay.site.stations if station.phase_switching}
        steps_kwh = whole_steps_solar_kwh(surplus_w_by_minute, stays, switching)
        scores[FORESIGHT] = foresight_score(replay.days, best_kwh, steps_kwh)
    return [scores[policy] for policy in policies]


def surplus_by_minute(house: FirstDays) -> Series:
    """Mean over each whole minute of max(0, production − house load), in W."""
    parts = [house.day(index) for index in range(house.days)]
    left_w = np.concatenate([np.maximum(0.0, part.pv_w - part.load_w.sum(axis=1)) for part in parts])
    means: Series = left_w[: len(left_w) // MINUTE_S * MINUTE_S].reshape(-1, MINUTE_S).mean(axis=1)
    return means


def flow_without_cars_a(replay: Replay) -> Iterator[NDArray[np.float64]]:
    """Day by day, what flows through the main fuse without cars and battery, shape (seconds, 3), negative as export."""
    house = seconds_of(replay)
    phases = to_site(replay.site).phases
    on_house = np.array(PerPhase.on(phases, 1.0 / len(phases)))
    for index in range(house.days):
        part = house.day(index)
        yield (part.load_w - part.pv_w[:, None] * on_house) / NOMINAL_V
