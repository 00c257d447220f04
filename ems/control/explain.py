"""Why a station got its limit: one cycle worked out again and told step by step. No clock, no log, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from ems.control.cycle import Stages, work_out
from ems.control.demand import Demand, demands
from ems.control.explain_guard import guard_steps, known_only
from ems.control.goal import hurried
from ems.control.memory import Memory
from ems.control.seen.blind import without_sight
from ems.control.seen.in_force import commanded
from ems.control.seen.learn import NOTHING
from ems.control.sharing.rows import Row, Share
from ems.control.sun.patterns import best_change
from ems.control.sun.sun_cars import costs_of
from ems.control.sun.surplus import FOLLOWS_SUN
from ems.model.battery import BatteryReason, BatteryStanding
from ems.model.decision import LimitReason, Reason
from ems.model.explanation import Explanation, Stage, Step
from ems.model.goals import ChargeMode, Goal
from ems.model.site import Station
from ems.model.snapshot import Snapshot


def explain(now: Snapshot, memory: Memory, station_id: str) -> Explanation:
    """The chain to the set-point that `decide` gives this station; raises KeyError for one the site does not have."""
    stages = work_out(now, memory)
    told = _Telling(now, memory, stages, now.site.station(station_id))
    setpoint = stages.guarded.setpoints[station_id]
    return Explanation(station_id=station_id, steps=tuple(told.steps()), setpoint=setpoint)


@dataclass(frozen=True, slots=True)
class _Telling:
    """One station in one cycle."""

    now: Snapshot
    memory: Memory
    stages: Stages
    station: Station

    def steps(self) -> Iterator[Step]:
        yield from self._meters()
        if self.now.goal_of(self.station.station_id).mode in FOLLOWS_SUN:
            yield self._surplus()
        if self.now.ordered is not None and self.now.ordered.order.reason is not BatteryReason.NONE:
            yield self._battery(self.now.ordered)
        yield self._demand()
        yield from self._pattern()
        share = self.stages.shares.get(self.station.station_id)
        if share is not None:
            yield self._sharing(share)
        yield self._calm(share)
        yield from guard_steps(self.now, self.stages, self.station)

    def _meters(self) -> Iterator[Step]:
        """The meters that this station's fuses depend on, its own first."""
        seen = [
            self.stages.views[circuit.circuit_id]
            for circuit in self.now.site.circuits.above(self.station.circuit_id)
            if circuit.circuit_id in self.stages.views
        ]
        if not seen:
            yield Step(stage=Stage.METER, word="none")
        for view in seen:
            facts = known_only(age_s=view.age_s)
            if view.samples_to_go:
                facts["samples_to_go"] = float(view.samples_to_go)
            if view.good is not None:
                facts["power_w"] = view.good.power_w
            yield Step(
                stage=Stage.METER,
                reason=view.reason,
                facts=facts,
                circuit_id=view.circuit_id,
                word=view.health.name.lower(),
            )

    def _surplus(self) -> Step:
        sun, battery = self.stages.sun, self.now.battery
        facts = known_only(
            surplus_w=sun.surplus_w,
            house_w=sun.house_w,
            before_w=self.memory.surplus_w,
            export_bias_w=self.now.site.policy.export_bias_w,
            battery_w=None if battery is None else battery.power_w,
            battery_share=None if battery is None else self.now.site.policy.battery_share,
        )
        reason = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=sun.surplus_w)
        return Step(stage=Stage.SURPLUS, reason=reason, facts=facts)

    def _battery(self, ordered: BatteryStanding) -> Step:
        """What the home battery was told until now; nothing of the limit rests on it."""
        order = ordered.order
        for_s = self.now.now_s - order.since_s
        facts = known_only(
            charge_at_most_w=order.charge_at_most_w,
            discharge_at_most_w=order.discharge_at_most_w,
            for_s=for_s if isfinite(for_s) else None,
        )
        facts |= {"in_force": float(ordered.in_force), "refused": float(ordered.is_refused)}
        return Step(stage=Stage.BATTERY, facts=facts, word=order.reason)

    def _demand(self) -> Step:
        """The wish as it was before the sun's cars were weighed against each other."""
        station_id = self.station.station_id
        goal = self.now.goal_of(station_id)
        every = demands(hurried(self.now, self.stages.paces), self.stages.learned)
        wish = without_sight(every, self.stages.views, self.now, self.stages.room.unseen_a)[station_id]
        known = self.stages.learned.get(station_id, NOTHING)
        facts = {"priority": float(goal.priority), "rest_a": wish.rest_a}
        facts |= known_only(offset_a=known.offset_a or None, takes_a=known.takes_a)
        facts |= self._before_start(goal)
        if station_id in self.stages.room.unruly:
            facts["counts_as_a"] = self.station.hardware_max_a
        if wish.candidate is None:
            return Step(
                stage=Stage.DEMAND,
                reason=wish.why_not,
                limit_a=wish.rest_a,
                phases=wish.phases,
                facts=facts,
                word=goal.mode,
            )
        facts |= {"least_a": wish.candidate.lo_a, "most_a": wish.candidate.hi_a}
        return Step(
            stage=Stage.DEMAND,
            reason=wish.candidate.hi_reason,
            limit_a=wish.candidate.hi_a,
            phases=wish.phases,
            facts=facts,
            word=goal.mode,
        )

    def _before_start(self, goal: Goal) -> dict[str, float]:
        """The latest start, while the car waits for it."""
        pace = self.stages.paces.get(self.station.station_id)
        if pace is None or pace.due or goal.deadline is None or goal.mode is ChargeMode.OFF:
            return {}
        return {
            "goal_kwh": pace.energy_kwh,
            "start_utc_s": pace.latest_start_utc_s,
            "by_utc_s": pace.by_utc_s,
            "utc_offset_s": goal.deadline.utc_offset_s,
        }

    def _pattern(self) -> Iterator[Step]:
        """Nothing for a car that was not weighed."""
        plan, station_id = self.stages.plan, self.station.station_id
        car = next((car for car in plan.cars if car.station_id == station_id), None)
        if car is None:
            return
        phases = plan.regrets.of(station_id) or 0
        chosen = next((choice for choice in car.choices if choice.phases == phases and phases), None)
        facts = {"least_w": sum(plan.least_w.values())}
        if chosen is not None:
            facts |= {"needs_w": chosen.least_w, "uses_at_most_w": chosen.most_w}
        nearest = best_change(plan.cars, plan.regrets, costs_of(self.now.site.policy), station_id)
        if nearest is not None:
            facts |= {"gained_wh": nearest[0], "change_wh": nearest[1]}
        wish = self.stages.wishes[station_id]
        yield Step(
            stage=Stage.PATTERN,
            reason=self.stages.calmed[station_id].reason
            if phases == 0
            else Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=self._sun_w),
            limit_a=_wished_a(wish),
            phases=phases,
            facts=facts,
            pattern=dict(zip(plan.regrets.stations, plan.regrets.pattern, strict=True)),
        )

    @property
    def _sun_w(self) -> float | None:
        return self.stages.sun.surplus_w

    def _sharing(self, share: Share) -> Step:
        wish = self.stages.wishes[self.station.station_id]
        row = _row_of(share.reason, [*self.stages.rows, *self.stages.caps.rows])
        facts: dict[str, float] = {}
        if row is not None:
            unit = _unit(row)
            given = sum(weight * self._shared_a(name) for name, weight in row.weights.items())
            facts = {f"row_{unit}": row.cap, f"given_{unit}": given}
        return Step(
            stage=Stage.SHARING,
            reason=share.reason,
            before_a=_wished_a(wish),
            limit_a=share.limit_a,
            phases=wish.phases,
            facts=facts,
            circuit_id=share.reason.circuit_id,
            phase=share.reason.phase,
        )

    def _shared_a(self, station_id: str) -> float:
        share = self.stages.shares.get(station_id)
        return 0.0 if share is None else share.limit_a

    def _calm(self, share: Share | None) -> Step:
        """Rounded down to the station's step, or kept where the change is not worth a message."""
        calmed = self.stages.calmed[self.station.station_id]
        limit = commanded(self.now.state_of(self.station.station_id), self.now.now_s)
        facts = {"step_a": self.station.step_a, "dead_band_a": self.now.site.policy.dead_band_a}
        facts |= known_only(commanded_a=None if limit is None else limit.limit_a)
        return Step(
            stage=Stage.CALM,
            reason=calmed.reason,
            before_a=calmed.limit_a if share is None else share.limit_a,
            limit_a=calmed.limit_a,
            phases=calmed.phases,
            facts=facts,
        )


def _wished_a(wish: Demand) -> float:
    return wish.rest_a if wish.candidate is None else wish.candidate.hi_a


def _row_of(reason: Reason, rows: Sequence[Row]) -> Row | None:
    """The row that speaks with this reason; its numbers may have been completed for one car."""
    named = (reason.code, reason.circuit_id, reason.phase)
    return next(
        (row for row in rows if (row.reason.code, row.reason.circuit_id, row.reason.phase) == named),
        None,
    )


def _unit(row: Row) -> str:
    """Rows of powers count watts, those of a phase amps."""
    in_watts = row.reason.code is LimitReason.SOLAR_SURPLUS or row.reason.limit_w is not None
    return "w" if in_watts else "a"
