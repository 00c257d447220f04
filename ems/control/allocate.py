"""Share the current: every car gets 0 or at least its minimum, under all rows at once (`control.md` §2).

Who charges is decided first (`admit`), then how much (`fill`). Up to `EXACT_UP_TO` cars every set of cars is tried;
above, cars are admitted greedily in several orders and improved by exchanges within a fixed amount of work, so that
the time is bounded and the result the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from ems.control.rows import Candidate, Row, Share
from ems.model.decision import LimitReason, Reason

EXACT_UP_TO: Final = 6
EXCHANGE_TRIES: Final = 2_000
TOLERANCE: Final = 1e-9
"""Rounding of sums, in amps or watts relative to the cap."""

Worth = tuple[float, ...]
"""How good a set of cars is; compared from the left (see `_worth`)."""


def allocate(candidates: Sequence[Candidate], rows: Sequence[Row]) -> dict[str, Share]:
    """A share for every candidate: feasible on every row, and never between 0 and the minimum."""
    table = _Table.of(candidates, rows)
    admitted = admit(table)
    currents_a, stopped_by = fill(table, admitted)
    if not table.holds(currents_a, admitted):
        currents_a = [table.candidates[i].lo_a if i in admitted else 0.0 for i in range(len(candidates))]
    return {
        candidate.station_id: Share(
            station_id=candidate.station_id,
            limit_a=currents_a[i],
            reason=stopped_by[i] if i in admitted else table.refusal(i, admitted),
        )
        for i, candidate in enumerate(candidates)
    }


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows with candidates as indexes, which is what the loops below run over."""

    candidates: tuple[Candidate, ...]
    rows: tuple[Row, ...]
    weights: tuple[tuple[tuple[int, float], ...], ...]
    """Per row: (candidate, weight)."""

    rows_of: tuple[tuple[tuple[int, float], ...], ...]
    """Per candidate: (row, weight)."""

    @classmethod
    def of(cls, candidates: Sequence[Candidate], rows: Sequence[Row]) -> _Table:
        index = {candidate.station_id: i for i, candidate in enumerate(candidates)}
        weights = tuple(
            tuple((index[station_id], weight) for station_id, weight in row.weights.items() if station_id in index)
            for row in rows
        )
        rows_of: list[list[tuple[int, float]]] = [[] for _ in candidates]
        for r, entries in enumerate(weights):
            for i, weight in entries:
                rows_of[i].append((r, weight))
        return cls(
            candidates=tuple(candidates),
            rows=tuple(rows),
            weights=weights,
            rows_of=tuple(tuple(entries) for entries in rows_of),
        )

    def caps(self, admitted: Iterable[int]) -> list[float]:
        """The cap of each row for this set of cars."""
        chosen = set(admitted)
        caps = []
        for row, entries in zip(self.rows, self.weights, strict=True):
            cap = row.cap
            if row.yields_to_must:
                owed = sum(
                    weight * self.candidates[i].lo_a for i, weight in entries if i in chosen and self.candidates[i].must
                )
                cap = max(cap, owed)
            caps.append(cap)
        return caps

    def loads(self, currents_a: Sequence[float]) -> list[float]:
        return [sum(weight * currents_a[i] for i, weight in entries) for entries in self.weights]

    def minimums_fit(self, admitted: frozenset[int]) -> bool:
        currents_a = [candidate.lo_a if i in admitted else 0.0 for i, candidate in enumerate(self.candidates)]
        return self.holds(currents_a, admitted)

    def holds(self, currents_a: Sequence[float], admitted: Iterable[int]) -> bool:
        return all(
            load <= cap + TOLERANCE * max(1.0, abs(cap)) or load == 0.0
            for load, cap in zip(self.loads(currents_a), self.caps(admitted), strict=True)
        )

    def refusal(self, i: int, admitted: frozenset[int]) -> Reason:
        """Why candidate `i` stays at 0: the row that has the least left for it."""
        alone = frozenset({i})
        reason = self._fullest_row(i, admitted | alone)
        if reason.code is LimitReason.SOLAR_SURPLUS:
            return reason
        return Reason(code=LimitReason.PRIORITY) if self.minimums_fit(alone) else self._fullest_row(i, alone)

    def _fullest_row(self, i: int, admitted: frozenset[int]) -> Reason:
        currents_a = [candidate.lo_a if j in admitted else 0.0 for j, candidate in enumerate(self.candidates)]
        loads, caps = self.loads(currents_a), self.caps(admitted)
        over = [((loads[r] - caps[r]) / max(weight, TOLERANCE), r) for r, weight in self.rows_of[i]]
        if not over:
            return Reason(code=LimitReason.NONE)
        fullest = max(over)[1]
        reason = self.rows[fullest].reason
        return replace(reason, needed_w=loads[fullest]) if reason.code is LimitReason.SOLAR_SURPLUS else reason


def admit(table: _Table) -> frozenset[int]:
    """The set of cars that charge: the most worthy one whose minimums fit all rows."""
    if len(table.candidates) <= EXACT_UP_TO:
        return _best_of_all_sets(table)
    return _greedy_with_exchanges(table)


