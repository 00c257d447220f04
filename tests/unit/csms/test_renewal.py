"""Certificates are renewed by themselves in good time, with a line before and after, and a notice where it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.config.schema import StationEntry
from ems.csms.security.authority import Authority, Issued
from ems.csms.security.gate import Gate
from ems.csms.security.issuing import LEAF_LASTS
from ems.csms.security.occurrences import Kind
from ems.csms.security.renewal import ASKS_WITHIN_S, Renewals, newest_of
from ems.errors import StationError, StationOffline, StationRefused
from tests.live import HandClock

DAY = timedelta(days=1)


@dataclass
class PaperSecurity:
    """Renews as a test says."""

    authority: Authority
    answer: StationError | bool = True
    """True makes the request for real; False takes the order and does nothing."""

    asked: int = 0
    rung: int = 0

    async def renew_certificate(self) -> None:
        self.asked += 1
        if isinstance(self.answer, StationError):
            raise self.answer
        if self.answer:
            self.authority.issue("garage")

    def certificate_ends(self) -> None:
        self.rung += 1


@dataclass
class PaperStation:
    """Implements `renewal.RenewedStation`."""

    security: PaperSecurity
    looked: list[int] = field(default_factory=list)

    def look_again(self) -> None:
        self.looked.append(1)


class Place:
    """A station with a certificate that ends after `left`."""

    def __init__(self, folder: Path, left: timedelta, answer: StationError | bool = True) -> None:
        self.clock = HandClock()
        self.gate = Gate({"garage": StationEntry(id="garage")}, {}, self.clock, folder=folder)
        assert self.gate.authority is not None
        self.gate.authority.begin("House", ("localhost",))
        self.gate.authority.issue("garage")
        self.station = PaperStation(PaperSecurity(self.gate.authority, answer))
        self.renewals = Renewals(self.gate, {"garage": self.station}, self.clock)
        self.advance(LEAF_LASTS - left)

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by.total_seconds())

    @property
    def noted(self) -> list[Kind]:
        return [each.kind for each in self.gate.occurrences.all]


async def test_a_certificate_with_time_left_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, 40 * DAY)
    await place.renewals.look()

    assert (place.station.security.asked, place.noted) == (0, [])


async def test_a_month_before_the_end_it_is_renewed_once(tmp_path: Path) -> None:
    place = Place(tmp_path, 29 * DAY)
    await place.renewals.look()
    await place.renewals.look()

    assert (place.station.security.asked, place.station.security.rung) == (1, 0)
    assert place.noted == [Kind.RENEWAL_DUE]


@pytest.mark.parametrize("left", [29 * DAY, 5 * DAY, -3 * DAY])
async def test_a_station_that_refuses_is_a_notice_and_is_asked_again_the_next_day(
    tmp_path: Path, left: timedelta
) -> None:
    place = Place(tmp_path, left, StationRefused("it has no key store"))
    await place.renewals.look()
    await place.renewals.look()
    assert (place.station.security.asked, place.station.security.rung) == (1, 2)
    place.advance(DAY)
    await place.renewals.look()

    assert place.station.security.asked == 2
    assert place.noted[0] is Kind.RENEWAL_FAILED
    assert len(place.station.looked) == 3


async def test_a_station_that_says_yes_and_does_nothing_is_a_notice(tmp_path: Path) -> None:
    place = Place(tmp_path, 29 * DAY, answer=False)
    await place.renewals.look()
    assert place.station.security.rung == 0
    place.clock.advance(ASKS_WITHIN_S)
    await place.renewals.look()

    assert place.noted == [Kind.RENEWAL_DUE, Kind.RENEWAL_FAILED]
    assert place.station.security.rung == 1


async def test_a_station_that_is_away_is_asked_when_it_is_back_and_is_a_notice_when_little_time_is_left(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, 29 * DAY, StationOffline("away"))
    await place.renewals.look()
    assert (place.noted, place.station.security.rung) == ([], 0)
    place.advance(20 * DAY)
    await place.renewals.look()
    assert place.station.security.rung == 1

    place.station.security.answer = True
    await place.renewals.look()
    await place.renewals.look()

    assert place.noted[-1] is Kind.RENEWAL_DUE
    assert place.station.security.asked == 3


async def test_without_a_certificate_there_is_nothing_to_renew(tmp_path: Path) -> None:
    place = Place(tmp_path, 5 * DAY)
    assert place.gate.authority is not None
    for each in place.gate.authority.issued():
        place.gate.authority.revoke(each.serial)
    await place.renewals.look()

    assert place.station.security.asked == 0


SERIALS = st.integers(min_value=1, max_value=50).map(lambda number: f"{number:x}")


@given(
    st.lists(
        st.builds(
            Issued,
            serial=SERIALS,
            kind=st.sampled_from(["station", "server"]),
            name=st.sampled_from(["garage", "carport"]),
            from_utc_s=st.floats(min_value=0, max_value=1e9),
            until_utc_s=st.floats(min_value=0, max_value=2e9),
            revoked_utc_s=st.none() | st.just(1.0),
        ),
        max_size=12,
    )
)
def test_no_certificate_of_somebody_else_or_revoked_counts(issued: list[Issued]) -> None:
    newest = newest_of(issued, {"garage"})
    own = [each for each in issued if (each.kind, each.name, each.revoked_utc_s) == ("station", "garage", None)]

    assert (newest is None) is (not own)
    assert newest is None or (newest in own and newest.until_utc_s == max(each.until_utc_s for each in own))
