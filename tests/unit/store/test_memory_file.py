"""What control learnt outlives a restart, told in the seconds of the new clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import insert

from ems.control.learn import Learned
from ems.control.memory import Memory, StationTimers
from ems.control.obedience import Obedience
from ems.model.electrical import PerPhase, Phase
from ems.store.errors import JournalError
from ems.store.memory_file import _INSTANTS, KEY, STARTS_ANEW, load_memory, save_memory, shifted
from ems.store.packing import pack
from ems.store.tables import SETTINGS
from tests.unit.store.taped import opened, two_cars

UTC_S = 1_800_000_000.0
SURVIVES = {"timers", "learned", "thermal", "obedience", "peak"}
STAND_STILL = {"obeyed_s", "began_utc_s", "seen_until_utc_s"}
"""Fields of `Memory` in seconds that are no monotonic instants: durations and wall times."""

KNOWN = Memory(
    started_at_s=100.0,
    last_at_s=5000.0,
    house_a={"main": PerPhase(5.0, 5.0, 5.0)},
    surplus_w=4000.0,
    timers={"garage": StationTimers(on_since_s=4900.0, switched_at_s=(4000.0, 4500.0))},
    learned={"garage": Learned(offset_a=0.4, phases=3, reported_at_s=4990.0)},
    thermal={("main", Phase.L2): 0.7},
    obedience={"garage": Obedience(judged_at_s=4995.0, ignoring_since_s=4950.0, obeyed_s=45.0)},
)


def after(tmp_path: Path, *, wall_s: float, monotonic_s: float) -> tuple[Memory, float]:
    """What the next run gets, when its clocks say this."""
    engine = opened(tmp_path / "j.db")
    save_memory(engine, KNOWN, utc_s=UTC_S, monotonic_s=5000.0)
    recalled = load_memory(engine, utc_s=UTC_S + wall_s, monotonic_s=monotonic_s)
    assert recalled is not None
    return recalled.memory, recalled.age_s


def test_durations_survive_a_restart_of_the_machine(tmp_path: Path) -> None:
    memory, age_s = after(tmp_path, wall_s=90.0, monotonic_s=30.0)

    assert age_s == 90.0
    assert memory.timers["garage"] == StationTimers(on_since_s=30 - 90 - 100.0, switched_at_s=(-1060.0, -560.0))
    assert memory.learned["garage"] == Learned(offset_a=0.4, phases=3, reported_at_s=-70.0)
    assert memory.obedience["garage"].judged_at_s == -65.0
    assert memory.obedience["garage"].ignoring_since_s == -110.0
    assert memory.obedience["garage"].obeyed_s == 45.0


def test_thermal_images_survive_as_they_were(tmp_path: Path) -> None:
    memory, _ = after(tmp_path, wall_s=90.0, monotonic_s=30.0)

    assert memory.thermal == {("main", Phase.L2): 0.7}


def test_trust_in_meters_and_what_hangs_on_them_starts_anew(tmp_path: Path) -> None:
    memory, _ = after(tmp_path, wall_s=90.0, monotonic_s=30.0)
    fresh = Memory.fresh(30.0)

    assert {name: getattr(memory, name) for name in STARTS_ANEW} == {name: getattr(fresh, name) for name in STARTS_ANEW}


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "age_s"),
    [
        (60.0, 5060.0, 60.0),  # a new process on a machine that ran on
        (7260.0, 5060.0, 60.0),  # the wall clock jumped ahead meanwhile
        (-3540.0, 5060.0, 60.0),  # or back
        (90.0, 30.0, 90.0),  # the machine started anew
        (-20.0, 30.0, 0.0),  # and it does not know the time yet
    ],
)
def test_age_is_the_shorter_of_what_the_clocks_say(
    tmp_path: Path, wall_s: float, monotonic_s: float, age_s: float
) -> None:
    assert after(tmp_path, wall_s=wall_s, monotonic_s=monotonic_s)[1] == age_s


def test_newest_memory_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    engine = opened(tmp_path / "j.db")
    save_memory(engine, Memory.fresh(1.0), utc_s=UTC_S, monotonic_s=1.0)
    save_memory(engine, KNOWN, utc_s=UTC_S, monotonic_s=5000.0)
    recalled = load_memory(engine, utc_s=UTC_S, monotonic_s=5000.0)

    assert recalled is not None
    assert recalled.memory.learned == KNOWN.learned


def test_nobody_remembers_at_the_first_start(tmp_path: Path) -> None:
    assert load_memory(opened(tmp_path / "j.db"), utc_s=UTC_S, monotonic_s=1.0) is None


def test_memory_that_makes_no_sense_is_an_error_of_its_own(tmp_path: Path) -> None:
    engine = opened(tmp_path / "j.db")
    with engine.begin() as connection:
        body = pack(b'{"timers": 5}')
        connection.execute(insert(SETTINGS).values(key=KEY, utc_s=UTC_S, at_s=1.0, body=body))

    with pytest.raises(JournalError, match=r"Memory\.timers"):
        load_memory(engine, utc_s=UTC_S, monotonic_s=1.0)


def test_moved_memory_decides_as_if_nothing_had_happened() -> None:
    house = two_cars(3)
    there_and_back = shifted(shifted(house.memory, 8192.0), -8192.0)

    assert there_and_back == house.memory


def test_every_part_of_memory_is_either_kept_or_started_anew() -> None:
    assert {each.name for each in fields(Memory)} == SURVIVES | STARTS_ANEW


def test_every_second_in_memory_is_known_to_move_or_to_stand_still() -> None:
    seconds = {name for name in names_in(Memory) if name.endswith("_s")}

    assert {name for name in seconds if not name.endswith(_INSTANTS)} == STAND_STILL


def names_in(hint: Any) -> Iterator[str]:
    """Names of all fields anywhere inside a type."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints: Mapping[str, Any] = get_type_hints(hint)
        for each in fields(hint):
            yield each.name
            yield from names_in(hints[each.name])
    for member in get_args(hint):
        yield from names_in(member)
