"""Days and months as the history page counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ems.api.wire import HistoryPoint, HistoryStep
from ems.model.words import Language
from ems.web.charts import day_chart, month_chart
from ems.web.spans import Span, before, by_day, end_of, midnight, step_for, summed
from ems.web.voice import Voice

BERLIN = ZoneInfo("Europe/Berlin")


def point(
    at: datetime,
    *,
    import_w: float | None = 0.0,
    export_w: float | None = 0.0,
    charging_w: float = 0.0,
    sun_w: float = 0.0,
) -> HistoryPoint:
    return HistoryPoint(
        at=at,
        grid_w=None if import_w is None or export_w is None else import_w - export_w,
        grid_import_w=import_w,
        grid_export_w=export_w,
        solar_w=4000.0,
        battery_w=None,
        home_w=1000.0,
        charging_w=charging_w,
        charging_solar_w=sun_w,
        stations_w={},
    )


def test_import_and_export_do_not_cancel_out() -> None:
    at = datetime(2026, 6, 1, 10, tzinfo=UTC)
    points = [point(at, import_w=2000.0), point(at, export_w=2000.0), point(at, import_w=400.0, export_w=400.0)]

    sums = summed(points, HistoryStep.QUARTER, BERLIN)

    assert (sums.import_kwh, sums.export_kwh) == (0.6, 0.6)


def test_the_solar_share_is_the_suns_part_of_what_the_cars_took() -> None:
    at = datetime(2026, 6, 1, 10, tzinfo=UTC)

    sums = summed([point(at, charging_w=4000.0, sun_w=3000.0)], HistoryStep.QUARTER, BERLIN)

    assert sums.solar_share == pytest.approx(0.75)
    assert summed([point(at)], HistoryStep.QUARTER, BERLIN).solar_share is None


def test_what_nobody_measured_is_unknown_and_not_zero() -> None:
    sums = summed([point(datetime(2026, 6, 1, 10, tzinfo=UTC), import_w=None)], HistoryStep.QUARTER, BERLIN)

    assert sums.import_kwh is None
    assert summed([], HistoryStep.QUARTER, BERLIN).solar_kwh is None


def test_a_quarter_belongs_to_the_day_of_the_house() -> None:
    late = point(datetime(2026, 6, 1, 22, 30, tzinfo=UTC))

    days = by_day([late], date(2026, 6, 1), date(2026, 7, 1), BERLIN)

    assert days[date(2026, 6, 2)] == [late]
    assert len(days) == 30


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]
)
def test_a_day_of_changing_clocks_has_all_its_quarters(day: date, quarters: int) -> None:
    voice = Voice(Language.ENGLISH, BERLIN)
    options = day_chart(voice, [], midnight(day, BERLIN), midnight(end_of(Span.DAY, day), BERLIN))

    assert len(options["xAxis"]["data"]) == quarters


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 6, 1), 24)])
def test_a_day_of_changing_clocks_counts_its_own_hours(day: date, hours: int) -> None:
    sums = summed([point(midnight(day, BERLIN).astimezone(UTC))], HistoryStep.DAY, BERLIN)

    assert (sums.home_kwh, sums.solar_kwh) == (hours, 4 * hours)


def test_a_months_chart_has_a_bar_for_every_day() -> None:
    voice = Voice(Language.GERMAN, BERLIN)
    days = by_day([point(datetime(2026, 2, 3, 10, tzinfo=UTC))], date(2026, 2, 1), date(2026, 3, 1), BERLIN)

    options = month_chart(voice, days, HistoryStep.QUARTER)

    assert options["xAxis"]["data"][-1] == "28"
    assert options["series"][0]["data"][2] == 1.0
    assert options["series"][0]["data"][0] is None


def test_going_back_and_forth_meets_every_span() -> None:
    assert before(Span.DAY, date(2026, 3, 1)) == date(2026, 2, 28)
    assert before(Span.MONTH, date(2026, 3, 31)) == date(2026, 2, 28)
    assert end_of(Span.MONTH, date(2026, 12, 5)) == date(2027, 1, 1)


def test_old_spans_are_shown_from_what_is_still_kept() -> None:
    today = date(2026, 6, 1)

    assert step_for(today - timedelta(days=30), today) is HistoryStep.QUARTER
    assert step_for(today - timedelta(days=400), today) is HistoryStep.DAY
