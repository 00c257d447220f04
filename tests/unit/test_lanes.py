"""The lanes of `.ci/test` together run every test, and none of them twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ALONE

ROOT: Final = Path(__file__).parents[2]
LANES: Final = re.findall(r"-m pytest -m alone (.+); }", (ROOT / ".ci" / "test").read_text())
FOLDERS: Final = [Path(folder) for lane in LANES for folder in lane.split()]


@pytest.mark.parametrize("place", ALONE)
def test_what_needs_the_machine_first_runs_in_one_lane(place: str) -> None:
    path = Path("tests") / place

    assert (ROOT / path).exists()
    assert sum(path.is_relative_to(folder) for folder in FOLDERS) == 1


def test_what_computes_runs_behind_them() -> None:
    assert len(LANES) == 2
    assert (ROOT / ".ci" / "test").read_text().count('-m "not alone"') == 1


def test_a_browser_that_keeps_the_thread_comes_last() -> None:
    (lane,) = [lane for lane in LANES if "tests/web" in lane]

    assert lane.endswith(" tests/web")
