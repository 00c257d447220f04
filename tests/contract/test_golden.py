"""The shapes on the wire, as files that other programs are tested against. A changed file is a changed contract.

`FUSEWISE_GOLDEN=write` writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from ems.api import wire, wire_access, wire_commissioning, wire_on_request, wire_report_card, wire_servicing
from ems.api.delta import as_json, changes
from ems.api.devices import device_state
from ems.api.errors import WidensInstallerLimit
from ems.api.explained import explained
from ems.api.kept_words import log_says
from ems.api.plan import plan as made_plan
from ems.api.problems import refusal
from ems.api.scene import Counted, Scene, StationFacts
from ems.api.view import build_state
from ems.api.wire import Shape
from ems.api.wishes import Passing, Wishes
from ems.control.memory import Memory, StationTimers
from ems.control.pace import Pace, Pull
from ems.model.battery import BatteryOrder, BatteryReason, BatteryStanding
from ems.model.decision import CircuitLoad, Decision, LimitReason, Notice, NoticeCode, Reason, Setpoint
from ems.model.electrical import PerPhase, Phase
from ems.model.explanation import Explanation, Stage, Step
from ems.model.goals import ChargeMode
from ems.model.readings import BatteryReading, GridReading, SolarReading
from ems.model.site import Keenness
from ems.model.snapshot import Snapshot
from ems.model.station import CarReading, ConnectorStatus, StationState
from ems.runtime.reads import DeviceHealth, ReadError
from tests.contract import commissioning_shapes, on_request_shapes, report_card_shapes, servicing_shapes
from tests.live import NAME, session, sunny_house

GOLDEN = Path(__file__).with_name("golden")
THEN = datetime(2026, 6, 21, 8, 0, tzinfo=UTC)
USED = datetime(2026, 6, 21, 9, 30, tzinfo=UTC)
NOW_S = 1000.0
SUN = Reason(code=LimitReason.SOLAR_SURPLUS, surplus_w=4210.0)
AWAY = Reason(code=LimitReason.STATION_SILENT)


SOURCES = (
    wire.SourceState(
        id="grid",
        kind="meter",
        circuit="main",
        phases=3,
        period_s=10.0,
        silent_after_s=50.0,
        age_s=3.0,
        silent=False,
        client="Home Assistant",
        refused=None,
    ),
    wire.SourceState(
        id="roof",
        kind="solar",
        circuit=None,
        phases=3,
        period_s=30.0,
        silent_after_s=150.0,
        age_s=None,
        silent=True,
        client=None,
        refused=wire.RefusedReading(code="nonsense", detail="roof: 90000 W of sun is impossible", age_s=12.0),
    ),
)


CARS = (
    wire.VehicleState(
        name="family",
        station="garage",
        guest=False,
        soc=0.52,
        soc_age_s=120.0,
        soc_stale=False,
        range_km=210.0,
        range_age_s=120.0,
        at_home=True,
        at_home_age_s=600.0,
        capacity_kwh=77.0,
        target_soc=0.8,
        minimum_soc=0.2,
        to_target_kwh=21.56,
        below_minimum=False,
        client="Home Assistant",
    ),
    wire.VehicleState(
        name="city",
        station=None,
        guest=False,
        soc=None,
        soc_age_s=None,
        soc_stale=False,
        range_km=None,
        range_age_s=None,
        at_home=None,
        at_home_age_s=None,
        capacity_kwh=None,
        target_soc=None,
        minimum_soc=None,
        to_target_kwh=None,
        below_minimum=False,
        client=None,
    ),
)


def scene() -> Scene:
    """A sunny morning, made by hand, so that control may learn without changing the contract."""
    house = sunny_house()
    before = StationTimers(on_since_s=500.0)
    return Scene(
        house=NAME,
        look=Snapshot(
            now_s=NOW_S,
            site=replace(house.site, has_battery=True),
            meters={"main": GridReading(current_a=PerPhase(-1.5, 4.25, -2.0), power_w=172.5, taken_at_s=NOW_S - 0.4)},
            stations={"garage": in_garage(), "carport": StationState(station_id="carport", protocol="ocpp1.6")},
            solar=SolarReading(power_w=5200.0, taken_at_s=NOW_S),
            battery=BatteryReading(power_w=-800.0, taken_at_s=NOW_S - 2.0, soc=0.62),
            dimmed=False,
        ),
        battery=BatteryStanding(
            order=BatteryOrder(reason=BatteryReason.CARS_FROM_GRID, since_s=900.0, discharge_at_most_w=0.0),
            in_force=True,
        ),
        decision=Decision(
            at_s=NOW_S,
            setpoints={
                "garage": Setpoint(station_id="garage", limit_a=6.1, phases=3, reason=SUN),
                "carport": Setpoint(station_id="carport", limit_a=0.0, phases=1, reason=AWAY),
            },
            circuits={
                "main": CircuitLoad(
                    circuit_id="main",
                    usable_a=21.75,
                    measured_a=PerPhase(-1.5, 4.25, -2.0),
                    house_a=PerPhase(-7.6, -1.85, -8.1),
                    held_a=PerPhase(2.0, 5.0, 2.0),
                    meter_age_s=0.4,
                )
            },
            surplus_w=4210.0,
            notices=(
                Notice(
                    code=NoticeCode.IGNORES_LIMIT, station_id="carport", circuit_id="main", current_a=16.2, limit_a=6.0
                ),
            ),
        ),
        memory=Memory(
            started_at_s=0.0,
            last_at_s=NOW_S,
            timers={"garage": before},
            thermal={("main", phase): 0.1 + phase / 100.0 for phase in Phase},
            paces={
                "garage": Pace(
                    energy_kwh=20.0,
                    by_utc_s=THEN.replace(hour=17).timestamp(),
                    left_kwh=15.5,
                    pull=Pull(now_w=4140.0, later_w=8280.0, eases_utc_s=THEN.replace(hour=9).timestamp()),
                    latest_start_utc_s=THEN.replace(hour=14, minute=56).timestamp(),
                    expected_kwh=20.0,
                )
            },
        ),
        at=THEN,
        sequence=7,
        counted=Counted(
            energies=wire.Energies(
                grid_import_kwh=1204.125,
                grid_export_kwh=310.5,
                solar_kwh=2200.75,
                charging_kwh=940.0,
                charging_solar_kwh=755.25,
                battery_charged_kwh=180.5,
                battery_discharged_kwh=162.25,
            ),
            today=wire.Today(solar_kwh=12.5, charging_kwh=8.0, charging_solar_kwh=6.0, solar_share=0.75),
            stations_kwh={"garage": 640.0, "carport": 300.0},
            sessions={
                "garage": session(4.5, solar_kwh=3.6).model_copy(update={"cost": 0.54, "currency": "EUR"}),
            },
        ),
        facts={
            "garage": StationFacts(
                vendor="Acme",
                model="Box 11",
                firmware="1.2",
                serial="A-0001",
                upstream=wire.UpstreamState(connected=False, queued=12, lost=0, last_error="it closed the connection"),
            )
        },
        vehicles={"garage": "family"},
        sources=SOURCES,
        cars=CARS,
        wishes={
            "garage": Wishes(
                max_a=13.0,
                priority=2,
                energy_kwh=20.0,
                ready_by=THEN.replace(hour=17),
                limit=Passing(until=THEN.replace(hour=9), ends_at_s=NOW_S + 3600.0, limit_a=10.0),
            ),
            "carport": Wishes(
                mode=ChargeMode.FAST,
                vehicle="city",
                guest="Aunt Ida",
                boost=Passing(until=THEN.replace(minute=10), ends_at_s=NOW_S + 600.0),
            ),
        },
    )


def in_garage() -> StationState:
    return StationState(
        station_id="garage",
        connected=True,
        protocol="ocpp1.6",
        status=ConnectorStatus.CHARGING,
        in_transaction=True,
        car=CarReading(current_a=(6.1, 6.1, 6.0), taken_at_s=NOW_S - 3.0, power_w=4186.0),
    )


def state() -> Any:
    return as_json(build_state(scene()))


def state_in_trouble() -> Any:
    """No meter, nothing kept, optimisation off, no battery, nobody knows of the grid operator."""
    found = scene()
    decision, look = found.decision, found.look
    blind = replace(decision.circuits["main"], measured_a=None, meter_age_s=None)
    lost = Reason(code=LimitReason.METER_LOST, circuit_id="main", age_s=12.0)
    return as_json(
        build_state(
            replace(
                found,
                look=replace(look, meters={}, battery=None, solar=None, dimmed=None),
                decision=replace(
                    decision,
                    circuits={"main": blind},
                    surplus_w=None,
                    notices=(),
                    setpoints={
                        **decision.setpoints,
                        "garage": Setpoint(station_id="garage", limit_a=6.0, phases=3, reason=lost),
                    },
                ),
                memory=replace(found.memory, thermal={}),
                wishes={},
                optimising=False,
                storage_trouble="the disk is full",
            )
        )
    )


def hello() -> Any:
    return written(wire.Hello(site_id="0123456789abcdef", version="1.2.3"))


def client_hello() -> Any:
    return written(wire.ClientHello(token="fw_example"))


def snapshot() -> Any:
    return written(wire.SnapshotMessage(state=build_state(scene())))


def delta() -> Any:
    before = scene()
    wishes = {**before.wishes, "carport": Wishes(mode=ChargeMode.OFF)}
    after = replace(before, wishes=wishes, at=THEN.replace(second=1), sequence=before.sequence + 1)
    changed = changes(as_json(build_state(before)), as_json(build_state(after)))
    return written(wire.DeltaMessage(sequence=after.sequence, at=after.at, changes=changed))


def problem() -> Any:
    answer = refusal(WidensInstallerLimit("garage may draw 16.0 A, as the installer set it; 20.0 A is more"))
    return json.loads(bytes(answer.body))


def explanation() -> Any:
    steps = (
        Step(stage=Stage.METER, circuit_id="main", word="good", facts={"age_s": 0.4}),
        Step(stage=Stage.CALM, reason=SUN, before_a=6.18, limit_a=6.1, phases=3, facts={"step_a": 0.1}),
    )
    setpoint = Setpoint(station_id="garage", limit_a=6.1, phases=3, reason=SUN)
    return written(explained(Explanation(station_id="garage", steps=steps, setpoint=setpoint)))


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
                grid_import_w=30.0,
                grid_export_w=150.5,
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
        "log": [
            written(wire.LogRecord(id=7, at=THEN, kind="wish", who="anna", text="garage: mode fast", says=None)),
            written(
                wire.LogRecord(
                    id=6,
                    at=THEN,
                    kind="station_offline_ended",
                    who=None,
                    text="carport is connected",
                    says=log_says("station_offline_ended", {"station": "carport"}),
                )
            ),
        ],
        "audit": written(
            wire.AuditRecord(
                id=3,
                at=THEN,
                who="anna",
                action="wish",
                text="garage: mode fast",
                says=log_says("wish", {"says": "log.wish.mode.fast", "station": "garage"}),
            )
        ),
    }


def access() -> Any:
    """Logging in, set-up, pairing, people."""
    role = wire.Role.HOMEOWNER
    return {
        "me": written(wire_access.Me(name="anna", role=role)),
        "setup": written(wire_access.SetupState(needed=True)),
        "pairing": written(wire_access.PairingOffer(code="012345", role=role, ends_in_s=180.0)),
        "token": written(wire_access.NewTokenRecord(id=3, token="fw_example", name="tablet", role=role)),
        "tokens": [
            written(wire_access.TokenRecord(id=3, name="tablet", role=role, made_at=THEN, used_at=USED)),
            written(wire_access.TokenRecord(id=4, name="spare tablet", role=role, made_at=THEN, used_at=None)),
        ],
        "users": [written(wire_access.UserRecord(name="anna", role=role, made_at=THEN))],
    }


def health() -> Any:
    return written(
        wire.HealthRecord(status="degraded", cycle_age_s=0.4, reasons=("meter_lost", "source_silent", "source_refused"))
    )


def readings() -> Any:
    """What a program brings, and what it is told."""
    grid = wire.Reading(
        device="grid",
        age_s=2.4,
        taken_at=THEN,
        power_w=172.5,
        powers_w=(-345.0, 977.5, -460.0),
        current_a=(1.5, 4.25, 2.0),
        voltage_v=(230.1, 229.8, 230.4),
        frequency_hz=50.0,
        energy_import_kwh=1204.125,
        energy_export_kwh=310.5,
    )
    roof = wire.Reading(device="roof", age_s=11.0, power_w=5200.0, energy_kwh=2200.75)
    cellar = wire.Reading(device="cellar", age_s=5.0, power_w=-800.0, soc=0.62)
    verdicts = (
        wire.ReadingVerdict(device="grid", taken=True, code=None, detail=None),
        wire.ReadingVerdict(device="roof", taken=False, code="nonsense", detail="roof: 90000 W of sun is impossible"),
    )
    return {
        "brought": written(wire.Readings(readings=(grid, roof, cellar))),
        "answer": written(wire.ReadingsAnswer(verdicts=verdicts)),
        "sources": [written(source) for source in SOURCES],
    }


def wishes() -> Any:
    """The bodies that people send."""
    return {
        "mode": written(wire.ModeWish(mode=ChargeMode.SOLAR)),
        "settings": written(wire.SettingsWish(max_a=13.0, priority=2, vehicle="family")),
        "phases": written(wire.PhasesWish(phases=1)),
        "minimum": written(wire.MinimumWish(min_a=8.0)),
        "goal": written(wire.GoalWish(energy_kwh=20.0, ready_by=THEN)),
        "guest": written(wire.GuestWish(vehicle="Aunt Ida")),
        "vehicle": written(wire.VehicleWish(vehicle="family", target_soc=0.8, minimum_soc=0.2)),
        "vehicle_reports": written(
            wire.VehicleReports(
                reports=(
                    wire.VehicleReport(
                        vehicle="family", age_s=130.0, taken_at=THEN, soc=0.52, range_km=210.0, at_home=True
                    ),
                    wire.VehicleReport(vehicle="Aunt Ida", age_s=5.0, soc=0.3, capacity_kwh=40.0),
                )
            )
        ),
        "restart": written(wire.RestartWish(hard=True)),
        "command_answer": written(
            wire.CommandAnswer(station="garage", command="unlock", done=False, answer="NotSupported")
        ),
        "limit": written(wire.LimitWish(limit_a=10.0, duration_s=3600.0)),
        "boost": written(wire.BoostWish(duration_s=600.0)),
        "import_cap": written(wire.ImportCapWish(limit_kw=3.5, until=THEN)),
        "strategy": written(wire.StrategyWish(strategy=Keenness.PURIST)),
        "optimising": written(wire.OptimisingWish(optimising=False)),
    }


def plan() -> Any:
    """What is ahead: until the limit ends, until the latest start, until the goal."""
    found = made_plan(scene(), "garage", 4100.0)
    shortened = found.model_copy(update={"slots": (*found.slots[3:5], *found.slots[-10:])})
    return written(shortened)


def words() -> Any:
    """Every word that a client may meet."""
    kinds = (
        *(wire.SiteCondition, wire.StationStatus, wire.BatteryMode, wire.Role, wire.HistoryStep),
        *(ChargeMode, LimitReason, BatteryReason, wire.PlanKind, wire.EventKind, NoticeCode, Keenness),
    )
    return {kind.__name__: [member.value for member in kind] for kind in kinds}


def devices() -> Any:
    """A meter that answers well, a battery that publishes, and an inverter that has just gone."""
    whole = DeviceHealth(
        device_id="grid",
        kind="meter",
        period_s=1.0,
        pushes=False,
        good_at_s=NOW_S - 0.4,
        good=86_000,
        bad=12,
        error_share=0.01,
        latency_p50_s=0.0124,
        latency_p99_s=0.0483,
        reconnects=2,
        error=ReadError(code="no_answer", at_s=NOW_S - 90.0),
    )
    pushed = DeviceHealth(device_id="battery", kind="battery", period_s=5.0, pushes=True)
    gone = DeviceHealth(
        device_id="roof",
        kind="inverter",
        period_s=5.0,
        pushes=False,
        bad=3,
        error_share=1.0,
        reconnects=0,
        bad_in_a_row=3,
        error=ReadError(code="link_down", at_s=NOW_S - 1.0),
    )
    return [
        written(device_state(each, NOW_S, circuit={"grid": "main"}.get(each.device_id)))
        for each in (whole, gone, pushed)
    ]


def written(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")


MADE: dict[str, Callable[[], Any]] = {
    made.__name__: made
    for made in (
        *(state, state_in_trouble, hello, client_hello, snapshot, delta, problem, explanation, records),
        *(access, health, plan, readings, devices, wishes, words),
        *commissioning_shapes.SHAPES,
        *servicing_shapes.SHAPES,
        *on_request_shapes.SHAPES,
        *report_card_shapes.SHAPES,
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


@pytest.mark.parametrize(
    ("module", "shapes", "others"),
    [
        (wire_commissioning, commissioning_shapes.SHAPES, {"Limits"}),
        (wire_servicing, servicing_shapes.SHAPES, set[str]()),
        (wire_on_request, on_request_shapes.SHAPES, set[str]()),
        (wire_report_card, report_card_shapes.SHAPES, set[str]()),
    ],
)
def test_every_shape_of_a_part_is_in_a_golden_file(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, shapes: Sequence[Callable[[], Any]], others: set[str]
) -> None:
    written_ones: set[type[BaseModel]] = set()
    dump = BaseModel.model_dump

    def watched(shape: BaseModel, **how: Any) -> dict[str, Any]:
        written_ones.update(kinds_in(shape))
        return dump(shape, **how)

    monkeypatch.setattr(BaseModel, "model_dump", watched)
    for made in shapes:
        made()

    kinds = {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Shape)}
    assert {kind.__name__ for kind in kinds - written_ones} - {"Shape"} == others


def kinds_in(value: object) -> set[type[BaseModel]]:
    """Of a shape and all in it."""
    if isinstance(value, tuple):
        return set().union(*map(kinds_in, value))
    if not isinstance(value, BaseModel):
        return set()
    return {type(value)}.union(*(kinds_in(getattr(value, name)) for name in type(value).model_fields))
