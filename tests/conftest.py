"""How property tests search: the same way each time, and without a stop-watch. Which tests need the machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

ALONE: Final = (
    "protocol",
    "web",
    "scenario/test_battery_orders.py",
    "scenario/test_commissioning_in_browser.py",
    "scenario/test_connectors.py",
    "scenario/test_demo_day.py",
    "scenario/test_faults.py",
    "scenario/test_ingress.py",
    "scenario/test_installer.py",
    "scenario/test_pushed_meter.py",
    "scenario/test_report_card.py",
    "scenario/test_rules_and_rebels.py",
)
"""Tests with sockets and real deadlines, which come first, each in a lane of `.ci/test`; all others run behind."""

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test` runs by itself."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(ALONE):
            item.add_marker(pytest.mark.alone)
