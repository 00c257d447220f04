"""The shapes on the wire, as files that other programs are tested against. A changed file is a changed contract.

`FUSEWISE_GOLDEN=write` writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from ems.api import wire, wire_access
from ems.api.delta import as_json, changes
from ems.api.errors import WidensInstallerLimit
from ems.api.explained import explained
from ems.api.problems import refusal
from ems.api.scene import StationFacts
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode
from tests.live import LiveBench, session

GOLDEN = Path(__file__).with_name("golden")
THEN = datetime(2026, 6, 21, 8, 0, tzinfo=UTC)


def bench() -> LiveBench:
    """A sunny house after four minutes; a person has set what can be set in the garage."""
    found = LiveBench()
    found.directory.told = {
        "garage": StationFacts(vendor="Acme", model="Box 11", firmware="1.2", serial="A-0001"),
    }
    found.run(240)
    found.ledger.sessions["garage"] = session(4.5, solar_kwh=3.6)
    found.live.set_settings("garage", wire.SettingsWish(max_a=13.0, priority=2), who="anna")
    found.live.set_goal("garage", wire.GoalWish(energy_kwh=20.0, ready_by=THEN), who="anna")
    found.live.set_limit("garage", wire.LimitWish(limit_a=10.0, duration_s=3600), who="anna")
    found.live.boost("carport", wire.BoostWish(duration_s=600), who="anna")
    found.run(60)
    return found


def state() -> Any:
    return as_json(bench().live.state())


def state_in_trouble() -> Any:
    """No meter, a station away."""
    found = LiveBench()
    found.run(60)
    found.house.meter_works = False
    found.house.offline.add("carport")
    found.run(20)
    return as_json(found.live.state())


def hello() -> Any:
    return written(wire.Hello(site_id="0123456789abcdef", version="1.2.3"))


def client_hello() -> Any:
    return written(wire.ClientHello(token="fw_example"))


def snapshot() -> Any:
    return written(wire.SnapshotMessage(state=bench().live.state()))


def delta() -> Any:
    found = bench()
    before = found.live.state()
    found.live.set_mode("carport", ChargeMode.OFF, who="anna")
    after = found.live.state()
    changed = changes(as_json(before), as_json(after))
    return written(wire.DeltaMessage(sequence=after.sequence, at=after.at, changes=changed))


def problem() -> Any:
    answer = refusal(WidensInstallerLimit("garage may draw 16.0 A, as the installer set it; 20.0 A is more"))
    return json.loads(bytes(answer.body))


def explanation() -> Any:
    return written(explained(bench().live.explain("garage")))


def records() -> Any:
    """One of each kind that is kept."""
    because = wire.Sentence(key="reason.solar_surplus.now", numbers={"surplus_w": 4210.0}, text="surplus 4210 W")
    return {
        "session": written(
            wire.SessionRecord(
                id="5f0c",
                station="garage",
                vehicle="family",
                began=THEN,
                ended=THEN.replace(hour=11),
                energy_kwh=12.5,
                solar_kwh=10.0,
                solar_share=0.8,
                cost=1.25,
                currency="EUR",
                reason="EVDisconnected",
            )
        ),
        "history": written(
            wire.HistoryPoint(
                at=THEN,
                grid_w=-120.5,
                solar_w=5200.0,
                battery_w=None,
                home_w=350.0,
                charging_w=4729.5,
                charging_solar_w=4729.5,
                stations_w={"garage": 4729.5},
            )
        ),
        "decision": written(
            wire.DecisionRecord(
                at=THEN,
                station="garage",
                limit_a=6.1,
                phases=3,
                reason=LimitReason.SOLAR_SURPLUS,
                because=because,
            )
        ),
        "log": written(wire.LogRecord(id=7, at=THEN, kind="wish", who="anna", text="garage: mode fast")),
    }


def access() -> Any:
    """Logging in, set-up, pairing, people."""
    role = wire.Role.HOMEOWNER
    return {
        "me": written(wire_access.Me(name="anna", role=role)),
        "setup": written(wire_access.SetupState(needed=True)),
        "pairing": written(wire_access.PairingOffer(code="012345", role=role, ends_in_s=180.0)),
        "token": written(wire_access.NewTokenRecord(id=3, token="fw_example", name="tablet", role=role)),
        "tokens": [written(wire_access.TokenRecord(id=3, name="tablet", role=role, made_at=THEN))],
        "users": [written(wire_access.UserRecord(name="anna", role=role, made_at=THEN))],
    }


def health() -> Any:
    return written(wire.HealthRecord(status="degraded", cycle_age_s=0.4, reasons=("meter_lost",)))


def wishes() -> Any:
    """The bodies that people send."""
    return {
        "mode": written(wire.ModeWish(mode=ChargeMode.SOLAR)),
        "settings": written(wire.SettingsWish(max_a=13.0, priority=2, vehicle="family")),
        "goal": written(wire.GoalWish(energy_kwh=20.0, ready_by=THEN)),
        "limit": written(wire.LimitWish(limit_a=10.0, duration_s=3600.0)),
        "boost": written(wire.BoostWish(duration_s=600.0)),
        "optimising": written(wire.OptimisingWish(optimising=False)),
    }


def words() -> Any:
    """Every word that a client may meet."""
    kinds = (wire.SiteCondition, wire.StationStatus, wire.Role, ChargeMode, LimitReason, wire.HistoryStep)
    return {kind.__name__: [member.value for member in kind] for kind in kinds}


def written(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")


MADE: dict[str, Callable[[], Any]] = {
    made.__name__: made
    for made in (
        *(state, state_in_trouble, hello, client_hello, snapshot, delta, problem, explanation, records),
        *(access, health, wishes, words),
    )
}


@pytest.mark.parametrize("name", MADE)
def test_the_contract_holds(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    found = json.dumps(MADE[name](), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("FUSEWISE_GOLDEN") == "write":
        path.write_text(found, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == found


def test_every_golden_file_is_made_here() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MADE)
