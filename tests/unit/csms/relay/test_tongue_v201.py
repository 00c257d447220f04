"""What a second central system is told in 2.0.1: whatever a station said, the schema holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.messages import Boot
from ems.csms.relay.entries import Account, Begin, End, Entry, Meter
from ems.csms.relay.tongue_v201 import TongueV201, id_of
from ems.csms.station_calls import REMOTE_TAG
from ems.csms.v201.vocabulary import VOCABULARY
from ems.model.station import ConnectorStatus

AT = datetime(2026, 6, 21, 12, tzinfo=UTC)
TONGUE = TongueV201(own_tag="HOUSE")


def account(told: int = 0) -> Account:
    return Account(transaction="garage 1", named="1", connector=1, id_tag="TAG", began=AT, meter_wh=0, told=told)


def begin(id_tag: str = "TAG") -> Begin:
    return Begin(transaction="garage 1", named="1", connector=1, id_tag=id_tag, meter_wh=1000, at=AT)


texts = st.text(max_size=80)
entries = st.one_of(
    st.builds(begin, texts),
    st.builds(lambda reason: End(transaction="garage 1", meter_wh=5, at=AT, reason=reason), texts),
    st.builds(
        lambda amps, power_w, soc: Meter(
            transaction="garage 1", connector=1, at=AT, current_a=tuple(amps), power_w=power_w, energy_wh=7, soc=soc
        ),
        st.lists(st.floats(0, 80), max_size=3),
        st.none() | st.floats(0, 1e5),
        st.none() | st.floats(0, 1),
    ),
)


@given(entries, st.integers(0, 10_000))
def test_events_hold_the_schema(entry: Entry, told: int) -> None:
    action, payload = TONGUE.entry(entry, account(told), AT)

    assert action == "TransactionEvent"
    assert payload["seqNo"] == told
    if not isinstance(entry, Begin) or entry.id_tag.strip():
        assert VOCABULARY.call_complaint(action, payload) is None


@given(texts, texts, texts, texts)
def test_boots_hold_the_schema(vendor: str, model: str, firmware: str, serial: str) -> None:
    payload = TONGUE.boot(Boot(vendor=vendor, model=model, firmware=firmware, serials=(serial,)))

    assert VOCABULARY.call_complaint("BootNotification", payload) is None


@pytest.mark.parametrize("word", list(ConnectorStatus))
def test_states_hold_the_schema(word: ConnectorStatus) -> None:
    payload = TONGUE.status(1, word.value, "NoError", AT)

    assert payload is not None
    assert VOCABULARY.call_complaint("StatusNotification", payload) is None
    assert TONGUE.status(0, word.value, "NoError", AT) is None


def test_sessions_of_the_house_come_by_its_own_tag() -> None:
    _, payload = TONGUE.entry(begin(REMOTE_TAG), account(), AT)

    assert payload["idToken"] == {"idToken": "HOUSE", "type": "Central"}


def test_what_is_told_long_after_it_happened_counts_as_of_a_time_without_connection() -> None:
    _, soon = TONGUE.entry(begin(), account(), AT + timedelta(seconds=5))
    _, late = TONGUE.entry(begin(), account(), AT + timedelta(minutes=5))

    assert ("offline" in soon, late["offline"]) == (False, True)


@given(st.text(max_size=60))
def test_a_transaction_has_the_same_number_at_every_attempt(key: str) -> None:
    assert id_of(key) == id_of(key)
    assert 0 <= id_of(key) < 2**31


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"idTokenInfo": {"status": "Accepted"}}, "Accepted"),
        ({"idTokenInfo": {"status": "NoCredit"}}, "Invalid"),
        ({"idTokenInfo": "nonsense"}, ""),
        ({}, ""),
    ],
)
def test_its_words_for_tags_are_those_of_1_6(said: dict[str, object], word: str) -> None:
    assert TONGUE.tag_word(said) == word
