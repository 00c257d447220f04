"""What people should mend, as Home Assistant's repairs: only what they can do something about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .client import VersionMismatch
from .const import DOMAIN
from .models import House
from .words import SiteCondition

SILENT_FOR: Final = timedelta(minutes=10)
"""A meter that is away for a moment comes back by itself."""

FROM_NOTICES: Final = {"wiring_unknown": "charger_unknown_phases", "second_controller": "second_controller"}
"""Notices of the service that ask for more than patience."""

PAGES: Final = {"wiring_unknown": "/commissioning", "second_controller": "/log"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Something to mend."""

    key: str
    """That of its translation."""

    about: str = ""
    """What it is about, where there are several."""

    detail: str = ""
    page: str = ""
    """Of the service, where more is said or done."""


class Repairs:
    """What is to be mended in one house now."""

    def __init__(self, hass: HomeAssistant, site_id: str, title: str, url: str) -> None:
        self._hass = hass
        self._site_id = site_id
        self._title = title
        self._url = url
        # What an earlier try or start left.
        self._open: dict[str, Repair | None] = {
            issue_id: None
            for domain, issue_id in ir.async_get(hass).issues
            if domain == DOMAIN and f"_{site_id}" in issue_id
        }
        self._silent_since: datetime | None = None

    @callback
    def look(self, house: House) -> None:
        """Whatever is not amiss any more goes; the service speaks our version, or we would see no house."""
        self._note_silence(house)
        self._show(tuple(self._amiss(house)))

    @callback
    def tell_mismatch(self, error: VersionMismatch) -> None:
        """One of the two has to be updated. What else was amiss nobody knows now."""
        key = "service_too_old" if error.service_is_older else "integration_too_old"
        self._show((Repair(key=key, detail=str(error)),))

    @callback
    def close(self) -> None:
        """Nothing is known any more."""
        self._show(())

    def _amiss(self, house: House) -> Iterator[Repair]:
        if house.condition is SiteCondition.NOT_COMMISSIONED:
            yield Repair(key="not_commissioned", page="/commissioning")
        if self._silent_since is not None and house.at - self._silent_since >= SILENT_FOR:
            yield Repair(key="grid_meter_silent", page="/log")
        for station in house.stations:
            if station.ignores_limit:
                yield Repair(key="charger_ignores_limit", about=station.id, page="/log")
        for notice in house.notices:
            if notice.code in FROM_NOTICES and notice.station is not None:
                yield Repair(key=FROM_NOTICES[notice.code], about=notice.station, page=PAGES[notice.code])
        if house.storage_trouble is not None:
            yield Repair(key="storage_trouble", detail=house.storage_trouble, page="/log")

    def _note_silence(self, house: House) -> None:
        if house.powers.grid_w is not None or not house.circuits:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = house.at

    def _show(self, repairs: tuple[Repair, ...]) -> None:
        now = {f"{repair.key}_{self._site_id}_{repair.about}".rstrip("_"): repair for repair in repairs}
        for issue_id in self._open.keys() - now.keys():
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        for issue_id, repair in now.items():
            if self._open.get(issue_id) != repair:
                self._create(issue_id, repair)
        self._open = dict(now)

    def _create(self, issue_id: str, repair: Repair) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR if repair.key.endswith("too_old") else ir.IssueSeverity.WARNING,
            translation_key=repair.key,
            translation_placeholders={"name": self._title, "about": repair.about, "detail": repair.detail},
            learn_more_url=f"{self._url}{repair.page}" if repair.page else None,
        )
