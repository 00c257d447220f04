"""Faults played one by one, for every policy: short runs of the fault matrix or of a script, and their verdicts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ems.clock import WallClock
from ems.config.loader import load_site
from ems.config.problems import SiteFileError
from ems.config.schema import SiteFile
from ems.config.translate import to_site
from ems.runtime.loop import Record
from ems.runtime.recorder import Recorder, Storage
from ems.sim.lab.compare import policy_for
from ems.sim.lab.fault_house import START_UTC
from ems.sim.lab.fault_matrix import Play, play_of
from ems.sim.lab.fault_script import FaultKind, FaultRow
from ems.sim.lab.fault_verdicts import not_played, verdict
from ems.sim.lab.records import RunRecord
from ems.sim.lab.report.shapes import FaultVerdict
from ems.sim.lab.runner import FUSEWISE, simulate
from ems.sim.lab.workers import HowFar, Job, all_done
from ems.sim.policies.registry import IN_TURN, WITHOUT_SUN, policy_named
from ems.store.database import file_url

JOURNAL_B: Final = 10_000_000
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
        if self.row.fault is FaultKind.STORE_FULL:
            return without_store(play, self.policy, self.seed, how_far)
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
    """Run it, and look; where the inverter is lost, at the same run with it too."""
    twin = None
    if play.scene.fault is FaultKind.INVERTER_LOST and policy not in WITHOUT_SUN:
        well = replace(play, breakage=replace(play.breakage, fault=FaultKind.NOTHING))
        twin = run(well, policy, seed, lambda share: how_far(share / 2))
    record = run(play, policy, seed, how_far)
    return verdict(play.scene, record, looks_every_s=_looks_every_s(policy, play), with_inverter=twin)


def _looks_every_s(policy: str, play: Play) -> float:
    """Ours looks at every sample, which the scene allows for."""
    if policy == FUSEWISE:
        return 0.0
    site = to_site(play.site)
    return policy_named(policy, site).tick_s * (len(site.stations) if policy in IN_TURN else 1)


def run(play: Play, policy: str, seed: int, how_far: HowFar, records: Sequence[Record] = ()) -> RunRecord:
    """Play the short run; `records` take down the cycles of our own control."""
    return simulate(
        play.site,
        play.house,
        play.stays,
        policy_for(policy, play.site),
        start_utc=START_UTC,
        seed=seed,
        picture_day=0,
        faults=play.breakage,
        records=records,
        progress=how_far,
    )


def without_store(play: Play, policy: str, seed: int, how_far: HowFar) -> FaultVerdict:
    """Whether control answers the load while the real recorder has no place to write to, and the recorder says so."""
    if policy != FUSEWISE:
        return not_played(play.scene.label, policy, "only Fusewise keeps a journal")
    with tempfile.TemporaryDirectory() as folder:
        in_the_way = Path(folder) / "journal"
        in_the_way.touch()
        storage = Storage(url=file_url(in_the_way / "journal.db"), bound_b=JOURNAL_B)
        with Recorder(storage, WallClock()) as recorder:
            record = run(play, policy, seed, how_far, (recorder.record,))
            said = recorder.trouble is not None
    sentence = "the journal said that nothing is written" if said else "the journal said nothing"
    seen = verdict(play.scene, record)
    return replace(
        seen,
        passed=bool(seen.passed) and said,
        sentence=f"{record.cycles} decisions without a place for the journal, and {sentence}; {seen.sentence}",
    )


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
