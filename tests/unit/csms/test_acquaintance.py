"""What a station is known for: quirks by what it says it is, and what it was seen to obey."""

from __future__ import annotations

import json

import pytest

from ems.clock import VirtualClock
from ems.config.schema import StationEntry
from ems.config.schema_quirks import QuirkSection
from ems.csms.capabilities import UNKNOWN, RateUnit
from ems.csms.charging_profiles import resident_id, working_id
from ems.csms.constructions import Construction, Form, Purpose, constructions
from ems.csms.limits import Limits
from ems.csms.messages import Boot
from ems.csms.pace import Pace
from ems.csms.quirks.acquaintance import Acquaintance, paced
from ems.csms.quirks.learned import MOST_KINDS, Kind, LearnedBook
from ems.csms.quirks.match import match
from ems.csms.quirks.obeying import SEEN_FOR_S, ObedienceWatch
from ems.model.station import Peculiar

ACME = Boot(vendor="Acme", model="Box", firmware="1.0")
GO_E = Boot(vendor="go-e", model="go-eCharger_V4", firmware="56.2")
FIRST, SECOND, THIRD = constructions(UNKNOWN)[:3]


def acquaintance(book: LearnedBook | None = None, quirks: QuirkSection | None = None) -> tuple[Acquaintance, Limits]:
    limits = Limits("garage", VirtualClock(), whole_amps=False, max_a=16.0, phases=3)
    known = Acquaintance(StationEntry(id="garage", quirks=quirks), Pace(), limits, book or LearnedBook())
    return known, limits


def first_tried(limits: Limits) -> Construction:
    return next(limits.search.order(in_transaction=False))


def followed(known: Acquaintance, limits: Limits, way: Construction, *, at_s: float = 0.0) -> None:
    """A car that drew 16 A is told 10 A and follows."""
    limits.search.settle_on(way)
    known.metered(16.0, at_s)
    known.limited(10.0, at_s + 1.0)
    known.metered(9.9, at_s + 5.0)
    known.metered(9.8, at_s + 5.0 + SEEN_FOR_S)


def test_quirks_follow_what_a_station_says_it_is() -> None:
    known, limits = acquaintance()
    before = known.peculiar
    known.meet(GO_E)

    assert before is None
    assert known.peculiar == Peculiar(lets_go=True)
    assert limits.search.quirks.send_twice_after_zero
    assert (first_tried(limits).purpose, first_tried(limits).level) == (Purpose.TX_DEFAULT, 2)


def test_station_that_takes_limits_of_transactions_alone_counts_as_not_verified() -> None:
    """S13: the next car begins without a limit, and nobody may be there to tell it one."""
    known, limits = acquaintance()
    limits.search.settle_on(next(way for way in constructions(UNKNOWN) if way.needs_transaction))

    assert known.peculiar == Peculiar(lets_go=True)


def test_person_who_knows_better_overrules_the_row() -> None:
    known, _ = acquaintance(quirks=QuirkSection(persist_on_disconnect=True, deadman="untested"))
    known.meet(GO_E)

    assert known.peculiar is None


@pytest.mark.parametrize(
    ("quirks", "change"),
    [
        (QuirkSection(call_timeout_s=80.0), {"answer_within_s": 80.0, "trigger_within_s": 80.0}),
        (QuirkSection(ping_s=0.0), {"ping_s": None}),
        (QuirkSection(ping_s=30.0), {"ping_s": 30.0}),
        (QuirkSection(boot_wait_s=5.0), {"report_within_s": 5.0}),
        (QuirkSection(needs_remote_start=True), {"preparing_s": 1.0}),
        (QuirkSection(needs_remote_start=False), {"preparing_s": float("inf")}),
        (QuirkSection(meter_interval_min_s=60), {"meter_values_s": 60}),
        (QuirkSection(meter_interval_min_s=5), {}),
    ],
)
def test_patience_suits_the_station(quirks: QuirkSection, change: dict[str, float | None]) -> None:
    plain = Pace()
    suited = paced(plain, match(None, quirks))

    changed = {key: getattr(suited, key) for key in change}
    assert changed == change
    assert {key for key in Pace.__dataclass_fields__ if getattr(suited, key) != getattr(plain, key)} == set(change)


