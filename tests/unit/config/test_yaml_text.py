"""The YAML layer: lines, bounds, and errors in our words."""

from __future__ import annotations

import pytest

from ems.config.marked import read_marked
from ems.config.yaml_nodes import MAX_VALUES


def test_every_place_knows_its_line() -> None:
    document = read_marked("# top\na:\n  - b: 1\n    c: [2,\n       3]\n")

    assert document.value == {"a": [{"b": 1, "c": [2, 3]}]}
    assert [document.line_of(place) for place in [("a",), ("a", 0, "b"), ("a", 0, "c"), ("a", 0, "c", 1)]] == [
        2,
        3,
        4,
        5,
    ]
    assert document.line_of(("a", 0, "absent")) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("Yes", "Yes"),
        ("true", True),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ("012", 12),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-3", -3),
        ("12:30", "12:30"),
        ("2026-06-21", "2026-06-21"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_words_stay_words_and_numbers_are_numbers(text: str, value: object) -> None:
    assert read_marked(f"a: {text}\n").value == {"a": value}


def test_key_that_stands_twice_is_named_with_both_lines() -> None:
    (finding,) = read_marked("a: 1\nb: 2\na: 3\n").findings

    assert (finding.place, finding.line, finding.problem) == (("a",), 3, "is there twice")
    assert "line 1" in finding.cure


def test_merged_mapping_gives_way_to_own_keys_and_to_earlier_ones() -> None:
    document = read_marked("x: &x {a: 1, b: 1}\ny: &y {<<: *x, b: 2, c: 2}\nz: {c: 3, <<: [*y, *x]}\n")

    assert document.value == {"x": {"a": 1, "b": 1}, "y": {"a": 1, "b": 2, "c": 2}, "z": {"a": 1, "b": 2, "c": 3}}
    assert not document.findings


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a:\n\t- b\n\t- c", 2, "is indented with a tab"),
        ("a: [1,\n2", 1, "has a bracket that is never closed"),
        ("b: 1\na: 'x\n\n", 2, "has a quote that is never closed"),
        ("a: b: c", 1, "has a colon where none may stand"),
        ("a:\n  b: 1\n c: 2\n", 3, "is indented differently"),
        ("a: @b", 1, "starts a value with a sign"),
        ("a: \x00", None, "holds control characters"),
        ("a: 1\n---\nb: 2\n", 2, "holds a second document"),
        ("a: *gone\n", 1, "uses *gone, which stands nowhere before"),
        ("a: &a [*a]\n", 1, "uses *a, which stands nowhere before"),
        ("a: {{ b }}\n", 1, "where a key should stand"),
        ("<<: 3\n", 1, "has a << that is no mapping"),
        ("a: !secret b\n", 1, "uses the tag !secret"),
        ("a: !!python/object:os.system b\n", 1, "uses the tag"),
        ("%YAML 9.9\n---\na: 1\n", 1, "is not valid YAML"),
    ],
)
def test_what_is_no_yaml_of_ours_is_told_with_its_line(text: str, line: int | None, problem: str) -> None:
    first = read_marked(text).findings[0]

    assert problem in first.problem
    assert first.line == line
    assert first.cure


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "a: [" + "{b: [" * 500_000,
        "a: &a0 x\n" + "".join(f"b{i}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(60)),
        "a: &a [" + "1," * (MAX_VALUES // 2) + "]\nb: [*a, *a, *a]\n",
        "- 1\n" * (MAX_VALUES + 1),
        "m0: &m0 {a: 1}\n" + "".join(f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}], k{i}: 1}}\n" for i in range(1, 400)),
    ],
    ids=["brackets", "nesting", "alias bomb", "wide alias", "long list", "merge bomb"],
)
def test_bombs_end_at_the_bound(text: str) -> None:
    (finding,) = read_marked(text).findings

    assert "a site file is far smaller" in finding.cure
