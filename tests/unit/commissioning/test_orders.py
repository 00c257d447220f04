"""Whether lowers went before raises, as read from what was sent."""

from __future__ import annotations

from ems.commissioning.orders import lowers_before_raises
from ems.model.station import SendOutcome, SentLimit


def limit(limit_a: float, sent_s: float, settled_s: float | None) -> SentLimit:
    return SentLimit(
        limit_a=limit_a,
        phases=3,
        sent_at_s=sent_s,
        lease_ends_at_s=sent_s + 60,
        outcome=SendOutcome.PENDING if settled_s is None else SendOutcome.ACCEPTED,
        settled_at_s=settled_s,
    )


def test_a_raise_after_the_answer_to_a_lower_is_in_order() -> None:
    sent = {
        "one": [limit(16, 0, 0.2), limit(6, 10, 10.3)],
        "two": [limit(6, 0, 0.2), limit(10, 10.4, 10.6)],
    }

    assert lowers_before_raises(sent, since_s=5.0) is True


def test_a_raise_while_a_lower_is_on_its_way_is_out_of_order() -> None:
    sent = {
        "one": [limit(16, 0, 0.2), limit(6, 10, 11.5)],
        "two": [limit(6, 0, 0.2), limit(10, 10.4, 10.6)],
    }

    assert lowers_before_raises(sent, since_s=5.0) is False


def test_a_lower_that_is_overdue_holds_nobody_up() -> None:
    sent = {
        "one": [limit(16, 0, 0.2), limit(6, 10, None)],
        "two": [limit(6, 0, 0.2), limit(10, 12.4, 12.6)],
    }

    assert lowers_before_raises(sent, since_s=5.0) is True


def test_without_a_raise_nothing_is_shown() -> None:
    assert lowers_before_raises({"one": [limit(16, 0, 0.2), limit(6, 10, 10.3)]}, since_s=5.0) is None
    assert lowers_before_raises({"one": [limit(6, 0, 0.2), limit(16, 1, 1.3)]}, since_s=5.0) is None
