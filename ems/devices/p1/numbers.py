"""A telegram's numbers under our names, in our units and signs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ems.devices.obis_profile import ObisProfile
from ems.devices.p1.telegram import BadTelegram, Telegram
from ems.devices.sample import phase_point
from ems.model.electrical import Phase

_UNIT_OF: Final = {"power": "W", "current": "A", "voltage": "V", "energy": "kWh", "frequency": "Hz"}
"""Of what our names begin with."""

LEAST_V: Final = 100.0
"""A phase that has less is not connected, and its current says nothing of its power."""


def numbers_of(telegram: Telegram, profile: ObisProfile) -> dict[str, float]:
    """What the telegram tells; what is unknown is absent. Raises BadTelegram for a number that cannot be read."""
    for code in sorted(profile.codes & telegram.unclear):
        raise BadTelegram(f"a telegram with no clear number for {code}")
    for name, point in profile.points.items():
        for code in point.codes:
            told = telegram.numbers.get(code)
            if told is not None and told.unit != _UNIT_OF[name.partition("_")[0]]:
                raise BadTelegram(f"a telegram with {told.unit} for {code}")
    values = profile.numbers({code: told.value for code, told in telegram.numbers.items()})
    return values | dict(_finer_currents(values, telegram, profile))


def _finer_currents(values: dict[str, float], telegram: Telegram, profile: ObisProfile) -> Iterator[tuple[str, float]]:
    """Currents that the meter rounds to whole amperes, by power and voltage of the same telegram.

    Power over voltage is never more than the current. So an import is the larger of both, and an export, whose size
    gives room to others, is what its power carries for sure.
    """
    for own in Phase:
        name = phase_point("current", own)
        amps, watts, volts = (values.get(phase_point(each, own)) for each in ("current", "power", "voltage"))
        if amps is None or watts is None or volts is None or volts < LEAST_V:
            continue
        if telegram.numbers[profile.points[name].code].decimals == 0:
            by_power_a = abs(watts) / volts
            yield name, by_power_a if watts < 0 else max(amps, by_power_a)
