"""What happens while people look elsewhere, as automations hear of it."""

from __future__ import annotations

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tests.ha.paper_service import PaperService
from tests.ha.waiting import until

DECISION = "event.sunny_house_decision"
SESSION = "event.garage_session"


class Heard:
    """The events of one entity since now, in their order."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        self._changes = async_capture_events(hass, "state_changed")
        self._entity_id = entity_id

    @property
    def all(self) -> list[dict[str, Any]]:
        """Their attributes; a change of the entity without a new event says the same as before and is no event."""
        told = [
            (change.data["new_state"].state, change.data["new_state"].attributes)
            for change in self._changes
            if change.data["entity_id"] == self._entity_id and change.data["new_state"] is not None
        ]
        return [
            dict(attributes)
            for place, (_, attributes) in enumerate(told)
            if attributes.get("event_type") is not None and (place == 0 or told[place - 1] != told[place])
        ]

    @property
    def types(self) -> list[str]:
        return [each["event_type"] for each in self.all]


@pytest.mark.usefixtures("all_enabled")
async def test_a_fuse_is_protected_and_let_go(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, DECISION)

    await service.tell(condition="protecting")
    await service.tell(condition="optimising")
    await until(hass, lambda: heard.types == ["limited", "released"])

    assert heard.all[0]["headline"] == service.state["headline"]["text"]


@pytest.mark.usefixtures("all_enabled")
async def test_a_meter_that_is_lost_while_a_fuse_is_protected_ends_that_first(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, DECISION)

    for condition in ("protecting", "fallback", "paused"):
        await service.tell(condition=condition)

    await until(hass, lambda: heard.types == ["limited", "released", "fallback", "resumed"])


@pytest.mark.usefixtures("all_enabled")
async def test_a_word_of_a_newer_service_is_no_event(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, DECISION)

    for condition in ("levitating", "optimising", "protecting"):
        await service.tell(condition=condition)

    await until(hass, lambda: heard.types == ["limited"])


def session_of(service: PaperService, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = service.station("garage")["session"] | changes
    return found


async def test_a_car_leaves_and_another_comes(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, SESSION)
    await service.tell_station("garage", goal=None)

    await service.tell_station("garage", session=None)
    await service.tell_station("garage", session=session_of_next())
    await until(hass, lambda: heard.types == ["ended", "started"])

    ended = heard.all[0]
    assert (ended["session_id"], ended["energy_kwh"], ended["solar_share"]) == ("s1", 4.5, 80.0)
    assert (ended["cost"], ended["currency"], ended["vehicle"]) == (0.54, "EUR", "family")
    assert heard.all[1]["session_id"] == "s2"


def session_of_next() -> dict[str, Any]:
    return {"id": "s2", "began": None, "energy_kwh": 0.0, "solar_kwh": 0.0, "solar_share": None} | {
        "cost": None,
        "currency": None,
        "vehicle": None,
    }


async def test_a_car_that_leaves_before_its_energy_is_in_missed_its_goal(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, SESSION)

    await service.tell_station("garage", session=None)

    await until(hass, lambda: heard.types == ["goal_missed", "ended"])
    assert heard.all[0]["goal_kwh"] == 20.0


async def test_a_goal_is_reached_once(hass: HomeAssistant, service: PaperService, house: MockConfigEntry) -> None:
    heard = Heard(hass, SESSION)

    await service.tell_station("garage", session=session_of(service, energy_kwh=20.0))
    await service.tell_station("garage", session=session_of(service, energy_kwh=20.5))
    await service.tell_station("garage", session=None)

    await until(hass, lambda: heard.types == ["goal_reached", "ended"])


async def test_a_goal_whose_time_goes_by_is_missed_once(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, SESSION)

    for at in ("2026-06-21T16:59:59Z", "2026-06-21T17:00:00Z", "2026-06-21T17:30:00Z"):
        service.state["at"] = at
        await service.tell_station("garage", power_w=1.0)
    await service.tell_station("garage", session=None)

    await until(hass, lambda: heard.types == ["goal_missed", "ended"])


async def test_a_goal_that_is_set_and_cleared_is_neither_reached_nor_missed(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, SESSION)

    await service.tell_station("garage", goal=None)
    await service.tell_station("garage", goal={"energy_kwh": 2.0, "ready_by": None})
    await service.tell_station("garage", goal={"energy_kwh": None, "ready_by": "2026-06-21T07:00:00Z"})
    await service.tell_station("garage", session=None)

    await until(hass, lambda: heard.types == ["ended"])


async def test_what_happened_while_the_service_was_away_is_told_when_it_is_back(
    hass: HomeAssistant, service: PaperService, house: MockConfigEntry
) -> None:
    heard = Heard(hass, SESSION)
    station = service.station("garage") | {"session": session_of_next(), "goal": None}

    await service.stop()
    service.state["stations"] = [station, service.station("carport")]
    await service.start()

    await until(hass, lambda: "started" in heard.types)
    assert heard.types[-1] == "started"
