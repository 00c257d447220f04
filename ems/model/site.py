"""The site as control sees it: circuits, stations and policy, free of addresses, vendors and passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

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
    keeps_minimum: bool = False
    """A pause would end its session for good: a car that charges by the sun is left the minimum, if a fuse has it."""

    lease_verified: bool = False
    """The fall-back was tested at commissioning (`control.md` §7); else plan with `hardware_max_a`."""

    goal: Goal = Goal()
    vehicle_max_a: float | None = None
    vehicle_phases: int | None = None
    """How many phases the car can use; None when unknown: then all wired ones."""

    def __hash__(self) -> int:
        """By its name alone: no two stations of a house share one, and control looks stations up in every cycle."""
        return hash(self.station_id)


class Keenness(StrEnum):
    """How much grid a solar car may take along for the sake of more sun (`control.md` §5)."""

    KEEN = "keen"
    BALANCED = "balanced"
    NORMAL = "normal"
    PURIST = "purist"

    @property
    def grid_weight(self) -> float:
        """λ: what a watt hour from the grid costs against one from the sun."""
        return _GRID_WEIGHTS[self]


_GRID_WEIGHTS: Final[Mapping[Keenness, float]] = {
    Keenness.KEEN: 0.2,
    Keenness.BALANCED: 0.4,
    Keenness.NORMAL: 1.0,
    Keenness.PURIST: 2.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakTariff:
    """A tariff on the highest mean import of the month, over windows that begin at the full hour."""

    limit_w: float
    """The mean that cars keep each window below; the month's highest mean so far may raise it."""

    window_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GridOperator:
    """The minimum of § 14a EnWG that the operator may bring the house's controllable devices down to."""

    devices: int
    """Controllable devices above 4.2 kW, stations and heat pumps alike."""

    large_heat_pump_w: float | None = None
    """Rating of a heat pump above 11 kW among them."""

    always: bool = False
    """True where no signal says when the limit is called for."""


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
    """Smaller solar changes are not worth a message yet (§5)."""

    small_change_interval_s: float = 15.0
    """Smaller ones go out when the last change is this long ago, so that no sun is given away for good."""

    min_on_s: float = 30.0
    min_off_s: float = 60.0
    """Shortest time a solar car charges, and pauses (§5, minimum dwell)."""

    change_interval_s: float = 5.0
    """Solar changes to one station come no closer than this; safety and clouds do not wait (smart charging §4)."""

    export_bias_w: float = 0.0
    """Left for the grid by solar modes; 60 to 100 beside a home battery's own control loop (§5)."""

    filter_up_s: float = 1.0
    filter_down_s: float = 0.5
    """Time constants of the surplus filter; §5 asks for no more than 3 and 2 s, and less catches more sun."""

    keenness: Keenness = Keenness.NORMAL
    keenness_fixed: bool = False
    """Whether a person may not choose another one."""

    start_wh: float = 5.0
    stop_wh: float = 20.0
    switch_wh: float = 110.0
    """K: the regret that starts a car, stops it, and changes it between one and three phases (§5).

    §5 assumes 15, 40 and 110 Wh; under broken clouds on recorded traces 5 and 20 Wh brought 1.5 points more solar
    net for a fifth more starts.
    """

    phase_switches_per_day: int = 10
    """Changes of one station between one and three phases in a day; from half of them on `switch_wh` doubles (§5)."""

    battery_share: float = 0.0
    """The share of the home battery's charging power that cars may take over, 0 to 1; 0: battery first (§5)."""

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

    max_imbalance_a: float | None = None
    """U: how far cars on one or two phases may load one phase above another (§2); None where no rule asks."""

    peak: PeakTariff | None = None
    grid_operator: GridOperator | None = None
    inverters: int = 0
    """How many there are."""

    sun_peak_w: float | None = None
    """What they give together at most; None where the site file does not say so of each."""

    sun_wiring: Mapping[str, Wiring] = field(default_factory=dict)
    """Per inverter, the house phases behind its own L1, L2, L3; without an entry nobody stated them."""

    has_battery: bool = False
    battery_wiring: Wiring = ()
    """House phases that it feeds; none where nobody stated them."""

    _by_id: Mapping[str, Station] = field(init=False, repr=False, compare=False)
    _below: Mapping[str, tuple[Station, ...]] = field(init=False, repr=False, compare=False)

    _on_phase: Mapping[tuple[str, Phase], tuple[Station, ...]] = field(init=False, repr=False, compare=False)

    has_power_caps: bool = field(init=False, repr=False, compare=False)
    """Whether anything bounds watts rather than amps."""

    def __post_init__(self) -> None:
        below = {
            circuit.circuit_id: tuple(s for s in self.stations if self.circuits.feeds(circuit.circuit_id, s.circuit_id))
            for circuit in self.circuits
        }
        on_phase = {
            (circuit.circuit_id, phase): tuple(s for s in below[circuit.circuit_id] if phase in s.wiring)
            for circuit in self.circuits
            for phase in circuit.phases
        }
        capped = any(circuit.max_power_w is not None for circuit in self.circuits)
        has_power_caps = capped or self.peak is not None or self.grid_operator is not None
        object.__setattr__(self, "has_power_caps", has_power_caps)
        object.__setattr__(self, "_on_phase", on_phase)
        object.__setattr__(self, "_by_id", {station.station_id: station for station in self.stations})
        object.__setattr__(self, "_below", below)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self.circuits.main.phases

    def with_keenness(self, chosen: Keenness | None) -> Site:
        """The same house, as keen on sun as a person chose; itself where nobody may, or nothing would change."""
        if chosen is None or chosen is self.policy.keenness or self.policy.keenness_fixed:
            return self
        return replace(self, policy=replace(self.policy, keenness=chosen))

    def station(self, station_id: str) -> Station:
        return self._by_id[station_id]

    def below(self, circuit_id: str) -> tuple[Station, ...]:
        """The stations whose current flows through that circuit's fuse."""
        return self._below[circuit_id]

    def on_phase(self, circuit_id: str, phase: Phase) -> tuple[Station, ...]:
        """Those of them that are wired to that phase."""
        return self._on_phase[circuit_id, phase]
