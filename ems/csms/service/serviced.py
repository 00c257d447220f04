"""The part of a station that is serviced: what people and installers ask of it, and what it says of that."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ems.csms.messages import Boot, Outcome, Report, Setting
from ems.csms.ports import LeasedLimit
from ems.csms.service import firmware
from ems.csms.service.firmware import FirmwareUpdate
from ems.csms.service.local_list import ListRoom, TagList, send_list
from ems.csms.service.operated import UNCHANGED, Operated
from ems.csms.service.requested import Requested
from ems.csms.service.settings import read_everything, read_settings
from ems.csms.service.standing import Upload
from ems.csms.service_words import (
    FirmwareOrder,
    FirmwareReport,
    FirmwareState,
    LogOrder,
    UploadReport,
    UploadState,
    VendorAnswer,
)
from ems.errors import StationOffline, StationRefused

REBOOT_REQUIRED: Final = "RebootRequired"
OF_CONNECTORS: Final = frozenset({Report.STATUS, Report.METER_VALUES})
"""Reports that a connector has of its own."""


class Serviced(Operated, Requested):
    """Everything here raises StationOffline, StationSilent or StationRefused where the station is asked."""

    @property
    @abstractmethod
    def told_settings(self) -> Mapping[str, Setting]:
        """What it told of its settings when it was set up."""

    def when_ordered(self, changed: asyncio.Event) -> None:
        """Set that event whenever an update or an upload begins, goes on or ends."""
        self._shared.orders_changed = changed

    def recall_orders(self, update: FirmwareUpdate | None, upload: Upload | None) -> None:
        """Go on from what an earlier run ordered."""
        self._stand(update=update, upload=upload)

    @property
    def host_dialled(self) -> str:
        """By which name or address of ours it came. Raises StationOffline."""
        host = self._here().host_dialled
        if host is None:
            raise StationOffline(f"{self.station_id} came by no address that could be given back to it")
        return host

    def while_servicing(self, lease: LeasedLimit) -> LeasedLimit:
        """Not above its fallback current while it installs: that is what it keeps to when it boots in between."""
        if not self.is_installing or lease.limit_a <= lease.fallback_a:
            return lease
        return replace(lease, limit_a=lease.fallback_a)

    async def clear_cache(self) -> Outcome:
        """Have it forget the tags that it accepted before."""
        return await self._here().dialect.clear_cache()

    async def ask_for(self, report: Report) -> Outcome:
        """Have it send a report, of its connector or of the whole station; one that it cannot send is remembered."""
        try:
            await self.trigger(report, self.number if report in OF_CONNECTORS else None)
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
        version = await send_list(self._here().dialect, tags, self._shared.list_sent, ListRoom.told(self.told_settings))
        if version == tags.version:
            self._shared.list_sent = tags
        self._stand(list_version=version)
        return version

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

    def service_booted(self, boot: Boot) -> None:
        """It restarted: what waited for that is done."""
        at, now_s = self._clock.utc_now(), self._clock.monotonic_s()
        update = firmware.booted(self.standing.update, boot.firmware, at, now_s)
        self._stand(update=update, reboot_needed=())

    @property
    @abstractmethod
    def _firmware_now(self) -> str:
        """Its firmware version as it last said; empty while it has not."""
