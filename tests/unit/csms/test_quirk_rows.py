"""The rows of quirks that ship: each loads, means what it names, and does not contradict itself or another."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ems.config.quirk_checks import contradictions
from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import Capabilities
from ems.csms.constructions import Form, Purpose, constructions
from ems.csms.messages import Boot
from ems.csms.quirks.firmware import FirmwareRange, version_of
from ems.csms.quirks.match import SITE_FILE, match
from ems.csms.quirks.rows import Pattern, QuirkRow, patterns, rows, rows_for
from ems.csms.quirks.table import with_table

BOOTS = st.builds(Boot, vendor=st.text(max_size=40), model=st.text(max_size=40), firmware=st.text(max_size=40))


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.row.name)
def test_row_means_its_examples_and_agrees_with_itself(pattern: Pattern) -> None:
    assert list(contradictions(pattern.row.quirks)) == []
    for example in pattern.row.examples:
        assert pattern.takes(example.boot) is example.matches, example
    assert any(example.matches for example in pattern.row.examples)
    assert None not in {getattr(pattern.row.quirks, key) for key in pattern.row.quirks.model_fields_set}


def test_row_names_are_there_once() -> None:
    names = [row.name for row in rows()]

    assert len(set(names)) == len(names)
    assert SITE_FILE not in names


def test_rows_of_one_rank_about_one_station_do_not_say_two_things() -> None:
    """Two equally exact rows that differ would make the order in the file decide."""
    boots = [example.boot for row in rows() for example in row.examples]
    for boot in boots:
        taking = [pattern for pattern in patterns() if pattern.takes(boot)]
        for one, other in combinations(taking, 2):
            if one.specificity == other.specificity:
                both = one.row.quirks.model_fields_set & other.row.quirks.model_fields_set
                assert not both, (one.row.name, other.row.name, both)


def test_rows_over_each_other_do_not_contradict() -> None:
    for row in rows():
        for example in row.examples:
            assert list(contradictions(match(example.boot).quirks)) == [], row.name


def test_station_that_is_mute_on_times_of_day_is_first_told_a_limit_without_one() -> None:
    """Timxon: two silences of half a minute are not waited out."""
    quirks = match(Boot(vendor="Timxon", model="A0", firmware="1.0")).quirks

    first = constructions(Capabilities(), quirks)[0]
    assert (first.form, first.purpose, first.connector) == (Form.RELATIVE, Purpose.TX_DEFAULT, 1)


def test_more_exact_row_wins_and_the_site_file_over_all() -> None:
    """The reasons say who had the last word."""
    boot = Boot(vendor="Wall Box Chargers", model="PLP1-0-2-4", firmware="5.17.54")

    found = match(boot, QuirkSection(stack=3, ping_s=0.0))

    assert found.rows == ("Wallbox", "Wallbox with firmware 5")
    assert (found.quirks.purposes, found.quirks.kind, found.quirks.stack) == (("tx_default",), "absolute", 3)
    assert found.said_by["purposes"] == "Wallbox"
    assert found.said_by["kind"] == "Wallbox with firmware 5"
    assert found.said_by["stack"] == found.said_by["ping_s"] == SITE_FILE


def test_station_without_a_name_is_known_by_its_model() -> None:
    assert match(Boot(vendor="", model="ACChargePoint")).rows == ("Huawei SCharger",)
    assert match(Boot(vendor="", model="Box")).rows == ()


def test_unknown_station_has_no_quirks() -> None:
    """Section D: the defaults of an unknown station are those of the standard and its own word."""
    assert match(Boot(vendor="Acme", model="Box", firmware="1.0")).quirks == QuirkSection()
    assert match(None).quirks == QuirkSection()


@given(BOOTS)
def test_any_station_is_matched_without_trouble(boot: Boot) -> None:
    found = match(boot)

    assert set(found.said_by) == found.quirks.model_fields_set
    assert {row.name for row in rows_for(boot)} == set(found.rows)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("TAC3Z9119006710273::V1.8.21", (1, 8, 21)),
        ("v05.43", (5, 43)),
        ("GWM-07.020-03_GCW-10.18-05.7", (7, 20)),
        ("328", (328,)),
        ("unknown", None),
        ("", None),
    ],
)
def test_version_is_found_in_what_stations_write(text: str, version: tuple[int, ...] | None) -> None:
    assert version_of(text) == version


def test_range_holds_as_it_reads() -> None:
    six = FirmwareRange(">=6, <7")

    assert [six.holds(each) for each in ("5.9", "6", "6.0", "6.99.1", "7", "7.0")] == [0, 1, 1, 1, 0, 0]
    assert six.holds("nobody knows")
    assert FirmwareRange("=6").holds("6.0")
    with pytest.raises(ValueError, match="no range of firmware"):
        FirmwareRange("6 to 7")


def test_row_refuses_what_it_does_not_know() -> None:
    row = next(rows()).model_dump()

    with pytest.raises(ValidationError):
        QuirkRow.model_validate({**row, "quirks": {"stack": "highest"}})
    with pytest.raises(ValidationError):
        QuirkRow.model_validate({**row, "refs": ["somewhere"]})


def test_page_of_stations_shows_the_rows_as_they_are() -> None:
    page = Path(__file__).parents[3] / "docs" / "stations.md"
    found = page.read_text(encoding="utf-8")
    if os.environ.get("FUSEWISE_GOLDEN") == "write":
        page.write_text(with_table(found), encoding="utf-8")
        found = page.read_text(encoding="utf-8")

    assert found == with_table(found), "run this test with FUSEWISE_GOLDEN=write"
