"""Runs one proof at a time beside the service: progress, abort, a bound on its time. Whatever befalls it, no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ems.clock import Clock
from ems.commissioning import charger_proof, loss_proof, overload_proof, sign_test
from ems.commissioning.bench import Bench
from ems.commissioning.charger_proof import ChargerProof
from ems.commissioning.errors import MeterNotTrusted, NoCar, NotCommissioned, ProofRuns, StationAway
from ems.commissioning.findings import Findings, ProofKind, SignAgainst, Verdict
from ems.commissioning.loss_proof import LossProof
from ems.commissioning.overload_proof import OverloadProof
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.sign_test import SignTest
from ems.commissioning.watch import Watch
from ems.control.seen.trust import LOST_AT_LEAST_S, LOST_PERIODS
from ems.model.decision import LimitReason
from ems.model.electrical import Phase, Wiring
from ems.model.site import Site
from ems.runtime.board import Board
from ems.runtime.dispatch import Dispatch

LOGGER: Final = logging.getLogger(__name__)

LONGEST_S: Final[dict[ProofKind, float]] = {
    ProofKind.CHARGER: charger_proof.LONGEST_S,
    ProofKind.LOSS: loss_proof.LONGEST_S,
    ProofKind.OVERLOAD: overload_proof.LONGEST_S,
    ProofKind.SIGN: sign_test.LONGEST_S,
}


class Proof(Protocol):
    """What every proof can do."""

    async def run(self) -> Findings:
        """To its end."""
        ...

    def found(self, verdict: Verdict, says: Phrase) -> Findings:
        """What was found so far, with that verdict."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which proof."""

    kind: ProofKind
    station_id: str | None = None
    circuit_id: str | None = None
    phase: Phase | None = None
    against: SignAgainst = SignAgainst.LOAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A proof that runs or ran last."""

    number: int
    wanted: Wanted
    began_utc_s: float
    began_s: float
    stage: Phrase
    done: float = 0.0
    findings: Findings | None = None

    @property
    def running(self) -> bool:
        return self.findings is None

    def remaining_s(self, now_s: float) -> float:
        """Until it ends by itself at the latest; 0 for one that is over."""
        return max(0.0, self.began_s + LONGEST_S[self.wanted.kind] - now_s) if self.running else 0.0


class Proofs:
    """Start them here. `ended` hears what each one found; `wiring` tells the house phases behind a station."""

    def __init__(
        self,
        watch: Watch,
        board: Board,
        dispatch: Dispatch,
        clock: Clock,
        *,
        report_s: float,
        ended: Callable[[Progress], None],
        wiring: Callable[[str], Wiring],
    ) -> None:
        self._watch = watch
        self._board = board
        self._dispatch = dispatch
        self._clock = clock
        self._report_s = report_s
        self._ended = ended
        self._wiring = wiring
        self._numbers = 0
        self._running: asyncio.Task[None] | None = None
        self._lent = False
        self.progress: Progress | None = None

    @property
    def is_running(self) -> bool:
        return self.progress is not None and self.progress.running

    @property
    def is_busy(self) -> bool:
        """Whether goals are those of a proof, or of a report card that tries a limit."""
        return self.is_running or self._lent

    @contextmanager
    def lent(self) -> Iterator[None]:
        """No proof begins meanwhile. Raises ProofRuns."""
        self.check_quiet()
        self._lent = True
        try:
            yield
        finally:
            self._lent = False

    def start(self, wanted: Wanted, site: Site) -> Progress:
        """Begin at once. Raises a CommissioningError where that makes no sense now."""
        self.check_quiet()
        self._check(wanted, site)
        self._numbers += 1
        self.progress = Progress(
            number=self._numbers,
            wanted=wanted,
            began_utc_s=self._clock.utc_now().timestamp(),
            began_s=self._clock.monotonic_s(),
            stage=phrase("begins"),
        )
        proof = self._proof(wanted, site)
        self._running = asyncio.create_task(self._work(proof, wanted), name=f"{wanted.kind} proof")
        return self.progress

    async def abort(self) -> Progress | None:
        """End the one that runs; gives the last one."""
        await self.close()
        return self.progress

    async def close(self) -> None:
        """End what runs, and wait until people's goals are back."""
        running = self._running
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait([running])

    async def _work(self, proof: Proof, wanted: Wanted) -> None:
        try:
            async with self._clock.timeout(LONGEST_S[wanted.kind]):
                findings = await proof.run()
        except TimeoutError:
            findings = proof.found(Verdict.UNCERTAIN, phrase("too_long"))
        except asyncio.CancelledError:
            self._end(proof.found(Verdict.ABORTED, phrase("aborted")))
            raise
        except Exception:
            # A proof that nobody foresaw must not end the house.
            LOGGER.exception("a proof failed unexpectedly; goals and messages are as before")
            findings = proof.found(Verdict.ABORTED, phrase("broken"))
        self._end(findings)

    def _end(self, findings: Findings) -> None:
        if self.progress is None:
            return
        self.progress = replace(self.progress, findings=findings, stage=findings.says, done=1.0)
        LOGGER.info("%s proof: %s", self.progress.wanted.kind, findings.says.said())
        self._ended(self.progress)

    def _tell(self, stage: Phrase, done: float) -> None:
        if self.progress is not None and self.progress.running:
            self.progress = replace(self.progress, stage=stage, done=max(self.progress.done, min(1.0, done)))

    def check_quiet(self) -> None:
        """Raises ProofRuns while goals are those of somebody else already."""
        if self.is_running:
            raise ProofRuns("a proof runs; let it end or abort it")
        if self._lent:
            raise ProofRuns("a report card tries limits; let it end")

    def _check(self, wanted: Wanted, site: Site) -> None:
        if wanted.kind is ProofKind.SIGN:
            self._check_fresh(wanted.circuit_id, site)
            return
        if not site.commissioned:
            raise NotCommissioned("state the main fuse first")
        self._check_trusted(site)
        if wanted.station_id is None:
            return
        state = self._watch.state_of(wanted.station_id)
        if not state.connected:
            raise StationAway(f"{wanted.station_id} is not connected")
        if not state.plugged:
            raise NoCar(f"no car hangs on {wanted.station_id}")

    def _check_fresh(self, circuit_id: str | None, site: Site) -> None:
        name = circuit_id or site.circuits.main.circuit_id
        sample = self._board.meters.get(name)
        period_s = site.meter_period_s.get(name, site.policy.meter_period_s)
        oldest_s = max(LOST_AT_LEAST_S, LOST_PERIODS * period_s)
        if sample is None or self._clock.monotonic_s() - sample.taken_at_s > oldest_s:
            raise MeterNotTrusted(f"the meter of {name} gives no sample")

    def _check_trusted(self, site: Site) -> None:
        self._check_fresh(site.circuits.main.circuit_id, site)
        decision = self._watch.decision
        lost = decision is None or any(
            setpoint.reason.code is LimitReason.METER_LOST for setpoint in decision.setpoints.values()
        )
        if lost:
            raise MeterNotTrusted("a meter is not trusted yet; wait a moment")

    def _proof(self, wanted: Wanted, site: Site) -> Proof:
        bench = Bench(
            self._watch,
            self._board,
            self._dispatch,
            self._clock,
            site,
            report_s=self._report_s,
            tell=self._tell,
        )
        main_id = site.circuits.main.circuit_id
        match wanted.kind:
            case ProofKind.CHARGER:
                return ChargerProof(bench, site.station(wanted.station_id or ""))
            case ProofKind.LOSS:
                name = wanted.station_id or ""
                return LossProof(bench, site.station(name), self._wiring(name))
            case ProofKind.OVERLOAD:
                return OverloadProof(bench, wanted.circuit_id or main_id, wanted.phase)
            case ProofKind.SIGN:
                return SignTest(bench, wanted.circuit_id or main_id, wanted.phase, wanted.against)
