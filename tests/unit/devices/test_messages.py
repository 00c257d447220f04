"""Paths, payloads and words in MQTT messages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.messages import (
    MAX_PAYLOAD_BYTES,
    NotInMessage,
    Unreadable,
    as_number,
    as_online,
    parse_path,
    parse_payload,
    pick,
)

STATUS = parse_payload(b'{"params": {"em:0": {"a_current": 4.1, "phases": [{"w": 1}, {"w": [5, 6]}]}}, "7": {"x": 2}}')


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("params.em:0.a_current", 4.1),
        ("params.em:0.phases.1.w.0", 5),
        ("params.em:0.phases[1].w[1]", 6),
        ("7.x", 2),
    ],
)
def test_a_path_leads_through_objects_and_lists(path: str, value: float) -> None:
    assert pick(STATUS, parse_path(path)) == value


@pytest.mark.parametrize("path", ["params.em:1.a_current", "params.em:0.phases[9].w", "params.em:0.a_current.more"])
def test_a_partial_message_says_nothing_about_the_rest(path: str) -> None:
    with pytest.raises(NotInMessage):
        pick(STATUS, parse_path(path))


def test_an_empty_path_is_the_whole_message() -> None:
    assert pick(parse_payload(b"-12.5"), parse_path("")) == -12.5


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[b]", "a[1", "a]1["])
def test_a_broken_path_is_refused_when_it_is_written(path: str) -> None:
    with pytest.raises(ValueError, match="empty or broken step"):
        parse_path(path)


def test_a_number_in_quotes_is_a_number() -> None:
    assert as_number(parse_payload(b'"230.4"')) == 230.4
    assert as_number(parse_payload(b" 17 ")) == 17


@pytest.mark.parametrize(
    "payload", [b"true", b"null", b"[1]", b'{"a": 1}', b"soon", b'""', b"1e999", b'"NaN"', b'"inf"']
)
def test_what_is_not_a_number_is_unreadable(payload: bytes) -> None:
    with pytest.raises(Unreadable):
        as_number(parse_payload(payload))


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe\x00",
        b'{"a": ',
        b"[" * 50_000,
        b'{"a": NaN}',
        b"9" * 5000,
        b"x" * (MAX_PAYLOAD_BYTES + 1),
    ],
)
def test_a_broken_payload_is_unreadable(payload: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_payload(payload)


@given(st.binary(max_size=200))
def test_no_payload_can_crash_the_reader(payload: bytes) -> None:
    try:
        as_number(pick(parse_payload(payload), parse_path("a[0].b")))
    except (Unreadable, NotInMessage):
        return


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_json_is_that_number(value: float) -> None:
    assert as_number(pick(parse_payload(json.dumps({"a": [value]}).encode()), parse_path("a[0]"))) == value


@pytest.mark.parametrize("payload", [b"true", b"online", b"Online", b"1", b'"true"', b"on"])
def test_words_that_mean_there(payload: bytes) -> None:
    assert as_online(parse_payload(payload))


@pytest.mark.parametrize("payload", [b"false", b"offline", b"0", b"null", b"", b"gone", b"{}"])
def test_everything_else_means_away(payload: bytes) -> None:
    assert not as_online(parse_payload(payload))
