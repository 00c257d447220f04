"""From a meter's answer to the limit at the station, on real sockets: the demo house for some seconds."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from ems.bench.figures import SocketFigures
from ems.config.examples import example
from ems.config.loader import load_site
from ems.devices.profile_kinds import kinds_by_profile
from ems.sim.demo import ServiceFailed, played
from ems.sim.demo_figures import Figures, figures, reactions_ms
from ems.sim.wire.house import CannotSimulate

SITE: Final = "demo"


def measure_sockets(for_s: float) -> SocketFigures:
    """Play the demo in real time, then read off what it saw; says why when it cannot be played here."""
    # Its own words on a port that is taken; the house then takes another.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    if for_s <= 0.0:
        return SocketFigures(skipped="left out")
    try:
        shown, reactions = asyncio.run(_played_for(for_s))
    except (CannotSimulate, ServiceFailed, TimeoutError, ImportError) as error:
        return SocketFigures(skipped=str(error))
    return SocketFigures(
        lasted_s=shown.lasted_s,
        meter_samples=shown.meter_samples,
        reactions=reactions,
        reaction_p50_ms=shown.reaction_ms.p50,
        reaction_p99_ms=shown.reaction_ms.p99,
        rss_mb=shown.rss_mb,
        cpu_share=shown.cpu_share,
    )


async def _played_for(for_s: float) -> tuple[Figures, int]:
    file = load_site(example(SITE), profiles=kinds_by_profile())
    async with played(file) as demo:
        await demo.clock.sleep(for_s)
        return figures(demo, file.site.name), len(reactions_ms(demo))
