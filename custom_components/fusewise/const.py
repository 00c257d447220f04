"""Names that several modules share."""

from __future__ import annotations

import logging
from typing import Final

DOMAIN: Final = "fusewise"
LOGGER: Final = logging.getLogger(__package__)

MANUFACTURER: Final = "Fusewise"
DEFAULT_PORT: Final = 8480
