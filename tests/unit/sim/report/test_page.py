"""The page as a whole: complete, safe against hostile names, needs nothing from outside, always the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ems.model.decision import LimitReason
from ems.sim.lab.records import DaySeconds
from ems.sim.lab.report.markup import element
from ems.sim.lab.report.page import CannotWriteReport, page, write_report
from ems.sim.lab.report.shapes import FaultVerdict, Report
from tests.unit.sim.report.outline import Outline
from tests.unit.sim.report.sample import POLICIES, START, record, sample

HOSTILE = "\"><script>alert('x')</script><img src=http://evil.example/x.png>&amp;"
SHORT = 3000
BARE = Report(title="T", site="S", trace="R", days=1, cars="C", fuse="F", version="V", command="")


@cache
def small() -> Report:
    return sample(seconds=SHORT)


@cache
def outline() -> Outline:
    return Outline(page(small()))


def test_every_tag_is_closed_in_order() -> None:
    assert outline().open == []


@pytest.mark.parametrize("policy", ["Fusewise", "threshold", "pv delay", "equal share", "uncontrolled"])
def test_every_policy_has_its_column_its_day_and_its_verdicts(policy: str) -> None:
    assert outline().text.count(policy) >= 3


@pytest.mark.parametrize("figure", ["93.0 %", "336.2", "410.0", "−43.1 %", "418.1 kWh", "held 5 of 5"])
def test_figures_are_on_the_page(figure: str) -> None:
    assert figure in outline().text


def test_scene_says_how_to_get_the_same_figures() -> None:
    scene = small()

    for said in (scene.site, scene.trace, scene.cars, scene.fuse, scene.version, scene.command, "14 days"):
        assert said in outline().text


def test_no_line_ends_between_a_number_and_its_unit() -> None:
    said = element("p", "93.0 % of 418.1 kWh at 16 A in 14 days; 3 x 25 A breaker of 1 A class, 2 Ampere")

    marked = "<p>93.0_% of 418.1_kWh at 16_A in 14_days; 3 x 25_A breaker of 1_A class, 2 Ampere</p>"
    assert said == marked.replace("_", "\N{NO-BREAK SPACE}")


def test_fusewise_comes_first_and_open_the_others_folded() -> None:
    headings = re.findall(r"<h3>(.*?)</h3>", page(small()))

    assert headings.index("Fusewise") < headings.index("threshold")
    assert len(outline().named("details")) == len(POLICIES) - 1


def test_hostile_names_stay_text() -> None:
    hostile = record("fusewise", SHORT)
    assert hostile.picture is not None
    report = replace(
        small(),
        title=HOSTILE,
        site=HOSTILE,
        trace=HOSTILE,
        cars=HOSTILE,
        fuse=HOSTILE,
        version=HOSTILE,
        command=HOSTILE,
        zone=HOSTILE,
        rows=[{**row, "policy": f"{HOSTILE}{place}"} for place, row in enumerate(small().rows)],
        records=[replace(hostile, policy=HOSTILE, picture=renamed(hostile.picture))],
        faults=[FaultVerdict(fault=HOSTILE, policy=HOSTILE, passed=False, figure=HOSTILE, sentence=HOSTILE)],
        policy_notes={f"{HOSTILE}0": HOSTILE},
    )

    read = Outline(page(report))

    assert not read.named("script")
    assert not read.named("img")
    assert read.open == []
    assert read.text.count("alert('x')") >= 12


def renamed(day: DaySeconds) -> DaySeconds:
    """The same day at a station and a fuse with hostile names, and a reason that nobody knows."""
    return replace(
        day,
        cars_w={HOSTILE: day.cars_w["garage"]},
        limits_a={HOSTILE: day.limits_a["garage"]},
        phases={HOSTILE: day.phases["garage"]},
        reasons={HOSTILE: [(0.0, 60.0, HOSTILE)]},
        current_a={"main": day.current_a["main"], HOSTILE: day.current_a["main"]},
        thermal={HOSTILE: day.thermal["main"]},
    )


def test_half_a_surrogate_pair_in_a_name_does_not_lose_the_report(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", replace(BARE, site="garage \udcff"))

    assert b"garage ?" in (tmp_path / "report.html").read_bytes()


def test_page_needs_nothing_from_outside() -> None:
    text = page(small())

    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert all("src" not in attributes and "href" not in attributes for _, attributes in outline().tags)
    assert not outline().named("script")


def test_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    write_report(tmp_path / "a.html", sample(("fusewise",), SHORT))
    write_report(tmp_path / "b.html", sample(("fusewise",), SHORT))

    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_parts_that_are_missing_are_left_out() -> None:
    read = Outline(page(BARE))

    assert read.named("svg") == []
    assert read.named("table") == []
    assert "One day" not in read.text
    assert "When something breaks" not in read.text
    assert "Seed" not in read.text


def test_a_day_of_one_policy_takes_less_than_a_megabyte() -> None:
    noisy = record("fusewise", 86_400)

    assert len(page(replace(BARE, records=[noisy])).encode()) < 1_000_000


def test_every_drawing_has_words_for_those_who_do_not_see_it() -> None:
    drawings = [each for each in outline().named("svg") if each.get("role") == "img"]

    assert len(drawings) > 30
    assert all(each["aria-label"] for each in drawings)


def test_every_heading_of_a_table_has_a_scope() -> None:
    assert all(each.get("scope") in {"col", "row", "rowgroup"} for each in outline().named("th"))


def test_every_reason_has_words() -> None:
    ours = record("fusewise", SHORT)
    assert ours.picture is not None
    spans = [(60.0 * place, 60.0 * place + 60, reason.value) for place, reason in enumerate(LimitReason)]
    picture = replace(ours.picture, reasons={"garage": spans})

    text = Outline(page(replace(BARE, records=[replace(ours, picture=picture)]))).text

    assert text.count(": 1 min") == len(LimitReason)
    assert "_" not in text


def test_battery_is_drawn_when_there_is_one() -> None:
    ours = record("fusewise", SHORT)
    assert ours.picture is not None
    picture = replace(ours.picture, battery_w=np.full(SHORT, -3_600.0))

    assert "took 3.0 kWh" in Outline(page(replace(BARE, records=[replace(ours, picture=picture)]))).text
    assert "Home battery" not in outline().text


def test_times_are_those_of_the_zone() -> None:
    assert START.hour == 22
    assert "Sunday, 21 June 2026" in outline().text


def test_a_zone_that_this_machine_does_not_know_is_not_claimed() -> None:
    text = Outline(page(replace(small(), zone="Europe/Atlantis"))).text

    assert "Times are UTC." in text
    assert "Atlantis" not in text


def test_a_station_called_house_does_not_hide_the_house() -> None:
    ours = record("fusewise", SHORT)
    assert ours.picture is not None
    picture = replace(ours.picture, house_w=np.full(SHORT, 7_200.0), cars_w={"house": np.full(SHORT, 3_600.0)})

    text = Outline(page(replace(BARE, records=[replace(ours, picture=picture)]))).text

    assert "house 6.0 kWh house 3.0 kWh" in text


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotWriteReport, match="name another file"):
        write_report(tmp_path / "no such folder" / "report.html", BARE)
