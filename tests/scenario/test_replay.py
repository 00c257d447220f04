"""An afternoon with faults is recorded as the service records it, and replayed to the same decisions, by anybody."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ems.cli import app
from ems.cli.replay import replay_journal
from ems.cli.replay_explain import explain_recorded
from ems.clock import VirtualClock
from ems.control.cycle import Turn
from ems.control.memory import Memory
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode
from ems.model.snapshot import Snapshot
from ems.runtime.recorder import Recorder, Storage
from ems.store.database import file_url, open_for_reading
from tests.unit.store.taped import MORNING, TapedHouse

GUARD_S = 90.0

IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from ems.cli.replay import replay_journal
raise SystemExit(replay_journal(Path(sys.argv[1]), as_json=True))
"""


def afternoon() -> TapedHouse:
    """Clouds, kettles, a lost meter, a station that drops, one that refuses, a car that leaves."""
    house = TapedHouse(main_fuse_a=25.0)
    house.with_circuit("garage", 20.0, meter_period_s=2)
    house.with_car("bay", circuit_id="garage", wiring=(Phase.L2, Phase.L3, Phase.L1))
    house.with_car("box", circuit_id="garage", mode=ChargeMode.MIN_SOLAR)
    house.with_car("drive", mode=ChargeMode.FAST, priority=1, step_a=1.0)
    sky = random.Random(7)
    for minute in range(16):
        house.sun_w = sky.uniform(0.0, 11_000.0)
        house.base_a = PerPhase(sky.uniform(0.5, 12.0), sky.uniform(0.5, 8.0), sky.uniform(0.5, 4.0))
        house.meter_works = minute != 5
        house.offline = {"box"} if minute in (7, 8) else set()
        house.refusing = {"drive"} if minute == 10 else set()
        if minute == 12:
            house.unplug("bay")
        house.run(minutes=1)
    return house


def journal_of(turns: Sequence[tuple[Snapshot, Memory, Turn]], path: Path) -> Path:
    """The journal that the service would have written."""
    clock = VirtualClock(start_utc=MORNING)
    storage = Storage(url=file_url(path), bound_b=10_000_000, segment_s=300.0)
    with Recorder(storage, clock, flush_every_s=3600.0, ends_within_s=GUARD_S) as recorder:
        for look, before, turn in turns:
            clock.advance(look.now_s - clock.monotonic_s())
            recorder.record(look, before, turn)
    return path


@pytest.fixture(scope="module")
def turns() -> list[tuple[Snapshot, Memory, Turn]]:
    return afternoon().turns


