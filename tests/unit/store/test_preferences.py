"""What people chose is found again."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from ems.store.errors import JournalError
from ems.store.preferences import prefer, preference, preferences


def test_values_are_found_as_they_were_kept(engine: Engine) -> None:
    value = {"mode": "solar", "max_a": 10.5, "who": "Jörg", "goal": None}
    prefer(engine, {"station/garage": value, "station/carport": [1, 2], "optimising": False}, utc_s=1.0)

    assert preference(engine, "station/garage") == value
    assert preference(engine, "optimising") is False
    assert preferences(engine, "station/") == {"station/carport": [1, 2], "station/garage": value}


def test_newest_value_counts_and_none_takes_it_away(engine: Engine) -> None:
    prefer(engine, {"a": 1, "b": 2}, utc_s=1.0)
    prefer(engine, {"a": 3, "b": None}, utc_s=2.0)

    assert preferences(engine) == {"a": 3}
    assert preference(engine, "b") is None


def test_letters_of_a_pattern_mean_themselves(engine: Engine) -> None:
    prefer(engine, {"a_b/1": 1, "axb/1": 2}, utc_s=1.0)

    assert preferences(engine, "a_b/") == {"a_b/1": 1}


def test_value_that_is_too_large_is_refused_and_nothing_kept(engine: Engine) -> None:
    with pytest.raises(JournalError, match="larger than 1 MB"):
        prefer(engine, {"a": 1, "b": "x" * 1_000_001}, utc_s=1.0)

    assert preferences(engine) == {}
