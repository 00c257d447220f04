"""What people tell a house: checked, kept and noted, each wish on its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace

from ems.api import wished as said
from ems.api.errors import NoCar, StrategyFixed
from ems.api.kept_wishes import HouseWishes
from ems.api.sources import Sources
from ems.api.wire import BoostWish, GoalWish, ImportCapWish, LimitWish, MinimumWish, PhasesWish, SettingsWish
from ems.api.wishes import NO_WISHES, Wishes, bounded, import_cap, least, may_choose_phases, not_above, passing
from ems.clock import Clock
from ems.model.goals import ChargeMode
from ems.model.site import Keenness, Site, Station
from ems.model.words import Phrase


class Told(ABC):
    """The part of `ems.api.ports.House` that takes wishes."""

    _site: Site
    _clock: Clock
    _sources: Sources
    _vehicles: Mapping[str, str]
    _wishes: HouseWishes

    @abstractmethod
    def _station(self, station_id: str) -> Station:
        """Raises UnknownStation."""

    @abstractmethod
    def _has_car(self, station_id: str) -> bool:
        """Whether one may be plugged in. Raises NotYet."""

    @abstractmethod
    def _keep(self, wishes: HouseWishes) -> None:
        """From now on, and over a restart."""

    def set_mode(self, station_id: str, mode: ChargeMode, *, who: str) -> None:
        self._wish(who, said.mode(station_id, mode), station_id, replace(self._of(station_id), mode=mode))

    def set_settings(self, station_id: str, wish: SettingsWish, *, who: str) -> None:
        station = self._station(station_id)
        if wish.max_a is not None:
            bounded(station, wish.max_a)
        wishes = replace(self._of(station_id), max_a=wish.max_a, priority=wish.priority, vehicle=wish.vehicle)
        self._sources.books.name_vehicle(station_id, wishes.car or self._vehicles.get(station_id))
        self._wish(who, said.settings(station_id, wish), station_id, wishes)

    def set_phases(self, station_id: str, wish: PhasesWish, *, who: str) -> None:
        phases = None if wish.phases is None else may_choose_phases(self._station(station_id), wish.phases)
        self._wish(who, said.phases(station_id, phases), station_id, replace(self._of(station_id), phases=phases))

    def set_minimum(self, station_id: str, wish: MinimumWish, *, who: str) -> None:
        min_a = None if wish.min_a is None else least(self._station(station_id), wish.min_a)
        self._wish(who, said.minimum(station_id, min_a), station_id, replace(self._of(station_id), min_a=min_a))

    def set_goal(self, station_id: str, wish: GoalWish | None, *, who: str) -> None:
        goal = wish or GoalWish()
        wishes = replace(self._of(station_id), energy_kwh=goal.energy_kwh, ready_by=goal.ready_by)
        self._wish(who, said.goal(station_id, goal), station_id, wishes)

    def set_limit(self, station_id: str, wish: LimitWish | None, *, who: str) -> None:
        if wish is None:
            self._wish(who, said.no_limit(station_id), station_id, replace(self._of(station_id), limit=None))
            return
        limit_a = not_above(self._station(station_id), wish.limit_a)
        lasting = passing(wish.duration_s, now_s=self._clock.monotonic_s(), now=self._clock.utc_now(), limit_a=limit_a)
        noted = said.limit(station_id, limit_a, wish.duration_s)
        self._wish(who, noted, station_id, replace(self._of(station_id), limit=lasting))

    def boost(self, station_id: str, wish: BoostWish | None, *, who: str) -> None:
        if wish is None:
            self._wish(who, said.no_boost(station_id), station_id, replace(self._of(station_id), boost=None))
            return
        lasting = passing(wish.duration_s, now_s=self._clock.monotonic_s(), now=self._clock.utc_now())
        noted = said.boost(station_id, wish.duration_s)
        self._wish(who, noted, station_id, replace(self._of(station_id), boost=lasting))

    def set_guest(self, station_id: str, vehicle: str | None, *, who: str) -> None:
        wishes = replace(self._of(station_id), guest=vehicle)
        if vehicle is not None and not self._has_car(station_id):
            raise NoCar(f"no car is plugged in at {station_id}; a guest's car is named while it is there")
        self._sources.books.name_vehicle(station_id, wishes.car or self._vehicles.get(station_id))
        self._wish(who, said.guest(station_id, vehicle), station_id, wishes)

    def set_import_cap(self, wish: ImportCapWish | None, *, who: str) -> None:
        cap = None
        if wish is not None:
            now_s, now = self._clock.monotonic_s(), self._clock.utc_now()
            cap = import_cap(self._site, wish.limit_kw, wish.until, now_s=now_s, now=now)
        self._keep(replace(self._wishes, import_cap=cap))
        noted = said.no_import_cap() if wish is None else said.import_cap(wish.limit_kw, wish.until)
        self._sources.diary.note("wish", who=who, said=noted)

    def set_strategy(self, strategy: Keenness | None, *, who: str) -> None:
        if self._site.policy.keenness_fixed:
            raise StrategyFixed("the site file keeps how keen on sun the house is to itself (policy.keenness_fixed)")
        self._keep(replace(self._wishes, strategy=strategy))
        self._sources.diary.note("wish", who=who, said=said.strategy(strategy))

    def set_optimising(self, *, optimising: bool, who: str) -> None:
        self._keep(replace(self._wishes, optimising=optimising))
        self._sources.diary.note("wish", who=who, said=said.optimising(on=optimising))

    def _of(self, station_id: str) -> Wishes:
        self._station(station_id)
        return self._wishes.stations.get(station_id, NO_WISHES)

    def _wish(self, who: str, noted: Phrase, station_id: str, wishes: Wishes) -> None:
        self._keep(replace(self._wishes, stations={**self._wishes.stations, station_id: wishes}))
        self._sources.diary.note("wish", who=who, said=noted)
