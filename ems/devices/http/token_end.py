"""When a token ends, where it says so itself, as those of Enphase's cloud do. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Final

LONGEST_TOKEN: Final = 4096


def token_end(token: str) -> datetime | None:
    """The end that stands in a JSON web token; None for any other token. Its signature is the device's affair."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST_TOKEN:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(told["exp"], tz=UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError, binascii.Error):
        return None
