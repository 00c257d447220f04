"""What the commands of a second central system may reach: a station, and the relay itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from ems.csms.messages import Configuration, Outcome
from ems.csms.relay.backlog import Backlog
from ems.csms.relay.cap_book import CapBook
from ems.csms.relay.caps import Running
from ems.csms.relay.settings import Settings
from ems.csms.service_words import VendorAnswer
from ems.model.transaction import Transaction

Payload: TypeAlias = Mapping[str, object]


class Commanded(Protocol):
    """What a second central system's commands may reach of a station. The calls raise StationError."""

    @property
    def session(self) -> Transaction | None: ...

    @property
    def configuration(self) -> Configuration | None: ...

    async def remote_start(self, id_tag: str) -> None: ...

    async def remote_stop(self) -> None: ...

    async def restart(self, *, hard: bool = False) -> Outcome: ...

    async def unlock(self) -> Outcome: ...

    async def send_vendor_data(self, vendor: str, message: str | None, content: str | None) -> VendorAnswer: ...


class Desk(Protocol):
    """The relay, as the commands see it."""

    @property
    def backlog(self) -> Backlog: ...

    @property
    def caps(self) -> CapBook: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def running(self) -> Running | None:
        """The session of the connector."""
        ...

    @property
    def allowed_a(self) -> float | None:
        """What the station was told last; None before."""
        ...

    def caps_changed(self) -> None: ...

    def asked_for(self, report: str) -> bool:
        """Report that soon; False for a report that is not there."""
        ...

    def trusts(self, id_tag: str, profile: Payload | None) -> None:
        """That tag is one of its own; `profile` is for the session that begins with it."""
        ...

    def forget_tags(self) -> None: ...
