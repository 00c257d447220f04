"""A generated household with large appliances on known phases: the house of the stress test (`control.md` §4).

A flow heater on three phases, a hob on two, and what else is large, each off or at full power. No phase ever carries
more than `MOST_W` without cars: what would lift it above that is left out, as behind a load-shedding relay.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ems.sim.traces.gaps import DAY_S
from ems.sim.traces.made_house import Span, Use, pulses, times_of_use

MOST_W: Final = 7700.0
"""On one phase, 33.5 A: below 0.96 of 35 A, so that whatever trips a fuse of 35 A is the cars' doing."""

PHASES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """An appliance and the phases it is on; `use.power_w` is what it draws on each of them."""

    use: Use
    on: tuple[int, ...]


HEAVY: Final = (
    Wired(
        use=Use(
            name="flow heater 9 kW, shower",
            power_w=(3000, 3000),
            hours=((6, 7), (6.5, 8), (18, 20), (20, 22)),
            chance=0.7,
            lasts_s=(240, 540),
        ),
        on=(0, 1, 2),
    ),
    Wired(
        use=Use(
            name="flow heater 9 kW, tap",
            power_w=(3000, 3000),
            hours=((6, 8), (8, 10), (11.5, 13), (12.5, 14), (15, 17), (17.5, 19), (18.5, 20), (21, 23)),
            chance=0.8,
            lasts_s=(10, 90),
        ),
        on=(0, 1, 2),
    ),
    Wired(
        use=Use(
            name="hob 16 A",
            power_w=(3680, 3680),
            hours=((7, 8), (11.5, 12.5), (17.5, 19)),
            chance=0.75,
            lasts_s=(600, 2700),
            on_s=(10, 40),
            off_s=(10, 60),
        ),
        on=(0, 1),
    ),
    Wired(
        use=Use(
            name="kettle",
            power_w=(2000, 2300),
            hours=((6, 7.5), (7, 9), (10, 11.5), (15, 16.5), (20, 21.5)),
            chance=0.75,
            lasts_s=(100, 180),
        ),
        on=(0,),
    ),
    Wired(
        use=Use(
            name="oven",
            power_w=(2800, 3400),
            hours=((11, 12), (17, 18.5)),
            chance=0.4,
            lasts_s=(1800, 4200),
            on_s=(60, 120),
            off_s=(60, 150),
        ),
        on=(2,),
    ),
    Wired(
        use=Use(name="washing machine", power_w=(1900, 2200), hours=((9, 15),), chance=0.6, lasts_s=(700, 1300)),
        on=(1,),
    ),
    Wired(
        use=Use(
            name="dryer",
            power_w=(2200, 2500),
            hours=((10, 17),),
            chance=0.5,
            lasts_s=(2400, 4800),
            on_s=(200, 500),
            off_s=(20, 90),
        ),
        on=(0,),
    ),
    Wired(
        use=Use(name="dishwasher", power_w=(1800, 2100), hours=((13, 14), (20, 22)), chance=0.5, lasts_s=(900, 1500)),
        on=(2,),
    ),
    Wired(
        use=Use(name="screens and lights", power_w=(150, 350), hours=((17, 19),), chance=1.0, lasts_s=(10800, 18000)),
        on=(1,),
    ),
)


def heavy_household_w(base_w: float, solar_noon_s: float, draw: random.Random) -> NDArray[np.float64]:
    """Load of each second of one day on L1, L2, L3, shape (seconds, 3); `base_w` is shared by the phases.

    `solar_noon_s` is the second of the day of local noon.
    """
    load_w = np.full((DAY_S, PHASES), base_w / PHASES)
    for wired in HEAVY:
        for power_w, span in times_of_use(wired.use, solar_noon_s, draw):
            for pulse in pulses(wired.use, span, draw):
                _add_if_room(load_w, wired.on, power_w, pulse)
    return load_w


def _add_if_room(load_w: NDArray[np.float64], on: tuple[int, ...], power_w: float, pulse: Span) -> None:
    seconds = slice(max(0, round(pulse[0])), max(0, round(pulse[1])))
    part = load_w[seconds][:, on]
    if part.size and part.max() + power_w <= MOST_W:
        load_w[seconds, on] = part + power_w
