"""A small house in memory behind the pages: three chargers on two fuses, sun, battery, and a past."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ems.api.devices import device_state
from ems.api.wire import (
    BatteryMode,
    BatteryOrders,
    BatteryState,
    BoostWish,
    CircuitState,
    ConnectorPlace,
    DeviceState,
    Energies,
    GoalState,
    GoalWish,
    ImportCap,
    ImportCapWish,
    LimitWish,
    MinimumWish,
    NoticeState,
    PhasesWish,
    Powers,
    Sentence,
    SessionState,
    SettingsWish,
    SiteCondition,
    State,
    StationPlan,
    StationState,
    StationStatus,
    TemporaryLimit,
    Today,
)
from ems.clock import WallClock
from ems.control.explain import explain
from ems.errors import EmsError
from ems.model.battery import BatteryReason
from ems.model.decision import LimitReason, Notice, NoticeCode
from ems.model.electrical import FuseDevice, Phase
from ems.model.explanation import Explanation
from ems.model.goals import ChargeMode
from ems.model.sentences import notice_phrase
from ems.model.site import Keenness
from ems.model.station import ConnectorStatus
from ems.model.words import Phrase
from ems.runtime.reads import DeviceHealth, ReadError
from tests.house import House as Bench
from tests.web.paper_past import PaperPast, because, sentence

V = 230.0
SINCE = timedelta(hours=2, minutes=13)


class UnknownStation(EmsError):
    code = "unknown_station"


class WidensInstallerLimit(EmsError):
    code = "widens_installer_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody set for one station."""

    mode: ChargeMode
    max_a: float | None = None
    min_a: float | None = None
    phases: Literal[1, 3] | None = None
    priority: int = 0
    vehicle: str | None = None
    goal: GoalState | None = None
    limit: TemporaryLimit | None = None
    boost_until: datetime | None = None


