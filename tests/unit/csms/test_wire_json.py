"""Frames to values, bounded and repaired."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms import wire_json
from ems.csms.redaction import redacted
from ems.csms.wire_json import MAX_DEPTH, call_id, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_good_json_is_read_as_it_is(value: object) -> None:
    text = json.dumps(value).replace("\\u0000", "")

    assert parse(text.encode()) == json.loads(text)


@given(st.binary(max_size=200) | st.text(alphabet='[]{},:"\\2ab \n', max_size=60).map(str.encode))
def test_nothing_but_a_value_error_comes_out_of_garbage(frame: bytes) -> None:
    call_id(frame)
    try:
        parse(frame)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ("[,1,,2,]", [1, 2]),
        ('{,"a":1,}', {"a": 1}),
        ('[1,{"a":[2', [1, {"a": [2]}]),
        ('[1,"a,]b",', [1, "a,]b"]),
        ("[1]\x00", [1]),
        ("[NaN,1e999]", [None, None]),
    ],
)
def test_broken_json_is_repaired_without_guessing(broken: str, meant: object) -> None:
    assert parse(broken.encode()) == meant


@given(st.text(alphabet='[]{},:"\\2a \n', max_size=300))
def test_repair_looks_at_every_character_once(text: str) -> None:
    marks: list[str] = []
    try:
        marks.extend(wire_json._marks(text))
    except ValueError:
        return

    assert "".join(marks).replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")


def test_repair_stops_at_a_string_that_does_not_end() -> None:
    marks = wire_json._marks('[1,"' + '\\"' * 7000)

    assert [next(marks) for _ in range(3)] == ["[", "1", ","]
    with pytest.raises(ValueError, match="does not end"):
        next(marks)


def test_long_frames_are_not_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_json, "MAX_REPAIRED_BYTES", 6)

    assert parse(b"[1,2,") == [1, 2]
    with pytest.raises(ValueError, match=r".+"):
        parse(b"[1,22,")


@pytest.mark.parametrize(
    "frame",
    ['[2,"1","Heartbeat",{},"abc', "]" * 5, "[1}", "", "[" * 100_000, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)],
)
def test_what_cannot_be_read_is_a_value_error(frame: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(frame.encode())


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ('[2,"a1","Heart', "a1"),
        (" [ 2 , 17 , x", 17),
        ('[3,"a1",', None),
        ('[2,"bad\\q",', None),
        ("nothing", None),
    ],
)
def test_id_of_an_unreadable_request(frame: str, found: object) -> None:
    assert call_id(frame.encode()) == found


def test_logs_hide_tags_and_keys() -> None:
    message = [
        2,
        "1",
        "X",
        {"idTag": "T1", "list": [{"key": "AuthorizationKey", "value": "K1"}, {"parentIdTag": "P1"}]},
    ]
    line = redacted(message)

    assert not any(secret in line for secret in ("T1", "K1", "P1"))
    assert "AuthorizationKey" in line