@pytest.fixture(scope="module")
def journal(turns: list[tuple[Snapshot, Memory, Turn]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return journal_of(turns, tmp_path_factory.mktemp("journal") / "journal.db")


@pytest.fixture
def tampered(turns: list[tuple[Snapshot, Memory, Turn]], tmp_path: Path) -> Path:
    """The same with another limit in the eleventh minute."""
    look, before, turn = turns[600]
    drive = replace(turn.decision.setpoints["drive"], limit_a=31.5)
    decision = replace(turn.decision, setpoints={**turn.decision.setpoints, "drive": drive})
    changed = (look, before, replace(turn, decision=decision))
    return journal_of([*turns[:600], changed, *turns[601:]], tmp_path / "tampered.db")


def said(path: Path, capsys: pytest.CaptureFixture[str], **when: str) -> tuple[int, Any]:
    code = replay_journal(path, as_json=True, **when)
    return code, json.loads(capsys.readouterr().out)


def test_an_afternoon_with_faults_is_replayed_without_a_difference(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, summary = said(journal, capsys)

    assert code == 0
    assert summary["cycles"] > 900
    assert summary["segments"] == 4
    assert summary["differences"] == []
    assert summary["recorded_by"] == [summary["decided_by"]]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_comes_to_the_same_decisions(journal: Path, seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, str(journal)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert json.loads(done.stdout)["differing"] == 0
    assert done.returncode == 0


def test_replay_leaves_the_journal_as_it_was(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = journal.read_bytes()
    said(journal, capsys)

    assert journal.read_bytes() == before


def test_a_difference_names_time_station_and_both_limits(tampered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, summary = said(tampered, capsys)
    [difference] = summary["differences"]

    assert code == 1
    assert summary["differing"] == 1
    assert difference["at"].startswith("2026-06-21T09:10:")
    assert list(difference["stations"]) == ["drive"]
    assert difference["stations"]["drive"]["recorded"]["limit_a"] == 31.5
    assert difference["stations"]["drive"]["now"]["limit_a"] != 31.5
    assert difference["stations"]["drive"]["now"]["because"]


def test_people_see_a_table_with_reasons(tampered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay_journal(tampered, as_json=False) == 1
    output = capsys.readouterr().out

    assert "Decided otherwise" in output
    assert "31.5 A on 3 phases: " in output
    assert "2026-06-21T09:10:" in output
    assert "1 of them otherwise." in output


def test_people_see_that_all_is_the_same(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay_journal(journal, as_json=False) == 0
    assert "decides every one of them the same." in capsys.readouterr().out


def test_only_the_time_asked_for_is_shown(tampered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, summary = said(tampered, capsys, since="2026-06-21T11:12+02:00", until="2026-06-21T09:13")

    assert code == 0
    assert summary["cycles"] == 61


def test_time_without_any_cycle_is_said(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay_journal(journal, as_json=False, since="2030-01-01") == 2
    assert "no cycle of that time; leave out --from and --to" in capsys.readouterr().err


def test_wrong_use_exits_with_2(tmp_path: Path, journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site.yaml").write_text("connection: {main_fuse_a: 25}\n" * 100, encoding="utf-8")

    assert replay_journal(tmp_path / "nowhere.db", as_json=True) == 2
    assert replay_journal(tmp_path / "site.yaml", as_json=False) == 2
    assert replay_journal(journal, as_json=False, since="yesterday") == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "does not exist" in output.err
    assert "not a database" in output.err
    assert "'yesterday' is no time" in output.err
    assert open_for_reading(journal).dialect.name == "sqlite"


def test_one_limit_is_explained_from_the_journal(
    journal: Path, turns: list[tuple[Snapshot, Memory, Turn]], capsys: pytest.CaptureFixture[str]
) -> None:
    look, _, turn = turns[500]
    code = explain_recorded(journal, "drive", at=utc(look), as_json=True)
    told = json.loads(capsys.readouterr().out)

    assert code == 0
    assert told["at_s"] == look.now_s
    assert told["recorded"] == told["now"]
    assert told["now"]["limit_a"] == turn.decision.setpoints["drive"].limit_a
    assert [told["steps"][0]["stage"], told["steps"][-1]["stage"]] == ["meter", "guard"]
    assert all(step["says"] for step in told["steps"])


def test_people_read_the_chain_and_what_was_decided_otherwise_then(
    tampered: Path, turns: list[tuple[Snapshot, Memory, Turn]], capsys: pytest.CaptureFixture[str]
) -> None:
    look, _, turn = turns[600]
    assert explain_recorded(tampered, "drive", at=utc(look), as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].startswith("2026-06-21T09:10:")
    assert lines[1].startswith(f"drive: {turn.decision.setpoints['drive'].limit_a:.1f} A on 3 phases")
    assert lines[-1].startswith("Fusewise ")
    assert "decided otherwise then: 31.5 A on 3 phases: " in lines[-1]


def utc(look: Snapshot) -> str:
    """The wall time of a look in the journal."""
    return (MORNING + timedelta(seconds=look.now_s - VirtualClock().monotonic_s())).isoformat()


def test_what_cannot_be_explained_is_said(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain_recorded(journal, "attic", at=None, as_json=False) == 2
    assert explain_recorded(journal, "drive", at="2020-01-01", as_json=True) == 2
    assert explain_recorded(journal, "drive", at="noon", as_json=True) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "no station attic at that time; there are bay, box, drive" in output.err
    assert "no cycle at that time or before" in output.err
    assert "'noon' is no time" in output.err


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        ([], 0, '"differing": 0'),
        (["--to", "2026-06-21T09:05", "--from", "2026-06-21T09:04"], 0, '"cycles": 6'),
        (["--explain", "bay", "--at", "2026-06-21T09:05"], 0, '"station": "bay"'),
        (["--at", "2026-06-21T09:05"], 2, "it goes with --explain"),
        (["--explain", "bay", "--to", "2026-06-21T09:05"], 2, "say which with --at"),
    ],
)
def test_command_takes_its_options(journal: Path, arguments: list[str], exit_code: int, says: str) -> None:
    result = CliRunner().invoke(app, ["replay", str(journal), "--json", *arguments])

    assert result.exit_code == exit_code
    assert says in result.output
