"""Everything that one protocol version can ask of a station."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ems.csms.messages import Dialect, Outcome
from ems.csms.on_request_words import ComponentsThat, MonitorBase, MonitorOrder
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

    def on_request(self) -> OnRequestDialect:
        """What is asked only when somebody wants it. Raises StationCannot for a version without words for it."""
        ...


class OnRequestDialect(Protocol):
    """What is asked on request. Each raises StationOffline, StationSilent, StationRefused or StationCannot."""

    async def monitor(self, order: MonitorOrder) -> Outcome:
        """Have a variable watched."""
        ...

    async def stop_monitors(self, numbers: Sequence[int]) -> Outcome:
        """Watch no more by these; one that does not exist is gone too."""
        ...

    async def monitor_base(self, base: MonitorBase) -> Outcome: ...

    async def monitor_level(self, severity: int) -> Outcome:
        """Report what is as severe as that or more; 0 is the most severe."""
        ...

    async def report_monitors(self) -> Outcome:
        """Have it tell its monitors."""
        ...

    async def report_components(self, that: Sequence[ComponentsThat]) -> Outcome:
        """Have it tell its components of these kinds."""
        ...

    async def show(self, number: int, content: str, *, transaction_id: str | None = None) -> Outcome:
        """Show a text on its display."""
        ...

    async def report_shown(self) -> Outcome:
        """Have it tell what its display shows."""
        ...

    async def show_no_more(self, number: int) -> Outcome:
        """Take a text off its display; one that is not there is gone too."""
        ...

    async def tell_cost(self, transaction_id: str, total: float) -> Outcome:
        """What the running session has cost so far, in the currency that the station shows."""
        ...

    async def customer(self, tag: str, *, report: bool, clear: bool) -> Outcome:
        """Have it tell or forget what it keeps of the owner of a tag."""
        ...

    async def report_curves(self) -> Outcome:
        """Have it tell the grid curves that it follows."""
        ...


class StationDialect(Dialect, ServiceDialect, Protocol):
    """What a connection of a station needs of its dialect."""
