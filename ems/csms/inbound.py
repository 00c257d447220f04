"""What every version does with a station's requests: look for them in its table, judge them leniently, answer.

A family of requests (transactions, certificates, …) is a class of its own module with a mapping `answers`; a version
puts the families that it serves together. What is in no family gets a CALLERROR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ems.csms.complaints import Complaints
from ems.csms.fields import printable
from ems.csms.rpc import Unanswerable
from ems.csms.vocabulary import Vocabulary

Answers: TypeAlias = Mapping[str, Callable[[Mapping[str, object], str], Mapping[str, object]]]
"""By action: payload and message id to the payload of the answer. Does not wait. Raises Unanswerable."""


class Inbound:
    """Answers a station's requests in one version. One for the life of a station."""

    def __init__(self, vocabulary: Vocabulary, *families: Answers, station: str) -> None:
        """Of two families that serve the same action the later one counts."""
        self._vocabulary = vocabulary
        self._answers: Answers = {}
        self.complaints: Final = Complaints(station)
        self.serve(*families)

    def serve(self, *families: Answers) -> None:
        """Serve these too."""
        for family in families:
            self._answers = {**self._answers, **family}

    @property
    def actions(self) -> frozenset[str]:
        """What is served."""
        return frozenset(self._answers)

    def answer(self, action: str, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        """The answer to one request. Raises Unanswerable."""
        answer = self._answers.get(action)
        if answer is None:
            code = "NotImplemented" if action in self._vocabulary.actions else "NotSupported"
            raise Unanswerable(code, f"{printable(action, 50)} is not served")
        self.complaints.note(action, self._vocabulary.call_complaint(action, payload))
        return answer(payload, message_id)


def noted(_payload: Mapping[str, object], _message_id: str) -> Mapping[str, object]:
    """The answer to what is only to be acknowledged."""
    return {}
