"""A day as a drawing that stands alone."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ems.sim.lab.day_picture import main
from ems.sim.lab.day_svg import day_svg
from ems.sim.lab.records import DaySeconds

SECONDS = 3600


def hour() -> DaySeconds:
    """One car that changes from three phases to one half-way, and a peak of one second on L2."""
    zeros, late = np.zeros(SECONDS), np.arange(SECONDS) >= SECONDS // 2
    current_a = np.zeros((SECONDS, 3))
    current_a[1800, 1] = 27.4
    return DaySeconds(
        start_utc=datetime(2026, 6, 19, 9, tzinfo=UTC),
        pv_w=zeros + 5000.0,
        house_w=zeros + 400.0,
        battery_w=zeros,
        cars_w={"garage": zeros + 4600.0},
        limits_a={"garage": zeros + 8.0},
        phases={"garage": np.where(late, 1.0, 3.0)},
        reasons={},
        current_a={"main": current_a},
        thermal={"main": np.full((SECONDS, 3), 0.25)},
    )


def words(svg: str) -> list[str]:
    drawing = ET.fromstring(svg)  # noqa: S314 (our own drawing)
    return [element.text or "" for element in drawing.iter("{http://www.w3.org/2000/svg}text")]


def test_the_drawing_is_one_svg_with_the_figures_of_the_day() -> None:
    said = words(day_svg(hour(), main_circuit="main", rating_a=25.0, usable_a=21.75))

    assert "sun 5.0\xa0kWh" in said
    assert "garage 4.6\xa0kWh" in said
    assert "fuse 25\xa0A" in said
    assert "largest 0.25" in said


def test_a_peak_of_one_second_is_named() -> None:
    assert "largest 27.4\xa0A" in words(day_svg(hour(), main_circuit="main", rating_a=25.0, usable_a=21.75))


def test_a_limit_on_one_phase_has_a_colour_of_its_own() -> None:
    said = words(day_svg(hour(), main_circuit="main", rating_a=25.0, usable_a=21.75))

    assert said.index("on one phase") == said.index("on three phases") - 1


def test_the_same_day_gives_the_same_drawing() -> None:
    one, other = (day_svg(hour(), main_circuit="main", rating_a=25.0, usable_a=21.75) for _ in range(2))

    assert one == other


def test_wrong_use_says_how() -> None:
    with pytest.raises(SystemExit, match=r"usage: python -m ems\.sim\.lab\.day_picture SITE TRACE DATE"):
        main(["config/two_cars.yaml"])


def test_a_file_that_is_not_there_ends_with_its_name() -> None:
    with pytest.raises(SystemExit, match=r"nowhere\.yaml"):
        main(["nowhere.yaml", "trace.csv", "2026-06-19", "out.svg"])
