"""How version 2 services a station: availability, firmware, logs, lists of tags, reservations, data of its maker."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ems.csms.asking import outcome
from ems.csms.fields import printable, text, whole
from ems.csms.lane import CallRefused, Urgency
from ems.csms.messages import Outcome
from ems.csms.service_words import (
    UNSUPPORTED_LIST,
    FirmwareOrder,
    ListAnswer,
    ListedTag,
    ListOrder,
    LogOrder,
    ReservationOrder,
    VendorAnswer,
)
from ems.csms.station_clock import format_timestamp
from ems.csms.v201.asking import AskingV201, evse_of
from ems.csms.v201.tokens import token

LONGEST_FILE_NAME: Final = 120
LONGEST_CONTENT: Final = 500
_UNKNOWN: Final = frozenset({"NotSupported", "NotImplemented"})


class ServiceV201(AskingV201):
    """The part of `dialect.StationDialect` that services."""

    async def change_availability(self, connector: int, *, operative: bool) -> Outcome:
        request = {"evse": evse_of(connector), "operationalStatus": "Operative" if operative else "Inoperative"}
        answer = await self._ask("ChangeAvailability", request, Urgency.COMMAND)
        return outcome(answer, "Accepted", "Scheduled")

    async def clear_cache(self) -> Outcome:
        return outcome(await self._ask("ClearCache", {}, Urgency.COMMAND))

    async def send_vendor_data(self, vendor: str, message: str | None, content: str | None) -> VendorAnswer:
        request = {"vendorId": vendor, "messageId": message, "data": content}
        answer = await self._ask("DataTransfer", request, Urgency.COMMAND)
        told = answer.payload.get("data")
        return VendorAnswer(
            status=printable(text(answer.payload, "status"), 40),
            content=printable(told, LONGEST_CONTENT) if isinstance(told, str) else "",
        )

    async def update_firmware(self, order: FirmwareOrder) -> Outcome:
        signed = order.signed
        request = {
            "requestId": order.request_id,
            "retries": order.retries,
            "retryInterval": order.retry_after_s,
            "firmware": {
                "location": order.location,
                "retrieveDateTime": format_timestamp(order.fetch_at),
                "signingCertificate": None if signed is None else signed.certificate,
                "signature": None if signed is None else signed.signature,
            },
        }
        answer = await self._ask("UpdateFirmware", request, Urgency.COMMAND)
        return outcome(answer, "Accepted", "AcceptedCanceled")

    async def send_log(self, order: LogOrder) -> Outcome:
        request = {
            "requestId": order.request_id,
            "logType": order.kind.value,
            "retries": order.retries,
            "retryInterval": order.retry_after_s,
            "log": {
                "remoteLocation": order.location,
                "oldestTimestamp": _time(order.since),
                "latestTimestamp": _time(order.until),
            },
        }
        answer = await self._ask("GetLog", request, Urgency.COMMAND)
        said = outcome(answer, "Accepted", "AcceptedCanceled")
        name = printable(text(answer.payload, "filename"), LONGEST_FILE_NAME)
        return Outcome(done=True, answer=name) if said.done and name else said

    async def local_list_version(self) -> int:
        try:
            answer = await self._ask("GetLocalListVersion", {})
        except CallRefused as refused:
            if refused.error_code in _UNKNOWN:
                return UNSUPPORTED_LIST
            raise
        version = whole(answer.payload, "versionNumber")
        return UNSUPPORTED_LIST if version is None else version

    async def send_local_list(self, order: ListOrder) -> ListAnswer:
        request = {
            "versionNumber": order.version,
            "updateType": "Full" if order.whole else "Differential",
            "localAuthorizationList": [_line(each) for each in order.tags] or None,
        }
        try:
            said = text((await self._ask("SendLocalList", request)).payload, "status")
        except CallRefused as refused:
            if refused.error_code in _UNKNOWN:
                return ListAnswer.NOT_SUPPORTED
            raise
        return ListAnswer(said) if said in set(ListAnswer) else ListAnswer.FAILED

    async def reserve(self, order: ReservationOrder) -> Outcome:
        request = {
            "id": order.reservation_id,
            "evseId": order.connector or None,
            "expiryDateTime": format_timestamp(order.until),
            "idToken": token(order.tag),
            "groupIdToken": None if order.parent is None else token(order.parent),
        }
        return outcome(await self._ask("ReserveNow", request, Urgency.COMMAND))

    async def cancel_reservation(self, reservation_id: int) -> Outcome:
        return outcome(await self._ask("CancelReservation", {"reservationId": reservation_id}, Urgency.COMMAND))


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_timestamp(at)


def _line(tag: ListedTag) -> dict[str, object]:
    """A tag without a status is one to forget."""
    if tag.status is None:
        return {"idToken": token(tag.tag)}
    info: dict[str, object] = {"status": tag.status, "cacheExpiryDateTime": _time(tag.expires)}
    return {
        "idToken": token(tag.tag),
        "idTokenInfo": {**info, "groupIdToken": None if tag.parent is None else token(tag.parent)},
    }
