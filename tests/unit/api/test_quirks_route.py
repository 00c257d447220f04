"""What is known of a station is told with its reasons."""

from __future__ import annotations

from ems.api.routes.peculiarities import _told
from ems.api.wire.peculiarities import KnownQuirk
from ems.csms.constructions import constructions
from ems.csms.messages import Boot
from ems.csms.quirks.learned import Kind, LearnedBook
from tests.unit.csms.test_acquaintance import FIRST, SECOND, acquaintance

NECHARGE = Boot(vendor="NEcharge", model="NE\x0011", firmware="1.0")


def test_quirks_of_a_station_come_with_who_says_so() -> None:
    book = LearnedBook()
    book.obeys(Kind.of(NECHARGE), FIRST)
    book.ignores(Kind.of(NECHARGE), SECOND)
    known, limits = acquaintance(book)
    known.meet(NECHARGE)

    told = _told(known, constructions(limits.can, limits.search.quirks)[0])

    assert (told.vendor, told.model, told.rows) == ("NEcharge", "NE11", ["NEcharge"])
    assert KnownQuirk(key="step_amps", value=[6, 8, 10, 13, 16], said_by="NEcharge") in told.quirks
    assert told.way is not None
    assert told.way.purpose == "tx_default"
    assert told.obeyed is not None
    assert [each.purpose for each in told.ignored] == [SECOND.purpose.value]


def test_station_that_never_said_who_it_is_has_nothing_to_tell() -> None:
    known, _ = acquaintance()

    assert _told(known, None).model_dump() == {
        "vendor": None,
        "model": None,
        "firmware": None,
        "rows": [],
        "quirks": [],
        "way": None,
        "obeyed": None,
        "ignored": [],
    }
