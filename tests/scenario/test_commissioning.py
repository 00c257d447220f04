"""The proofs over a simulated house in virtual time: what they find and refuse, and that nothing stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from ems.commissioning import proofs
from ems.commissioning.charger_proof import ChargerProof
from ems.commissioning.errors import MeterNotTrusted, NoCar, NotCommissioned, ProofRuns, StationAway
from ems.commissioning.findings import (
    ChargerFindings,
    LossFindings,
    OverloadFindings,
    ProofKind,
    SignAgainst,
    SignFindings,
    Verdict,
)
from ems.commissioning.phase_map import Certainty
from ems.commissioning.proofs import Wanted
from ems.config.schema import PhaseName
from ems.model.electrical import PerPhase, Phase
from ems.model.goals import ChargeMode, Goal
from ems.runtime.board import VirtualLoad
from tests.scenario.virtual_bench import Switched, VirtualBench, demo_site, goals_of, phases

NOON_S = 12 * 3600.0
"""The hob is on and off all the time."""

NIGHT_S = 2 * 3600.0
"""Nothing is switched but what a test switches."""

Wired = tuple[PhaseName, ...]
STRAIGHT: Wired = ("L1", "L2", "L3")
TURNED: tuple[Wired, ...] = (STRAIGHT, ("L2", "L3", "L1"), ("L3", "L1", "L2"))
EVERY_CAR = {"drive": 3, "carport": 1, "workshop": 1}
WIRED: dict[str, Wired] = {"drive": ("L2", "L3", "L1"), "carport": ("L2",), "workshop": ("L3", "L1", "L2")}


def charger(station_id: str) -> Wanted:
    return Wanted(kind=ProofKind.CHARGER, station_id=station_id)


def loss(station_id: str) -> Wanted:
    return Wanted(kind=ProofKind.LOSS, station_id=station_id)


def proven_charger(bench: VirtualBench, station_id: str) -> ChargerFindings:
    findings = bench.prove(charger(station_id))
    assert isinstance(findings, ChargerFindings)
    return findings


@pytest.mark.parametrize("used", [1, 2])
@pytest.mark.parametrize("wired", TURNED)
def test_map_of_a_rotated_station_that_the_site_file_does_not_know(wired: Wired, used: int) -> None:
    bench = VirtualBench(demo_site(workshop=wired), told=demo_site(workshop=STRAIGHT), phases={"workshop": used})

    findings = proven_charger(bench, "workshop")

    assert findings.verdict is Verdict.PASSED
    assert findings.found == phases(*wired)
    assert findings.agrees is (set(wired[:used]) == set(STRAIGHT[:used]))


@pytest.mark.parametrize("wired", TURNED)
def test_a_station_that_switches_phases_shows_its_own_l1_beside_a_three_phase_car(wired: Wired) -> None:
    findings = proven_charger(VirtualBench(demo_site(drive=wired), told=demo_site(drive=STRAIGHT)), "drive")

    assert findings.verdict is Verdict.PASSED
    assert findings.found == phases(*wired)
    assert findings.wiring[0].certainty is Certainty.CERTAIN
    assert {row.phases for row in findings.plateaus} == {1, 3}


def test_three_phases_without_switching_do_not_tell_their_order_and_it_says_so() -> None:
    findings = proven_charger(VirtualBench(demo_site(), phases={"workshop": 3}), "workshop")

    assert findings.verdict is Verdict.PASSED
    assert findings.agrees is True
    assert findings.found is None
    assert {each.certainty for each in findings.wiring} == {Certainty.UNKNOWN}
    assert findings.says.key == "commissioning.charger.order_open"


def test_one_phase_that_no_meter_saw_leaves_the_wiring_uncertain() -> None:
    """A station that should change phases and was not seen to: nothing is said of its wiring."""
    true = demo_site()
    stations = tuple(each.model_copy(update={"phase_switching": True}) for each in true.stations)
    bench = VirtualBench(true, told=true.model_copy(update={"stations": stations}), phases={"workshop": 3})

    findings = proven_charger(bench, "workshop")

    assert (findings.verdict, findings.says.key) == (Verdict.UNCERTAIN, "commissioning.charger.not_certain")
    assert findings.found is None


@pytest.mark.parametrize("phase", ["L1", "L2", "L3"])
def test_map_of_a_one_phase_station(phase: PhaseName) -> None:
    bench = VirtualBench(demo_site(carport=(phase,)), told=demo_site(carport=("L2",)))

    findings = proven_charger(bench, "carport")

    assert findings.verdict is Verdict.PASSED
    assert findings.found == phases(phase)
    assert findings.wiring[0].certainty is Certainty.CERTAIN


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_clouds_and_over_a_cooking_hour_nothing_wrong_is_certain(seed: int) -> None:
    true, told = demo_site(workshop=("L2", "L3", "L1")), demo_site(workshop=STRAIGHT)
    bench = VirtualBench(true, told=told, phases=EVERY_CAR, sky="broken", from_s=NOON_S, seed=seed)

    findings = proven_charger(bench, "workshop")

    assert findings.verdict in {Verdict.PASSED, Verdict.UNCERTAIN}
    assert findings.found in {None, phases("L2", "L3", "L1")}


@pytest.mark.parametrize("station_id", ["drive", "carport", "workshop"])
@pytest.mark.parametrize("meter_late_s", [4, 6, 8, 10, 12])
def test_a_meter_that_shows_the_car_late_makes_no_wrong_map(station_id: str, meter_late_s: int) -> None:
    true, told = demo_site(drive=WIRED["drive"], workshop=WIRED["workshop"]), demo_site(workshop=STRAIGHT)
    used = {station_id: EVERY_CAR[station_id]}
    bench = VirtualBench(true, told=told, phases=used, meter_late_s=meter_late_s)

    findings = proven_charger(bench, station_id)

    assert findings.verdict in {Verdict.PASSED, Verdict.UNCERTAIN}
    assert findings.found == (phases(*WIRED[station_id]) if findings.verdict is Verdict.PASSED else None)


@pytest.mark.parametrize("station_id", ["drive", "carport", "workshop"])
def test_a_meter_that_is_too_late_is_told_from_one_that_does_not_see_the_car(station_id: str) -> None:
    bench = VirtualBench(demo_site(), phases={station_id: EVERY_CAR[station_id]}, meter_late_s=11)

    findings = proven_charger(bench, station_id)

    assert findings.verdict is Verdict.UNCERTAIN
    assert findings.says.key == "commissioning.charger.meter_late"


def test_a_station_that_hears_of_its_limits_late_counts_from_when_it_has_them() -> None:
    bench = VirtualBench(demo_site(), phases={"carport": 1}, message_s=4.0)

    findings = proven_charger(bench, "carport")

    assert findings.verdict is Verdict.PASSED
    assert findings.found == phases("L2")
    assert findings.reaction_s is not None
    assert findings.reaction_s > 4.0


def test_obedience_reaction_and_step_are_measured() -> None:
    findings = proven_charger(VirtualBench(demo_site()), "drive")

    assert findings.reaction_s is not None
    assert 2.0 <= findings.reaction_s <= 5.0
    assert findings.step_a == 0.5
    limits = [row.limit_a for row in findings.plateaus[:4]]
    assert limits == [6.0, 10.0, 9.5, 0.0]
    assert all(row.obeyed for row in findings.plateaus)
    assert [row.station_a for row in findings.plateaus[:4]] == pytest.approx([5.7, 9.7, 9.2, 0.0])


def test_a_station_that_ignores_limits_fails() -> None:
    bench = VirtualBench(demo_site())

    async def work() -> Any:
        await bench.ready()
        bench.faults("carport").ignores = True
        bench.plant.bays["carport"].install(_lease(16.0), float("inf"), bench.plant.run_s())
        return await bench.proven(charger("carport"))

    findings = bench.run(work)

    assert findings.verdict is Verdict.FAILED
    assert findings.says.key == "commissioning.ignores"


def test_a_car_that_does_not_draw_proves_nothing() -> None:
    bench = VirtualBench(demo_site())
    bench.faults("carport").car_never_starts = True

    findings = proven_charger(bench, "carport")

    assert findings.verdict is Verdict.UNCERTAIN
    assert findings.says.key == "commissioning.car_does_not_draw"


@pytest.mark.parametrize("station_id", ["drive", "carport", "workshop"])
def test_a_lease_that_ends_brings_the_car_to_its_fallback(station_id: str) -> None:
    bench = VirtualBench(demo_site(), phases=EVERY_CAR)

    findings = bench.prove(loss(station_id))

    assert isinstance(findings, LossFindings)
    assert findings.verdict is Verdict.PASSED
    assert findings.after_a is not None
    assert findings.after_a <= findings.fallback_a + 0.5
    assert findings.fell_after_s is not None
    assert findings.lease_s <= findings.fell_after_s <= findings.lease_s + 10.0


def test_a_station_whose_lease_does_not_end_fails() -> None:
    bench = VirtualBench(demo_site())

    async def work() -> Any:
        await bench.ready()
        bench.proofs.start(loss("drive"), bench.site)
        await bench.watch.until(lambda: _stage(bench) == "commissioning.loss.wait", 300)
        bench.faults("drive").ignores = True
        await bench.over()
        return bench.ended[0].findings

    findings = bench.run(work)

    assert findings.verdict is Verdict.FAILED
    assert findings.says.key == "commissioning.loss.stays"


def test_no_message_reaches_the_station_while_its_lease_ends() -> None:
    bench = VirtualBench(demo_site())

    async def work() -> tuple[int, int, int]:
        await bench.ready()
        bench.proofs.start(loss("drive"), bench.site)
        await bench.watch.until(lambda: _stage(bench) == "commissioning.loss.wait", 300)
        before = bench.links["drive"].counts.messages
        await bench.clock.sleep(18)
        withheld = bench.links["drive"].counts.messages
        await bench.over()
        await bench.clock.sleep(10)
        return before, withheld, bench.links["drive"].counts.messages

    before, withheld, after = bench.run(work)

    assert withheld == before
    assert after > before


def test_a_fuse_in_need_reaches_the_station_all_the_same() -> None:
    bench = VirtualBench(demo_site())
    most_a: list[float] = []

    async def work() -> Any:
        await bench.ready()
        bench.proofs.start(loss("drive"), bench.site)
        await bench.watch.until(lambda: _stage(bench) == "commissioning.loss.wait", 300)
        load = VirtualLoad(circuit_id="main", current_a=PerPhase(24.0, 24.0, 24.0), ends_at_s=float("inf"))
        bench.board.set_virtual_load(load)
        await bench.clock.sleep(6)
        limit = bench.watch.state_of("drive").accepted
        most_a.append(99.0 if limit is None else limit.limit_a)
        await bench.over()
        return bench.ended[0].findings

    findings = bench.run(work)

    assert most_a[0] < 10.0
    assert findings.verdict is Verdict.UNCERTAIN


def test_a_station_that_rises_when_its_lease_ends_is_lowered_before_a_fuse_suffers() -> None:
    told = demo_site()
    told = told.model_copy(update={"connection": told.connection.model_copy(update={"main_fuse_a": 12.0})})
    bench = VirtualBench(told, phases={"carport": 1}, from_s=NIGHT_S)

    async def work() -> Any:
        await bench.ready()
        bench.proofs.start(loss("carport"), bench.site)
        await bench.watch.until(lambda: _stage(bench) == "commissioning.loss.wait", 300)
        bench.plant.bays["carport"]._fallback_a = 16.0
        held = bench.watch.sent("carport")[-1]
        await bench.over()
        ended_s = bench.clock.monotonic_s()
        await bench.clock.sleep(5)
        lowered = bench.watch.sent("carport")[-1]
        ends_s = held.lease_ends_at_s
        return bench.ended[0].findings, ended_s - ends_s, lowered, lowered.sent_at_s - ends_s

    findings, after_s, lowered, lowered_s = bench.run(work)

    assert findings.verdict is Verdict.FAILED
    assert findings.says.key == "commissioning.loss.overload"
    assert 0.0 < after_s <= lowered_s < 12.0
    assert lowered.limit_a < 12.0


def test_a_virtual_load_makes_the_guard_lower_and_stands_in_every_look() -> None:
    bench = VirtualBench(demo_site(), phases=EVERY_CAR)

    async def work() -> Any:
        findings = await bench.proven(Wanted(kind=ProofKind.OVERLOAD, phase=Phase.L2))
        await bench.clock.sleep(3)
        return findings

    findings = bench.run(work)

    assert isinstance(findings, OverloadFindings)
    assert findings.verdict is Verdict.PASSED
    assert findings.lowered
    assert findings.fell_s is not None
    assert findings.fell_s <= findings.allowed_s
    loaded = [look for look, _ in bench.looks if look.virtual_a]
    assert loaded
    assert all(look.virtual_a["main"].l2 == findings.virtual_a for look in loaded)
    assert all(look.meters["main"].power_w < 230.0 * look.meters["main"].current_a.total for look in loaded)
    assert not bench.looks[-1][0].virtual_a


def test_a_one_phase_car_that_was_just_raised_hides_no_load_on_the_other_phases_of_its_station() -> None:
    bench = VirtualBench(demo_site(), phases=EVERY_CAR, from_s=NIGHT_S)
    findings = bench.prove(Wanted(kind=ProofKind.OVERLOAD, phase=Phase.L2))

    first = next(place for place, (look, _) in enumerate(bench.looks) if look.virtual_a)
    (_, before), (_, loaded) = bench.looks[first - 1 : first + 1]
    assert findings.verdict is Verdict.PASSED
    assert loaded.setpoints["carport"].limit_a < before.setpoints["carport"].limit_a


def test_a_house_that_switches_a_load_on_in_the_overload_proof_makes_it_uncertain_and_not_failed() -> None:
    def bench(*switched: Switched) -> VirtualBench:
        return VirtualBench(demo_site(), phases=EVERY_CAR, switched=switched)

    wanted, quiet = Wanted(kind=ProofKind.OVERLOAD, phase=Phase.L2), bench()
    assert quiet.prove(wanted).verdict is Verdict.PASSED
    first = next(look.now_s for look, _ in quiet.looks if look.virtual_a)
    began_s = int(first - quiet.looks[0][0].now_s)

    loud = bench(Switched(Phase.L2, 6000.0, began_s + 1, began_s + 60))

    findings = loud.prove(wanted)

    assert findings.verdict is Verdict.UNCERTAIN
    assert findings.says.key == "commissioning.overload.not_measured"


@pytest.mark.parametrize("wanted", [charger("drive"), loss("drive"), Wanted(kind=ProofKind.OVERLOAD)])
def test_an_aborted_proof_leaves_everything_as_it_was(wanted: Wanted) -> None:
    bench = VirtualBench(demo_site())
    mine = Goal(mode=ChargeMode.FAST, max_a=12.0, priority=3)

    async def work() -> None:
        await bench.ready()
        bench.board.set_goal("drive", mine)
        before = goals_of(bench)
        bench.proofs.start(wanted, bench.site)
        await bench.clock.sleep(25)
        assert goals_of(bench) != before
        await bench.proofs.abort()

        assert goals_of(bench) == before
        messages = bench.links["drive"].counts.messages
        await bench.clock.sleep(30)
        assert bench.links["drive"].counts.messages > messages
        assert not bench.looks[-1][0].virtual_a

    bench.run(work)

    assert bench.ended[0].findings is not None
    assert bench.ended[0].findings.verdict is Verdict.ABORTED


def test_a_proof_that_takes_too_long_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(proofs.LONGEST_S, ProofKind.CHARGER, 40.0)
    bench = VirtualBench(demo_site())

    async def work() -> Any:
        findings = await bench.proven(charger("drive"))
        assert goals_of(bench) == {}
        return findings

    findings = bench.run(work)

    assert findings.verdict is Verdict.UNCERTAIN
    assert findings.says.key == "commissioning.too_long"


def test_a_proof_that_breaks_leaves_the_house_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = VirtualBench(demo_site())

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ChargerProof, "_repeat_until_certain", broken)

    async def work() -> Any:
        findings = await bench.proven(charger("drive"))
        assert goals_of(bench) == {}
        return findings

    assert bench.run(work).verdict is Verdict.ABORTED


def test_other_cars_pause_meanwhile_and_go_on_afterwards() -> None:
    bench = VirtualBench(demo_site(), phases=EVERY_CAR)

    async def work() -> None:
        await bench.ready()
        bench.board.set_goal("drive", Goal(mode=ChargeMode.FAST))
        bench.proofs.start(charger("carport"), bench.site)
        await bench.clock.sleep(30)
        assert bench.plant.bays["drive"].limit_a == 0.0
        await bench.over()
        await bench.watch.until(lambda: bench.plant.bays["drive"].limit_a >= 6.0, 120)
        assert bench.plant.bays["drive"].limit_a >= 6.0

    bench.run(work)


def test_one_proof_at_a_time_and_none_where_it_makes_no_sense() -> None:
    bench = VirtualBench(demo_site(), phases={"carport": 1})

    async def work() -> None:
        with pytest.raises(MeterNotTrusted):
            bench.proofs.start(charger("carport"), bench.site)
        await bench.ready()
        with pytest.raises(NoCar):
            bench.proofs.start(charger("drive"), bench.site)
        bench.plant.bays["drive"].connection(0, up=False)
        bench.plant.bays["drive"].state = bench.plant.bays["drive"].state
        with pytest.raises((StationAway, NoCar)):
            bench.proofs.start(loss("drive"), bench.site)
        bench.proofs.start(charger("carport"), bench.site)
        with pytest.raises(ProofRuns):
            bench.proofs.start(charger("carport"), bench.site)

    bench.run(work)


def test_a_house_without_a_stated_fuse_is_not_proven() -> None:
    file = demo_site()
    file = file.model_copy(update={"connection": file.connection.model_copy(update={"main_fuse_a": None})})
    bench = VirtualBench(file)

    async def work() -> None:
        await bench.ready()
        with pytest.raises(NotCommissioned):
            bench.proofs.start(charger("carport"), bench.site)

    bench.run(work)


@pytest.mark.parametrize(
    ("switched", "stated", "verdict", "key"),
    [
        ([Switched(Phase.L2, 2000.0, 70, 110)], Phase.L2, Verdict.PASSED, "sign.passed"),
        ([Switched(Phase.L2, 2000.0, 70, 110)], Phase.L1, Verdict.FAILED, "sign.other_phase"),
        ([Switched(Phase.L3, -2000.0, 70, 110)], Phase.L3, Verdict.FAILED, "sign.flipped"),
        ([], Phase.L3, Verdict.UNCERTAIN, "sign.nothing"),
        ([Switched(Phase.L1, 2000.0, 70, 900)], Phase.L1, Verdict.UNCERTAIN, "sign.not_undone"),
    ],
)
def test_sign_against_a_load(switched: list[Switched], stated: Phase, verdict: Verdict, key: str) -> None:
    bench = VirtualBench(demo_site(), switched=switched, from_s=NIGHT_S)

    findings = bench.prove(Wanted(kind=ProofKind.SIGN, circuit_id="main", phase=stated))

    assert isinstance(findings, SignFindings)
    assert (findings.verdict, findings.says.key) == (verdict, f"commissioning.{key}")


def test_sign_against_the_sun() -> None:
    bench = VirtualBench(demo_site(), sky="broken")

    findings = bench.prove(Wanted(kind=ProofKind.SIGN, circuit_id="main", against=SignAgainst.SUN))

    assert findings.verdict is Verdict.PASSED


def test_a_steady_sun_tells_nothing() -> None:
    bench = VirtualBench(demo_site(), sky="clear")

    findings = bench.prove(Wanted(kind=ProofKind.SIGN, circuit_id="main", against=SignAgainst.SUN))

    assert findings.verdict is Verdict.UNCERTAIN


def _stage(bench: VirtualBench) -> str:
    progress = bench.proofs.progress
    return "" if progress is None else progress.stage.key


def _lease(limit_a: float) -> Any:
    from ems.csms.ports import LeasedLimit

    return LeasedLimit(limit_a=limit_a, phases=3, fallback_a=0.0, lease_s=float("inf"))
