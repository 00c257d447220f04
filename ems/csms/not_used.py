"""The actions of each OCPP version that we neither send nor serve, on purpose, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NO_SALE: Final = "a home sells no energy, so there are no tariffs, payments or invoices"
_NO_SWAP: Final = "no home has a station that swaps batteries"
_NO_CONTROLLER: Final = "there is no local controller to spread firmware; every station fetches it from us"
_GRID_CURVES: Final = "curves of the grid code are the grid operator's and the installer's; we do not originate them"
_NO_STREAM: Final = "meter values come with MeterValues and TransactionEvent, so no stream is asked for"

_NO_DISCHARGE: Final = "how a car may take or give energy stays with car and station: we command no discharge"

NOT_USED: Final[Mapping[str, str]] = {
    "AFRRSignal": "a home takes no part in the grid's frequency control",
    "AdjustPeriodicEventStream": _NO_STREAM,
    "BatterySwap": _NO_SWAP,
    "ChangeTransactionTariff": _NO_SALE,
    "ClearDERControl": _GRID_CURVES,
    "ClearTariffs": _NO_SALE,
    "GetPeriodicEventStream": _NO_STREAM,
    "GetTariffs": _NO_SALE,
    "NotifyAllowedEnergyTransfer": _NO_DISCHARGE,
    "NotifySettlement": _NO_SALE,
    "NotifyWebPaymentStarted": _NO_SALE,
    "PublishFirmware": _NO_CONTROLLER,
    "RequestBatterySwap": _NO_SWAP,
    "SetDERControl": _GRID_CURVES,
    "SetDefaultTariff": _NO_SALE,
    "UnpublishFirmware": _NO_CONTROLLER,
    "VatNumberValidation": _NO_SALE,
}
