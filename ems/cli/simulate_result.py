"""What `ems simulate` hands on: one JSON object, or an HTML report."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

from ems.cli.simulate_request import SimulateOptions
from ems.sim.lab.compare import Replay
from ems.sim.lab.fault_verdicts import problems
from ems.sim.lab.records import RunRecord, Stay
from ems.sim.lab.report.shapes import FaultVerdict, Report
from ems.sim.lab.report.words import FUSE_WORDS
from ems.sim.lab.runner import FUSEWISE
from ems.sim.lab.score import Score, tripped
from ems.sim.policies.registry import DESCRIPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that came of it."""

    replay: Replay
    records: Sequence[RunRecord]
    scores: Sequence[Score]
    faults: Sequence[FaultVerdict] = ()

    @property
    def ok(self) -> bool:
        """Whether no fuse tripped because of us, and every fault found us well."""
        ours = [record for record in self.records if record.policy == FUSEWISE]
        return not any(tripped(record) for record in ours) and not problems(self.faults, FUSEWISE)


def as_json(outcome: Outcome) -> dict[str, object]:
    """The object of `ems simulate --json`."""
    replay = outcome.replay
    return {
        "site": replay.site.site.name,
        "trace": replay.trace.name,
        "start": replay.start_utc.isoformat(),
        "days": replay.days,
        "seed": replay.seed,
        "version": version("fusewise"),
        "runs": list(outcome.scores),
        "faults": [asdict(each) for each in outcome.faults],
    }


def report_of(outcome: Outcome, options: SimulateOptions) -> Report:
    """The page of `ems simulate --report`."""
    replay = outcome.replay
    fuse_a = replay.site.connection.main_fuse_a
    return Report(
        title=f"Simulation of {replay.site.site.name}",
        site=replay.site.site.name,
        trace=replay.trace.name,
        days=replay.days,
        cars=_cars(replay.stays),
        fuse="not stated"
        if fuse_a is None
        else f"{replay.site.connection.phases} × {fuse_a:g} A {FUSE_WORDS[replay.site.connection.main_fuse_device]}",
        version=version("fusewise"),
        command=_command(outcome, options),
        seed=replay.seed,
        main_circuit="main",
        rows=outcome.scores,
        records=outcome.records,
        faults=outcome.faults,
        policy_notes={name: DESCRIPTIONS[name] for name in options.policies if name in DESCRIPTIONS},
    )


def _cars(stays: Sequence[Stay]) -> str:
    kinds = dict.fromkeys((stay.station_id, stay.phases, stay.max_a) for stay in stays)
    return "; ".join(
        f"{station}: {phases} {'phase' if phases == 1 else 'phases'}, {max_a:g} A" for station, phases, max_a in kinds
    )


def _command(outcome: Outcome, options: SimulateOptions) -> str:
    """The command that makes the same figures again, in the same folder; files as they were given."""
    replay = outcome.replay
    words = ["ems", "simulate", str(options.site), "--trace", str(options.trace)]
    if options.sessions is not None:
        words += ["--sessions", str(options.sessions)]
    words += [
        "--start",
        f"{replay.start_utc:%Y-%m-%dT%H:%MZ}",
        "--days",
        f"{replay.days:.10g}",
        "--seed",
        str(replay.seed),
    ]
    for policy in options.policies:
        words += ["--policy", policy]
    if options.faults is not None:
        words += ["--faults", options.faults]
    if options.picture is not None:
        words += ["--picture", options.picture]
    return shlex.join(words)
