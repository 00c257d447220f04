"""What control learnt outlives a restart, told in the seconds of the new clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import insert

from ems.control.guarding.reaction import device_model
from ems.control.memory import Memory, StationTimers
from ems.control.seen.learn import Learned
from ems.control.seen.obedience import Obedience
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, PerPhase, Phase
from ems.model.site import Site
from ems.store.errors import JournalError
from ems.store.memory_file import _INSTANTS, KEY, STARTS_ANEW, Recalled, load_memory, save_memory, shifted, warmed
from ems.store.packing import pack
from ems.store.tables import SETTINGS
from tests.unit.store.taped import opened, two_cars

UTC_S = 1_800_000_000.0
SURVIVES = {"given_a", "timers", "thermal", "obedience", "peak", "paces"}
STAND_STILL = {
    "obeyed_s",
    "began_utc_s",
    "seen_until_utc_s",
    "latest_start_utc_s",
    "by_utc_s",
    "eases_utc_s",
    "spare_s",
}
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
    assert memory.learned == {}
    assert memory.obedience["garage"].judged_at_s == -65.0
    assert memory.obedience["garage"].ignoring_since_s == -110.0
    assert memory.obedience["garage"].obeyed_s == 45.0


def test_thermal_images_survive_as_they_were(tmp_path: Path) -> None:
    memory, _ = after(tmp_path, wall_s=90.0, monotonic_s=30.0)

    assert memory.thermal == {("main", Phase.L2): 0.7}


FUSE = Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=PHASES_OF[3], metered=True, derating=0.9)
SITE = Site(circuits=CircuitTree((FUSE,)), stations=())
MODEL = device_model(FUSE.fuse, FUSE.derating)
COLD, HOT = 0.1, 0.99


def after_a_stop(*, age_s: float, at_most_s: float) -> Mapping[tuple[str, Phase], float]:
    """The images of a cold and a hot phase, and of a circuit that is gone."""
    thermal = {("main", Phase.L1): COLD, ("main", Phase.L2): HOT, ("gone", Phase.L1): HOT}
    memory = Memory(started_at_s=0.0, last_at_s=0.0, thermal=thermal)
    return warmed(Recalled(memory=memory, age_s=age_s, at_most_s=at_most_s), SITE).thermal


def test_unwatched_fuses_come_to_095_of_their_rating_from_below_and_above() -> None:
    images = after_a_stop(age_s=30.0, at_most_s=30.0)
    cold, hot = images["main", Phase.L1], images["main", Phase.L2]

    assert images.keys() == {("main", Phase.L1), ("main", Phase.L2)}
    assert cold == MODEL.step(COLD, 0.95 * 25 * 0.9, 30.0)
    assert COLD < cold < MODEL.unknown_theta < hot < HOT
    assert after_a_stop(age_s=1e6, at_most_s=1e6)["main", Phase.L1] == pytest.approx(MODEL.unknown_theta)


def test_while_the_length_of_the_stop_is_uncertain_the_hotter_image_counts() -> None:
    images = after_a_stop(age_s=2.0, at_most_s=float("inf"))

    assert images["main", Phase.L1] == pytest.approx(MODEL.unknown_theta)
    assert images["main", Phase.L2] == MODEL.step(HOT, 0.95 * 25 * 0.9, 2.0)


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "at_most_s"),
    [
        (60.0, 5060.0, 60.0),
        (63.0, 5060.0, 63.0),  # the wall clock was set a little meanwhile
        (7260.0, 5060.0, float("inf")),  # or much
        (90.0, 30.0, float("inf")),  # the machine started anew: nobody knows whether its wall clock is right yet
    ],
)
def test_a_stop_has_no_longest_length_where_the_clocks_disagree(
    tmp_path: Path, wall_s: float, monotonic_s: float, at_most_s: float
) -> None:
    engine = opened(tmp_path / "j.db")
    save_memory(engine, KNOWN, utc_s=UTC_S, monotonic_s=5000.0)
    recalled = load_memory(engine, utc_s=UTC_S + wall_s, monotonic_s=monotonic_s)

    assert recalled is not None
    assert recalled.at_most_s == at_most_s


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
    assert recalled.memory.timers == KNOWN.timers


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
