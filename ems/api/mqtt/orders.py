"""Commands from the broker, turned into wishes. What makes no sense changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError

from ems.api.errors import ApiError, NoSuchThing
from ems.api.mqtt.topics import topic_word
from ems.api.ports import House
from ems.api.wire import BoostWish, ModeWish, SettingsWish, StationState

WHO: Final = "MQTT"
BOOST_S: Final = 3600.0
LONGEST: Final = 100
"""No command of ours is longer."""


class Nonsense(ApiError):
    """A message that is no command."""

    code = "nonsense"
    title = "That makes no sense"


def obey(house: House, where: str, payload: bytes) -> None:
    """Do what was published at that topic, the part of it after `set/`. Raises ApiError."""
    said = _said(payload)
    if where == "house/optimising":
        house.set_optimising(optimising=_on_or_off(said), who=WHO)
        return
    kind, _, rest = where.partition("/")
    word, _, command = rest.partition("/")
    order = _ORDERS.get(command)
    station = next((each for each in house.state().stations if topic_word(each.id) == word), None)
    if kind != "stations" or station is None or order is None:
        raise NoSuchThing(f"nobody listens to {where[:LONGEST]}")
    try:
        order(house, station, said)
    except ValidationError as error:
        raise Nonsense(f"{said!r} is nothing that {where} can be set to") from error


def _set_mode(house: House, station: StationState, said: str) -> None:
    house.set_mode(station.id, ModeWish.model_validate({"mode": said}).mode, who=WHO)


def _set_max(house: House, station: StationState, said: str) -> None:
    kept = SettingsWish.model_validate({"max_a": said, "priority": station.priority, "vehicle": station.user_vehicle})
    house.set_settings(station.id, kept, who=WHO)


def _set_boost(house: House, station: StationState, said: str) -> None:
    house.boost(station.id, BoostWish(duration_s=BOOST_S) if _on_or_off(said) else None, who=WHO)


_ORDERS: Final[Mapping[str, Callable[[House, StationState, str], None]]] = {
    "mode": _set_mode,
    "max_a": _set_max,
    "boost": _set_boost,
}


def _said(payload: bytes) -> str:
    if len(payload) > LONGEST:
        raise Nonsense(f"a command has {LONGEST} bytes at most")
    try:
        return payload.decode().strip()
    except UnicodeDecodeError as error:
        raise Nonsense("a command is plain text") from error


def _on_or_off(said: str) -> bool:
    if said.upper() not in {"ON", "OFF"}:
        raise Nonsense(f"say ON or OFF, not {said!r}")
    return said.upper() == "ON"
