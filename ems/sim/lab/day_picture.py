"""One simulated day as a drawing for the documents: `python -m ems.sim.lab.day_picture SITE TRACE DATE OUT.svg`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.config.translate import to_site
from ems.control.headroom import usable
from ems.devices.profile_kinds import kinds_by_profile
from ems.errors import EmsError
from ems.sim.lab.compare import Replay, seconds_of
from ems.sim.lab.day_svg import day_svg
from ems.sim.lab.records import DaySeconds, RunRecord
from ems.sim.lab.runner import simulate
from ems.sim.traces.home import stays_at_home
from ems.sim.traces.trace import read_trace

ARGUMENTS: Final = ("SITE", "TRACE", "DATE", "OUT.svg")


def play(site: SiteFile, trace_path: Path, day: datetime) -> RunRecord:
    """The record of that one day under Fusewise, from midnight UTC, with its picture. Raises EmsError."""
    seed = site.simulation.seed
    replay = Replay(
        site=site,
        trace=read_trace(trace_path),
        start_utc=day,
        days=1.0,
        stays=stays_at_home(site.simulation.cars, day, 1.0, seed),
        seed=seed,
        picture_day=0,
    )
    return simulate(site, seconds_of(replay), replay.stays, start_utc=day, seed=seed, picture_day=0)


def main(arguments: Sequence[str]) -> None:
    """Play the day and write the drawing. Exits with how to use it, or with what is wrong with a file."""
    if len(arguments) != len(ARGUMENTS):
        sys.exit(f"usage: python -m ems.sim.lab.day_picture {' '.join(ARGUMENTS)}")
    site_path, trace_path, date, out = arguments
    try:
        site = load_site(Path(site_path), profiles=kinds_by_profile())
        record = play(site, Path(trace_path), datetime.fromisoformat(date).replace(tzinfo=UTC))
    except (EmsError, OSError, ValueError) as error:
        sys.exit(str(error))
    model = to_site(site)
    circuit = model.circuits.main
    svg = day_svg(
        _drawn(record),
        main_circuit=circuit.circuit_id,
        rating_a=circuit.fuse.rating_a,
        usable_a=usable(circuit, model.policy.hold_fraction),
    )
    Path(out).write_text(svg, encoding="utf-8")


def _drawn(record: RunRecord) -> DaySeconds:
    if record.picture is None:
        raise AssertionError("day 0 was asked for")
    return record.picture


if __name__ == "__main__":
    main(sys.argv[1:])
