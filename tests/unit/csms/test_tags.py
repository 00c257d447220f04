"""Who may charge, by the book of tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ems.csms.messages import TagStatus
from ems.csms.station_calls import REMOTE_TAG
from ems.csms.tags import KnownTag, TagBook, TagDesk, folded, listed, verdict
from tests.live import HandClock

NOW = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
KNOWN = (
    KnownTag(tag="Anna", group="HOME"),
    KnownTag(tag="Lost", blocked=True),
    KnownTag(tag="Guest", expires=NOW - timedelta(days=1)),
    KnownTag(tag="Solo", one_at_a_time=True, expires=NOW + timedelta(days=1)),
)
BOOK = TagBook(only_known=True, tags={folded(tag.tag): tag for tag in KNOWN})


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ("Anna", TagStatus.ACCEPTED),
        ("ANNA ", TagStatus.ACCEPTED),
        ("Lost", TagStatus.BLOCKED),
        ("Guest", TagStatus.EXPIRED),
        ("Nobody", TagStatus.INVALID),
        (REMOTE_TAG, TagStatus.ACCEPTED),
    ],
)
def test_known_blocked_expired_and_unknown_tags(tag: str, status: TagStatus) -> None:
    """A01."""
    assert verdict(BOOK, tag, NOW, charges_elsewhere=False).status is status


def test_everybody_may_charge_while_the_book_does_not_say_otherwise() -> None:
    assert verdict(TagBook(), "Nobody", NOW, charges_elsewhere=False).status is TagStatus.ACCEPTED
    assert verdict(TagBook(tags=BOOK.tags), "Lost", NOW, charges_elsewhere=False).status is TagStatus.BLOCKED


def test_a_tag_for_one_car_does_not_start_a_second() -> None:
    """A02."""
    assert verdict(BOOK, "Solo", NOW, charges_elsewhere=True).status is TagStatus.CONCURRENT
    assert verdict(BOOK, "Solo", NOW, charges_elsewhere=False).status is TagStatus.ACCEPTED
    assert verdict(BOOK, "Anna", NOW, charges_elsewhere=True).status is TagStatus.ACCEPTED


def test_a_tag_tells_its_group_so_that_one_ends_the_others_session() -> None:
    """A03."""
    assert verdict(BOOK, "Anna", NOW, charges_elsewhere=False).parent == "HOME"


def test_the_desk_knows_who_charges_elsewhere() -> None:
    """A02."""
    desk = TagDesk(HandClock())
    desk.book = TagBook(tags={"solo": KnownTag(tag="Solo", one_at_a_time=True)})
    desk.look_at(lambda: [("garage", "SOLO")])

    assert desk.authorise("garage", "Solo").status is TagStatus.ACCEPTED
    assert desk.authorise("carport", "Solo").status is TagStatus.CONCURRENT


def test_stations_keep_our_own_tag_too_but_no_list_of_an_empty_book() -> None:
    desk = TagDesk(HandClock())

    assert desk.list_now().tags == ()
    assert [(line.tag, line.status) for line in listed(BOOK, NOW).tags] == [
        (REMOTE_TAG, "Accepted"),
        ("Anna", "Accepted"),
        ("Lost", "Blocked"),
        ("Guest", "Expired"),
        ("Solo", "Accepted"),
    ]
