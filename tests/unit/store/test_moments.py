"""One cycle is found by its time, with the memory that it was decided with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ems.store.errors import JournalError
from ems.store.moments import moment_at
from tests.unit.store.taped import EPOCH_S, opened, two_cars, written


@pytest.mark.parametrize("number", [0, 7, 59, 60, 61, 179])
def test_cycle_of_that_time_comes_with_its_memory_wherever_it_lies_in_its_segment(tmp_path: Path, number: int) -> None:
    taped = two_cars(3).cycles
    moment = moment_at(written(tmp_path / "j.db", taped, segment_s=60), EPOCH_S + taped[number].look.now_s)

    assert moment.look == taped[number].look
    assert moment.memory == taped[number].before
    assert moment.recorded == taped[number].decision
    assert moment.version == "1.0"


def test_between_two_cycles_the_earlier_one_is_meant_and_after_all_the_last(tmp_path: Path) -> None:
    taped = two_cars(1).cycles
    engine = written(tmp_path / "j.db", taped, segment_s=20)

    assert moment_at(engine, taped[30].utc_s + 0.9).utc_s == taped[30].utc_s
    assert moment_at(engine, taped[-1].utc_s + 1e6).utc_s == taped[-1].utc_s
    assert moment_at(engine).utc_s == taped[-1].utc_s


def test_time_before_all_cycles_and_empty_journals_are_errors(tmp_path: Path) -> None:
    taped = two_cars(0.2).cycles

    with pytest.raises(JournalError, match="no cycle"):
        moment_at(written(tmp_path / "j.db", taped), taped[0].utc_s - 1.0)
    with pytest.raises(JournalError, match="no cycle"):
        moment_at(opened(tmp_path / "empty.db"))
