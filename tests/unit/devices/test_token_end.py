"""Tokens that say when they end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.devices.http.token_end import token_end


def token(**told: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFUzI1NiJ9.{body}.c2ln"


def test_a_web_token_says_when_it_ends() -> None:
    end = datetime(2027, 3, 1, 12, tzinfo=UTC)

    assert token_end(token(aud="482", exp=end.timestamp())) == end


@pytest.mark.parametrize(
    "other",
    ["", "t0ken", "a.b.c", "a..c", token(), token(exp="soon"), token(exp=None), token(exp=1e300), token(exp=[1])],
)
def test_others_say_nothing(other: str) -> None:
    assert token_end(other) is None


@given(text=st.text(max_size=200), number=st.floats())
def test_no_token_is_too_odd(text: str, number: float) -> None:
    token_end(text)
    token_end(f"a.{text}.b")
    token_end(token(exp=number))
