"""Who hangs on which cable since when, and what they drew.

A session is one stay of a car on the cable, however often it pauses. Nobody who is silent has left: it ends when the
station says that no car is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ems.model.site import Site
from ems.model.snapshot import Snapshot
from ems.model.station import StationState
from ems.model.transaction import Transaction
from ems.runtime.afterwards import PastStays, completed, session_of
from ems.runtime.powers import Powers
from ems.runtime.recent_sun import RecentSun
from ems.runtime.station_energy import Drawn, StationEnergy
from ems.runtime.terms import Terms
from ems.store.entries import SessionEntry, SessionState, StationBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A running session."""

    session_id: str
    vehicle: str | None
    began_utc_s: float
    energy_kwh: float
    solar_kwh: float
    cost: float | None
    """None without a tariff."""

    currency: str | None


class Stays:
    """The sessions of all stations, and the energies that they are cut from."""

    def __init__(self, site: Site, terms: Terms, kept: Mapping[str, StationBook]) -> None:
        """`kept` is what an earlier run counted."""
        self._terms = terms
        self._ended: list[SessionEntry] = []
        self._vehicles: dict[str, str | None] = dict(terms.vehicles)
        self._sessions: dict[str, SessionState] = {}
        self._energies: dict[str, StationEnergy] = {}
        self._past: dict[str, PastStays] = {}
        self._away: dict[str, float] = {}
        """Stations that were away since their register was heard, and when they were last there."""

        here = {station.station_id for station in site.stations}
        for station_id in here:
            book = kept.get(station_id)
            self._past[station_id] = PastStays()
            self._energies[station_id] = StationEnergy(book or StationBook(), blind=book is not None)
            if book is not None and book.session is not None:
                self._sessions[station_id] = book.session
        self._elsewhere = {name: book for name, book in kept.items() if name not in here}
        """Stations that the site file no longer names."""

    def draw(self, look: Snapshot, powers: Powers, utc_s: float, seconds: float | None) -> dict[str, Drawn]:
        """What each station drew since the last look; with `seconds` unknown, what its register says alone."""
        drawn = {}
        for station_id, energy in self._energies.items():
            power_w = None if seconds is None else powers.stations_w.get(station_id)
            flown = energy.flow(power_w, powers.solar_part, seconds or 0.0)
            told = self._heard(station_id, look.state_of(station_id), utc_s)
            drawn[station_id] = Drawn(
                wh=flown.wh + told.wh, solar_wh=flown.solar_wh + told.solar_wh, seen=told.seen or told.wh == 0.0
            )
        return drawn

    def follow(self, look: Snapshot, utc_s: float) -> bool:
        """Begin and end sessions as cars come and go; whether any did."""
        changed = False
        for station_id in self._energies:
            state, session = look.state_of(station_id), self._sessions.get(station_id)
            if session is None and state.plugged:
                self._sessions[station_id] = self._begun(station_id, utc_s)
                changed = True
            elif session is not None and _has_left(state):
                self._ended.append(self._entry(station_id, session, ended_utc_s=utc_s))
                self._past[station_id].add(session.session_id, session.began_utc_s, utc_s)
                del self._sessions[station_id]
                changed = True
        return changed

    def told(self, transaction: Transaction, sun: RecentSun) -> bool:
        """What a station told of one of its transactions; whether the books change by it.

        A stay of a car that we saw covers what was charged in it, however late it is told. What no stay covers, since
        the station was away, is a session of its own.
        """
        station_id = transaction.station_id
        past, session = self._past.get(station_id), self._sessions.get(station_id)
        if past is None:
            return False
        if session is not None and transaction.live:
            self._sessions[station_id] = completed(
                session, transaction, self._energies[station_id], sun, not_before_utc_s=past.last_left_utc_s()
            )
            return self._sessions[station_id] != session
        ended_utc_s = transaction.ended_utc_s
        here = session is not None and ended_utc_s is not None and ended_utc_s > session.began_utc_s
        if transaction.live or ended_utc_s is None or here or past.covers(transaction):
            return False
        self._ended.append(session_of(transaction, self._terms, sun, self._vehicles.get(station_id)))
        past.add(transaction.key, transaction.began_utc_s, ended_utc_s)
        return True

    def running(self, station_id: str) -> Stay | None:
        """The session of that station; None while no car is there."""
        session = self._sessions.get(station_id)
        if session is None:
            return None
        entry = self._entry(station_id, session)
        return Stay(
            session_id=session.session_id,
            vehicle=session.vehicle,
            began_utc_s=session.began_utc_s,
            energy_kwh=entry.energy_kwh,
            solar_kwh=entry.solar_kwh,
            cost=entry.cost,
            currency=entry.currency,
        )

    def entries(self) -> tuple[SessionEntry, ...]:
        """Those that ended since this was asked last, and those that run."""
        ended, self._ended = self._ended, []
        return (*ended, *(self._entry(station_id, session) for station_id, session in self._sessions.items()))

    def counted_wh(self, station_id: str) -> float:
        """Lifetime energy of that station."""
        energy = self._energies.get(station_id)
        return 0.0 if energy is None else energy.counted_wh

    def name_vehicle(self, station_id: str, vehicle: str | None) -> None:
        """Which car hangs there, now and from now on."""
        self._vehicles[station_id] = vehicle
        if station_id in self._sessions:
            self._sessions[station_id] = replace(self._sessions[station_id], vehicle=vehicle)

    def books(self) -> dict[str, StationBook]:
        """All that the next run goes on from."""
        here = {
            station_id: replace(energy.book(), session=self._sessions.get(station_id))
            for station_id, energy in self._energies.items()
        }
        return self._elsewhere | here

    def go_on(self, earlier: Mapping[str, StationBook]) -> None:
        """Count on from where an earlier run stood; a session that runs here has begun anew."""
        for station_id, book in earlier.items():
            if station_id not in self._energies:
                self._elsewhere[station_id] = book
                continue
            self._energies[station_id].add(book)
            session = self._sessions.get(station_id)
            if session is not None:
                self._sessions[station_id] = replace(
                    session,
                    base_wh=session.base_wh + book.counted_wh,
                    base_solar_wh=session.base_solar_wh + book.counted_solar_wh,
                )

    def _heard(self, station_id: str, state: StationState, utc_s: float) -> Drawn:
        """What its register says; what flowed while it was away is not of a stay that began after."""
        energy, session = self._energies[station_id], self._sessions.get(station_id)
        if not state.connected:
            self._away.setdefault(station_id, utc_s)
        before_wh, before_solar_wh = energy.measured_wh, energy.measured_solar_wh
        told = energy.hear(state.car, utc_s)
        if state.connected and told.wh > 0.0:
            left_utc_s = self._away.pop(station_id, None)
            if left_utc_s is not None and session is not None and session.began_utc_s > left_utc_s:
                self._sessions[station_id] = replace(
                    session,
                    base_wh=session.base_wh + energy.measured_wh - before_wh,
                    base_solar_wh=session.base_solar_wh + energy.measured_solar_wh - before_solar_wh,
                )
        return told

    def _begun(self, station_id: str, utc_s: float) -> SessionState:
        energy = self._energies[station_id]
        return SessionState(
            session_id=self._terms.new_id(),
            vehicle=self._vehicles.get(station_id),
            began_utc_s=utc_s,
            base_wh=energy.measured_wh,
            base_solar_wh=energy.measured_solar_wh,
        )

    def _entry(self, station_id: str, session: SessionState, *, ended_utc_s: float | None = None) -> SessionEntry:
        energy, tariff = self._energies[station_id], self._terms.tariff
        energy_kwh = max(0.0, energy.measured_wh - session.base_wh) / 1000.0
        solar_kwh = min(energy_kwh, max(0.0, energy.measured_solar_wh - session.base_solar_wh) / 1000.0)
        return SessionEntry(
            session_id=session.session_id,
            station_id=station_id,
            vehicle=session.vehicle,
            began_utc_s=session.began_utc_s,
            ended_utc_s=ended_utc_s,
            energy_kwh=energy_kwh,
            solar_kwh=solar_kwh,
            cost=None if tariff is None else tariff.cost(energy_kwh, solar_kwh),
            currency=None if tariff is None else tariff.currency,
            reason=None if ended_utc_s is None else self._terms.ended_because(station_id),
        )


def _has_left(state: StationState) -> bool:
    return state.connected and state.status is not None and not state.plugged
