"""A sunny noon for the bench: seconds of load and sun, made on the spot. Importing this needs numpy and scipy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ems.config.examples import example
from ems.config.loader import load_site
from ems.devices.profile_kinds import kinds_by_profile
from ems.sim.lab.records import RunRecord, Stay
from ems.sim.lab.runner import simulate
from ems.sim.traces.seconds import SecondsOfDay

CAR_KWH = 60.0
"""More than any bench lasts: the cars never fill up."""


def play(name: str, start_utc: datetime, seconds: int) -> RunRecord:
    """The example site of that name with a hungry car at every station."""
    file = load_site(example(name), profiles=kinds_by_profile())
    stays = [
        Stay(
            station_id=station.id,
            arrival_s=0.0,
            departure_s=float(seconds),
            energy_kwh=CAR_KWH,
            phases=len(station.wired),
            max_a=station.max_a,
        )
        for station in file.stations
    ]
    return simulate(file, Noon(start_utc, seconds), stays, start_utc=start_utc)


@dataclass(frozen=True, slots=True)
class Noon:
    """Clouds in waves of seven minutes, a kettle every ten minutes, a hundred watts of noise."""

    start_utc: datetime
    seconds: int

    @property
    def days(self) -> int:
        return 1

    def day(self, index: int) -> SecondsOfDay:
        """The only day there is; raises IndexError for others."""
        if index != 0:
            raise IndexError(f"day {index} of a noon; there is only day 0")
        at_s = np.arange(self.seconds, dtype=np.float64)
        dice = np.random.default_rng(2026)
        load_w = 150.0 + 100.0 * dice.random((self.seconds, 3))
        load_w[:, 0] += np.where(at_s % 600.0 < 120.0, 2000.0, 0.0)
        pv_w = 5000.0 + 2500.0 * np.sin(2.0 * np.pi * at_s / 420.0)
        return SecondsOfDay(start_utc=self.start_utc, load_w=load_w, pv_w=pv_w)
