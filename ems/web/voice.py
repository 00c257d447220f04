"""Numbers, times and sentences as one visitor reads them: in their language, with units, in the house's time zone."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Final

from ems.api.wire import ConnectorPlace, Sentence
from ems.model.words import Language, Number, has_words, say

UNKNOWN: Final = "–"
NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
DAY_S: Final = 86_400.0
SHOWN_IN_KW: Final = 995.0
"""From here on a power reads better in kW."""


class Voice:
    """Says things to one visitor."""

    def __init__(self, language: Language, time_zone: tzinfo) -> None:
        self.language: Final = language
        self.time_zone: Final = time_zone

    def __call__(self, key: str, **numbers: Number) -> str:
        """A sentence of ours, such as `page.now`."""
        return say(key, self.language, **numbers)

    def sentence(self, sentence: Sentence, **newer: Number) -> str:
        """A sentence of the service; its own English text where we have no words. `newer` replaces numbers."""
        if not has_words(sentence.key):
            return sentence.text
        try:
            return say(sentence.key, self.language, **{**sentence.numbers, **newer})
        except (KeyError, ValueError, TypeError):
            return sentence.text

    def who(self, name: str) -> str:
        """A person by name; a proof in the reader's words."""
        key = f"who.{name}"
        return say(key, self.language) if has_words(key) else name

    def number(self, value: float, digits: int = 0) -> str:
        """A bare number; a rounded zero has no sign."""
        text = f"{value:.{digits}f}"
        if float(text) == 0.0:
            text = text.removeprefix("-")
        text = text.replace("-", MINUS)
        return text.replace(".", ",") if self.language is Language.GERMAN else text

    def power(self, power_w: float | None) -> str:
        if power_w is None:
            return UNKNOWN
        value, unit = self.power_parts(power_w)
        return f"{value}{NBSP}{unit}"

    def power_parts(self, power_w: float) -> tuple[str, str]:
        """The number and its unit: `7.2`, `kW`, or `640`, `W`."""
        if abs(power_w) >= SHOWN_IN_KW:
            return self.number(power_w / 1000.0, 1), "kW"
        return self.number(round(power_w, -1)), "W"

    def amps(self, current_a: float | None, digits: int = 1) -> str:
        return UNKNOWN if current_a is None else f"{self.number(current_a, digits)}{NBSP}A"

    def energy(self, energy_kwh: float | None) -> str:
        if energy_kwh is None:
            return UNKNOWN
        digits = 2 if abs(energy_kwh) < 1 else 1 if abs(energy_kwh) < 100 else 0
        return f"{self.number(energy_kwh, digits)}{NBSP}kWh"

    def share(self, share: float | None) -> str:
        if share is None:
            return UNKNOWN
        return f"{share * 100:.0f}{NBSP if self.language is Language.GERMAN else ''}%"

    def money(self, amount: float | None, currency: str | None = None) -> str:
        return UNKNOWN if amount is None else f"{self.number(amount, 2)}{NBSP}{currency or ''}".rstrip()

    def lasting(self, seconds: float) -> str:
        """A duration: `41 s`, `12 min`, `2 h 13 min`, `3 d 4 h`."""
        seconds = max(seconds, 0.0)
        if seconds < 2 * MINUTE_S:
            return f"{seconds:.0f}{NBSP}s"
        if seconds < HOUR_S:
            return f"{seconds / MINUTE_S:.0f}{NBSP}min"
        if seconds < DAY_S:
            return _two(seconds, (HOUR_S, "h"), (MINUTE_S, "min"))
        return _two(seconds, (DAY_S, "d"), (HOUR_S, "h"))

    def seconds(self, seconds: float | None) -> str:
        """A short duration that was measured: `2.4 s`."""
        return UNKNOWN if seconds is None else f"{self.number(seconds, 1)}{NBSP}s"

    def local(self, at: datetime) -> datetime:
        """That time in the house; at the ends of the calendar, which zones would cross, as it came."""
        try:
            return at.astimezone(self.time_zone)
        except OverflowError:
            return at

    def time(self, at: datetime, *, seconds: bool = False) -> str:
        """Time of day."""
        return f"{self.local(at):%H:%M:%S}" if seconds else f"{self.local(at):%H:%M}"

    def day(self, day: date) -> str:
        """`27 Nov 2026`, `27. Nov. 2026`."""
        return self("page.date", day=f"{day.day}", month=self(f"page.month.{day.month}.short"), year=f"{day.year}")

    def month(self, day: date) -> str:
        return f"{self(f'page.month.{day.month}')} {day.year}"

    def moment(self, at: datetime, *, seconds: bool = False) -> str:
        """Day and time of day."""
        return f"{self.day(self.local(at).date())}, {self.time(at, seconds=seconds)}"

    def near(self, at: datetime, now: datetime, *, seconds: bool = False) -> str:
        """Time of day; with the day where it is another one."""
        today = self.local(at).date() == self.local(now).date()
        return self.time(at, seconds=seconds) if today else self.moment(at, seconds=seconds)


def station_name(station_id: str) -> str:
    """An id as people say it: `car_port` is `Car port`."""
    name = station_id.replace("_", " ").replace("-", " ")
    return f"{name[:1].upper()}{name[1:]}"


def connector_words(voice: Voice, place: ConnectorPlace) -> str:
    """Which connector of a station with several that is."""
    return voice("page.connector_of", number=place.number, others=", ".join(map(station_name, place.others)))


def of_all_words(voice: Voice, place: ConnectorPlace) -> str:
    """What of that is not its own, but the whole station's."""
    return voice("page.of_all", others=", ".join(map(station_name, place.others)))


def _two(seconds: float, large: tuple[float, str], small: tuple[float, str]) -> str:
    """In two units; the smaller one only where there is something of it."""
    count, rest_s = divmod(seconds, large[0])
    rest = rest_s // small[0]
    said = f"{count:.0f}{NBSP}{large[1]}"
    return f"{said} {rest:.0f}{NBSP}{small[1]}" if rest else said
