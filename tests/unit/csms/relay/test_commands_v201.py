"""What a second central system may ask in 2.0.1: whatever it says, the answer holds its schema, or is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.relay.commands_v201 import CommandsV201
from ems.csms.rpc import Result, Unanswerable
from ems.csms.v16.vocabulary import call_complaint
from ems.csms.v201.vocabulary import VOCABULARY

PROFILE: dict[str, Any] = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "transactionId": "55",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-01T00:00:00Z",
            "duration": 600,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0, "numberPhases": 3, "phaseToUse": 1}],
        }
    ],
}
TOKEN = {"idToken": "THEIRS", "type": "ISO14443"}
TOUCHING = {"RequestStartTransaction", "RequestStopTransaction", "SetChargingProfile", "ClearChargingProfile"}


class Asked:
    """Stands for what knows the commands of 1.6."""

    def __init__(self, said: Result | None = None) -> None:
        self.said = said or {"status": "Accepted"}
        self.all: list[tuple[str, Mapping[str, object]]] = []
        self.started: list[tuple[str, int]] = []
        self.commands = CommandsV201(self._answer, lambda tag, number: self.started.append((tag, number)))

    def _answer(self, action: str, payload: Mapping[str, object], _message_id: str) -> Result:
        self.all.append((action, payload))
        return self.said

    def tell(self, action: str, payload: Mapping[str, object]) -> Result:
        said = self.commands.answer(action, payload, "u1")
        assert isinstance(said, Mapping)
        return said


def test_a_start_goes_there_with_its_profile_and_its_number_is_kept() -> None:
    asked = Asked()
    profile = {key: value for key, value in PROFILE.items() if key != "transactionId"}
    asked.tell(
        "RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 42, "evseId": 1, "chargingProfile": profile}
    )

    action, payload = asked.all[0]
    assert (action, payload["idTag"], payload["connectorId"]) == ("RemoteStartTransaction", "THEIRS", 1)
    assert call_complaint(action, payload) is None
    assert asked.started == [("THEIRS", 42)]


def test_a_start_that_was_refused_leaves_no_number() -> None:
    asked = Asked({"status": "Rejected"})
    said = asked.tell("RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 42})

    assert (said, asked.started) == ({"status": "Rejected"}, [])


def test_a_profile_goes_there_in_the_words_of_1_6() -> None:
    asked = Asked()
    asked.tell("SetChargingProfile", {"evseId": 1, "chargingProfile": PROFILE})

    action, payload = asked.all[0]
    assert call_complaint(action, payload) is None
    assert payload == {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 7,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "transactionId": 55,
            "chargingSchedule": {
                "startSchedule": "2026-01-01T00:00:00Z",
                "duration": 600,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0, "numberPhases": 3}],
            },
        },
    }


@pytest.mark.parametrize(
    "change",
    [
        {"chargingSchedule": PROFILE["chargingSchedule"] * 2},
        {"chargingProfilePurpose": "ChargingStationExternalConstraints"},
        {"transactionId": "not one of ours"},
    ],
)
def test_a_profile_that_nobody_here_can_hold_is_rejected_and_goes_nowhere(change: dict[str, Any]) -> None:
    asked = Asked()
    said = asked.tell("SetChargingProfile", {"evseId": 1, "chargingProfile": {**PROFILE, **change}})

    assert (said, asked.all) == ({"status": "Rejected"}, [])


def test_a_token_that_is_too_long_for_the_house_starts_nothing() -> None:
    asked = Asked()
    token = {"idToken": "x" * 21, "type": "ISO14443"}

    assert asked.tell("RequestStartTransaction", {"idToken": token, "remoteStartId": 1}) == {"status": "Rejected"}
    assert asked.all == []


def test_what_2_0_1_does_not_have_is_not_implemented() -> None:
    with pytest.raises(Unanswerable) as refused:
        Asked().tell("RemoteStartTransaction", {})
    assert refused.value.error_code == "NotImplemented"


words = st.sampled_from(["", "1", "Immediate", "TxProfile", "Full", "A", "Heartbeat", "2026-01-01T00:00:00Z"])
leaves = st.one_of(words, st.integers(-5, 2**40), st.booleans(), st.none(), st.floats(allow_nan=False))
payloads = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["evseId", "type", "idToken", "chargingProfile", "transactionId", "duration", "status"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(VOCABULARY.actions)),
    st.dictionaries(st.sampled_from(["evseId", "type", "idToken", "remoteStartId", "duration"]), payloads, max_size=4),
)
def test_whatever_it_says_the_answer_holds_its_schema_or_is_an_error(action: str, payload: dict[str, Any]) -> None:
    asked = Asked()
    try:
        said = asked.tell(action, payload)
    except Unanswerable:
        assert asked.all == []
        return

    assert VOCABULARY.result_complaint(action, said) is None
