"""The OCPP 2.0.1 vocabulary of the `ocpp` package."""

from __future__ import annotations

from typing import Final

from ocpp.v201.enums import Action

from ems.csms.vocabulary import Vocabulary

VOCABULARY: Final = Vocabulary("2.0.1", (str(action.value) for action in Action))
