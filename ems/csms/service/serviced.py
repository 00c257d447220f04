"""The part of a station that is serviced: what people and installers ask of it, and what it says of that."""

from __future__ import annotations

import asyncio
import secrets
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ems.clock import Clock
from ems.config.schema_quirks import QuirkSection
from ems.csms.charging_profiles import Profile
from ems.csms.messages import Boot, Outcome, Report, Setting
from ems.csms.ports import LeasedLimit
from ems.csms.service import firmware
from ems.csms.service.local_list import ListRoom, TagList, send_list
from ems.csms.service.requested import Requested
from ems.csms.service.settings import read_everything, read_settings
from ems.csms.service.standing import RemoteStart, Reservation, Standing, StartState, Upload
from ems.csms.service_words import (
    FirmwareOrder,
    FirmwareReport,
    FirmwareState,
    LogOrder,
    ReservationOrder,
    UploadReport,
    UploadState,
    VendorAnswer,
)
from ems.csms.station_calls import REMOTE_TAG
from ems.errors import StationOffline, StationRefused
from ems.model.station import ConnectorStatus
from ems.model.transaction import TransactionId

REBOOT_REQUIRED: Final = "RebootRequired"
UNCHANGED: Final = "Unchanged"
"""Our own word: the station is so already, and was not bothered."""

MOST_REQUEST_ID: Final = 2**31 - 1


