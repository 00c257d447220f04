"""The table and the sentence say what the scores say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from ems.sim.lab.fault_script import FaultKind
from ems.sim.lab.report.fault_table import fault_section
from ems.sim.lab.report.headline import headline
from ems.sim.lab.report.metrics import CALM, SUN, breaker_figure
from ems.sim.lab.report.score_table import best_of, in_order, score_section
from ems.sim.lab.report.shapes import FaultVerdict, Report, Row
from ems.sim.lab.report.words import count, fault_name, number, reason_name, span
from tests.unit.sim.report.outline import Outline

CAPTURE, GRID, STARTS = SUN[0], SUN[4], CALM[0]


def breaker(trips: int) -> dict[str, object]:
    return {"main": {"trips": trips, "max_thermal": 0.4, "seconds_over_rating": 1200, "seconds_over_1_13": 3}}


def row(policy: str = "fusewise", *, trips: int = 0, **figures: float | None) -> Row:
    known = {"ev_solar_kwh": 93.2, "ev_grid_kwh": 4.0, "foresight_solar_kwh": 100.1}
    return {"policy": policy, **known, **figures, "breaker": breaker(trips)}


def report(*rows: Row, days: float = 14, house: Mapping[str, object] = MappingProxyType({})) -> Report:
    return Report(
        title="T", site="S", trace="R", days=days, cars="C", fuse="F", version="V", command="", rows=rows,
        house_only=house,
    )  # fmt: skip


def test_headline_says_the_result() -> None:
    assert headline(report(row())) == (
        "Fusewise put 93 of 100 possible solar kWh into the cars, took 4.0 kWh from the grid, "
        "and no fuse tripped in 14 days."
    )


def test_headline_hides_no_trip_and_says_what_the_house_did_alone() -> None:
    said = headline(report(row(trips=2), days=1, house=breaker(1)))

    assert said is not None
    assert said.endswith("and fuses tripped 2 times (1 time without any car) in 1 day.")


def test_headline_of_a_short_run_tells_minutes() -> None:
    said = headline(report(row(), days=30 / 1440))

    assert said is not None
    assert said.endswith(" in 30\N{NO-BREAK SPACE}min.")


def test_headline_does_not_round_up_to_the_optimum() -> None:
    said = headline(report(row(ev_solar_kwh=99.8)))

    assert said is not None
    assert "99.8 of 100.1 possible" in said


def test_headline_is_about_fusewise_wherever_it_stands() -> None:
    said = headline(report(row("threshold", ev_solar_kwh=10.0), row()))

    assert said is not None
    assert said.startswith("Fusewise put 93")


def test_no_scores_no_headline() -> None:
    assert headline(report()) is None
    assert headline(report(row("foresight"))) is None


def test_most_solar_and_least_grid_are_best() -> None:
    rows = [row(solar_capture=0.9, ev_grid_kwh=5.0), row("a", solar_capture=0.8, ev_grid_kwh=2.0)]

    assert best_of(CAPTURE, rows) == "90.0 %"
    assert best_of(GRID, rows) == "2.0"


def test_nothing_is_best_where_all_look_the_same() -> None:
    assert best_of(CAPTURE, [row(solar_capture=0.90001), row("a", solar_capture=0.90002)]) is None
    assert best_of(STARTS, [row(starts=3)]) is None


def test_the_optimum_does_not_compete() -> None:
    rows = [row(solar_capture=0.9), row("a", solar_capture=0.8), row("foresight", solar_capture=1.0)]

    assert best_of(CAPTURE, rows) == "90.0 %"


def test_policies_with_the_same_shown_value_are_both_marked() -> None:
    rows = [row(starts=3), row("a", starts=3), row("b", starts=9)]

    table = score_section(report(*rows))

    assert table is not None
    assert table.count('class="best"') == 2


def test_unknown_figures_are_dashes_and_lines_without_any_are_left_out() -> None:
    text = Outline(str(score_section(report(row(starts=3), row("a", starts=None))))).text

    assert "Starts" in text
    assert "–" in text
    assert "Phase switches" not in text


def test_fusewise_is_first_and_the_optimum_last() -> None:
    rows = in_order([row("foresight"), row("b"), row("fusewise"), row("a")])

    assert [each["policy"] for each in rows] == ["fusewise", "b", "a", "foresight"]


def test_house_alone_has_a_column_of_its_fuses() -> None:
    text = Outline(str(score_section(report(row(), house=breaker(0))))).text

    assert "house alone" in text
    assert text.count("0.40") == 2


def test_trips_add_up_over_fuses_and_the_worst_heat_counts() -> None:
    house = {"main": {"trips": 1, "max_thermal": 0.4}, "garage": {"trips": 2, "max_thermal": 0.9}}

    assert breaker_figure(house, "trips") == 3
    assert breaker_figure(house, "max_thermal") == 0.9
    assert breaker_figure(None, "trips") is None


def test_fault_cells_say_verdict_figure_and_sentence() -> None:
    verdicts = [
        FaultVerdict(fault="meter lost", policy="a", passed=False, figure="31 A", sentence="Nobody noticed."),
        FaultVerdict(fault="meter lost", policy="fusewise", passed=True, figure="24 A", sentence="Cars fell to 6 A."),
        FaultVerdict(fault="store full", policy="a", passed=None, figure="", sentence="It has no store."),
    ]

    text = Outline(str(fault_section(verdicts))).text

    assert "Fusewise held 1 of 1 a held 0 of 1" in text
    assert "✓ held 24 A Cars fell to 6 A. ✗ failed 31 A Nobody noticed." in text
    assert "store full – – not played It has no store." in text


def test_faults_have_words_and_what_held_is_told_on_demand() -> None:
    label = "station_ignores carport at 90 s"
    held = FaultVerdict(fault=label, policy="fusewise", passed=True, figure="", sentence="one thing; another.")
    failed = replace(held, policy="a", passed=False)

    page = Outline(str(fault_section([held, failed])))

    assert "charger ignores its limit carport at 90 s" in page.text
    assert "what was measured one thing another" in page.text
    assert "✗ failed one thing; another." in page.text
    assert len(page.named("details")) == 1


@pytest.mark.parametrize("fault", FaultKind)
def test_every_fault_has_words(fault: FaultKind) -> None:
    assert "_" not in fault_name(fault.value)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.6, "1 min"), (90, "1 min 30 s"), (1805, "30 min"), (3600, "1 h"), (7384, "2 h 3 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert span(seconds).replace("\N{NO-BREAK SPACE}", " ") == said


def test_numbers() -> None:
    assert number(-0.04, 1) == "0.0"
    assert number(-1234.5, 1) == "−1\N{NARROW NO-BREAK SPACE}234.5"
    assert count(1, "day", "days") == "1 day"
    assert count(1.5, "day", "days") == "1.5 days"


def test_a_reason_from_a_later_version_is_shown_as_it_is() -> None:
    assert reason_name("moon_phase") == "moon phase"
