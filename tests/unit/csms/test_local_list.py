"""The list of tags that a station keeps: whole, changed, of another version, too long, not at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.csms.service.local_list import ListRoom, ListTooLong, TagList, changes, messages, send_list
from ems.csms.service_words import ListAnswer, ListedTag
from tests.unit.csms.scripted import Payload, v16

TAGS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.sampled_from(["Accepted", "Blocked"]))


def tag_list(version: int, tags: dict[str, str]) -> TagList:
    return TagList(version=version, tags=tuple(ListedTag(tag=tag, status=status) for tag, status in tags.items()))


@dataclass
class PaperStation:
    """Keeps a list as OCPP 1.6 says."""

    version: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    """Before it takes anything."""

    def script(self) -> dict[str, object]:
        return {"GetLocalListVersion": lambda _: {"listVersion": self.version}, "SendLocalList": self.take}

    def take(self, payload: Payload) -> Payload:
        if self.answers:
            return {"status": self.answers.pop(0)}
        whole = payload["updateType"] == "Full"
        if not whole and payload["listVersion"] <= self.version:
            return {"status": "VersionMismatch"}
        self.tags = {} if whole else self.tags
        for line in payload["localAuthorizationList"]:
            if "idTagInfo" in line:
                self.tags[line["idTag"]] = line["idTagInfo"]["status"]
            else:
                self.tags.pop(line["idTag"], None)
        self.version = payload["listVersion"]
        return {"status": "Accepted"}


async def sent(
    station: PaperStation, now: TagList, before: TagList | None = None, room: ListRoom | None = None
) -> tuple[int, list[str]]:
    """The version afterwards, and which kinds of list were sent."""
    dialect, said = v16(**station.script())  # type: ignore[arg-type]
    version = await send_list(dialect, now, before, room or ListRoom())
    return version, [payload["updateType"] for action, payload in said if action == "SendLocalList"]


NOW = tag_list(2000, {"A": "Accepted", "B": "Blocked"})


async def test_a_station_with_an_empty_list_gets_it_whole() -> None:
    """A05, A06."""
    station = PaperStation()

    assert await sent(station, NOW) == (2000, ["Full"])
    assert station.tags == {"A": "Accepted", "B": "Blocked"}


async def test_a_station_that_keeps_no_list_gets_none() -> None:
    """A06."""
    assert await sent(PaperStation(version=-1), NOW) == (-1, [])


async def test_a_station_that_has_it_is_left_alone() -> None:
    assert await sent(PaperStation(version=2000), NOW) == (2000, [])


async def test_only_what_changed_is_sent_where_that_is_known() -> None:
    """A05."""
    station = PaperStation(version=1000, tags={"A": "Accepted", "C": "Accepted"})
    before = tag_list(1000, {"A": "Accepted", "C": "Accepted"})

    assert await sent(station, NOW, before) == (2000, ["Differential"])
    assert station.tags == {"A": "Accepted", "B": "Blocked"}


@pytest.mark.parametrize("answer", ["VersionMismatch", "Failed"])
async def test_a_change_that_is_not_taken_is_sent_whole(answer: str) -> None:
    """A05."""
    station = PaperStation(version=1000, answers=[answer])

    assert await sent(station, NOW, tag_list(1000, {})) == (2000, ["Differential", "Full"])
    assert station.tags == {"A": "Accepted", "B": "Blocked"}


async def test_a_station_that_refuses_the_whole_list_too_keeps_its_own() -> None:
    station = PaperStation(version=7, answers=[ListAnswer.FAILED])

    assert await sent(station, NOW) == (7, ["Full"])


async def test_a_station_that_says_so_only_now_keeps_no_list() -> None:
    assert await sent(PaperStation(answers=["NotSupported"]), NOW) == (-1, ["Full"])


async def test_a_list_that_is_too_long_is_not_cut_but_refused() -> None:
    """A05."""
    with pytest.raises(ListTooLong, match="keeps 1 tags"):
        await sent(PaperStation(), NOW, room=ListRoom(lines=1))


@given(st.integers(1, 25), st.integers(0, 60), st.booleans())
def test_messages_hold_every_line_once_with_rising_versions(at_once: int, count: int, whole: bool) -> None:
    tags = tuple(ListedTag(tag=f"T{number}") for number in range(count))

    orders = messages(tags, 5000, whole=whole, at_once=at_once)

    assert tuple(tag for order in orders for tag in order.tags) == tags
    assert [order.version for order in orders] == list(range(5001 - len(orders), 5001))
    assert [order.whole for order in orders] == [whole, *[False] * (len(orders) - 1)]
    assert all(len(order.tags) <= at_once for order in orders)


@given(TAGS, TAGS, st.integers(1, 4))
async def test_whatever_changed_the_station_ends_with_our_list(
    before: dict[str, str], now: dict[str, str], at_once: int
) -> None:
    """A05."""
    station = PaperStation(version=1000, tags=dict(before))

    version, _ = await sent(station, tag_list(2000, now), tag_list(1000, before), ListRoom(lines_at_once=at_once))

    assert (version, station.tags) == (2000, now)


@given(TAGS, TAGS)
def test_no_change_where_nothing_differs(before: dict[str, str], now: dict[str, str]) -> None:
    named = {tag.tag for tag in changes(tag_list(1, before), tag_list(2, now))}

    assert named == {tag for tag in {*before, *now} if before.get(tag) != now.get(tag)}
