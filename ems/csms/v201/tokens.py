"""Id tags in the spelling of version 2, which also wants to know what kind of thing they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ems.csms.messages import TagVerdict
from ems.csms.station_clock import format_timestamp

LONGEST_TOKEN: Final = 36
_CARD: Final = re.compile(r"[0-9A-Fa-f]{8,20}")


def token(tag: str) -> dict[str, object]:
    """A tag of hexadecimal digits alone is the number of a card; any other was made up by us."""
    kind = "ISO14443" if _CARD.fullmatch(tag) else "Central"
    return {"idToken": tag[:LONGEST_TOKEN], "type": kind}


def token_info(verdict: TagVerdict) -> Mapping[str, object]:
    """What a station is told of a tag."""
    info: dict[str, object] = {"status": verdict.status.value}
    if verdict.expires is not None:
        info["cacheExpiryDateTime"] = format_timestamp(verdict.expires)
    if verdict.parent is not None:
        info["groupIdToken"] = token(verdict.parent)
    return info