class PaperHouse(PaperPast):
    """Implements `ems.api.ports.House`; its numbers move a little with every tick."""

    def __init__(self, now: datetime | None = None) -> None:
        self.tick = 0
        self.trouble = False
        self.ages = True
        self._now = now
        self._optimising = True
        self._news = asyncio.Condition()
        self._wishes: dict[str, Wishes] = {}
        self.deeds: list[tuple[str, str, str]] = []
        self.import_cap: ImportCap | None = None
        self.strategy: Keenness | None = None
        self.afresh()
        bench = Bench().with_car("garage").with_car("carport").with_car("guest").run(seconds=60)
        self._explained = {name: explain(bench.snapshot(), bench.memory, name) for name in self._wishes}

    def afresh(self) -> None:
        """As if nobody had wished for anything."""
        self.trouble = False
        self._optimising = True
        self.import_cap = self.strategy = None
        self._wishes = {
            "garage": Wishes(mode=ChargeMode.SOLAR, vehicle="Ioniq 5", priority=1),
            "carport": Wishes(mode=ChargeMode.SOLAR, vehicle="Zoe"),
            "guest": Wishes(mode=ChargeMode.FAST),
        }
        self.deeds.clear()

    def now(self) -> datetime:
        return self._now or WallClock().utc_now()

    async def step(self) -> None:
        """One second later: something changed."""
        self.tick += 1
        async with self._news:
            self._news.notify_all()

    def state(self) -> State:
        swing = math.sin(self.tick / 7.0)
        solar_w = 7400.0 + 350.0 * swing
        garage_w = 5520.0 + 240.0 * swing if self._wishes["garage"].mode is not ChargeMode.OFF else 0.0
        home_w = 640.0 + 40.0 * math.cos(self.tick / 3.0)
        grid_w = home_w + garage_w + 1380.0 - solar_w - 300.0
        return State(
            site_id="paper",
            name="Birch Lane 7",
            version="0.1.0",
            at=self.now(),
            sequence=self.tick,
            condition=self._condition(),
            headline=self._headline(solar_w, garage_w),
            powers=Powers(
                grid_w=grid_w,
                solar_w=solar_w,
                battery_w=300.0,
                home_w=home_w,
                charging_w=garage_w + 1380.0,
                surplus_w=solar_w - home_w,
            ),
            energies=Energies(
                grid_import_kwh=4211.2,
                grid_export_kwh=6120.0,
                solar_kwh=11_290.4,
                charging_kwh=3120.7,
                charging_solar_kwh=2514.0,
                battery_charged_kwh=802.0,
                battery_discharged_kwh=711.5,
            ),
            today=Today(solar_kwh=31.4, charging_kwh=18.2, charging_solar_kwh=15.1, solar_share=0.83),
            circuits=self._circuits(swing, garage_w),
            stations=(self._garage(garage_w, solar_w), self._carport(), self._guest()),
            battery=BatteryState(
                power_w=300.0,
                soc=0.64,
                age_s=0.6,
                mode=BatteryMode.DISCHARGING,
                capacity_kwh=10.0,
                orders=BatteryOrders(
                    charge_at_most_w=None,
                    discharge_at_most_w=0.0,
                    reason=BatteryReason.CARS_FROM_GRID,
                    because=sentence(Phrase("battery.cars_from_grid")),
                    since=self.now() - timedelta(minutes=12),
                    in_force=True,
                    trouble=None,
                ),
            ),
            notices=self._notices(),
            sources=(),
            vehicles=(),
            strategy=self.strategy or Keenness.NORMAL,
            user_strategy=self.strategy,
            strategy_fixed=False,
            import_cap=self.import_cap,
            dimmed=None,
            optimising=self._optimising,
            storage_trouble=None,
        )

    def _condition(self) -> SiteCondition:
        if self.trouble:
            return SiteCondition.FALLBACK
        return SiteCondition.OPTIMISING if self._optimising else SiteCondition.PAUSED

    def _headline(self, solar_w: float, garage_w: float) -> Sentence:
        if self.trouble:
            return sentence(Phrase("headline.fallback", {"circuit": "main"}))
        if not self._optimising:
            return sentence(Phrase("headline.paused"))
        numbers = {"solar_kw": solar_w / 1000.0, "cars": 2, "charging_kw": (garage_w + 1380.0) / 1000.0}
        return sentence(Phrase("headline.sun_charging", numbers))

    def _notices(self) -> tuple[NoticeState, ...]:
        if not self.trouble:
            return ()
        notice = Notice(code=NoticeCode.HOUSE_OVERLOAD, circuit_id="main", phase=Phase.L2, current_a=27.3, limit_a=23.0)
        says = sentence(notice_phrase(notice))
        return (NoticeState(code=notice.code, circuit="main", station=None, says=says),)

    def _circuits(self, swing: float, garage_w: float) -> tuple[CircuitState, ...]:
        car_a = garage_w / V / 3.0
        house_a = (1.6 + 0.2 * swing, 6.1 + 0.6 * swing, -7.1 - 1.4 * swing)
        measured_a = (house_a[0] + car_a, house_a[1] + car_a + 6.0, house_a[2])
        main = CircuitState(
            id="main",
            fed_from=None,
            phases=("L1", "L2", "L3"),
            fuse_a=25.0,
            fuse_device=FuseDevice.MCB_B,
            usable_a=23.0,
            measured_a=measured_a,
            house_a=house_a,
            headroom_a=tuple(23.0 - amps for amps in measured_a),
            meter_age_s=42.0 if self.trouble else 0.4,
            thermal=(0.2, 0.4, 0.0),
        )
        annex = CircuitState(
            id="annex",
            fed_from="main",
            phases=("L2",),
            fuse_a=16.0,
            fuse_device=FuseDevice.MCB_C,
            usable_a=16.0,
            measured_a=(7.4 + 0.2 * swing,),
            house_a=(1.4 + 0.2 * swing,),
            headroom_a=(8.6 - 0.2 * swing,),
            meter_age_s=1.1,
            thermal=(0.1,),
        )
        return (main, annex)

    def _garage(self, power_w: float, solar_w: float) -> StationState:
        mode = self._wishes["garage"].mode
        session = SessionState(
            id="s1",
            began=self.now() - SINCE,
            energy_kwh=14.8,
            solar_kwh=12.6,
            solar_share=0.85,
            cost=1.42,
            currency="EUR",
            vehicle="Ioniq 5",
        )
        status = StationStatus.CHARGING if power_w else StationStatus.OFF
        car_a = power_w / V / 3.0
        says = because(LimitReason.SOLAR_SURPLUS, surplus_w=solar_w - 640.0)
        if mode is ChargeMode.FAST:
            says = because(LimitReason.MAIN_FUSE, phase=Phase.L2, house_a=9.2, room_a=7.8)
        return self._station("garage", "main", ("L1", "L2", "L3"), status, says).model_copy(
            update={
                "connector": ConnectorPlace(station="garage", number=1, others=("carport",)),
                "power_w": power_w,
                "current_a": (car_a, car_a, car_a),
                "limit_a": car_a + 0.4 if power_w else 0.0,
                "session": session,
                "can_switch_phases": True,
            }
        )

    def _carport(self) -> StationState:
        says = because(LimitReason.SOLAR_SURPLUS, surplus_w=1210.0, needed_w=1380.0)
        station = self._station("carport", "main", ("L2",), StationStatus.WAITING_SUN, says)
        return station.model_copy(
            update={
                "limit_a": 0.0,
                "power_w": 0.0,
                "remaining_s": 95.0 - self.tick % 60,
                "max_a": 32.0,
                "connector": ConnectorPlace(station="garage", number=2, others=("garage",)),
            }
        )

    def _guest(self) -> StationState:
        says = because(LimitReason.CIRCUIT_FUSE, circuit_id="annex", phase=Phase.L2, house_a=1.4, room_a=14.6)
        station = self._station("guest", "annex", ("L2",), StationStatus.CHARGING, says)
        session = SessionState(
            id="s3", began=self.now() - timedelta(minutes=21), energy_kwh=0.5, solar_kwh=0.1, solar_share=0.2,
            cost=None, currency=None, vehicle=None,
        )  # fmt: skip
        return station.model_copy(update={"limit_a": 6.0, "power_w": 1380.0, "current_a": (6.0,), "session": session})

    def _station(
        self, name: str, circuit: str, wired: tuple[str, ...], status: StationStatus, says: Sentence
    ) -> StationState:
        wishes = self._wishes[name]
        return StationState(
            id=name,
            circuit=circuit,
            wired=wired,
            connected=True,
            protocol="ocpp1.6",
            vendor="Paper",
            model="Box",
            firmware="1.0",
            serial="1",
            status=status,
            connector_status=ConnectorStatus.CHARGING,
            plugged=True,
            mode=wishes.mode,
            limit_a=0.0,
            phases=len(wired),
            reason=LimitReason(says.key.split(".")[1]),
            because=says,
            remaining_s=None,
            current_a=None,
            power_w=None,
            measured_age_s=1.0,
            min_a=6.0,
            max_a=16.0,
            user_max_a=wishes.max_a,
            user_min_a=wishes.min_a,
            user_phases=wishes.phases,
            fallback_a=6.0,
            can_switch_phases=False,
            priority=wishes.priority,
            vehicle=wishes.vehicle,
            guest=False,
            session=None,
            energy_kwh=1200.0,
            goal=wishes.goal,
            temporary_limit=wishes.limit,
            boost_until=wishes.boost_until,
            ignores_limit=False,
        )

    def devices(self) -> tuple[DeviceState, ...]:
        grid = DeviceHealth(
            device_id="grid",
            kind="meter",
            period_s=1.0,
            pushes=False,
            good_at_s=self.tick - 0.4,
            good=86_000 + self.tick,
            error_share=0.01,
            latency_p50_s=0.0124,
            latency_p99_s=0.0483,
            reconnects=2,
        )
        roof = DeviceHealth(
            device_id="roof",
            kind="inverter",
            period_s=5.0,
            pushes=False,
            bad=3,
            bad_in_a_row=3,
            error=ReadError(code="link_down", at_s=self.tick - 1.0),
        )
        return (device_state(grid, self.tick, circuit="main"), device_state(roof, self.tick))

    async def next_state(self, after_sequence: int) -> State:
        async with self._news:
            await self._news.wait_for(lambda: self.tick > after_sequence)
        return self.state()

    def explain(self, station_id: str) -> Explanation:
        if station_id not in self._explained:
            raise UnknownStation(f"there is no station {station_id}")
        return self._explained[station_id]

    def plan(self, station_id: str) -> StationPlan:
        return StationPlan(station=station_id, made_at=self.now(), slots=())

    def set_mode(self, station_id: str, mode: ChargeMode, *, who: str) -> None:
        self._wish(station_id, who, mode=mode)

    def set_settings(self, station_id: str, wish: SettingsWish, *, who: str) -> None:
        if wish.max_a is not None and wish.max_a > 32:
            raise WidensInstallerLimit("the installer allows less")
        self._wish(station_id, who, max_a=wish.max_a, priority=wish.priority or 0, vehicle=wish.vehicle)

    def set_phases(self, station_id: str, wish: PhasesWish, *, who: str) -> None:
        self._wish(station_id, who, phases=wish.phases)

    def set_minimum(self, station_id: str, wish: MinimumWish, *, who: str) -> None:
        self._wish(station_id, who, min_a=wish.min_a)

    def set_goal(self, station_id: str, wish: GoalWish | None, *, who: str) -> None:
        goal = None if wish is None else GoalState(energy_kwh=wish.energy_kwh, ready_by=wish.ready_by)
        self._wish(station_id, who, goal=goal)

    def set_limit(self, station_id: str, wish: LimitWish | None, *, who: str) -> None:
        limit = None
        if wish is not None:
            limit = TemporaryLimit(limit_a=wish.limit_a, until=self.now() + timedelta(seconds=wish.duration_s))
        self._wish(station_id, who, limit=limit)

    def boost(self, station_id: str, wish: BoostWish | None, *, who: str) -> None:
        until = None if wish is None else self.now() + timedelta(seconds=wish.duration_s)
        self._wish(station_id, who, boost_until=until)

    def set_guest(self, station_id: str, vehicle: str | None, *, who: str) -> None:
        self._wish(station_id, who, vehicle=vehicle)

    def set_import_cap(self, wish: ImportCapWish | None, *, who: str) -> None:
        self.import_cap = None if wish is None else ImportCap(limit_kw=wish.limit_kw, until=wish.until)
        self.deeds.append((who, "import_cap", str(wish)))

    def set_strategy(self, strategy: Keenness | None, *, who: str) -> None:
        self.strategy = strategy
        self.deeds.append((who, "strategy", str(strategy)))

    def set_optimising(self, *, optimising: bool, who: str) -> None:
        self._optimising = optimising
        self.deeds.append((who, "optimising", str(optimising)))

    def _wish(self, station_id: str, who: str, **changes: object) -> None:
        if station_id not in self._wishes:
            raise UnknownStation(f"there is no station {station_id}")
        self._wishes[station_id] = replace(self._wishes[station_id], **changes)  # type: ignore[arg-type]
        self.deeds.append((who, station_id, repr(changes)))
