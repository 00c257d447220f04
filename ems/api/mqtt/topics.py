"""Topics and messages made of the wire table: values, availability, and Home Assistant's discovery. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ems.api.mqtt.table import SITE_ROWS, STATION_ROWS, Platform, Row, Shown
from ems.api.wire import State, StationState
from ems.config.schema_api import MqttPublishSection

ONLINE: Final = "online"
OFFLINE: Final = "offline"
ORIGIN: Final = {"name": "Fusewise"}

_SETTABLE: Final = frozenset({Platform.SELECT, Platform.NUMBER, Platform.SWITCH})
_READ_ONLY: Final = {
    Platform.SELECT: Platform.SENSOR,
    Platform.NUMBER: Platform.SENSOR,
    Platform.SWITCH: Platform.BINARY_SENSOR,
}
"""What a row is shown as where nobody may set it."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Where this house publishes."""

    section: MqttPublishSection
    site_id: str

    @property
    def root(self) -> str:
        return f"{self.section.prefix}/{self.site_id}"

    @property
    def status(self) -> str:
        """`online` or, by our last will, `offline`."""
        return f"{self.root}/status"

    @property
    def commands(self) -> str:
        """What to subscribe to for all commands."""
        return f"{self.root}/set/#"

    def values(self, state: State) -> Iterator[tuple[str, str]]:
        """Topic and message of house and stations."""
        yield f"{self.root}/house", _values(SITE_ROWS, state)
        for station in state.stations:
            yield f"{self.root}/stations/{topic_word(station.id)}", _values(STATION_ROWS, station)

    def discovery(self, state: State) -> Iterator[tuple[str, str]]:
        """Topic and message of every device, for Home Assistant."""
        house = f"fusewise_{self.site_id}"
        yield self._device(
            house, {"name": state.name, "mf": "Fusewise", "sw": state.version}, "house", SITE_ROWS, state
        )
        for station in state.stations:
            about: dict[str, str | None] = {
                "name": station.id,
                "mf": station.vendor,
                "mdl": station.model,
                "sw": station.firmware,
                "sn": station.serial,
                "via_device": house,
            }
            word = topic_word(station.id)
            yield self._device(f"{house}_{word}", about, f"stations/{word}", STATION_ROWS, station)

    def _device(
        self, name: str, about: dict[str, str | None], where: str, rows: Sequence[Row[Any]], thing: State | StationState
    ) -> tuple[str, str]:
        message = {
            "dev": {"ids": [name], **{key: value for key, value in about.items() if value}},
            "o": ORIGIN,
            "avty_t": self.status,
            "stat_t": f"{self.root}/{where}",
            "cmps": {row.key: self._component(name, row, where, thing) for row in rows},
        }
        return f"{self.section.discovery_prefix}/device/{name}/config", _text(message)

    def _component(self, name: str, row: Row[Any], where: str, thing: State | StationState) -> dict[str, Any]:
        settable = row.command is not None and self.section.commands
        platform = row.platform if settable or row.platform not in _SETTABLE else _READ_ONLY[row.platform]
        described: dict[str, Any] = {
            "p": platform.value,
            "uniq_id": f"{name}_{row.key}",
            "name": row.name,
            "val_tpl": f"{{{{ value_json.{row.key} }}}}",
        }
        if platform is Platform.SENSOR and row.options:
            described |= {"dev_cla": "enum", "ops": list(row.options)}
        elif row.options:
            described["ops"] = list(row.options)
        if row.device_class is not None and "dev_cla" not in described:
            described["dev_cla"] = row.device_class
        if row.unit is not None:
            described["unit_of_meas"] = row.unit
        if row.state_class is not None:
            described["stat_cla"] = row.state_class
        if row.category is not None:
            described["ent_cat"] = row.category if settable or row.category != "config" else "diagnostic"
        if settable:
            described["cmd_t"] = f"{self.root}/set/{where}/{row.command}"
            described |= {} if row.bounds is None else dict(row.bounds(thing))
        return described


def topic_word(station_id: str) -> str:
    """A station's id where only letters, digits, dashes and underscores may stand; ids that differ stay apart."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found.group()):x}", station_id)


def _values(rows: Sequence[Row[Any]], thing: State | StationState) -> str:
    return _text({row.key: _shown(row.value(thing)) for row in rows})


def _shown(value: Shown) -> Shown:
    """As Home Assistant reads it: switches say ON and OFF."""
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    return value


def _text(message: object) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
