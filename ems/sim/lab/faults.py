"""Faults played one by one, for every policy: short runs of the fault matrix or of a script, and their verdicts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.config.schema import SiteFile
from ems.sim.lab.compare import policy_for
from ems.sim.lab.fault_matrix import START_UTC, Play, play_of
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.lab.fault_verdicts import not_played, verdict
from ems.sim.lab.report.shapes import FaultVerdict
from ems.sim.lab.runner import FUSEWISE, simulate
from ems.sim.lab.workers import HowFar, Job, all_done

WRONG_FILE: Final = "connection: {main_fuse_a: 1000}\nmeters: []\nstations: [{id: garage}]\n"


@dataclass(frozen=True, slots=True)
class _FaultRun:
    site: SiteFile
    row: FaultRow
    policy: str
    seed: int

    def __call__(self, how_far: HowFar) -> FaultVerdict:
        if self.row.fault is FaultKind.SITE_FILE_WRONG:
            return wrong_site_file(self.policy)
        if self.row.fault is FaultKind.NOT_COMMISSIONED and self.policy != FUSEWISE:
            return not_played(self.row.label, self.policy, "only Fusewise asks whether the main fuse is stated")
        play = play_of(self.site, self.row)
        if isinstance(play, str):
            return not_played(self.row.label, self.policy, play)
        return played(play, self.policy, self.seed, how_far)


def verdicts_of(
    site: SiteFile,
    rows: Sequence[FaultRow],
    policies: Sequence[str],
    *,
    seed: int,
    workers: int,
    told: Callable[[float], None],
) -> list[FaultVerdict]:
    """Every fault with every policy, fault by fault; `told` hears the share that is done. Raises JobFailed."""
    jobs: list[Job[FaultVerdict]] = [_FaultRun(site, row, policy, seed) for row in rows for policy in policies]
    shares = [0.0] * len(jobs)

    def hear(number: int, share: float) -> None:
        shares[number] = share
        told(sum(shares) / len(shares))

    return all_done(jobs, workers=workers, told=hear)


def played(play: Play, policy: str, seed: int, how_far: HowFar) -> FaultVerdict:
    """Run it, and look."""
    record = simulate(
        play.site,
        play.house,
        play.stays,
        policy_for(policy, play.site),
        start_utc=START_UTC,
        seed=seed,
        picture_day=0,
        faults=play.breakage,
        progress=how_far,
    )
    return verdict(play.scene, record)


def wrong_site_file(policy: str) -> FaultVerdict:
    """Whether a file with a fuse of 1000 A is refused with place and cure. Only our own service reads site files."""
    fault = FaultKind.SITE_FILE_WRONG
    if policy != FUSEWISE:
        return not_played(fault.value, policy, "only Fusewise reads site files")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_text(WRONG_FILE, encoding="utf-8")
        try:
            load_site(path)
        except SiteFileError as error:
            told = error.problems[0]
        else:
            sentence = "A main fuse of 1000 A was taken for true."
            return FaultVerdict(fault=fault.value, policy=policy, passed=False, figure="no problem", sentence=sentence)
    return FaultVerdict(
        fault=fault.value,
        policy=policy,
        passed=told.line == 1 and bool(told.cure),
        figure=f"line {told.line}",
        sentence=f"Refused to start: {told}",
    )
