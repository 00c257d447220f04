"""Makes report cards beside the service, one station at a time for steps; the last one of each is at hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ems.clock import Clock
from ems.commissioning.errors import CardRuns, NoCar, NoReportCard, NotCommissioned, ProofRuns, StationAway
from ems.commissioning.findings import LossFindings
from ems.commissioning.phrases import Phrase, phrase
from ems.commissioning.report_card.asker import Asker
from ems.commissioning.report_card.card import report_card
from ems.commissioning.report_card.facts import Answers, CardFacts, Trial
from ems.commissioning.report_card.findings import ReportCard
from ems.commissioning.report_card.seeing import answer_times_s, count, seen_now
from ems.commissioning.report_card.trying import LONGEST_S, LoweringBench, Steps
from ems.commissioning.standing import Standing
from ems.csms.station import Station
from ems.model.station import SendOutcome

LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWanted:
    """What to do for a card."""

    station_id: str
    steps: bool = False
    """Try a small step down from what control decided; for an installer alone."""

    pause: bool = False
    """And a pause after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProgress:
    """The card of one station, and whether a newer one is being made."""

    wanted: CardWanted
    running: bool
    stage: Phrase
    card: ReportCard | None = None
    """The last one that was finished."""


class ReportCards:
    """The desk has one; `close` it at the end."""

    def __init__(self, standing: Standing, clock: Clock) -> None:
        self._standing = standing
        self._clock = clock
        self._progress: dict[str, CardProgress] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.finished: Callable[[ReportCard], None] = lambda _card: None
        """Hears of every card that is finished; returns at once."""

    def progress(self, station_id: str) -> CardProgress:
        """Raises NoSuchStation or NoReportCard."""
        self._standing.entry(station_id)
        known = self._progress.get(station_id)
        if known is None:
            raise NoReportCard(f"nobody asked for a report card of {station_id} yet")
        return known

    def last(self, station_id: str) -> ReportCard:
        """The last one that was finished. Raises NoSuchStation or NoReportCard."""
        card = self.progress(station_id).card
        if card is None:
            raise NoReportCard(f"the first report card of {station_id} is still being made")
        return card

    def start(self, wanted: CardWanted) -> CardProgress:
        """Begin at once. Raises a CommissioningError where that makes no sense now."""
        station_id = wanted.station_id
        self._standing.entry(station_id)
        before = self._progress.get(station_id)
        if before is not None and before.running:
            raise CardRuns(f"the report card of {station_id} is being made already")
        self._check(wanted)
        progress = CardProgress(
            wanted=wanted,
            running=True,
            stage=phrase("card.asks", station=station_id),
            card=None if before is None else before.card,
        )
        self._progress[station_id] = progress
        self._tasks[station_id] = asyncio.create_task(self._work(wanted), name=f"report card of {station_id}")
        return progress

    async def abort(self, station_id: str) -> CardProgress:
        """End what runs for that station; goals are as before. Raises as `progress`."""
        known = self.progress(station_id)
        task = self._tasks.get(station_id)
        if known.running and task is not None:
            task.cancel()
            await asyncio.wait([task])
        return self.progress(station_id)

    async def close(self) -> None:
        """End what runs, and wait until people's goals are back."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _check(self, wanted: CardWanted) -> None:
        state = self._standing.parts.watch.state_of(wanted.station_id)
        if not state.connected:
            raise StationAway(f"{wanted.station_id} is not connected")
        if not (wanted.steps or wanted.pause):
            return
        if not self._standing.site.commissioned:
            raise NotCommissioned("state the main fuse first")
        if not state.plugged:
            raise NoCar(f"no car hangs on {wanted.station_id}")
        self._standing.parts.proofs.check_quiet()

    async def _work(self, wanted: CardWanted) -> None:
        station_id = wanted.station_id
        ended = phrase("card.broken", station=station_id)
        try:
            answers = await Asker(self._station(station_id), self._clock).ask()
            trial = await self._tried(wanted) if wanted.steps or wanted.pause else None
            card = report_card(self._facts(station_id, answers, trial))
            ended = phrase("card.done", station=station_id)
            self._progress[station_id] = replace(self._progress[station_id], card=card)
            self.finished(card)
        except asyncio.CancelledError:
            ended = phrase("aborted")
            raise
        except Exception:
            # A station that nobody foresaw must not end the house.
            LOGGER.exception("the report card of %s failed; nothing was changed", station_id)
        finally:
            self._progress[station_id] = replace(self._progress[station_id], running=False, stage=ended)

    async def _tried(self, wanted: CardWanted) -> Trial:
        standing, parts = self._standing, self._standing.parts
        station = standing.site.station(wanted.station_id)
        bench = LoweringBench(
            parts.watch,
            parts.board,
            parts.dispatch,
            self._clock,
            standing.site,
            report_s=standing.base.csms.meter_values_s,
            tell=lambda stage, _done: self._tell(wanted.station_id, stage),
        )
        steps = Steps(bench, station, standing.wiring_of(wanted.station_id))
        try:
            with parts.proofs.lent():
                async with self._clock.timeout(LONGEST_S):
                    return await steps.run(pause=wanted.pause)
        except ProofRuns:
            return Trial(trouble=phrase("card.busy"))
        except TimeoutError:
            return replace(steps.trial, trouble=phrase("too_long"))

    def _tell(self, station_id: str, stage: Phrase) -> None:
        self._progress[station_id] = replace(self._progress[station_id], stage=stage)

    def _station(self, station_id: str) -> Station:
        return self._standing.parts.central_system.links[station_id]

    def _facts(self, station_id: str, answers: Answers, trial: Trial | None) -> CardFacts:
        standing, station = self._standing, self._station(station_id)
        entry, known, heard = standing.entry(station_id), station.known, station.connector.heard
        watch = standing.parts.watch
        state, now_s = watch.state_of(station_id), self._clock.monotonic_s()
        learned, record = known.learned, standing.kept.record
        loss: LossFindings | None = record.loss.get(station_id)
        accepted = state.accepted
        return CardFacts(
            station_id=station_id,
            utc_s=self._clock.utc_now().timestamp(),
            protocol=state.protocol,
            boot=station.boot if known.kind is None else known.kind.boot,
            match=known.match,
            can=station.limits.can,
            way=station.limits.way,
            obeyed_way=None if learned is None else learned.obeyed,
            ignored_ways=0 if learned is None else len(learned.ignored),
            profiles_held=station.limits.installed,
            limit_a=None if accepted is None else accepted.limit_a,
            session=state.in_transaction,
            measurands=heard.measurands,
            interval_s=heard.interval_s,
            interval_wanted_s=known.pace.meter_values_s,
            answers=answers,
            seen=seen_now(state, watch.trace.readings(station_id, float("-inf")), now_s),
            trial=trial,
            charger=record.charger.get(station_id),
            loss=loss,
            lease_verified=entry.lease_verified,
            fallback_a=entry.fallback_a,
            lease_s=standing.file.policy.lease_s,
            skew_s=station.station_clock.skew_s if state.connected else None,
            clock_unset=station.station_clock.is_unset,
            limit_answers_s=answer_times_s(state),
            rejected_limits=count(state, SendOutcome.REJECTED),
            unanswered_limits=count(state, SendOutcome.UNANSWERED),
            refused_reports=dict(station.standing.refused_reports),
        )
