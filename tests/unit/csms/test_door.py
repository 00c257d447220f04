"""Credentials, throttling and paths of the door (quirks Q2, Q25)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock
from ems.csms import throttle
from ems.csms.fields import number, printable, text, whole
from ems.csms.listener import identity_of
from ems.csms.security.credentials import SitePassword, given_password, proven
from ems.csms.throttle import Throttle
from ems.csms.v16.vocabulary import call_complaint, encode

KEY = "0123456789ABCDEF0123456789abcdef"


def authentic(given: str | None, identity: str, password: str) -> bool:
    return proven([SitePassword(password)], given_password(given, identity)) is not None


def header(password: bytes, user: str = "CP1") -> str:
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


@pytest.mark.parametrize(
    "given_password", [KEY.encode(), KEY.lower().encode(), KEY.upper().encode(), bytes.fromhex(KEY)]
)
def test_hex_key_is_taken_in_either_spelling(given_password: bytes) -> None:
    assert authentic(header(given_password), "CP1", KEY)


def test_plain_password_is_taken_also_as_its_hex() -> None:
    assert authentic(header(b"Correct-Horse"), "CP1", "Correct-Horse")
    assert authentic(header(b"Correct-Horse".hex().encode()), "CP1", "Correct-Horse")


def test_identity_with_a_colon_does_not_cut_the_password() -> None:
    assert authentic(header(b"pass:word", "a:b"), "a:b", "pass:word")
    assert authentic(header(b"pass:word", "other"), "a:b", "pass:word")


@pytest.mark.parametrize(
    "value", [None, "", "Basic", "Basic !!!", "Bearer abc", "Basic Zm9v", header(b""), header(b"x")]
)
def test_anything_else_is_not(value: str | None) -> None:
    assert not authentic(value, "CP1", KEY)


def test_empty_password_lets_nobody_in() -> None:
    assert not authentic(None, "CP1", "")
    assert not authentic(header(b""), "CP1", "")


def test_throttle_lets_a_burst_through_and_then_one_at_a_time() -> None:
    clock = VirtualClock()
    gate = Throttle(clock, burst=2, every_s=10.0)

    assert [gate.allows("a") for _ in range(3)] == [True, True, False]
    assert gate.allows("b")
    clock.advance(10)
    assert [gate.allows("a") for _ in range(2)] == [True, False]


def test_throttle_remembers_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_KEYS", 2)
    gate = Throttle(VirtualClock(), burst=1, every_s=10.0)

    assert all(gate.allows(key) for key in ("a", "b", "c", "a"))
    assert not gate.allows("c")


@given(st.text())
def test_every_path_has_an_identity(path: str) -> None:
    assert isinstance(identity_of(path), str)


@pytest.mark.parametrize(
    ("value", "as_whole"), [(7, 7), ("7", 7), (7.0, 7), ("7.5", None), (True, None), (2**63 - 1, 2**63 - 1), ([], None)]
)
def test_whole_numbers_are_read_from_what_stations_send(value: object, as_whole: int | None) -> None:
    assert whole({"x": value}, "x") == as_whole


def test_fields_are_the_right_kind_or_nothing() -> None:
    assert text({"x": {"y": 1}}, "x") == ""
    assert text({"x": "a" * 900}, "x") == "a" * 500
    assert number({"x": "nan"}, "x") is None


def test_text_of_a_station_cannot_forge_a_line_of_the_log() -> None:
    assert printable("bad\n2026 forged\ud800\x1b[31m", 20) == "bad 2026 forged  [31"
    assert text({"x": "a\r\nb"}, "x") == "a  b"


def test_long_messages_are_not_judged() -> None:
    short = {"connectorId": 1, "meterValue": [{}]}
    long = {"connectorId": 1, "meterValue": [{} for _ in range(3000)]}

    assert call_complaint("MeterValues", short) is not None
    assert call_complaint("MeterValues", long) is None


def test_only_requests_of_the_vocabulary_are_encoded() -> None:
    with pytest.raises(ValueError, match="not an OCPP request"):
        encode({"action": "Heartbeat"})
