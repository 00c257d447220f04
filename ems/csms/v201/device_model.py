"""The device model of a station: what it reports of its variables, bounded, in whatever order it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ems.csms.fields import number, text, whole

LOGGER = logging.getLogger(__name__)

MOST_VARIABLES: Final = 4000
"""Large stations report about a thousand."""

MOST_PARTS: Final = 2000
MOST_EVSES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a variable stands."""

    component: str
    variable: str
    instance: str = ""
    """Of the component."""

    variable_instance: str = ""
    evse: int = 0
    """0 is the station itself."""

    connector: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What is known of one variable."""

    value: str
    """The actual value; empty when it tells none."""

    readonly: bool = False
    most: float | None = None
    """The largest value that it may take (`maxLimit`)."""

    choices: str = ""
    unit: str = ""


class DeviceModel:
    """The variables that a station reported, `MOST_VARIABLES` at most."""

    def __init__(self) -> None:
        self._variables: dict[Place, Variable] = {}

    def __len__(self) -> int:
        return len(self._variables)

    def __iter__(self) -> Iterator[tuple[Place, Variable]]:
        return iter(tuple(self._variables.items()))

    def find(self, place: Place) -> Variable | None:
        """What is known of it, whatever the case of its letters."""
        known = self._variables.get(place)
        if known is not None:
            return known
        wanted = _folded(place)
        return next((variable for each, variable in self._variables.items() if _folded(each) == wanted), None)

    def put(self, place: Place, variable: Variable) -> None:
        """Take note of it; a new one beyond the bound is dropped."""
        if place in self._variables or len(self._variables) < MOST_VARIABLES:
            self._variables[place] = variable

    def update(self, place: Place, value: str) -> None:
        """That variable has another value now; whatever else is known of it stays."""
        known = self._variables.get(place)
        self.put(place, Variable(value=value) if known is None else replace(known, value=value))

    def clear(self) -> None:
        """Forget everything: its firmware may be another."""
        self._variables.clear()

    @property
    def evses(self) -> int:
        """How many EVSEs it has, 1 to `MOST_EVSES`; 1 as long as it has not told."""
        numbers = {place.evse for place in self._variables if place.evse > 0}
        return min(max(len(numbers), 1), MOST_EVSES)

    def take(self, report_data: object) -> None:
        """Take note of the `reportData` of a message."""
        for each in report_data if isinstance(report_data, list) else []:
            place = place_of(each)
            if place is not None and isinstance(each, dict):
                self.put(place, _variable(each))


class ReportParts:
    """Follows a report that comes in several messages, in any order."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._request_id: int | None = None
        self._seen: set[int] = set()
        self._last: int | None = None
        self.complete: Final = asyncio.Event()
        """Set when every part has come."""

    def expect(self, request_id: int) -> None:
        """Begin to follow the report with that id."""
        self._request_id = request_id
        self._seen.clear()
        self._last = None
        self.complete.clear()

    def take(self, payload: Mapping[str, object]) -> None:
        """Take note of a part; those of other reports change nothing."""
        part = whole(payload, "seqNo")
        if part is None or not 0 <= part < MOST_PARTS or whole(payload, "requestId") != self._request_id:
            return
        self._seen.add(part)
        if payload.get("tbc") is not True:
            self._last = part
        if self._last is not None and not self.missing:
            self.complete.set()

    @property
    def missing(self) -> tuple[int, ...]:
        """Parts that have not come although later ones have."""
        end = max(self._seen, default=-1) if self._last is None else self._last
        return tuple(part for part in range(end) if part not in self._seen)


def place_of(entry: object) -> Place | None:
    """The component and variable that part of a message is about; None when it names none."""
    if not isinstance(entry, dict):
        return None
    component, variable = entry.get("component"), entry.get("variable")
    if not isinstance(component, dict) or not isinstance(variable, dict):
        return None
    where = component.get("evse")
    evse: Mapping[str, object] = where if isinstance(where, dict) else {}
    name, of = text(variable, "name"), text(component, "name")
    if not name or not of:
        return None
    return Place(
        component=of[:50],
        variable=name[:50],
        instance=text(component, "instance")[:50],
        variable_instance=text(variable, "instance")[:50],
        evse=max(0, whole(evse, "id") or 0),
        connector=max(0, whole(evse, "connectorId") or 0),
    )


def spelled(place: Place) -> dict[str, object]:
    """Component and variable as they stand in a message."""
    evse = {"id": place.evse, "connectorId": place.connector or None} if place.evse else None
    return {
        "component": {"name": place.component, "instance": place.instance or None, "evse": evse},
        "variable": {"name": place.variable, "instance": place.variable_instance or None},
    }


def _variable(entry: Mapping[str, object]) -> Variable:
    listed = entry.get("variableAttribute")
    attributes = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    actual: Mapping[str, object] = next((each for each in attributes if text(each, "type") in {"", "Actual"}), {})
    told = entry.get("variableCharacteristics")
    character: Mapping[str, object] = told if isinstance(told, dict) else {}
    return Variable(
        value=text(actual, "value"),
        readonly=text(actual, "mutability") == "ReadOnly",
        most=number(character, "maxLimit"),
        choices=text(character, "valuesList"),
        unit=text(character, "unit"),
    )


def _folded(place: Place) -> tuple[object, ...]:
    words = (place.component, place.variable, place.instance, place.variable_instance)
    return (*(word.lower() for word in words), place.evse, place.connector)
