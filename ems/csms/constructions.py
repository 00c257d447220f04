"""The forms in which a station may be told a limit as a lease (`ocpp-smart-charging.md` §4), best first.

Pure. What the station tells of itself and what is known of its kind order the forms. The latter is hearsay: it decides
what is tried first, and never that something is not tried at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Final

from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import Capabilities, RateUnit


class Purpose(StrEnum):
    """What a profile caps."""

    STATION_MAX = "station_max"
    TX_DEFAULT = "tx_default"
    TX = "tx"


class Form(Enum):
    """The constructions of `ocpp-smart-charging.md` §4."""

    DYNAMIC_OVER_FALLBACK = "D over S"
    """A limit that is changed by its value alone, and ends with its time or the connection, above a permanent one."""

    TWO_PERIODS_OVER_FALLBACK = "A over S"
    """One profile with limit then fallback, above a permanent fallback profile."""

    TWO_PERIODS = "A"
    """The same where only one stack level or one profile exists."""

    ENDING_OVER_FALLBACK = "B"
    """A limit that ends, above a permanent fallback profile; for stations with one period."""

    TRANSACTION_OVER_FALLBACK = "C"
    """A limit that ends on the running transaction, above a permanent default."""

    TRANSACTION_TWO_PERIODS = "A on the transaction"
    """Limit then fallback on the running transaction; for stations that take nothing else."""

    RELATIVE = "E"
    """Limit then fallback, counted from the start of charging; for stations that refuse absolute schedules."""

    RELATIVE_ENDING_OVER_FALLBACK = "E over S"
    """A limit that ends, counted so, above a permanent one; for such stations with one period."""

    FALLBACK = "S"
    """No more than the fallback, for ever; for stations that take one period in one profile."""

    RELATIVE_FALLBACK = "S from the start of charging"
    """The same counted so."""


RELATIVE_FORMS: Final = frozenset({Form.RELATIVE, Form.RELATIVE_ENDING_OVER_FALLBACK, Form.RELATIVE_FALLBACK})
FALLBACK_FORMS: Final = frozenset({Form.FALLBACK, Form.RELATIVE_FALLBACK})
"""That give no more than the fallback."""

ENDING_FORMS: Final = frozenset(
    {
        Form.DYNAMIC_OVER_FALLBACK,
        Form.ENDING_OVER_FALLBACK,
        Form.TRANSACTION_OVER_FALLBACK,
        Form.RELATIVE_ENDING_OVER_FALLBACK,
    }
)
"""Whose limit has one period that ends."""

ONE_PERIOD_FORMS: Final = ENDING_FORMS | FALLBACK_FORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Construction:
    """One way to say a limit to a station."""

    form: Form
    purpose: Purpose
    connector: int
    unit: RateUnit
    fallback_level: int | None = None
    """Stack level of the permanent fallback profile, where the form has one."""

    level: int

    @property
    def is_relative(self) -> bool:
        """Whether it counts from the start of charging."""
        return self.form in RELATIVE_FORMS

    @property
    def needs_transaction(self) -> bool:
        """Whether nothing can be installed while no car charges."""
        return self.purpose is Purpose.TX and self.fallback_level is None


def constructions(
    can: Capabilities, quirks: QuirkSection | None = None, only: int | None = None
) -> tuple[Construction, ...]:
    """The forms worth trying, best first; what the station has not said counts as possible.

    `only` is the connector that may be limited, and no other; None where a limit is the whole station's.
    """
    every = tuple(_all(can, _Wish().at(only)))
    if quirks is None:
        return every
    known = tuple(_all(_as_known(can, quirks), _Wish.of(quirks).at(only)))
    return (*known, *(way for way in every if way not in known))


def is_for(purpose: Purpose, connector: int, only: int | None) -> bool:
    """Whether a limit so given comes to that connector alone; to the whole station where that is meant by None."""
    return only is None or (purpose is not Purpose.STATION_MAX and connector == only)


def still_possible(way: Construction, can: Capabilities) -> bool:
    """Whether what the station has said meanwhile leaves room for a construction that it took before."""
    if can.units and way.unit not in can.units:
        return False
    if can.max_stack_level is not None and way.level > can.max_stack_level:
        return False
    if can.max_installed == 1 and way.fallback_level is not None:
        return False
    if way.form is Form.DYNAMIC_OVER_FALLBACK and not can.dynamic:
        return False
    return can.max_periods != 1 or way.form in ONE_PERIOD_FORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is to be tried first."""

    targets: tuple[tuple[Purpose, int], ...] = (
        (Purpose.STATION_MAX, 0),
        (Purpose.TX_DEFAULT, 1),
        (Purpose.TX_DEFAULT, 0),
        (Purpose.TX, 1),
    )
    absolute: bool = True
    relative: bool = True
    stack: int | str | None = None

    def at(self, only: int | None) -> _Wish:
        """The same for one connector alone. A limit of the whole station, or of all its connectors, is none of its."""
        if only is None:
            return self
        purposes = dict.fromkeys(purpose for purpose, _ in self.targets if purpose is not Purpose.STATION_MAX)
        return replace(self, targets=tuple((purpose, only) for purpose in purposes))

    @classmethod
    def of(cls, quirks: QuirkSection) -> _Wish:
        places = {
            Purpose.STATION_MAX: (quirks.connector_for_station or 0,),
            Purpose.TX_DEFAULT: (0, 1) if quirks.connector_for_station == 0 else (1, 0),
            Purpose.TX: (1,),
        }
        purposes = tuple(map(Purpose, quirks.purposes)) if quirks.purposes else tuple(Purpose)
        return cls(
            targets=tuple((purpose, connector) for purpose in purposes for connector in places[purpose]),
            absolute=quirks.kind != "relative",
            relative=quirks.kind != "absolute",
            stack=quirks.stack,
        )