class Serviced(Requested):
    """Everything here raises StationOffline, StationSilent or StationRefused where the station is asked."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._clock = clock
        self.standing = Standing()
        """What its service stands at."""

        self._list_sent: TagList | None = None
        self._ordered: asyncio.Event | None = None

    @property
    @abstractmethod
    def quirks(self) -> QuirkSection:
        """What is peculiar about it."""

    @property
    @abstractmethod
    def statuses(self) -> tuple[ConnectorStatus | None, ...]:
        """What it last said of itself and of its connector."""

    @property
    @abstractmethod
    def told_settings(self) -> Mapping[str, Setting]:
        """What it told of its settings when it was set up."""

    def when_ordered(self, changed: asyncio.Event) -> None:
        """Set that event whenever an update or an upload begins, goes on or ends."""
        self._ordered = changed

    @property
    def host_dialled(self) -> str:
        """By which name or address of ours it came. Raises StationOffline."""
        host = self._here().host_dialled
        if host is None:
            raise StationOffline(f"{self.station_id} came by no address that could be given back to it")
        return host

    @property
    def is_installing(self) -> bool:
        """Whether it installs firmware, and may stop and boot at any moment."""
        update = self.standing.update
        return update is not None and update.is_installing(self._clock.monotonic_s())

    def while_servicing(self, lease: LeasedLimit) -> LeasedLimit:
        """Not above its fallback current while it installs: that is what it keeps to when it boots in between."""
        if not self.is_installing or lease.limit_a <= lease.fallback_a:
            return lease
        return replace(lease, limit_a=lease.fallback_a)

    def _start_profile(self) -> Profile | None:
        """The limit that a transaction begins with, where limits are those of transactions."""
        return None

    async def remote_start(self, id_tag: str = REMOTE_TAG, connector: int | None = 1) -> None:
        """Begin a session; None leaves the connector to the station. Refused while it installs firmware."""
        if self.is_installing:
            raise StationRefused(f"{self.station_id} installs firmware now; start a session when it is done")
        asked = RemoteStart(tag=id_tag, at=self._clock.utc_now(), asked_at_s=self._clock.monotonic_s())
        dialect = self._here().dialect
        # Before it is asked: the session may begin before its answer was looked at.
        self._stand(start=asked)
        try:
            await dialect.remote_start(id_tag, connector, self._start_profile())
        except StationRefused:
            self._stand(start=replace(asked, state=StartState.REFUSED))
            raise

    async def change_availability(self, *, operative: bool) -> Outcome:
        """Into or out of operation; not sent where it is so already (Q20)."""
        standing = self.standing
        is_out = ConnectorStatus.UNAVAILABLE in self.statuses
        known = any(status is not None for status in self.statuses)
        if known and is_out is not operative and not standing.change_waits:
            self._stand(operative=operative)
            return Outcome(done=True, answer=UNCHANGED)
        if self.quirks.no_change_availability:
            raise StationRefused(f"{self.station_id} is of a kind that must not be told to be available or not")
        outcome = await self._here().dialect.change_availability(0, operative=operative)
        if outcome.done:
            self._stand(operative=operative, change_waits=outcome.answer == "Scheduled")
        return outcome

    async def clear_cache(self) -> Outcome:
        """Have it forget the tags that it accepted before."""
        return await self._here().dialect.clear_cache()

    async def ask_for(self, report: Report, connector: int | None = None) -> Outcome:
        """Have it send a report; one that it cannot send is remembered."""
        try:
            await self.trigger(report, connector)
        except StationRefused as refused:
            self._stand(refused_reports={**self.standing.refused_reports, report.value: str(refused)[:200]})
            return Outcome(done=False, answer=str(refused)[:200])
        left = {key: said for key, said in self.standing.refused_reports.items() if key != report.value}
        self._stand(refused_reports=left)
        return Outcome(done=True, answer="Accepted")

    async def send_vendor_data(self, vendor: str, message: str | None, content: str | None) -> VendorAnswer:
        """Something that only its maker understands."""
        return await self._here().dialect.send_vendor_data(vendor, message, content)

    async def read_settings(self, keys: tuple[str, ...]) -> Mapping[str, Setting | None]:
        """These settings, asked in pages; None for those that it does not know."""
        return await read_settings(self._here().dialect, keys, self.told_settings, page=self.quirks.config_page)

    async def read_every_setting(self) -> Mapping[str, Setting]:
        """All that it tells at once, which some stations do not survive (Q18)."""
        return await read_everything(self._here().dialect)

    async def change_setting(self, key: str, value: str) -> Outcome:
        """Change a setting where it differs: every write wears its memory (Q19)."""
        now = (await self.read_settings((key,))).get(key)
        if now is not None and now.value == value:
            return Outcome(done=True, answer=UNCHANGED)
        outcome = await self._here().dialect.change_setting(key, value)
        if outcome.done and outcome.answer == REBOOT_REQUIRED:
            needed = dict.fromkeys((*self.standing.reboot_needed, key))
            self._stand(reboot_needed=tuple(needed))
        return outcome

    async def update_firmware(self, order: FirmwareOrder, file: str) -> Outcome:
        """Have it fetch and install a file of that name."""
        at, now_s = self._clock.utc_now(), self._clock.monotonic_s()
        update = firmware.ordered(order.request_id, file, self._firmware_now, at, now_s)
        # Before it is asked: its first report may come before its answer.
        before = self.standing.update
        self._stand(update=update)
        try:
            outcome = await self._here().dialect.update_firmware(order)
        except Exception:
            self._stand(update=before)
            raise
        if not outcome.done:
            state = FirmwareState(outcome.answer) if outcome.answer in set(FirmwareState) else FirmwareState.REFUSED
            self._stand(update=update.told(state, at, now_s))
        return outcome

    async def send_log(self, order: LogOrder) -> Outcome:
        """Have it upload a log."""
        upload = Upload(request_id=order.request_id, kind=order.kind, asked=self._clock.utc_now())
        before = self.standing.upload
        self._stand(upload=upload)
        try:
            outcome = await self._here().dialect.send_log(order)
        except Exception:
            self._stand(upload=before)
            raise
        newest = self.standing.upload or upload
        if outcome.done:
            self._stand(upload=replace(newest, file_name=outcome.answer if "." in outcome.answer else ""))
        else:
            self._stand(upload=replace(upload, state=UploadState.REFUSED))
        return outcome

    async def keep_list(self, tags: TagList) -> int:
        """Bring its list of tags up to date; its version afterwards, -1 where it keeps none. Raises ListTooLong."""
        version = await send_list(self._here().dialect, tags, self._list_sent, self._list_room())
        if version == tags.version:
            self._list_sent = tags
        self._stand(list_version=version)
        return version

    async def reserve(self, tag: str, until: datetime, *, parent: str | None = None) -> Outcome:
        """Keep its connector for that tag."""
        order = ReservationOrder(reservation_id=new_request_id(), connector=1, tag=tag, until=until, parent=parent)
        outcome = await self._here().dialect.reserve(order)
        if outcome.done:
            self._stand(reservation=Reservation(reservation_id=order.reservation_id, tag=tag, until=until))
        return outcome

    async def cancel_reservation(self) -> Outcome:
        """Keep it for nobody; one that the station does not know of any more is gone too."""
        reservation = self.reservation
        if reservation is None:
            return Outcome(done=False, answer="Unknown")
        outcome = await self._here().dialect.cancel_reservation(reservation.reservation_id)
        self._stand(reservation=None)
        return outcome

    @property
    def reservation(self) -> Reservation | None:
        """The one that holds now."""
        kept = self.standing.reservation
        return kept if kept is not None and kept.until > self._clock.utc_now() else None

    def firmware_reported(self, report: FirmwareReport) -> None:
        """Follow its update."""
        update = firmware.follow(
            self.standing.update,
            report,
            firmware=self._firmware_now,
            at=self._clock.utc_now(),
            now_s=self._clock.monotonic_s(),
        )
        self._stand(update=update)

    def upload_reported(self, report: UploadReport) -> None:
        """Follow its upload."""
        upload = self.standing.upload
        if upload is None or report.state in {None, UploadState.IDLE, UploadState.ASKED, UploadState.REFUSED}:
            return
        if report.request_id in {None, upload.request_id}:
            self._stand(upload=replace(upload, state=report.state or upload.state))

    def _service_booted(self, boot: Boot) -> None:
        """It restarted: what waited for that is done."""
        at, now_s = self._clock.utc_now(), self._clock.monotonic_s()
        update = firmware.booted(self.standing.update, boot.firmware, at, now_s)
        self._stand(update=update, reboot_needed=())

    def _service_status(self, status: ConnectorStatus | None) -> None:
        if status is ConnectorStatus.UNAVAILABLE or status is ConnectorStatus.AVAILABLE:
            waits = self.standing.change_waits and (status is ConnectorStatus.UNAVAILABLE) is self.standing.operative
            self._stand(change_waits=waits)

    def _service_started(self, id_tag: str, transaction_id: TransactionId) -> None:
        """A session began: perhaps the one that was asked for, or that a reservation was for."""
        asked, kept = self.standing.start, self.standing.reservation
        now_s = self._clock.monotonic_s()
        if asked is not None and asked.tag.lower() == id_tag.lower() and asked.state_at(now_s) is StartState.WAITING:
            self._stand(start=replace(asked, state=StartState.STARTED, transaction_id=transaction_id))
        if kept is not None and kept.tag.lower() == id_tag.lower():
            self._stand(reservation=None)

    @property
    @abstractmethod
    def _firmware_now(self) -> str:
        """Its firmware version as it last said; empty while it has not."""

    def _list_room(self) -> ListRoom:
        told = self.told_settings
        return ListRoom(
            lines=_count(told.get("LocalAuthListMaxLength")), lines_at_once=_count(told.get("SendLocalListMaxLength"))
        )

    def _stand(self, **changes: object) -> None:
        self.standing = replace(self.standing, **changes)  # type: ignore[arg-type] # names of `Standing`
        if self._ordered is not None and not changes.keys().isdisjoint({"update", "upload"}):
            self._ordered.set()


def new_request_id() -> int:
    """A number for an order that was hardly used before, also not before our restart."""
    return secrets.randbelow(MOST_REQUEST_ID) + 1


def _count(setting: Setting | None) -> int | None:
    said = "" if setting is None else setting.value.strip()
    return int(said) if said.isdecimal() and 0 < len(said) < 7 and int(said) > 0 else None