def test_what_was_obeyed_is_tried_first_by_the_next_station_of_its_kind() -> None:
    """S04, S05: remembered is what was followed, not what was accepted."""
    book = LearnedBook()
    known, limits = acquaintance(book)
    known.meet(ACME)
    limits.search.settle_on(FIRST)
    limits.give_up_way()
    followed(known, limits, THIRD)

    other, others = acquaintance(book)
    other.meet(ACME)

    assert other.learned is not None
    assert (other.learned.obeyed, other.learned.ignored) == (THIRD, (FIRST,))
    assert first_tried(others) == THIRD


def test_other_firmware_is_looked_at_anew() -> None:
    book = LearnedBook()
    known, limits = acquaintance(book)
    known.meet(ACME)
    followed(known, limits, THIRD)
    known.meet(Boot(vendor="Acme", model="Box", firmware="1.1"))

    assert known.learned is not None
    assert known.learned.obeyed is None
    assert first_tried(limits) == FIRST


def test_book_outlives_a_restart_and_clears_what_another_form_left() -> None:
    book = LearnedBook()
    known, limits = acquaintance(book)
    known.meet(ACME)
    followed(known, limits, THIRD)
    written = json.loads(json.dumps(book.written()))

    later = LearnedBook()
    later.read(written)
    again, others = acquaintance(later)
    again.recall()
    others.search.settle_on(SECOND)

    assert again.kind == Kind.of(ACME)
    assert others.search.obeyed == THIRD
    assert set(others.losers) == {
        resident_id(THIRD.purpose, THIRD.connector),
        working_id(THIRD.purpose, THIRD.connector),
    }


@pytest.mark.parametrize("written", [None, 7, [], {"kinds": 1}, {"kinds": [{}], "stations": {}}])
def test_nonsense_in_the_store_is_nothing_learnt(written: object) -> None:
    book = LearnedBook()
    book.read(written)

    assert book.known() == {}


def test_book_is_bounded_and_forgets_the_oldest_first() -> None:
    book = LearnedBook()
    told: list[None] = []
    book.changed = lambda: told.append(None)
    for i in range(MOST_KINDS + 3):
        book.obeys(Kind(vendor=str(i)), FIRST)
    book.obeys(Kind(vendor="66"), FIRST)

    assert len(book.known()) == MOST_KINDS
    assert Kind(vendor="2") not in book.known()
    assert len(told) == MOST_KINDS + 3
    assert Kind.of(Boot(vendor="v" * 500)).vendor == "v" * 60


@pytest.mark.parametrize(
    ("before_a", "limit_a", "after_a"),
    [
        (16.0, 10.0, (16.0, 16.0, 16.0)),  # ignored
        (10.5, 10.0, (9.9, 9.9, 9.9)),  # the limit did not bite
        (16.0, 10.0, (3.0, 2.0, 0.0)),  # the car was satisfied
        (16.0, 0.0, (0.0, 0.0, 0.0)),  # a pause may be the car's own
        (16.0, 10.0, (9.9, 12.0, 9.9)),  # not for long enough
    ],
)
def test_nothing_is_proven_by_a_limit_that_was_not_seen_to_bite(
    before_a: float, limit_a: float, after_a: tuple[float, ...]
) -> None:
    watch = ObedienceWatch()
    watch.metered(before_a, 0.0)
    watch.limited(FIRST, limit_a, 1.0)

    assert [watch.metered(drawn_a, 5.0 + 7.0 * i) for i, drawn_a in enumerate(after_a)] == [None, None, None]


def test_fallback_for_ever_proves_no_lease() -> None:
    held = Construction(form=Form.FALLBACK, purpose=Purpose.TX_DEFAULT, connector=1, unit=RateUnit.AMPERE, level=0)
    watch = ObedienceWatch()
    watch.metered(16.0, 0.0)
    watch.limited(held, 10.0, 1.0)

    assert watch.metered(9.9, 5.0) is None
    assert watch.metered(9.9, 30.0) is None


def test_renewals_do_not_begin_a_proof_anew() -> None:
    watch = ObedienceWatch()
    watch.metered(16.0, 0.0)
    watch.limited(FIRST, 10.0, 1.0)
    watch.metered(9.9, 5.0)
    watch.limited(FIRST, 10.0, 8.0)

    assert watch.metered(9.9, 5.0) is None
    assert watch.metered(9.9, 5.0 + SEEN_FOR_S) == FIRST
    assert watch.metered(9.9, 30.0) is None
