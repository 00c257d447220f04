"""Vendor data on its way through: bounded in size, number and time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.clock import VirtualClock, run_virtual
from ems.csms.relay.vendor_data import AT_ONCE, LONGEST, UNKNOWN, WITHIN_S, VendorData, answer_of, bounded
from ems.csms.rpc import Result
from ems.csms.v16.vocabulary import result_complaint
from ems.errors import StationOffline


class Far:
    """The far end."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.takes_s = 0.0
        self.gone = False
        self.asked: list[Mapping[str, object]] = []
        self.data = VendorData(self._tell, self.clock)

    async def _tell(self, payload: Mapping[str, object]) -> Mapping[str, object]:
        self.asked.append(payload)
        if self.gone:
            raise StationOffline("gone")
        await self.clock.sleep(self.takes_s)
        return {"status": "Accepted", "data": "42"}

    async def ask(self) -> Result | None:
        waiting = self.data.pass_on({"vendorId": "Acme"})
        return None if waiting is None else await waiting


def test_its_answer_is_given_back() -> None:
    far, said = Far(), []

    async def story() -> None:
        said.append(await far.ask())

    run_virtual(story(), far.clock)
    assert said == [{"status": "Accepted", "data": "42"}]


@pytest.mark.parametrize(("takes_s", "gone"), [(WITHIN_S + 1.0, False), (0.0, True)])
def test_a_far_end_that_says_nothing_is_not_waited_for(takes_s: float, gone: bool) -> None:
    far, said = Far(), []
    far.takes_s, far.gone = takes_s, gone

    async def story() -> None:
        begun_s = far.clock.monotonic_s()
        said.extend([await far.ask(), far.clock.monotonic_s() - begun_s <= WITHIN_S])

    run_virtual(story(), far.clock)
    assert said == [UNKNOWN, True]


def test_so_many_go_through_at_once_and_no_more() -> None:
    far, said = Far(), []

    async def story() -> None:
        for _ in range(3 * AT_ONCE):
            said.append(await far.ask())  # noqa: PERF401 (each waits for the one before)

    run_virtual(story(), far.clock)
    assert len(far.asked) == AT_ONCE
    assert said[AT_ONCE:] == [None] * (2 * AT_ONCE)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["vendorId", "messageId", "data", "status"]), anything))
def test_whatever_is_said_what_goes_on_is_small(payload: dict[str, object]) -> None:
    kept, answer = bounded(payload), answer_of(payload)

    assert result_complaint("DataTransfer", answer) is None
    assert len(str(answer.get("data", ""))) <= LONGEST
    if kept is not None:
        assert kept.keys() <= {"vendorId", "messageId", "data"}
        assert all(isinstance(each, str) and len(each) <= LONGEST for each in kept.values())
