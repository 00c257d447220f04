"""Caps in watts over all phases: contract power, circuits, grid operator, peak window (`control.md` §1, §2, §8).

Each cap becomes a row of the sharing: Σ watts of the cars ≤ cap − what everything else draws. A cap whose circuit has
a meter without a good sample gives no row: there the rule for lost meters decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ems.control.sharing.rows import Row
from ems.model.decision import LimitReason, Reason
from ems.model.electrical import NOMINAL_V, Circuit
from ems.model.site import GridOperator, Site, Station

DEVICE_W: Final = 4200.0
"""§ 14a EnWG: the least power of one controllable device."""

LARGE_HEAT_PUMP_SHARE: Final = 0.4

SIMULTANEITY: Final[Mapping[int, float]] = {2: 0.80, 3: 0.75, 4: 0.70, 5: 0.65, 6: 0.60, 7: 0.55, 8: 0.50}
"""GZF by number of devices (`breakers-and-rules.md` §5)."""

SIMULTANEITY_OF_MANY: Final = 0.45
"""GZF from nine devices on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watts:
    """What flows in the house, as far as caps in watts need it."""

    house_w: Mapping[str, float]
    """Per metered circuit: everything but the stations, signed; negative while the sun is stronger. Of a circuit whose
    load nobody measures or stated: the most that it may be."""

    per_a: Mapping[str, float]
    """Watts per ampere of each station that takes part in the sharing: volts times the phases that its car uses."""

    taken_w: Mapping[str, float] = field(default_factory=dict)
    """What stations outside of the sharing may draw."""

    def of(self, stations: Iterable[Station]) -> tuple[dict[str, float], float]:
        """Weights of those that share, and the sum of what the others take."""
        ids = [station.station_id for station in stations]
        weights = {station_id: self.per_a[station_id] for station_id in ids if station_id in self.per_a}
        return weights, sum(self.taken_w.get(station_id, 0.0) for station_id in ids if station_id not in weights)


def power_rows(
    site: Site,
    watts: Watts,
    *,
    dimmed: bool | None,
    peak_allowed_w: float | None,
    import_cap_w: float | None = None,
) -> list[Row]:
    """All caps in watts that hold now.

    `dimmed`: whether the grid operator calls for its limit; None, not heard yet, counts as yes.
    `peak_allowed_w`: the import that the running window of the peak tariff still allows; None without one.
    `import_cap_w`: what a person bounds the import to for a while.
    """
    rows = [_circuit_row(site, circuit, watts) for circuit in site.circuits if circuit.max_power_w is not None]
    rows.append(_operator_row(site, watts, dimmed=dimmed))
    rows.append(_import_row(site, watts, LimitReason.PRICE, peak_allowed_w))
    rows.append(_import_row(site, watts, LimitReason.USER, import_cap_w))
    return [row for row in rows if row is not None and row.weights]


def de14a_minimum_w(devices: int, large_heat_pump_w: float | None = None) -> float:
    """P_min: the grid power that the operator must leave to that many controllable devices together."""
    first_w = DEVICE_W if large_heat_pump_w is None else LARGE_HEAT_PUMP_SHARE * large_heat_pump_w
    return first_w + (devices - 1) * SIMULTANEITY.get(devices, SIMULTANEITY_OF_MANY) * DEVICE_W


def _circuit_row(site: Site, circuit: Circuit, watts: Watts) -> Row | None:
    house_w = _house_w(circuit, watts)
    if circuit.max_power_w is None or house_w is None:
        return None
    is_main = circuit.parent_id is None
    code = LimitReason.MAIN_FUSE if is_main else LimitReason.CIRCUIT_FUSE
    return _row(site, circuit, watts, code=code, limit_w=circuit.max_power_w, house_w=house_w)


def _operator_row(site: Site, watts: Watts, *, dimmed: bool | None) -> Row | None:
    operator = site.grid_operator
    if operator is None or not _holds(operator, dimmed=dimmed):
        return None
    main = site.circuits.main
    # Only what the cars take from the grid counts, so what the house itself imports does not lower their part.
    own_sun_w = min(0.0, _house_w(main, watts) or 0.0)
    limit_w = de14a_minimum_w(operator.devices, operator.large_heat_pump_w)
    return _row(site, main, watts, code=LimitReason.GRID_OPERATOR, limit_w=limit_w, house_w=own_sun_w)


def _holds(operator: GridOperator, *, dimmed: bool | None) -> bool:
    return operator.always or dimmed is None or dimmed


def _import_row(site: Site, watts: Watts, code: LimitReason, allowed_w: float | None) -> Row | None:
    main = site.circuits.main
    house_w = _house_w(main, watts)
    if allowed_w is None or house_w is None:
        return None
    return _row(site, main, watts, code=code, limit_w=allowed_w, house_w=house_w)


def _row(site: Site, circuit: Circuit, watts: Watts, *, code: LimitReason, limit_w: float, house_w: float) -> Row:
    weights, taken_w = watts.of(site.below(circuit.circuit_id))
    used_w = house_w + taken_w
    reason = Reason(code=code, circuit_id=circuit.circuit_id, limit_w=limit_w, used_w=used_w)
    return Row(cap=limit_w - used_w, weights=weights, reason=reason)


def _house_w(circuit: Circuit, watts: Watts) -> float | None:
    """As measured; where nobody measures, the largest load that was stated; None where nobody knows."""
    measured_w = watts.house_w.get(circuit.circuit_id)
    if measured_w is not None or circuit.metered or circuit.largest_other_load_a is None:
        return measured_w
    return circuit.largest_other_load_a * len(circuit.phases) * NOMINAL_V
