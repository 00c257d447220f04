"""The page on simulating keeps up with the code: every key of a score, every fault, every policy."""

from __future__ import annotations

import re
from pathlib import Path

from ems.sim.lab.fault_script import FaultKind, read_faults
from ems.sim.lab.score import FORESIGHT, foresight_score, score
from ems.sim.policies.registry import POLICIES
from tests.unit.sim.lab.scene import figures, outcome, record

PAGE = (Path(__file__).parents[4] / "docs" / "simulate.md").read_text(encoding="utf-8")


def test_every_key_of_a_score_is_described() -> None:
    found = score(record(outcome(1, 1), breakers=(figures(),)), 1.0)
    breaker = found["breaker"]
    assert isinstance(breaker, dict)
    keys = [*found, *foresight_score(1.0, 1.0, 1.0), *breaker["main"]]

    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_every_fault_and_every_policy_is_described() -> None:
    names = [*FaultKind, *POLICIES, FORESIGHT]

    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_the_script_on_the_page_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "faults.yaml"
    path.write_text(text, encoding="utf-8")

    assert len(read_faults(path, ["garage", "carport"], ["main"])) == 2
