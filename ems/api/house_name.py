"""An identity of the house that clients recognise it by, over restarts and new addresses."""

from __future__ import annotations

import platform
import re
import secrets
from typing import Final
from uuid import NAMESPACE_DNS, uuid5

from ems.api.sources import Shelf

SITE_ID_KEY: Final = "site_id"


def site_id(shelf: Shelf, name: str) -> str:
    """Sixteen hex digits: kept where something is kept, else made of the machine's and the house's name."""
    kept = shelf.recall(SITE_ID_KEY)
    if isinstance(kept, str) and re.fullmatch(r"[0-9a-f]{16}", kept):
        return kept
    if shelf.forgets:
        return uuid5(NAMESPACE_DNS, f"{platform.node()}/{name}").hex[:16]
    made = secrets.token_hex(8)
    shelf.keep(SITE_ID_KEY, made)
    return made
