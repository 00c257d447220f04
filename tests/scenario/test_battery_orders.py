"""The service as a process, and a house whose battery it holds: who ends the hold, and when nobody does."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ems.config.schema import SiteFile
from ems.model.battery import BatteryReason
from ems.model.electrical import PerPhase
from ems.sim.demo import Demo, played
from ems.sim.world import BatterySample
from tests.scenario.stage import Stage, elsewhere, staged

SPEED = 5.0
FORGETS_S = 60.0
"""The revert timer that goes into the battery."""

PATIENT = {"host": "127.0.0.1", "timeout_s": 20}
"""On a fast clock a slow machine answers late."""

Bounds = tuple[float | None, float | None]
HELD: Bounds = (None, 0.0)
FREE: Bounds = (None, None)

HOUSE = SiteFile.model_validate(
    {
        "connection": {"main_fuse_a": 32, "largest_other_load_a": 5},
        "meters": [
            {"id": "grid", "profile": "eastron_sdm630", "modbus": {"host": "127.0.0.1", "port": 5020, "timeout_s": 20}}
        ],
        "battery": {
            "id": "cellar",
            "profile": "fronius",
            "modbus": PATIENT | {"port": 5021},
            "wired": ["L1", "L2", "L3"],
            "control": {"hold": True},
        },
        "stations": [{"id": "garage", "max_a": 16, "fallback_a": 6, "lease_verified": True, "mode": "fast"}],
        "policy": {"min_on_s": 10, "min_off_s": 10},
        "csms": {"meter_values_s": 5},
        "api": {"enabled": False},
        "simulation": {
            "house_w": 400,
            "cars": [{"station": "garage", "phases": 3, "max_a": 16}],
            "battery": {"capacity_kwh": 10, "max_w": 3000, "soc": 0.6},
        },
    }
)


@dataclass
class Cellar:
    """The battery of a house that is played, and what was written to it."""

    demo: Demo
    written: list[Bounds] = field(default_factory=list)

    @property
    def now(self) -> BatterySample:
        self.demo.house.world.advance_to(self.demo.clock.monotonic_s())
        battery = self.demo.house.world.battery()
        assert battery is not None
        return battery

    @property
    def order(self) -> dict[str, object]:
        """What the service says of it."""
        battery = self.demo.told.decision.get("battery") or {}
        order = battery.get("order") or {}
        assert isinstance(order, dict)
        return order

    async def until(self, happened: Callable[[], bool]) -> None:
        async with self.demo.clock.timeout(600.0):
            while not happened():
                await self.demo.clock.sleep(0.5)

    async def until_held(self) -> None:
        await self.until(lambda: self.order.get("reason") == "fast_car" and bool(self.order.get("in_force")))
        assert self.now.held
        assert self.written[-1] == HELD


@asynccontextmanager
async def cellar() -> AsyncIterator[Cellar]:
    async with played(elsewhere(HOUSE), speed=SPEED) as demo:
        found, bound = Cellar(demo), demo.house.world.bound_battery

        def noted(*, charge_at_most_w: float | None, discharge_at_most_w: float | None, lasts_s: float) -> None:
            found.written.append((charge_at_most_w, discharge_at_most_w))
            bound(charge_at_most_w=charge_at_most_w, discharge_at_most_w=discharge_at_most_w, lasts_s=lasts_s)

        demo.house.world.bound_battery = noted  # type: ignore[method-assign] # to look over its shoulder
        await found.until_held()
        yield found


async def test_the_grid_gives_for_a_fast_car_and_the_battery_is_let_go_when_the_service_is_told_to_end() -> None:
    async with cellar() as battery:
        assert battery.now.power_w <= 0.0
        assert battery.demo.house.world.circuit("main").power_w.total > 1000.0

        await battery.demo.end()

        assert battery.written[-1] == FREE
        assert not battery.now.held


async def test_a_hold_ends_by_itself_after_the_service_was_killed() -> None:
    async with cellar() as battery:
        os.kill(battery.demo.service.pid, signal.SIGKILL)
        await battery.demo.service.wait()
        written = list(battery.written)

        # Nothing but time passes, and that of the house is its own.
        battery.demo.house.world.advance_to(battery.demo.clock.monotonic_s() + FORGETS_S)
        left = battery.demo.house.world.battery()

        assert left is not None
        assert not left.held
        assert battery.written == written
        assert FREE not in written[written.index(HELD) :]


async def test_a_fuse_that_needs_the_battery_has_it_back_at_once() -> None:
    async with staged(HOUSE, speed=SPEED) as stage:
        await stage.until(lambda: reason_of(stage) is BatteryReason.FAST_CAR and is_held(stage), within_s=600)

        stage.house.world.switched_a = PerPhase(18.0, 18.0, 18.0)
        await stage.until(lambda: reason_of(stage) is BatteryReason.FUSE_NEEDS_IT and not is_held(stage), within_s=600)


def reason_of(stage: Stage) -> BatteryReason | None:
    """Why the battery is ordered what it is, as the service last saw it."""
    ordered = stage.seen.ordered if stage.looks else None
    return None if ordered is None else ordered.order.reason


def is_held(stage: Stage) -> bool:
    battery = stage.house.world.battery()
    return battery is not None and battery.held
