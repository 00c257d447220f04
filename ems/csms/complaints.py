"""What a station does against the standard, said once and then accepted."""

from __future__ import annotations

import logging
from typing import Final

from ems.csms.fields import printable

LOGGER = logging.getLogger(__name__)

MOST_COMPLAINTS: Final = 50
LONGEST_LINE: Final = 200


class Complaints:
    """Says each kind of schema violation once, and not more than `MOST_COMPLAINTS` kinds."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._said: set[str] = set()

    def note(self, action: str, complaint: str | None) -> None:
        if complaint is None:
            return
        line = printable(f"{action}: {complaint}", LONGEST_LINE)
        if line not in self._said and len(self._said) < MOST_COMPLAINTS:
            self._said.add(line)
            LOGGER.warning("%s sends what the standard does not allow (accepted all the same): %s", self._station, line)
