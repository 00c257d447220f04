"""What `ems check` says of the caps that are no fuses: watts of circuits, imbalance, peak tariff, grid operator."""

from __future__ import annotations

from collections.abc import Iterator

from ems.config.schema import SiteFile
from ems.control.sharing.caps import (
    DEVICE_W,
    LARGE_HEAT_PUMP_SHARE,
    SIMULTANEITY,
    SIMULTANEITY_OF_MANY,
    de14a_minimum_w,
)
from ems.model.electrical import Circuit
from ems.model.site import GridOperator, Site


def circuit_cap(circuit: Circuit) -> str:
    """The circuit's cap over all phases, such as `at most 22 kW`; empty without one."""
    return "" if circuit.max_power_w is None else f"at most {_kw(circuit.max_power_w)}"


def cap_lines(site: Site, file: SiteFile) -> Iterator[str]:
    """A line for every cap of the whole house beside its contract power."""
    if site.max_imbalance_a is not None:
        yield f"phase imbalance: cars load one phase at most {site.max_imbalance_a:g} A above another"
    if site.peak is not None:
        yield f"peak tariff: cars keep the mean of every {site.peak.window_s / 60:g} min below {_kw(site.peak.limit_w)}"
    if site.grid_operator is not None:
        operator = site.grid_operator
        when = "always, without a signal" if operator.always else f"while called for in {_signal(file)}, or unknown"
        yield (
            f"grid operator (§ 14a EnWG): cars take at most {_kw(_minimum_w(operator))} from the grid, {when}; "
            f"{minimum_formula(operator)}"
        )


def caps_json(site: Site, file: SiteFile) -> dict[str, object]:
    """The same for programs; None for a cap that this house does not have."""
    peak, operator = site.peak, site.grid_operator
    return {
        "max_imbalance_a": site.max_imbalance_a,
        "peak_tariff": None
        if peak is None
        else {"limit_kw": peak.limit_w / 1000.0, "window_min": peak.window_s / 60.0},
        "grid_operator": None
        if operator is None
        else {
            "minimum_kw": round(_minimum_w(operator) / 1000.0, 3),
            "formula": minimum_formula(operator),
            "devices": operator.devices,
            "signal": _signal(file),
        },
    }


def minimum_formula(operator: GridOperator) -> str:
    """P_min as the rule writes it, such as `4.2 kW + 2 × 0.75 × 4.2 kW = 10.5 kW`; see `de14a_minimum_w`."""
    first = _kw(DEVICE_W)
    if operator.large_heat_pump_w is not None:
        first = f"{LARGE_HEAT_PUMP_SHARE:g} × {_kw(operator.large_heat_pump_w)}"
    others = operator.devices - 1
    share = SIMULTANEITY.get(operator.devices, SIMULTANEITY_OF_MANY)
    rest = f" + {others} × {share:g} × {_kw(DEVICE_W)}" if others else ""
    return f"{first}{rest} = {_kw(_minimum_w(operator))}"


def _minimum_w(operator: GridOperator) -> float:
    return de14a_minimum_w(operator.devices, operator.large_heat_pump_w)


def _signal(file: SiteFile) -> str | None:
    operator = file.grid_operator
    return operator.signal.topic if operator is not None and operator.signal is not None else None


def _kw(power_w: float) -> str:
    return f"{round(power_w / 1000.0, 2):g} kW"
