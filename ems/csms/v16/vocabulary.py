"""The OCPP 1.6 vocabulary of the `ocpp` package: its dataclasses as requests, its schemas as judges."""

from __future__ import annotations

from typing import Final

from ocpp.v16 import call, datatypes
from ocpp.v16.enums import Action

from ems.csms.vocabulary import CALL, LONGEST_JUDGED_BYTES, RESULT, Vocabulary

__all__ = [
    "ACTIONS",
    "LONGEST_JUDGED_BYTES",
    "VOCABULARY",
    "call",
    "call_complaint",
    "datatypes",
    "encode",
    "result_complaint",
]

VOCABULARY: Final = Vocabulary(
    "1.6",
    (str(action.value) for action in Action),
    in_decimals=frozenset(
        {(CALL, "SetChargingProfile"), (CALL, "RemoteStartTransaction"), (RESULT, "GetCompositeSchedule")}
    ),
)
ACTIONS: Final = VOCABULARY.actions
"""Every action of OCPP 1.6 and its security extension."""

encode = VOCABULARY.encode
call_complaint = VOCABULARY.call_complaint
result_complaint = VOCABULARY.result_complaint
