"""The cars of a house: what programs report of them, what people want of them, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ems.api import wished
from ems.api.access.persons import Person
from ems.api.errors import TooMany, TooOften
from ems.api.sources import Diary, Json, Shelf
from ems.api.vehicle_goal import NO_AIM, Aim, Anchor, Car, Reached, Told, aim_of, is_stale, to_target_kwh
from ems.api.wire import SessionState, VehicleReport, VehicleState, VehicleWish
from ems.api.wire.vehicles import OLDEST_S
from ems.clock import Clock
from ems.csms.throttle import Throttle
from ems.model.words import Phrase

VEHICLES_KEY: Final = "vehicles"
MOST_VEHICLES: Final = 50
BURST: Final = 20
EVERY_S: Final = 1.0
"""For each token."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A car at its station."""

    station_id: str
    session: SessionState | None
    guest: bool = False


class _KeptCar(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    target_soc: Annotated[float, Field(gt=0, le=1)] | None = None
    minimum_soc: Annotated[float, Field(ge=0, le=1)] | None = None
    capacity_kwh: Annotated[float, Field(gt=0, le=500)] | None = None


class _KeptCars(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    cars: Annotated[dict[str, _KeptCar], Field(max_length=MOST_VEHICLES)] = Field(default_factory=dict)


class VehicleBook:
    """Settings outlive a restart; what cars told does not, since nobody knows how old it is by then."""

    def __init__(
        self,
        shelf: Shelf,
        clock: Clock,
        diary: Diary,
        *,
        capacities_kwh: Mapping[str, float | None],
        parked: Callable[[str], Parked | None],
        changed: Callable[[], None],
    ) -> None:
        """`capacities_kwh` are those of the site file's cars; `parked` says where one stands; `changed` hears news."""
        self._shelf = shelf
        self._clock = clock
        self._diary = diary
        self._parked = parked
        self._changed = changed
        self._listed = dict(capacities_kwh)
        self._cars: dict[str, Car] = {name: Car(capacity_kwh=size) for name, size in self._listed.items()}
        self._throttle = Throttle(clock, burst=BURST, every_s=EVERY_S)
        self._noted: set[tuple[str, int]] = set()
        self._reached = Reached()
        self._recall()

    @property
    def names(self) -> tuple[str, ...]:
        """Every car that somebody told of, the site file's first."""
        return tuple(self._cars)

    @property
    def heard(self) -> bool:
        """Whether the state of charge of any car was ever told."""
        return any(car.soc is not None for car in self._cars.values())

    def report(self, reports: Sequence[VehicleReport], *, by: Person) -> None:
        """Take note of what a program knows. Raises TooOften, or TooMany for one car too many."""
        if not self._throttle.allows(str(by.token_id)):
            raise TooOften(f"too many requests with reports; one every {EVERY_S:g} s", wait_s=EVERY_S)
        now = self._clock.utc_now()
        for report in reports:
            self._cars[report.vehicle] = self._after(report, by, now)
            if (report.vehicle, by.token_id) not in self._noted:
                self._noted.add((report.vehicle, by.token_id))
                self._diary.note("feed", who=by.name, said=Phrase("log.feed.vehicle", {"vehicle": report.vehicle}))
        self._changed()

    def set(self, wish: VehicleWish, *, who: str) -> None:
        """How full people want that car. Raises TooMany."""
        car = replace(self._car(wish.vehicle), target_soc=wish.target_soc, minimum_soc=wish.minimum_soc)
        self._cars[wish.vehicle] = car
        self._keep()
        self._diary.note("wish", who=who, said=wished.vehicle(wish))
        self._changed()

    def aim(self, station_id: str, name: str | None, session: SessionState | None) -> Aim:
        """What the car at that station asks for now."""
        car = None if name is None else self._cars.get(name)
        if name is None or car is None:
            return NO_AIM
        now_s = self._clock.monotonic_s()
        aim = aim_of(car, session, now_s=now_s, now=self._clock.utc_now())
        if session is None or aim.target_soc is None:
            return aim
        done = aim.reached or (aim.fresh and aim.energy_kwh is not None and session.energy_kwh >= aim.energy_kwh)
        if done:
            self._reached.note(station_id, session.id, name, aim.target_soc, now_s)
        return replace(aim, reached=self._reached.holds(station_id, session.id, name, aim.target_soc, car.soc))

    def states(self, parked: Mapping[str, Parked]) -> tuple[VehicleState, ...]:
        """Every car, as everybody sees it; `parked` are those at a station, by name."""
        now_s = self._clock.monotonic_s()
        cars = {**self._cars, **{name: Car() for name in parked if name not in self._cars}}
        return tuple(self._state(name, car, parked.get(name), now_s) for name, car in cars.items())

    def _car(self, name: str) -> Car:
        found = self._cars.get(name)
        if found is None and len(self._cars) >= MOST_VEHICLES:
            raise TooMany(f"there are {MOST_VEHICLES} cars already")
        return found or Car()

    def _after(self, report: VehicleReport, by: Person, now: datetime) -> Car:
        age_s = report.age_s
        if report.taken_at is not None:
            age_s = max(age_s, min(OLDEST_S, (now - report.taken_at).total_seconds()))
        at_s = self._clock.monotonic_s() - age_s
        car = self._car(report.vehicle)
        soc = _newer(car.soc, report.soc, at_s)
        size_kwh = self._listed.get(report.vehicle)
        return replace(
            car,
            soc=soc,
            anchor=car.anchor if soc is car.soc else self._anchor(report.vehicle),
            range_km=_newer(car.range_km, report.range_km, at_s),
            at_home=_newer(car.at_home, report.at_home, at_s),
            capacity_kwh=size_kwh or report.capacity_kwh or car.capacity_kwh,
            client=by.name,
        )

    def _anchor(self, name: str) -> Anchor | None:
        """What is in the car by now: a little more than when it told, so it is stopped late rather than early."""
        parked = self._parked(name)
        if parked is None or parked.session is None:
            return None
        return Anchor(session_id=parked.session.id, energy_kwh=parked.session.energy_kwh)

    def _state(self, name: str, car: Car, parked: Parked | None, now_s: float) -> VehicleState:
        missing_kwh = to_target_kwh(car)
        aim = NO_AIM if parked is None else self.aim(parked.station_id, name, parked.session)
        return VehicleState(
            name=name,
            station=None if parked is None else parked.station_id,
            guest=parked is not None and parked.guest,
            soc=None if car.soc is None else round(car.soc.value, 3),
            soc_age_s=_age_s(car.soc, now_s),
            soc_stale=car.soc is not None and is_stale(car.soc, now_s),
            range_km=None if car.range_km is None else car.range_km.value,
            range_age_s=_age_s(car.range_km, now_s),
            at_home=None if car.at_home is None else car.at_home.value,
            at_home_age_s=_age_s(car.at_home, now_s),
            capacity_kwh=car.capacity_kwh,
            target_soc=car.target_soc,
            minimum_soc=car.minimum_soc,
            to_target_kwh=None if missing_kwh is None else round(missing_kwh, 2),
            below_minimum=aim.below_minimum,
            client=car.client,
        )

    def _recall(self) -> None:
        kept = self._shelf.recall(VEHICLES_KEY)
        if kept is None:
            return
        try:
            cars = _KeptCars.model_validate(kept).cars
        except ValidationError:
            return
        for name, found in cars.items():
            self._cars[name] = Car(
                capacity_kwh=self._listed.get(name) or found.capacity_kwh,
                target_soc=found.target_soc,
                minimum_soc=found.minimum_soc,
            )

    def _keep(self) -> None:
        cars = {
            name: _KeptCar(target_soc=car.target_soc, minimum_soc=car.minimum_soc, capacity_kwh=car.capacity_kwh)
            for name, car in self._cars.items()
            if car.target_soc is not None or car.minimum_soc is not None
        }
        kept: Json = _KeptCars(cars=cars).model_dump(mode="json", exclude_none=True)
        self._shelf.keep(VEHICLES_KEY, kept)


def _newer(known: Told[_T] | None, value: _T | None, at_s: float) -> Told[_T] | None:
    """What counts after a report: the newer of the two."""
    if value is None or (known is not None and at_s <= known.at_s):
        return known
    return Told(value=value, at_s=at_s)


def _age_s(told: Told[_T] | None, now_s: float) -> float | None:
    """For people: tens of seconds, then minutes, so that a parked car is no news all the time."""
    if told is None:
        return None
    age_s = max(0.0, now_s - told.at_s)
    step_s = 10.0 if age_s < 60.0 else 60.0
    return round(age_s / step_s) * step_s
