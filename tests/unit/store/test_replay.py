"""A replay shows nothing when control is the same, and every difference when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from ems.control.cycle import Turn, decide
from ems.control.memory import Memory
from ems.model.snapshot import Snapshot
from ems.store.codec import encode, from_text, to_text
from ems.store.packing import decision_words, pack
from ems.store.replay import Tally, replay
from ems.store.segments import cycles, segments
from ems.store.tables import CYCLES
from tests.unit.store.taped import EPOCH_S, decides_half, two_cars, written


def test_same_control_decides_the_same(tmp_path: Path) -> None:
    house = two_cars(3)
    engine = written(tmp_path / "j.db", house.cycles, segment_s=60)
    tally = Tally()

    assert list(replay(engine, tally=tally)) == []
    assert (tally.segments, tally.cycles, tally.differing) == (3, len(house.cycles), 0)
    assert tally.versions == ["1.0"]


def test_other_control_shows_every_station_that_gets_something_else(tmp_path: Path) -> None:
    house = two_cars(3)
    engine = written(tmp_path / "j.db", house.cycles)
    tally = Tally()
    differences = list(replay(engine, decide=decides_half, tally=tally))
    charging = [cycle for cycle in house.cycles if any(each.limit_a for each in cycle.decision.setpoints.values())]

    assert [each.at_s for each in differences] == [cycle.look.now_s for cycle in charging]
    assert tally.differing == len(differences) > 0
    for station in differences[0].stations:
        assert station.recorded is not None
        assert station.now is not None
        assert station.now.limit_a == station.recorded.limit_a / 2
        assert station.now.reason == station.recorded.reason


def test_difference_in_the_last_bit_is_one(tmp_path: Path) -> None:
    taped = two_cars(0.5).cycles
    decision = taped[3].decision
    taped[3] = replace(taped[3], decision=replace(decision, surplus_w=-0.0 if decision.surplus_w == 0 else 1e-300))
    [difference] = replay(written(tmp_path / "j.db", taped))

    assert difference.at_s == taped[3].look.now_s
    assert difference.stations == ()
    assert difference.other_fields == ("surplus_w",)


def test_other_control_goes_on_from_its_own_memory(tmp_path: Path) -> None:
    started_at: list[Memory] = []

    def forgetful(look: Snapshot, memory: Memory) -> Turn:
        started_at.append(memory)
        return replace(decide(look, memory), memory=Memory.fresh(look.now_s))

    taped = two_cars(1).cycles
    taped[40] = replace(taped[40], follows=False)
    list(replay(written(tmp_path / "j.db", taped, segment_s=20), decide=forgetful))

    assert started_at[0] == taped[0].before
    assert started_at[1:40] == [Memory.fresh(cycle.look.now_s) for cycle in taped[:39]]
    assert started_at[40] == taped[40].before
    assert started_at[41] == Memory.fresh(taped[40].look.now_s)


def test_only_the_time_asked_for_is_compared(tmp_path: Path) -> None:
    house = two_cars(3)
    engine = written(tmp_path / "j.db", house.cycles, segment_s=60)
    since_utc_s = EPOCH_S + house.cycles[-30].look.now_s
    tally = Tally()
    differences = list(
        replay(engine, decide=decides_half, tally=tally, since_utc_s=since_utc_s, until_utc_s=since_utc_s + 9)
    )

    assert (tally.segments, tally.cycles) == (1, 10)
    assert [each.utc_s for each in differences] == [since_utc_s + i for i in range(10)]


def test_field_that_an_older_journal_lacks_is_no_difference(tmp_path: Path) -> None:
    engine = written(tmp_path / "j.db", two_cars(0.5).cycles[:1])
    [segment] = segments(engine)
    [recorded] = cycles(engine, segment)
    old = {name: one for name, one in encode(recorded.decision).items() if name != "notices"}
    words = decision_words(to_text(encode(recorded.look, without=("site",))), b"")
    with engine.begin() as connection:
        connection.execute(update(CYCLES).values(decision=pack(to_text(old), words)))
    [recorded] = cycles(engine, segment)

    assert "notices" not in from_text(recorded.decision_text)
    assert list(replay(engine)) == []


def test_empty_time_is_no_cycle(tmp_path: Path) -> None:
    tally = Tally()
    engine = written(tmp_path / "j.db", two_cars(0.2).cycles)

    assert list(replay(engine, tally=tally, until_utc_s=5.0)) == []
    assert tally.cycles == 0


@pytest.mark.parametrize("station_id", ["garage", "carport"])
def test_station_that_another_control_forgets_is_shown(tmp_path: Path, station_id: str) -> None:
    def forgets(look: Snapshot, memory: Memory) -> Turn:
        turn = decide(look, memory)
        kept = {name: each for name, each in turn.decision.setpoints.items() if name != station_id}
        return replace(turn, decision=replace(turn.decision, setpoints=kept))

    first, *_ = replay(written(tmp_path / "j.db", two_cars(0.2).cycles), decide=forgets)

    assert [(each.station_id, each.now) for each in first.stations] == [(station_id, None)]
