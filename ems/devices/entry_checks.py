"""Whether an entry of the site file tells what its kind of device must tell."""

from __future__ import annotations

from collections.abc import Iterable

from ems.config.schema import DeviceEntry, MeterEntry
from ems.devices.config_error import DeviceConfigError
from ems.devices.profile_parts import NUMBERS_OF, Kind
from ems.devices.sample import phase_point
from ems.model.electrical import Phase


def check_names(entry: DeviceEntry, kind: Kind, names: Iterable[str]) -> None:
    """Raises DeviceConfigError for points that such a device does not have."""
    unknown = sorted(set(names) - set(NUMBERS_OF[kind]))
    if unknown:
        known = ", ".join(NUMBERS_OF[kind])
        raise DeviceConfigError(f"{entry.id} has points {', '.join(unknown)}: known for {kind} are {known}")


def check_phases(entry: MeterEntry, names: Iterable[str], phases: int, *, fillable: bool = False) -> None:
    """Raises DeviceConfigError for a meter that cannot tell the current of every phase of its fuse.

    Of a `fillable` one the error also says what fills in the rest.
    """
    told = set(names)
    for own in tuple(Phase)[:phases]:
        enough = {phase_point("current", own), phase_point("power", own)}
        if phases == 1:
            enough |= {"current", "power"}
        if not told & enough:
            raise DeviceConfigError(
                f"meter {entry.id} tells neither current nor power of {own.name}, so it cannot guard the fuse of "
                f"{entry.circuit}: take a meter with {phases} phases, or add the points {' or '.join(sorted(enough))}"
                + (f", or what fills them in; see `ems devices show {entry.profile}`" if fillable else "")
            )


def live_points(kind: Kind, phases: int) -> frozenset[str]:
    """The points a reading of that device rests on."""
    if kind != "meter":
        return frozenset({"power"})
    per_phase = {phase_point(quantity, own) for quantity in ("current", "power") for own in tuple(Phase)[:phases]}
    return frozenset(per_phase | {"power"} | ({"current"} if phases == 1 else set()))