def _as_known(can: Capabilities, quirks: QuirkSection) -> Capabilities:
    """What the station tells, corrected by what is known of its kind."""
    periods = [each for each in (can.max_periods, quirks.periods_max) if each is not None]
    return replace(
        can,
        units=can.units if quirks.unit is None else (RateUnit(quirks.unit),),
        max_periods=min(periods, default=None),
    )


def _all(can: Capabilities, wish: _Wish) -> Iterator[Construction]:
    units = can.units or tuple(RateUnit)
    for unit in units:
        yield from _leases(can, wish, unit)
    for unit in units:
        yield from _fallbacks(can, wish, unit)


def _leases(can: Capabilities, wish: _Wish, unit: RateUnit) -> Iterator[Construction]:
    if wish.absolute:
        for purpose, connector in wish.targets:
            yield from _absolute(can, wish, unit, purpose, connector)
    if wish.relative:
        # A limit of the whole station counts from no start of charging that a station could agree on: last.
        for purpose, connector in sorted(wish.targets, key=lambda target: target[0] is Purpose.STATION_MAX):
            yield from _relative(can, wish, unit, purpose, connector)


def _fallbacks(can: Capabilities, wish: _Wish, unit: RateUnit) -> Iterator[Construction]:
    forms = [*((Form.FALLBACK,) if wish.absolute else ()), *((Form.RELATIVE_FALLBACK,) if wish.relative else ())]
    for form in forms:
        for purpose, connector in wish.targets:
            if purpose is not Purpose.TX:
                level = _single_level(can, wish)
                yield Construction(form=form, purpose=purpose, connector=connector, unit=unit, level=level)


def _absolute(
    can: Capabilities, wish: _Wish, unit: RateUnit, purpose: Purpose, connector: int
) -> Iterator[Construction]:
    level, two_levels, two_periods = _level(can, wish), _has_two_levels(can, wish), can.max_periods != 1
    if purpose is Purpose.TX:
        yield from _on_transaction(can, wish, unit, connector)
        return
    if two_levels and can.dynamic:
        yield _over(Form.DYNAMIC_OVER_FALLBACK, purpose, connector, unit, level)
    if two_levels and two_periods:
        yield _over(Form.TWO_PERIODS_OVER_FALLBACK, purpose, connector, unit, level)
    if two_periods:
        single = _single_level(can, wish)
        yield Construction(form=Form.TWO_PERIODS, purpose=purpose, connector=connector, unit=unit, level=single)
    if two_levels:
        yield _over(Form.ENDING_OVER_FALLBACK, purpose, connector, unit, level)


def _on_transaction(can: Capabilities, wish: _Wish, unit: RateUnit, connector: int) -> Iterator[Construction]:
    level = min(1, _top(can)) if wish.stack is None else _level(can, wish)
    # Some that do not tell their levels have one for each purpose.
    for each in (level, 0) if can.max_stack_level is None and level > 0 else (level,):
        if can.max_installed != 1:
            below = 0 if wish.stack is None else max(0, each - 1)
            over = Construction(
                form=Form.TRANSACTION_OVER_FALLBACK, purpose=Purpose.TX, connector=connector, unit=unit, level=each
            )
            yield replace(over, fallback_level=below)
        if can.max_periods != 1:
            yield Construction(
                form=Form.TRANSACTION_TWO_PERIODS, purpose=Purpose.TX, connector=connector, unit=unit, level=each
            )


def _relative(
    can: Capabilities, wish: _Wish, unit: RateUnit, purpose: Purpose, connector: int
) -> Iterator[Construction]:
    if can.max_periods != 1:
        level = _single_level(can, wish)
        yield Construction(form=Form.RELATIVE, purpose=purpose, connector=connector, unit=unit, level=level)
    if _has_two_levels(can, wish) and purpose is not Purpose.TX:
        yield _over(Form.RELATIVE_ENDING_OVER_FALLBACK, purpose, connector, unit, _level(can, wish))


def _over(form: Form, purpose: Purpose, connector: int, unit: RateUnit, level: int) -> Construction:
    return Construction(
        form=form, purpose=purpose, connector=connector, unit=unit, fallback_level=level - 1, level=level
    )


def _top(can: Capabilities) -> int:
    return 1 if can.max_stack_level is None else can.max_stack_level


def _level(can: Capabilities, wish: _Wish) -> int:
    """Stack level of a limit that stands over a fallback."""
    top = _top(can)
    if wish.stack is None:
        # Some stations count the maximum as exclusive (ABB), so one below it where there is room.
        return max(1, top - 1)
    level = {"max": top, "max-1": max(0, top - 1)}.get(str(wish.stack))
    if level is None:
        level = int(wish.stack)
    return level if can.max_stack_level is None else min(level, can.max_stack_level)


def _has_two_levels(can: Capabilities, wish: _Wish) -> bool:
    if can.max_installed == 1:
        return False
    return _top(can) >= 1 if wish.stack is None else _level(can, wish) >= 1


def _single_level(can: Capabilities, wish: _Wish) -> int:
    """Stack level of a limit that stands alone."""
    return 0 if wish.stack is None else _level(can, wish)


def in_transactions_first(ways: Iterable[Construction]) -> tuple[Construction, ...]:
    """The same, those on the running transaction first: some stations use a default from the next one on only."""
    return tuple(sorted(ways, key=lambda way: way.purpose is not Purpose.TX))
