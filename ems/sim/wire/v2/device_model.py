"""The device model of a simulated OCPP 2.x station: variables of components, read and set one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ems.sim.wire.fields import optional_whole, rows, section, text
from ems.sim.wire.ocpp_frames import Payload
from ems.sim.wire.v2.profile_json import without_nothing

READ_ONLY: Final = "ReadOnly"
READ_WRITE: Final = "ReadWrite"
WRITE_ONLY: Final = "WriteOnly"
LONGEST_VALUE: Final = 2500


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a variable belongs; names are compared without regard to case."""

    component: str
    variable: str
    evse_id: int | None = None
    connector_id: int | None = None
    component_instance: str | None = None
    instance: str | None = None

    @property
    def component_key(self) -> tuple[object, ...]:
        return (self.component.casefold(), self.component_instance, self.evse_id, self.connector_id)

    @property
    def key(self) -> tuple[object, ...]:
        return (*self.component_key, self.variable.casefold(), self.instance)

    def component_json(self) -> dict[str, Any]:
        evse = None
        if self.evse_id is not None:
            evse = without_nothing({"id": self.evse_id, "connectorId": self.connector_id})
        return without_nothing({"name": self.component, "instance": self.component_instance, "evse": evse})

    def variable_json(self) -> dict[str, Any]:
        return without_nothing({"name": self.variable, "instance": self.instance})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable with its actual value, as text like on the wire."""

    place: Place
    value: str
    mutability: str = READ_ONLY
    data_type: str = "string"
    unit: str | None = None
    max_limit: float | None = None
    values: str | None = None
    read: Callable[[], str] | None = None
    """Where the value lives in the station."""

    @property
    def actual(self) -> str:
        return self.value if self.read is None else self.read()

    def takes(self, value: str) -> bool:
        match self.data_type:
            case "boolean":
                return value.lower() in {"true", "false"}
            case "integer":
                return value.isascii() and value.isdigit() and len(value) < 7
            case "MemberList":
                known = (self.values or "").split(",")
                return all(each.strip() in known for each in value.split(","))
        return len(value) <= LONGEST_VALUE

    def report(self) -> dict[str, Any]:
        """One row of NotifyReport."""
        shown = None if self.mutability == WRITE_ONLY else self.actual
        about = {
            "unit": self.unit,
            "dataType": self.data_type,
            "maxLimit": self.max_limit,
            "valuesList": self.values,
            "supportsMonitoring": False,
        }
        return {
            "component": self.place.component_json(),
            "variable": self.place.variable_json(),
            "variableAttribute": [without_nothing({"value": shown, "mutability": self.mutability})],
            "variableCharacteristics": without_nothing(about),
        }


class DeviceModel:
    """All variables of one station."""

    def __init__(self, variables: Iterable[Variable], *, no_changes: bool = False) -> None:
        self._variables = {variable.place.key: variable for variable in variables}
        self._no_changes = no_changes

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variables.values())

    def text(self, component: str, variable: str, instance: str | None = None) -> str:
        """The value of a variable that every station has."""
        return self._variables[Place(component=component, variable=variable, instance=instance).key].actual

    def number(self, component: str, variable: str, instance: str | None = None) -> int:
        """The same as a number."""
        return int(self.text(component, variable, instance))

    def words(self, component: str, variable: str) -> tuple[str, ...]:
        """The same as a list."""
        return tuple(each.strip() for each in self.text(component, variable).split(",") if each.strip())

    def put(self, component: str, variable: str, value: str) -> None:
        """What the station sets itself."""
        key = Place(component=component, variable=variable).key
        self._variables[key] = replace(self._variables[key], value=value)

    def get(self, payload: Payload) -> dict[str, Any]:
        """The answer to GetVariables. Raises Malformed."""
        return {"getVariableResult": [self._get(section(row)) for row in rows(payload, "getVariableData")]}

    def set(self, payload: Payload) -> dict[str, Any]:
        """The answer to SetVariables. Raises Malformed."""
        return {"setVariableResult": [self._set(section(row)) for row in rows(payload, "setVariableData")]}

    def _get(self, asked: Payload) -> dict[str, Any]:
        place = _place(asked)
        status, variable = self._find(place, asked)
        if variable is not None and variable.mutability == WRITE_ONLY:
            status, variable = "Rejected", None
        result = {
            "attributeStatus": status,
            "attributeType": asked.get("attributeType"),
            "attributeValue": variable.actual if variable else None,
            "component": asked["component"],
            "variable": asked["variable"],
        }
        return without_nothing(result)

    def _set(self, asked: Payload) -> dict[str, Any]:
        place, value = _place(asked), text(asked, "attributeValue")
        status, variable = self._find(place, asked)
        if variable is not None:
            fits = variable.mutability != READ_ONLY and variable.takes(value) and not self._no_changes
            status = "Accepted" if fits else "Rejected"
            if fits:
                self._variables[place.key] = replace(variable, value=value)
        result = {
            "attributeStatus": status,
            "attributeType": asked.get("attributeType"),
            "component": asked["component"],
            "variable": asked["variable"],
        }
        return without_nothing(result)

    def _find(self, place: Place, asked: Payload) -> tuple[str, Variable | None]:
        variable = self._variables.get(place.key)
        if variable is None:
            known = any(each.place.component_key == place.component_key for each in self)
            return ("UnknownVariable" if known else "UnknownComponent"), None
        if asked.get("attributeType", "Actual") != "Actual":
            return "NotSupportedAttributeType", None
        return "Accepted", variable


def _place(asked: Payload) -> Place:
    component, variable = section(asked.get("component")), section(asked.get("variable"))
    evse = section(component["evse"]) if "evse" in component else {}
    return Place(
        component=text(component, "name"),
        variable=text(variable, "name"),
        evse_id=optional_whole(evse, "id"),
        connector_id=optional_whole(evse, "connectorId"),
        component_instance=text(component, "instance") if "instance" in component else None,
        instance=text(variable, "instance") if "instance" in variable else None,
    )
