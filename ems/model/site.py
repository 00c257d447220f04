"""The site as control sees it: circuits, stations and policy, free of addresses, vendors and passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ems.model.electrical import CircuitTree, Phase, Wiring
from ems.model.goals import Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What the installer set for one charging station."""

    station_id: str
    circuit_id: str
    wiring: Wiring
    """The house phases behind the station's own L1, L2, L3; one entry for a one-phase station."""

    wiring_known: bool = True
    """False: count its current on every phase in `wiring`, whatever it reports."""

    min_a: float = 6.0
    """Smallest charging current, IEC 61851-1; below it the car is paused."""

    max_a: float = 16.0
    """Installer limit: never commanded above."""

    hardware_max_a: float = 16.0
    """What the station could draw if it ignored us: its own setting, cable or breaker."""

    fallback_a: float = 0.0
    """What it falls back to by itself when a lease ends; 0 means pause."""

    step_a: float = 0.1
    """Finest step of its limit; limits are rounded down to it."""

    can_switch_phases: bool = False
    lease_verified: bool = False
    """The fall-back was tested at commissioning (`control.md` §7); else plan with `hardware_max_a`."""

    goal: Goal = Goal()
    vehicle_max_a: float | None = None
    vehicle_phases: int | None = None
    """How many phases the car can use; None when unknown: then all wired ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The knobs of control, with the constants of `control.md` as defaults."""

    lease_s: float = 60.0
    """A limit handed to a station ends by itself after this; renewed every third of it (§7)."""

    meter_period_s: float = 1.0
    """Tm of the slowest trusted meter (§4)."""

    hold_fraction: float = 0.95
    """f: the share of the fuse rating that cars may fill (§4)."""

    hold_release_a_per_s: float = 0.02
    """d: how fast a peak of the house is forgotten (§4)."""

    raise_wait_s: float = 10.0
    """Room must have been there this long before a limit rises (§4)."""

    raise_least_a: float = 1.0
    """Room below this does not start that wait (§4)."""

    ramp_a_per_s: float = 0.8
    """A limit rises by at most 4 A per 5 s (§4)."""

    restart_margin_a: float = 2.0
    """A paused car starts only with its minimum and this much room (§4)."""

    restart_wait_s: float = 60.0
    """After a stop by the guard (§4)."""

    car_reacts_within_s: float = 5.0
    """E: a car follows a lower limit within this, IEC 61851-1."""

    message_s: float = 1.0
    """M: a limit is on the wire within this (§4)."""

    dead_band_a: float = 0.3
    """Smaller solar changes are not worth a message (§5)."""

    min_on_s: float = 60.0
    min_off_s: float = 60.0
    """Shortest time a solar car charges, and pauses (§5, minimum dwell)."""

    change_interval_s: float = 5.0
    """Solar changes to one station come no closer than this; safety does not wait (smart charging §4)."""

    export_bias_w: float = 0.0
    """Left for the grid by solar modes; 60 to 100 beside a home battery's own control loop (§5)."""

    filter_up_s: float = 3.0
    filter_down_s: float = 2.0
    """Time constants of the surplus filter (§5)."""

    good_samples_to_trust: int = 10
    """A meter counts again after this many good samples (§6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All that control may rely on."""

    circuits: CircuitTree
    stations: tuple[Station, ...]
    policy: Policy = Policy()
    commissioned: bool = True
    """False until somebody stated the main fuse: then nobody charges above 6 A on one phase."""

    meter_period_s: Mapping[str, float] = field(default_factory=dict)
    """Tm per metered circuit: the time between two samples of its meter."""

    _by_id: Mapping[str, Station] = field(init=False, repr=False, compare=False)
    _below: Mapping[str, tuple[Station, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        below = {
            circuit.circuit_id: tuple(s for s in self.stations if self.circuits.feeds(circuit.circuit_id, s.circuit_id))
            for circuit in self.circuits
        }
        object.__setattr__(self, "_by_id", {station.station_id: station for station in self.stations})
        object.__setattr__(self, "_below", below)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self.circuits.main.phases

    def station(self, station_id: str) -> Station:
        return self._by_id[station_id]

    def below(self, circuit_id: str) -> tuple[Station, ...]:
        """The stations whose current flows through that circuit's fuse."""
        return self._below[circuit_id]
