"""The running house behind `ems.api.ports.House`: what the loop saw and decided, and what people wish.

It sees every cycle as one of the loop's records. States are made when somebody asks, once per cycle at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Final

from ems.api.asked import Asked
from ems.api.errors import NotYet, StorageOff, StorageTrouble, UnknownStation
from ems.api.kept_wishes import WISHES_KEY, HouseWishes, found, written
from ems.api.plan import plan
from ems.api.scene import HouseName, Scene
from ems.api.sources import Archive, MemoryShelf, Shelf, Sources
from ems.api.told import Told
from ems.api.vehicle_book import Parked, VehicleBook
from ems.api.view import build_state, car_power_w
from ems.api.wire import DeviceState, State, StationPlan
from ems.api.wishes import NO_WISHES, Wishes, goal_of, still_wished
from ems.clock import Clock
from ems.control.cycle import Turn
from ems.control.explain import explain
from ems.control.memory import Memory
from ems.model.explanation import Explanation
from ems.model.site import Site, Station
from ems.model.snapshot import Snapshot
from ems.runtime.board import Board


@dataclass(frozen=True, slots=True)
class _Cycle:
    look: Snapshot
    before: Memory
    turn: Turn


class LiveHouse(Asked, Told):
    """Implements `House`; give `record` to the loop."""

    def __init__(
        self,
        board: Board,
        site: Site,
        clock: Clock,
        name: HouseName,
        *,
        sources: Sources | None = None,
        vehicles: Mapping[str, str] | None = None,
        known_vehicles: Mapping[str, float | None] | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """`vehicles` are those of the site file by station; `known_vehicles` all that it names, with the size of
        their batteries in kWh; `zone` is the house's."""
        self._board = board
        self._clock = clock
        self._name = name
        self._sources = sources or Sources()
        self._shelf: Shelf = self._sources.shelf or MemoryShelf()
        self._vehicles = dict(vehicles or {})
        self._known_vehicles = tuple(known_vehicles or {})
        self._site = site
        self._zone = zone
        kept = found(self._shelf.recall(WISHES_KEY), site, now_s=clock.monotonic_s(), now=clock.utc_now())
        self._wishes = kept or HouseWishes()
        self._cycle: _Cycle | None = None
        self._state: State | None = None
        self._sequence = 0
        self._news = asyncio.Event()
        self.cars: Final = VehicleBook(
            self._shelf,
            clock,
            self._sources.diary,
            capacities_kwh=known_vehicles or {},
            parked=lambda name: self._parked().get(name),
            changed=self._heard_of_cars,
        )
        self._tell_board()
        for station_id, wishes in self._wishes.stations.items():
            if wishes.car is not None:
                self._sources.books.name_vehicle(station_id, wishes.car)

    # What the loop tells.

    def record(self, look: Snapshot, before: Memory, turn: Turn) -> None:
        """One cycle; returns at once."""
        self._cycle = _Cycle(look, before, turn)
        self._site = look.site
        self._end_wishes(look)
        self._tell_board()
        self._changed()

    @property
    def cycle_at_s(self) -> float | None:
        """When the last decision was made, monotonic; None before the first."""
        return None if self._cycle is None else self._cycle.look.now_s

    # What people see.

    def state(self) -> State:
        """The newest one. Raises NotYet before the first cycle."""
        if self._state is None:
            self._sequence += 1
            self._state = build_state(self._scene())
        return self._state

    def devices(self) -> tuple[DeviceState, ...]:
        """How well each is read, as of now."""
        return self._sources.gauges.devices()

    async def next_state(self, after_sequence: int) -> State:
        """The newest one as soon as it is newer than that."""
        while True:
            news = self._news
            if self._cycle is not None:
                state = self.state()
                # A client from before a restart may have seen a higher number.
                if state.sequence > after_sequence or after_sequence > self._sequence:
                    return state
            await news.wait()

    def explain(self, station_id: str) -> Explanation:
        """How the present set-point of that station came about."""
        self._station(station_id)
        cycle = self._newest()
        return explain(cycle.look, cycle.before, station_id)

    def plan(self, station_id: str) -> StationPlan:
        """What is ahead at that station."""
        self._station(station_id)
        scene = self._scene()
        return plan(scene, station_id, car_power_w(scene.look, station_id))

    async def vehicles(self) -> Sequence[str]:
        """Cars that the site file names, then those that people or sessions name."""
        wished = [wishes.vehicle for wishes in self._wishes.stations.values() if wishes.vehicle is not None]
        wished += self.cars.names
        try:
            counted = await self._sources.archive.vehicles()
        except (StorageOff, StorageTrouble):
            counted = ()
        return list(dict.fromkeys((*self._known_vehicles, *wished, *counted)))

    def _keep(self, wishes: HouseWishes) -> None:
        kept = written(wishes)  # before anything changes: what cannot be written is no wish
        self._wishes = wishes
        self._shelf.keep(WISHES_KEY, kept)
        self._tell_board()
        self._changed()

    def _end_wishes(self, look: Snapshot) -> None:
        """Drop what is over."""
        left: dict[str, Wishes] = {}
        for station_id, wishes in self._wishes.stations.items():
            plugged = self._is_plugged(station_id, look)
            kept = left[station_id] = still_wished(wishes, now_s=look.now_s, plugged=plugged)
            if kept.car != wishes.car:
                self._sources.books.name_vehicle(station_id, kept.car or self._vehicles.get(station_id))
        cap = self._wishes.import_cap
        cap = None if cap is not None and look.now_s >= cap.ends_at_s else cap
        if left != self._wishes.stations or cap != self._wishes.import_cap:
            self._wishes = replace(self._wishes, stations=left, import_cap=cap)
            self._shelf.keep(WISHES_KEY, written(self._wishes))

    def _has_car(self, station_id: str) -> bool:
        return self._is_plugged(station_id, self._newest().look)

    def _is_plugged(self, station_id: str, look: Snapshot) -> bool:
        """A station that nobody has heard from yet may well have its car."""
        state = look.state_of(station_id)
        return state.plugged or not state.connected or state.status is None

    def _car_at(self, station_id: str) -> str | None:
        return self._wishes.stations.get(station_id, NO_WISHES).car or self._vehicles.get(station_id)

    def _parked(self) -> dict[str, Parked]:
        """Where cars are taken to stand: each at the first station that names it."""
        sessions, parked = self._sources.books.counted().sessions, dict[str, Parked]()
        for station in self._site.stations:
            station_id = station.station_id
            name, wishes = self._car_at(station_id), self._wishes.stations.get(station_id, NO_WISHES)
            if name is not None and name not in parked:
                guest = wishes.guest is not None
                parked[name] = Parked(station_id=station_id, session=sessions.get(station_id), guest=guest)
        return parked

    def _heard_of_cars(self) -> None:
        self._tell_board()
        self._changed()

    def _tell_board(self) -> None:
        """Hand control the goals that are new, the bound of the import, and how keen on sun it is."""
        self._board.set_keenness(self._wishes.strategy)
        cap = self._wishes.import_cap
        self._board.set_import_cap(None if cap is None or cap.limit_kw is None else cap.limit_kw * 1000.0)
        sessions = self._sources.books.counted().sessions if self.cars.heard else {}
        for station in self._site.stations:
            own = self._wishes.stations.get(station.station_id, NO_WISHES)
            aim = self.cars.aim(station.station_id, self._car_at(station.station_id), sessions.get(station.station_id))
            wishes = aim.on(own)
            in_car_kwh = self._sources.books.session_kwh(station.station_id) if wishes.has_goal else None
            optimising, zone = self._wishes.optimising, self._zone
            goal = goal_of(station, wishes, session_kwh=in_car_kwh, optimising=optimising, zone=zone)
            if optimising:
                goal = aim.under(goal, own)
            if goal != self._board.goal_of(station.station_id):
                self._board.set_goal(station.station_id, goal)

    def _changed(self) -> None:
        self._state = None
        news, self._news = self._news, asyncio.Event()
        news.set()

    @property
    def _archive(self) -> Archive:
        return self._sources.archive

    def _scene(self) -> Scene:
        cycle = self._newest()
        return Scene(
            house=self._name,
            look=cycle.look,
            decision=cycle.turn.decision,
            memory=cycle.turn.memory,
            at=self._clock.utc_now(),
            sequence=self._sequence,
            counted=self._sources.books.counted(),
            facts=self._sources.directory.facts(),
            vehicles=self._vehicles,
            wishes=self._wishes.stations,
            sources=self._sources.feeds.sources(),
            cars=self.cars.states(self._parked()),
            battery=None if self._sources.battery is None else self._sources.battery.standing,
            battery_kwh=self._sources.battery_kwh,
            import_cap=self._wishes.import_cap,
            strategy=self._wishes.strategy or self._board.site.policy.keenness,
            user_strategy=self._wishes.strategy,
            optimising=self._wishes.optimising,
            storage_trouble=self._sources.archive.trouble,
        )

    def _newest(self) -> _Cycle:
        if self._cycle is None:
            raise NotYet("the service has just started and nothing was decided yet; ask again in a second")
        return self._cycle

    def _station(self, station_id: str) -> Station:
        if all(station.station_id != station_id for station in self._site.stations):
            raise UnknownStation(station_id)
        return self._site.station(station_id)
