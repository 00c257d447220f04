"""The page with every OCPP action says what the code does. `FUSEWISE_GOLDEN=write` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from ems.csms.not_used import NOT_USED
from tests.contract.ocpp_actions import FROM_STATION, page, versions

PAGE = Path(__file__).parents[2] / "docs" / "ocpp-actions.md"


def test_the_page_says_what_the_code_does() -> None:
    if os.environ.get("FUSEWISE_GOLDEN") == "write":
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page(), "run: FUSEWISE_GOLDEN=write pytest tests/contract"


def test_no_action_is_left_on_purpose_and_used_all_the_same() -> None:
    used = {action for version in versions() for action in version.served | version.sent}

    assert sorted(used & set(NOT_USED)) == []


def test_only_actions_of_the_standard_are_served_sent_or_left() -> None:
    every = {action for version in versions() for action in version.actions}

    assert sorted(set(NOT_USED) - every) == []
    for version in versions():
        assert sorted(version.sent - version.actions) == [], version.name
        assert sorted((version.served & FROM_STATION) - every) == [], version.name


def test_what_stations_send_is_never_sent_and_what_goes_to_them_never_served() -> None:
    for version in versions():
        assert sorted(version.sent & FROM_STATION) == ["DataTransfer"], version.name
        assert sorted(version.served - FROM_STATION) == [], version.name
