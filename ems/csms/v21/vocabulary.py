"""The OCPP 2.1 vocabulary of the `ocpp` package."""

from __future__ import annotations

from typing import Final

from ocpp.v21.enums import Action

from ems.csms.vocabulary import Vocabulary

VOCABULARY: Final = Vocabulary("2.1", (str(action.value) for action in Action), sends=["NotifyPeriodicEventStream"])
