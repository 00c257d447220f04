"""A station's settings for people: read in pages, written only where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ems.csms.messages import Configuration, Dialect, Setting
from ems.errors import StationRefused, StationSilent

PAGE: Final = 10
"""Keys per request where the station has not told how many it takes (Q18)."""

MOST_PAGES: Final = 60
MOST_SETTINGS: Final = 400
PAGE_KEY: Final = "GetConfigurationMaxKeys"
SILENCES_TO_STOP: Final = 2


async def read_settings(
    dialect: Dialect, keys: Iterable[str], known: Mapping[str, Setting], *, page: int | None = None
) -> Mapping[str, Setting | None]:
    """What the station tells of these keys; None for those that it does not know, nothing where it did not say.

    `known` may tell how many it takes at once, and `page` what is known of its kind.
    Raises StationOffline, or StationSilent or StationRefused for no answer.
    """
    found: dict[str, Setting | None] = {}
    missing = list(dict.fromkeys(keys))
    page, silences = min(page or PAGE, _page_size(known)), 0
    trouble: StationSilent | StationRefused | None = None
    for _ in range(MOST_PAGES):
        if not missing or silences >= SILENCES_TO_STOP:
            break
        asked, missing = tuple(missing[:page]), missing[page:]
        try:
            told = await dialect.get_configuration(asked)
        except StationSilent as err:
            trouble, silences, told = err, silences + 1, Configuration()
        except StationRefused as err:
            trouble, told = err, Configuration()
        found.update({key: None for key in asked if key in told.unknown})
        found.update({key: setting for key, setting in told.known.items() if key in asked})
        left = [key for key in asked if key not in found]
        if left and len(asked) > 1:
            missing, page = left + missing, 1 if not told.known else max(1, min(page, len(told.known)))
    if trouble is not None and not found:
        raise trouble
    return found


async def read_everything(dialect: Dialect) -> Mapping[str, Setting]:
    """All that the station tells when it is asked for everything at once, which some do not survive (Q18)."""
    told = await dialect.get_configuration(())
    return dict(list(told.known.items())[:MOST_SETTINGS])


def _page_size(known: Mapping[str, Setting]) -> int:
    said = known[PAGE_KEY].value.strip() if PAGE_KEY in known else ""
    return min(max(int(said), 1), PAGE) if said.isdecimal() and len(said) < 6 else PAGE
