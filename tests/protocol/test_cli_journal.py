"""`ems run` with a journal: every cycle of it can be decided again, and the next run goes on where it ended."""

from __future__ import annotations

import signal
from pathlib import Path

from ems.clock import ScaledClock
from ems.store.archive import StepLength, history, log
from ems.store.database import JOURNAL_FILE, open_for_reading
from ems.store.replay import Tally, replay
from tests.protocol.command import ems
from tests.protocol.mqtt_brokers import free_port

SITE = """\
connection: {{main_fuse_a: 25, largest_other_load_a: 13}}
meters:
  - {{id: grid, profile: eastron_sdm630, modbus: {{host: 127.0.0.1, port: {meter_port}}}}}
stations:
  - {{id: garage, fallback_a: 6, lease_verified: true}}
csms: {{host: 127.0.0.1}}
api: {{enabled: false}}
{storage}
"""
JOURNAL = "storage: {path: state}"
CLOCK = ScaledClock(8.0)
REMEMBERS = "control remembers what it knew"


def site(folder: Path, storage: str) -> Path:
    path = folder / "site.yaml"
    path.write_text(SITE.format(meter_port=free_port(), storage=storage), encoding="utf-8")
    return path


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def decides_and_ends(path: Path) -> str:
    """Serve until the third decision, then end as a supervisor ends it; the log."""
    async with ems("run", str(path), "--json", "--ocpp-port", "0", "--clock", CLOCK.spec()) as service:
        for _ in range(3):
            await service.tells("decision")
        service.process.send_signal(signal.SIGTERM)
        assert await service.ends() == 0
    return service.log


async def test_every_cycle_is_recorded_and_the_next_run_remembers(tmp_path: Path) -> None:
    path = site(tmp_path, JOURNAL)
    first = await decides_and_ends(path)
    second = await decides_and_ends(path)
    tally = Tally()
    engine = open_for_reading(tmp_path / "state")

    assert list(replay(engine, tally=tally)) == []
    assert history(engine, StepLength.MINUTE) != []
    assert [event.kind for event in log(engine, kind="opened")] == ["opened", "opened"]
    assert [event.kind for event in reversed(log(engine)) if event.kind.startswith("service")] == [
        *("service_started", "service_stopped"),
        *("service_started", "service_stopped"),
    ]
    assert tally.cycles >= 6
    assert tally.segments == 2
    assert REMEMBERS not in first
    assert REMEMBERS in second


async def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    path = site(tmp_path, "")
    await decides_and_ends(path)

    assert names_in(tmp_path) == ["site.yaml"]


async def test_journal_that_cannot_be_written_does_not_keep_the_service_from_deciding(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way", encoding="utf-8")
    log = await decides_and_ends(site(tmp_path, JOURNAL))

    assert log.count("nothing is written to the journal, control goes on without") == 1
    assert not (tmp_path / "state" / JOURNAL_FILE).exists()