def _best_of_all_sets(table: _Table) -> frozenset[int]:
    best: frozenset[int] = frozenset()
    best_worth = _worth(table, best)
    for pattern in product((False, True), repeat=len(table.candidates)):
        chosen = frozenset(i for i, on in enumerate(pattern) if on)
        worth = _worth(table, chosen)
        if worth > best_worth and table.minimums_fit(chosen):
            best, best_worth = chosen, worth
    return best


def _worth(table: _Table, chosen: Iterable[int]) -> Worth:
    """Cars that must charge by priority, then the others by priority; then those running, then those that waited.

    The classes come first and only count cars, so that more room can never make the best set worse in them.
    """
    members = [table.candidates[i] for i in chosen]
    priorities = sorted({candidate.priority for candidate in table.candidates}, reverse=True)
    must = tuple(float(sum(c.must and c.priority == priority for c in members)) for priority in priorities)
    may = tuple(float(sum(not c.must and c.priority == priority for c in members)) for priority in priorities)
    return (*must, *may, float(sum(c.running for c in members)), sum(c.waited_s for c in members))


def _greedy_with_exchanges(table: _Table) -> frozenset[int]:
    best = max(
        (_add_all_that_fit(table, frozenset(), order) for order in _orders(table)), key=lambda s: _worth(table, s)
    )
    tries = EXCHANGE_TRIES // max(1, len(table.candidates))
    improved = True
    while improved and tries > 0:
        improved = False
        for out in sorted(best):
            tries -= 1
            order = [i for i in _orders(table)[0] if i != out]
            trial = _add_all_that_fit(table, best - {out}, order)
            if _worth(table, trial) > _worth(table, best):
                best, improved = trial, True
                break
            if tries <= 0:
                break
    return best


def _orders(table: _Table) -> list[list[int]]:
    """Class order with three tie-breaks: lightest first, running first, longest waiting first."""

    def burden(i: int) -> float:
        candidate = table.candidates[i]
        caps = (max(table.rows[r].cap, TOLERANCE) for r, _ in table.rows_of[i])
        return sum(weight * candidate.lo_a / cap for (_, weight), cap in zip(table.rows_of[i], caps, strict=True))

    def ranked(*ties: Mapping[int, float]) -> list[int]:
        def key(i: int) -> tuple[float, ...]:
            candidate = table.candidates[i]
            return (-float(candidate.must), -float(candidate.priority), *(tie[i] for tie in ties), float(i))

        return sorted(range(len(table.candidates)), key=key)

    burdens = {i: burden(i) for i in range(len(table.candidates))}
    resting = {i: -float(c.running) for i, c in enumerate(table.candidates)}
    waiting = {i: -c.waited_s for i, c in enumerate(table.candidates)}
    return [ranked(burdens, resting, waiting), ranked(resting, burdens), ranked(waiting, burdens)]


def _add_all_that_fit(table: _Table, chosen: frozenset[int], order: Iterable[int]) -> frozenset[int]:
    for i in order:
        if i not in chosen and table.minimums_fit(chosen | {i}):
            chosen |= {i}
    return chosen


def fill(table: _Table, admitted: frozenset[int]) -> tuple[list[float], list[Reason]]:
    """Progressive filling, higher priorities first: cars rise in proportion to their maximum until a row is tight.

    Max-min fair within a priority: nobody can rise without lowering a car whose rise above its minimum, relative to its
    maximum, is no larger.
    """
    currents_a = [table.candidates[i].lo_a if i in admitted else 0.0 for i in range(len(table.candidates))]
    reasons = [candidate.hi_reason for candidate in table.candidates]
    caps = table.caps(admitted)
    for priority in sorted({table.candidates[i].priority for i in admitted}, reverse=True):
        rising = {i for i in admitted if table.candidates[i].priority == priority}
        while rising:
            rising = _rise_once(table, rising, currents_a, reasons, caps)
    return currents_a, reasons


def _rise_once(
    table: _Table, rising: set[int], currents_a: list[float], reasons: list[Reason], caps: list[float]
) -> set[int]:
    """Raise all together until the first car is full or the first row is tight; returns those that may rise on."""
    loads = table.loads(currents_a)
    slacks = {
        r: (caps[r] - loads[r]) / pull
        for r, entries in enumerate(table.weights)
        if (pull := sum(weight * table.candidates[i].hi_a for i, weight in entries if i in rising)) > 0
    }
    until_full = {i: (table.candidates[i].hi_a - currents_a[i]) / table.candidates[i].hi_a for i in rising}
    step = max(0.0, min(*slacks.values(), *until_full.values(), float("inf")))
    for i in rising:
        currents_a[i] += step * table.candidates[i].hi_a
    tight = {r for r, slack in slacks.items() if slack <= step + TOLERANCE}
    stays = set()
    for i in rising:
        binding = next((r for r, weight in table.rows_of[i] if r in tight and weight > 0), None)
        if binding is not None:
            reasons[i] = table.rows[binding].reason
        elif until_full[i] > step + TOLERANCE:
            stays.add(i)
    return stays
