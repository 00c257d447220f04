"""The documentation of devices is that of their profiles; `FUSEWISE_GOLDEN=write` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from tests.device_page import BEGIN, END, notes, table

DOCS = Path(__file__).parents[3] / "docs"


def test_the_table_of_devices_is_that_of_the_profiles() -> None:
    page = DOCS / "devices.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    expected = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if os.environ.get("FUSEWISE_GOLDEN") == "write":
        page.write_text(expected, encoding="utf-8")

    assert after
    assert page.read_text(encoding="utf-8") == expected


def test_the_notes_of_devices_are_those_of_the_profiles() -> None:
    page = DOCS / "device-notes.md"
    if os.environ.get("FUSEWISE_GOLDEN") == "write":
        page.write_text(notes(), encoding="utf-8")

    assert page.read_text(encoding="utf-8") == notes()
