"""Everything that one protocol version can ask of a station."""

from __future__ import annotations

from typing import Protocol

from ems.csms.messages import Dialect, Outcome
from ems.csms.service_words import (
    FirmwareOrder,
    ListAnswer,
    ListOrder,
    LogOrder,
    ReservationOrder,
    VendorAnswer,
)


class ServiceDialect(Protocol):
    """What a serviced station is asked. Every method raises StationOffline, StationSilent or StationRefused."""

    async def change_availability(self, connector: int, *, operative: bool) -> Outcome:
        """Into or out of operation; 0 is the whole station. `Scheduled` waits for a session's end."""
        ...

    async def clear_cache(self) -> Outcome:
        """Forget the tags that it accepted before."""
        ...

    async def change_setting(self, key: str, value: str) -> Outcome:
        """Change one setting; `RebootRequired` is done too."""
        ...

    async def send_vendor_data(self, vendor: str, message: str | None, content: str | None) -> VendorAnswer: ...

    async def update_firmware(self, order: FirmwareOrder) -> Outcome: ...

    async def send_log(self, order: LogOrder) -> Outcome:
        """Have it upload a log; the answer is the name of the file where it gives one."""
        ...

    async def local_list_version(self) -> int:
        """-1 where it keeps no list, 0 where the list is empty."""
        ...

    async def send_local_list(self, order: ListOrder) -> ListAnswer: ...

    async def reserve(self, order: ReservationOrder) -> Outcome: ...

    async def cancel_reservation(self, reservation_id: int) -> Outcome: ...


class StationDialect(Dialect, ServiceDialect, Protocol):
    """What a connection of a station needs of its dialect."""
