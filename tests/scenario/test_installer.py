"""An installer at work on real sockets: a demo house, from an unstated fuse to a signed hand-over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ems.clock import WallClock
from ems.commissioning.desk import Desk
from ems.commissioning.errors import MeterNotTrusted, NoSuchStranger, Sealed, StepsOpen, TypedDifferently
from ems.commissioning.findings import ChargerFindings, Findings, ProofKind, Verdict
from ems.commissioning.hand_over import is_genuine
from ems.commissioning.limits import ConnectionLimits
from ems.commissioning.proofs import Wanted
from ems.config.schema import SiteFile
from ems.model.decision import LimitReason
from ems.model.electrical import PerPhase, Phase
from tests.scenario.stage import Stage, site, staged

ME = "Ina"
WIRED = {
    "drive": (Phase.L2, Phase.L3, Phase.L1),
    "carport": (Phase.L2,),
    "workshop": (Phase.L3, Phase.L1, Phase.L2),
}
"""How the stations really hang; the site file says L1 L2 L3, or L1."""


def quiet_demo(folder: Path) -> SiteFile:
    """The demo house in a calm night, one more station rotated, with a storage folder."""
    file = site("demo", main_fuse_a=25.0)
    stations = tuple(
        entry.model_copy(update={"wired": tuple(phase.name for phase in WIRED[entry.id])}) for entry in file.stations
    )
    return file.model_copy(
        update={
            "stations": stations,
            "storage": file.storage.model_copy(update={"path": str(folder)}),
            "simulation": file.simulation.model_copy(update={"sky": "clear", "start": "02:00"}),
        }
    )


def untold(file: SiteFile) -> SiteFile:
    """What the site file says before anybody has commissioned: no fuse, straight wiring, nothing verified."""
    stations = tuple(
        entry.model_copy(
            update={"wired": ("L1", "L2", "L3")[: len(entry.wired)], "lease_verified": False}
            | ({"identity": "somebody-else"} if entry.id == "carport" else {})
        )
        for entry in file.stations
    )
    connection = file.connection.model_copy(update={"main_fuse_a": None})
    return file.model_copy(update={"connection": connection, "stations": stations})


async def begun(stage: Stage, wanted: Wanted) -> None:
    """Start it as soon as the meter is there: on a busy machine a fast clock loses a sample now and then."""
    async with stage.clock.timeout(240):
        while True:
            try:
                await stage.desk.start(wanted, who=ME)
            except MeterNotTrusted:
                await stage.after(1)
            else:
                return


async def proven(stage: Stage, wanted: Wanted) -> Findings:
    await begun(stage, wanted)
    await stage.until(lambda: not _running(stage), within_s=900)
    progress = stage.desk.proof
    assert progress is not None
    assert progress.findings is not None
    return progress.findings


def _running(stage: Stage) -> bool:
    return stage.desk.proof is not None and stage.desk.proof.running


async def test_from_an_unstated_fuse_to_a_signed_hand_over(tmp_path: Path) -> None:
    true = quiet_demo(tmp_path)
    async with staged(true, told=untold(true)) as stage:
        desk = stage.desk
        assert not desk.site.commissioned
        limits = ConnectionLimits(main_fuse_a=25.0, largest_other_load_a=13.0)
        assert (await desk.set_connection(limits, who=ME)).outcome == "type_again"
        assert not desk.site.commissioned
        assert (await desk.set_connection(limits, who=ME)).outcome == "applied"
        await stage.until(lambda: stage.seen.site.commissioned)

        await stage.until(lambda: bool(desk.parts.central_system.strangers), within_s=60)
        with pytest.raises(NoSuchStranger):
            await desk.adopt("carport", "nobody", who=ME)
        await desk.adopt("carport", "carport", who=ME)
        await stage.until(lambda: all(stage.seen.state_of(name).plugged for name in stage.house.stations))
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons())

        for name, wiring in WIRED.items():
            findings = await proven(stage, Wanted(kind=ProofKind.CHARGER, station_id=name))
            assert isinstance(findings, ChargerFindings)
            assert findings.verdict is Verdict.PASSED
            assert findings.found == wiring
            await desk.take_found_wiring(name, who=ME)
            assert desk.site.station(name).wiring == wiring

        with pytest.raises(StepsOpen):
            await desk.hand_over(installer=ME, company="", remark="", accept_open=False, who=ME)
        document = await desk.hand_over(installer=ME, company="", remark="", accept_open=True, who=ME)
        assert is_genuine(document)
        told = json.loads(document.text)
        assert told["proofs"]["charger"]["workshop"]["found"] == ["L3", "L1", "L2"]
        assert told["limits"]["connection"]["main_fuse_a"] == 25.0
        with pytest.raises(Sealed):
            await desk.set_connection(limits, who=ME)
        assert stage.house.report().seconds_over_rating == 0

    again = Desk(untold(true), tmp_path, WallClock())
    assert again.trouble is None
    assert again.kept.seal is not None
    assert again.site.commissioned
    assert again.site.station("workshop").wiring == (Phase.L3, Phase.L1, Phase.L2)


async def test_a_real_load_on_a_real_meter_shows_its_phase(tmp_path: Path) -> None:
    async with staged(quiet_demo(tmp_path)) as stage:
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons())
        await begun(stage, Wanted(kind=ProofKind.SIGN, circuit_id="main", phase=Phase.L3))
        await stage.until(lambda: _stage(stage) == "commissioning.sign.switch_on")
        stage.house.world.switched_a = PerPhase(0.0, 0.0, 9.0)
        await stage.until(lambda: _stage(stage) == "commissioning.sign.switch_off")
        stage.house.world.switched_a = PerPhase()
        await stage.until(lambda: not _running(stage))

        findings = stage.desk.kept.record.sign["main"]
        assert findings.verdict is Verdict.PASSED
        assert findings.found is Phase.L3


async def test_a_station_that_ignores_limits_fails_on_a_real_socket(tmp_path: Path) -> None:
    async with staged(quiet_demo(tmp_path)) as stage:
        await stage.until(lambda: all(stage.seen.state_of(name).plugged for name in stage.house.stations))
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons())
        stage.station("drive").faults.ignore_limits = True

        findings = await proven(stage, Wanted(kind=ProofKind.CHARGER, station_id="drive"))

        assert findings.verdict is Verdict.FAILED


async def test_what_is_typed_differently_starts_anew(tmp_path: Path) -> None:
    desk = Desk(untold(quiet_demo(tmp_path)), tmp_path, WallClock())
    await desk.set_connection(ConnectionLimits(main_fuse_a=25.0), who=ME)

    with pytest.raises(TypedDifferently, match="main_fuse_a"):
        await desk.set_connection(ConnectionLimits(main_fuse_a=35.0), who=ME)

    assert (await desk.set_connection(ConnectionLimits(main_fuse_a=35.0), who=ME)).outcome == "type_again"
    assert (await desk.set_connection(ConnectionLimits(main_fuse_a=35.0), who=ME)).outcome == "applied"
    assert desk.site.circuits.main.fuse.rating_a == 35.0


def _stage(stage: Stage) -> str:
    return "" if stage.desk.proof is None else stage.desk.proof.stage.key
