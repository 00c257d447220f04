"""What a station is asked and told once it is connected: its configuration, our settings (`ocpp-charger-quirks.md` D).

Nothing here is needed for a limit to hold, so every refusal and every silence is tolerated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import SMART_CHARGING_KEYS
from ems.csms.messages import Configuration, Dialect, Setting
from ems.csms.pace import Pace
from ems.errors import StationOffline, StationRefused, StationSilent

LOGGER = logging.getLogger(__name__)

PAGE: Final = 10
"""Keys per request; asking for all at once makes some stations restart (Q18)."""

SLOW_METER_VALUES_S: Final = 30
"""What a station is asked for that refuses the interval we want (section D)."""

WEBSOCKET_PING_S: Final = 30
SILENCES_TO_STOP: Final = 2
NO_QUIRKS: Final = QuirkSection()

WANTED_MEASURANDS: Final = (
    "Current.Import",
    "Power.Active.Import",
    "Voltage",
    "Energy.Active.Import.Register",
)
KEYS: Final = (
    *SMART_CHARGING_KEYS,
    "GetConfigurationMaxKeys",
    "MeterValueSampleInterval",
    "MeterValuesSampledData",
    "WebSocketPingInterval",
)


async def read_configuration(dialect: Dialect, station: str, *, page: int | None = None) -> Mapping[str, Setting]:
    """What the station tells of `KEYS`, asked in pages, and singly where a page came back incomplete.

    Raises StationOffline only.
    """
    known: dict[str, Setting] = {}
    missing = list(KEYS)
    page = page or PAGE
    silences = 0
    while missing and silences < SILENCES_TO_STOP:
        keys, missing = tuple(missing[:page]), missing[page:]
        try:
            told = await dialect.get_configuration(keys)
        except StationSilent:
            silences += 1
            told = Configuration()
        except StationRefused:
            told = Configuration()
        known.update({key: setting for key, setting in told.known.items() if key in KEYS})
        left = [key for key in keys if key not in told.known and key not in told.unknown]
        if left and len(keys) > 1:
            missing = left + missing
            page = 1
    LOGGER.info("%s told %d of %d configuration keys", station, len(known), len(KEYS))
    return known


async def write_settings(
    dialect: Dialect, known: Mapping[str, Setting], pace: Pace, quirks: QuirkSection = NO_QUIRKS
) -> None:
    """Ask for the reports we need; only what is writable and different. Raises StationOffline only."""
    interval = known.get("MeterValueSampleInterval")
    if _differs(interval, str(pace.meter_values_s)):
        taken = await _write(dialect, "MeterValueSampleInterval", str(pace.meter_values_s))
        if not taken and pace.meter_values_s < SLOW_METER_VALUES_S:
            await _write(dialect, "MeterValueSampleInterval", str(SLOW_METER_VALUES_S))
    measurands = known.get("MeterValuesSampledData")
    if measurands is not None and not measurands.readonly:
        await _write_measurands(dialect, measurands.value, quirks)
    if _differs(known.get("WebSocketPingInterval"), str(WEBSOCKET_PING_S)):
        await _write(dialect, "WebSocketPingInterval", str(WEBSOCKET_PING_S))


async def _write_measurands(dialect: Dialect, found: str, quirks: QuirkSection) -> None:
    present = [word.strip() for word in found.split(",") if word.strip()]
    kept = [word for word in present if _may_ask_for(word, quirks)]
    wanted = [word for word in WANTED_MEASURANDS if _may_ask_for(word, quirks)]
    lacking = [word for word in wanted if not any(each.startswith(word) for each in kept)]
    if not (kept or lacking) or (kept == present and not lacking):
        return
    taken = await _write(dialect, "MeterValuesSampledData", ",".join([*kept, *lacking]))
    plainer = [word for word in lacking if word != "Voltage"]
    if not taken and plainer not in ([], lacking) and quirks.measurands_probe is not False:
        await _write(dialect, "MeterValuesSampledData", ",".join([*kept, *plainer]))


def _may_ask_for(measurand: str, quirks: QuirkSection) -> bool:
    """Some lists name phases behind the measurand, such as `Voltage.L1`."""
    allowed = quirks.measurands_allow
    return allowed is None or any(measurand == each or measurand.startswith(f"{each}.L") for each in allowed)


def _differs(setting: Setting | None, wanted: str) -> bool:
    """True also when the station has not told: then trying is the only way to know."""
    return setting is None or (not setting.readonly and setting.value != wanted)


async def _write(dialect: Dialect, key: str, value: str) -> bool:
    try:
        await dialect.change_configuration(key, value)
    except StationOffline:
        raise
    except (StationRefused, StationSilent) as err:
        LOGGER.info("%s", err)
        return False
    return True
