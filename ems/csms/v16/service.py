"""How OCPP 1.6 services a station: availability, firmware, logs, lists of tags, reservations, data of its maker.

The messages of the security extension are used where the station's firmware is signed or a security log is wanted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, Final

from ems.csms.dialect import OnRequestDialect
from ems.csms.fields import printable, text, whole
from ems.csms.lane import Answer, CallRefused, Urgency
from ems.csms.messages import Outcome
from ems.csms.service_words import (
    UNSUPPORTED_LIST,
    FirmwareOrder,
    ListAnswer,
    ListedTag,
    ListOrder,
    LogKind,
    LogOrder,
    ReservationOrder,
    VendorAnswer,
)
from ems.csms.station_clock import format_timestamp
from ems.csms.v16.commands import outcome_of
from ems.csms.v16.vocabulary import call
from ems.errors import StationCannot

LONGEST_FILE_NAME: Final = 120
LONGEST_CONTENT: Final = 500
_UNKNOWN: Final = frozenset({"NotSupported", "NotImplemented"})


class ServiceV16(ABC):
    """The part of `dialect.StationDialect` that services."""

    @abstractmethod
    async def _ask(
        self, request: object, urgency: Urgency = Urgency.ROUTINE, *, within_s: float | None = None
    ) -> Answer: ...

    async def change_availability(self, connector: int, *, operative: bool) -> Outcome:
        kind = "Operative" if operative else "Inoperative"
        answer = await self._ask(call.ChangeAvailability(connector_id=connector, type=kind), Urgency.COMMAND)
        return outcome_of(answer, "Accepted", "Scheduled")

    async def clear_cache(self) -> Outcome:
        return outcome_of(await self._ask(call.ClearCache(), Urgency.COMMAND), "Accepted")

    async def change_setting(self, key: str, value: str) -> Outcome:
        answer = await self._ask(call.ChangeConfiguration(key=key, value=value), Urgency.COMMAND)
        return outcome_of(answer, "Accepted", "RebootRequired")

    async def send_vendor_data(self, vendor: str, message: str | None, content: str | None) -> VendorAnswer:
        request = call.DataTransfer(vendor_id=vendor, message_id=message, data=content)
        answer = await self._ask(request, Urgency.COMMAND)
        said = answer.payload.get("data")
        return VendorAnswer(
            status=printable(text(answer.payload, "status"), 40),
            content=printable(said, LONGEST_CONTENT) if isinstance(said, str) else "",
        )

    async def update_firmware(self, order: FirmwareOrder) -> Outcome:
        if order.signed is not None:
            return await self._update_signed(order, order.signed.certificate, order.signed.signature)
        request = call.UpdateFirmware(
            location=order.location,
            retrieve_date=format_timestamp(order.fetch_at),
            retries=order.retries,
            retry_interval=order.retry_after_s,
        )
        await self._ask(request, Urgency.COMMAND)
        # This answer is empty: only the notifications that follow tell more.
        return Outcome(done=True, answer="Accepted")

    async def _update_signed(self, order: FirmwareOrder, certificate: str, signature: str) -> Outcome:
        request = call.SignedUpdateFirmware(
            request_id=order.request_id,
            firmware={
                "location": order.location,
                "retrieve_date_time": format_timestamp(order.fetch_at),
                "signing_certificate": certificate,
                "signature": signature,
            },
            retries=order.retries,
            retry_interval=order.retry_after_s,
        )
        return outcome_of(await self._ask(request, Urgency.COMMAND), "Accepted", "AcceptedCanceled")

    async def send_log(self, order: LogOrder) -> Outcome:
        """GetDiagnostics, which every station of 1.6 may know; GetLog for a security log, or where that is unknown."""
        if order.kind is LogKind.SECURITY:
            return await self._get_log(order)
        request = call.GetDiagnostics(
            location=order.location,
            retries=order.retries,
            retry_interval=order.retry_after_s,
            start_time=_time(order.since),
            stop_time=_time(order.until),
        )
        try:
            answer = await self._ask(request, Urgency.COMMAND)
        except CallRefused as refused:
            if refused.error_code not in _UNKNOWN:
                raise
            return await self._get_log(order)
        name = printable(text(answer.payload, "fileName"), LONGEST_FILE_NAME)
        # No name means that there is nothing to upload.
        return Outcome(done=bool(name), answer=name or "NothingToUpload")

    async def _get_log(self, order: LogOrder) -> Outcome:
        log: dict[str, Any] = {"remote_location": order.location}
        for field, at in (("oldest_timestamp", order.since), ("latest_timestamp", order.until)):
            if at is not None:
                log[field] = format_timestamp(at)
        request = call.GetLog(
            log=log,
            log_type=order.kind.value,
            request_id=order.request_id,
            retries=order.retries,
            retry_interval=order.retry_after_s,
        )
        answer = await self._ask(request, Urgency.COMMAND)
        said = outcome_of(answer, "Accepted", "AcceptedCanceled")
        name = printable(text(answer.payload, "filename"), LONGEST_FILE_NAME)
        return Outcome(done=True, answer=name) if said.done and name else said

    async def local_list_version(self) -> int:
        answer = await self._ask(call.GetLocalListVersion())
        version = whole(answer.payload, "listVersion")
        return UNSUPPORTED_LIST if version is None else version

    async def send_local_list(self, order: ListOrder) -> ListAnswer:
        request = call.SendLocalList(
            list_version=order.version,
            update_type="Full" if order.whole else "Differential",
            local_authorization_list=[_line(each) for each in order.tags],
        )
        said = text((await self._ask(request)).payload, "status")
        return ListAnswer(said) if said in set(ListAnswer) else ListAnswer.FAILED

    async def reserve(self, order: ReservationOrder) -> Outcome:
        request = call.ReserveNow(
            connector_id=order.connector,
            expiry_date=format_timestamp(order.until),
            id_tag=order.tag,
            reservation_id=order.reservation_id,
            parent_id_tag=order.parent,
        )
        return outcome_of(await self._ask(request, Urgency.COMMAND), "Accepted")

    async def cancel_reservation(self, reservation_id: int) -> Outcome:
        request = call.CancelReservation(reservation_id=reservation_id)
        return outcome_of(await self._ask(request, Urgency.COMMAND), "Accepted")

    def on_request(self) -> OnRequestDialect:
        raise StationCannot("OCPP 1.6 has no word for that; the station would have to speak 2.0.1 or newer")


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_timestamp(at)


def _line(tag: ListedTag) -> dict[str, Any]:
    """A tag without a status is one to forget."""
    line: dict[str, Any] = {"id_tag": tag.tag}
    if tag.status is not None:
        about: dict[str, str] = {"status": tag.status}
        if tag.expires is not None:
            about["expiry_date"] = format_timestamp(tag.expires)
        if tag.parent is not None:
            about["parent_id_tag"] = tag.parent
        line["id_tag_info"] = about
    return line
