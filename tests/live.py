"""A live house for tests of API and pages: control really decides, on a simulated house that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ems.api.feed import Feed
from ems.api.kept_words import facts_of, log_says
from ems.api.live import LiveHouse
from ems.api.scene import Counted, HouseName, StationFacts
from ems.api.sources import Archive, MemoryShelf, NoArchive, Sources
from ems.api.wire import SessionState, State, StationState
from ems.clock import VirtualClock
from ems.control.cycle import Turn
from ems.control.memory import Memory
from ems.devices.pushed import Inlet
from ems.model.electrical import Phase
from ems.model.readings import SolarReading
from ems.model.snapshot import Snapshot
from ems.model.words import Phrase
from ems.runtime.board import Board
from tests.house import House

NAME = HouseName(site_id="0123456789abcdef", name="Sunny house", version="1.2.3")


class HandClock(VirtualClock):
    """Time that a test moves by hand, on a real event loop: who sleeps wakes when it has come so far."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    @property
    def sleeps(self) -> bool:
        """Whether anybody waits for time to pass."""
        return bool(self._sleepers)

    async def sleep(self, delay_s: float) -> None:
        waking = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.monotonic_s() + delay_s, waking))
        await waking

    def advance(self, by_s: float) -> None:
        super().advance(by_s)
        due = [sleeper for sleeper in self._sleepers if sleeper[0] <= self.monotonic_s()]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper not in due]
        for _, waking in due:
            if not waking.done():
                waking.set_result(None)


@dataclass
class Ledger:
    """What was counted, as a test says."""

    sessions: dict[str, SessionState] = field(default_factory=dict)
    vehicles: dict[str, str | None] = field(default_factory=dict)

    def counted(self) -> Counted:
        return Counted(sessions=self.sessions)

    def session_kwh(self, station_id: str) -> float | None:
        return self.sessions[station_id].energy_kwh if station_id in self.sessions else None

    def name_vehicle(self, station_id: str, vehicle: str | None) -> None:
        self.vehicles[station_id] = vehicle

    def charged(self, station_id: str, kwh: float) -> None:
        self.sessions[station_id] = session(kwh)


def session(kwh: float, *, solar_kwh: float = 0.0) -> SessionState:
    return SessionState(
        id="s1",
        began=datetime.fromisoformat("2026-06-21T09:00:00+00:00"),
        energy_kwh=kwh,
        solar_kwh=solar_kwh,
        solar_share=solar_kwh / kwh if kwh else None,
        cost=None,
        currency=None,
        vehicle=None,
    )


@dataclass
class Directory:
    """Who the stations are."""

    told: Mapping[str, StationFacts] = field(default_factory=dict)

    def facts(self) -> Mapping[str, StationFacts]:
        return self.told


@dataclass
class Diary:
    """What was noted."""

    notes: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, kind: str, *, who: str, said: Phrase) -> None:
        assert log_says(kind, facts_of(said)) is not None, said.key
        self.notes.append((kind, who, said.said()))


@dataclass
class WatchedHouse(House):
    """Tells somebody of every cycle, and follows the goals of a board."""

    board: Board | None = None
    record: Callable[[Snapshot, Memory, Turn], None] | None = None

    def snapshot(self) -> Snapshot:
        look = super().snapshot()
        goals = {} if self.board is None else {s.station_id: self.board.goal_of(s.station_id) for s in self.stations}
        cap_w = None if self.board is None else self.board.import_cap_w
        site = look.site if self.board is None else look.site.with_keenness(self.board.keenness)
        sun = SolarReading(power_w=self.sun_w, taken_at_s=self.now_s)
        return replace(look, site=site, goals=goals, import_cap_w=cap_w, solar=sun)

    def _decide(self) -> None:
        look, before = self.snapshot(), self.memory
        super()._decide()
        assert self.decision is not None
        if self.record is not None:
            self.record(look, before, Turn(self.decision, self.memory))


def sunny_house(sun_w: float = 6000.0) -> WatchedHouse:
    """3 x 25 A; a car on three phases in the garage, one on L2 in the carport."""
    house = WatchedHouse(sun_w=sun_w)
    house.with_car("garage").with_car("carport", wiring=(Phase.L2,), car_phases=1, fallback_a=0.0)
    return house


class LiveBench:
    """A house, its board, and a live house that sees every cycle; `run` moves the time."""

    def __init__(
        self,
        house: WatchedHouse | None = None,
        *,
        shelf: MemoryShelf | None = None,
        archive: Archive | None = None,
        inlets: Callable[[HandClock], Mapping[str, Inlet]] | None = None,
    ) -> None:
        self.clock = HandClock()
        self.archive: Archive = archive or NoArchive()
        self.shelf = shelf or MemoryShelf()
        self.ledger, self.directory, self.diary = Ledger(), Directory(), Diary()
        self.house = house or sunny_house()
        self.clock.advance(self.house.now_s - self.clock.monotonic_s())
        self.inlets = {} if inlets is None else inlets(self.clock)
        self.feed = Feed(self.inlets, self.clock, self.diary, circuits={"grid": "main"})
        self.live = self.started()

    def started(self) -> LiveHouse:
        """The service anew, over what the shelf kept."""
        board = Board(self.house.site, self.clock)
        self.live = LiveHouse(
            board,
            self.house.site,
            self.clock,
            NAME,
            sources=Sources(
                books=self.ledger,
                directory=self.directory,
                archive=self.archive,
                shelf=self.shelf,
                diary=self.diary,
                feeds=self.feed,
            ),
            vehicles={"garage": "family"},
            known_vehicles={"family": 60.0, "city": None},
        )
        self.house.board, self.house.record = board, self.live.record
        return self.live

    def run(self, seconds: float) -> State:
        """Let the house live so long; the state then."""
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            self.house.step()
        return self.live.state()

    def skip(self, seconds: float) -> State:
        """So much later, without a look in between but the last."""
        self.clock.advance(seconds - 1.0)
        self.house.now_s += seconds - 1.0
        return self.run(2)

    def station(self, station_id: str) -> StationState:
        """As everybody sees it."""
        return next(each for each in self.live.state().stations if each.id == station_id)
