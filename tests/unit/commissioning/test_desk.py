"""The installer's desk without a running service: typed twice, kept, sealed, and safe when the file is not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ems.clock import VirtualClock
from ems.commissioning.desk import TYPED_WITHIN_S, Desk
from ems.commissioning.errors import IdentityTaken, LimitsRefused, NoStorage, NoSuchStation, NothingFound
from ems.commissioning.findings import LossFindings, ProofKind, Record, Verdict
from ems.commissioning.hand_over import KEY_NAME, Handing, house_key, is_genuine, limits_of, signed
from ems.commissioning.hand_over_page import page_of
from ems.commissioning.kept import FILE_NAME, Kept, KeptFile, SealMark, Signed
from ems.commissioning.limits import ConnectionLimits, InstallerLimits, StationLimits
from ems.commissioning.phase_map import Certainty
from ems.commissioning.phrases import phrase
from ems.commissioning.proofs import Progress, Wanted
from ems.commissioning.standing import Joined
from ems.commissioning.steps import StepKey
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile, SubCircuit
from ems.model.electrical import FuseDevice
from ems.model.words import Language, has_words
from tests.unit.commissioning.test_kept import full

ME = "Ina"
FUSE = ConnectionLimits(main_fuse_a=20.0, largest_other_load_a=8.0)
HANDING = Handing(installer="Ina <b>Wire</b>", company="", remark="", open_steps=("meter",), account=ME)


def file(*, main_fuse_a: float | None = None) -> SiteFile:
    told = load_site(example("demo"))
    return told.model_copy(update={"connection": told.connection.model_copy(update={"main_fuse_a": main_fuse_a})})


def desk_in(folder: Path | None, clock: VirtualClock | None = None) -> Desk:
    return Desk(file(), folder, clock or VirtualClock())


def proven_file(fallback_a: float, lease_s: float) -> SiteFile:
    """The demo house where every station falls back to so much after that time."""
    told = file(main_fuse_a=35.0)
    stations = tuple(each.model_copy(update={"fallback_a": fallback_a}) for each in told.stations)
    policy = told.policy.model_copy(update={"lease_s": lease_s})
    return told.model_copy(update={"stations": stations, "policy": policy})


def loss(verdict: Verdict) -> LossFindings:
    return LossFindings(
        verdict=verdict, utc_s=1.0, says=phrase("aborted"), station_id="drive", lease_s=60.0, fallback_a=6.0
    )


async def ended(desk: Desk, findings: LossFindings) -> None:
    """As if that proof had just ended, and what it found had been kept if it can be."""
    wanted = Wanted(kind=ProofKind.LOSS, station_id="drive")
    desk._proof_ended(
        Progress(number=1, wanted=wanted, began_utc_s=0.0, began_s=0.0, stage=findings.says, findings=findings)
    )
    await asyncio.wait(desk._saving)


class Strangers:
    """The running parts, as far as an adoption needs them: boxes that have tried to connect."""

    def __init__(self, *identities: str) -> None:
        self.strangers = tuple(SimpleNamespace(identity=each) for each in identities)
        self.central_system = self.board = self.dispatch = self
        self.proofs = SimpleNamespace(is_busy=False)
        self.names: dict[str, str] = {}

    def turn_away(self, identities: frozenset[str]) -> None:
        """Nobody waits."""

    def set_site(self, site: object) -> None:
        """Nobody asks for it."""

    def identity_of(self, station_id: str) -> str:
        return self.names.get(station_id, station_id)

    def rename(self, station_id: str, identity: str) -> None:
        self.names[station_id] = identity


def sealed_in(folder: Path) -> Signed:
    """A house that was handed over with a 20 A fuse."""
    limits = InstallerLimits(connection=FUSE)
    KeptFile(folder).save(Kept(limits=limits))
    desk = desk_in(folder)
    document = signed(desk.file, full().record, HANDING, house_key(folder), VirtualClock().utc_now())
    mark = SealMark(installer=ME, utc_s=1.0, limits_hash=document.limits_hash, key=document.key)
    KeptFile(folder).save(Kept(limits=limits, hand_over=document, seal=mark))
    return document


async def test_the_second_typing_puts_the_fuse_in_force_and_the_first_does_not(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)

    first = await desk.set_connection(FUSE, who=ME)
    assert (first.outcome, first.expires_in_s, desk.site.commissioned) == ("type_again", TYPED_WITHIN_S, False)
    second = await desk.set_connection(FUSE, who=ME)

    assert (second.outcome, desk.site.commissioned) == ("applied", True)
    assert desk.site.circuits.main.fuse.rating_a == 20.0
    assert desk_in(tmp_path).site.circuits.main.fuse.rating_a == 20.0


async def test_a_second_typing_that_comes_too_late_is_a_first_one(tmp_path: Path) -> None:
    clock = VirtualClock()
    desk = desk_in(tmp_path, clock)
    await desk.set_connection(FUSE, who=ME)
    clock.advance(TYPED_WITHIN_S + 1)

    assert (await desk.set_connection(FUSE, who=ME)).outcome == "type_again"


async def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    taken = await desk.set_circuits((SubCircuit(id="garage", fuse_a=16.0),), who=ME, dry_run=True)

    assert taken.outcome == "checked"
    assert taken.file.circuits[0].fuse_a == 16.0
    assert desk.file.circuits[0].fuse_a == 20.0
    assert not (tmp_path / FILE_NAME).exists()


async def test_refused_limits_leave_the_old_ones(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    before = desk.file

    with pytest.raises(LimitsRefused, match="circle"):
        await desk.set_circuits((SubCircuit(id="garage", fuse_a=16.0, fed_from="garage"),), who=ME)

    assert desk.file == before


async def test_another_fallback_must_be_proven_anew(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    assert desk.site.station("drive").lease_verified
    await desk.set_station("drive", StationLimits(max_a=13.0), who=ME)
    assert desk.site.station("drive").lease_verified

    await desk.set_station("drive", StationLimits(max_a=13.0, fallback_a=7.0), who=ME)

    assert desk.site.station("drive").fallback_a == 7.0
    assert not desk.site.station("drive").lease_verified


@pytest.mark.parametrize(
    ("fallback_a", "lease_s", "verified"), [(6.0, 60.0, True), (8.0, 60.0, False), (6.0, 90.0, False)]
)
def test_a_proof_with_other_limits_verifies_nothing_after_a_restart(
    tmp_path: Path, fallback_a: float, lease_s: float, verified: bool
) -> None:
    proven = Kept(
        limits=InstallerLimits(stations={"drive": StationLimits(lease_verified=True)}),
        record=Record().with_new(loss(Verdict.PASSED)),
    )
    KeptFile(tmp_path).save(proven)

    desk = Desk(proven_file(fallback_a, lease_s), tmp_path, VirtualClock())

    assert desk.site.station("drive").lease_verified is verified
    assert desk.kept.limits.station("drive").lease_verified is verified


@pytest.mark.parametrize(("lease_s", "verified"), [(60.0, True), (90.0, False)])
async def test_a_proof_that_passed_verifies_only_what_it_proved(tmp_path: Path, lease_s: float, verified: bool) -> None:
    desk = Desk(proven_file(6.0, lease_s), tmp_path, VirtualClock())
    await desk.set_station("drive", StationLimits(fallback_a=7.0), who=ME)
    await desk.set_station("drive", StationLimits(fallback_a=6.0), who=ME)
    assert not desk.site.station("drive").lease_verified

    await ended(desk, loss(Verdict.PASSED))

    assert desk.site.station("drive").lease_verified is verified


async def test_a_failed_proof_unverifies_the_station_while_the_disk_is_full(tmp_path: Path) -> None:
    desk = Desk(proven_file(6.0, 60.0), tmp_path, VirtualClock())
    (tmp_path / "installer.new").mkdir()
    assert desk.site.station("drive").lease_verified

    await ended(desk, loss(Verdict.FAILED))

    assert not desk.site.station("drive").lease_verified
    assert desk.kept.record.loss["drive"].verdict is Verdict.FAILED


async def test_what_a_failed_proof_found_is_saved_once_the_disk_takes_it(tmp_path: Path) -> None:
    desk = Desk(proven_file(6.0, 60.0), tmp_path, VirtualClock())
    (tmp_path / "installer.new").mkdir()
    await ended(desk, loss(Verdict.FAILED))
    await desk._save_again()
    assert not (tmp_path / FILE_NAME).exists()

    (tmp_path / "installer.new").rmdir()
    await desk._save_again()
    again = Desk(proven_file(6.0, 60.0), tmp_path, VirtualClock())

    assert not again.site.station("drive").lease_verified
    assert again.kept.record.loss["drive"].verdict is Verdict.FAILED
    assert again.kept.changes[-1].who == "loss proof"
    assert again.kept.changes[-1].says is not None


async def test_another_box_under_a_stations_name_is_not_verified(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    desk._joined = cast("Joined", Strangers("new-box", "drive"))
    assert desk.site.station("drive").lease_verified

    await desk.adopt("drive", "drive", who=ME)
    assert desk.site.station("drive").lease_verified
    await desk.adopt("drive", "new-box", who=ME)

    assert not desk.site.station("drive").lease_verified


async def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    desk._joined = cast("Joined", Strangers("new-box"))
    desk.kept = replace(desk.kept, record=full().record)
    await desk.set_connection(FUSE, who=ME)

    await asyncio.gather(
        desk.set_connection(FUSE, who=ME),
        desk.set_circuits((SubCircuit(id="garage", fuse_a=16.0),), who=ME),
        desk.set_station("carport", StationLimits(max_a=10.0), who=ME),
        desk.take_found_wiring("drive", who=ME),
        desk.adopt("drive", "new-box", who=ME),
    )

    kept = desk_in(tmp_path).kept.limits
    assert kept == desk.kept.limits
    assert (kept.connection, kept.circuits) == (FUSE, (SubCircuit(id="garage", fuse_a=16.0),))
    assert kept.station("carport").max_a == 10.0
    assert (kept.station("drive").wired, kept.station("drive").identity) == (("L1", "L2", "L3"), "new-box")


async def test_one_box_is_not_let_in_twice_at_the_same_time(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    desk._joined = cast("Joined", Strangers("new-box"))

    first, second = await asyncio.gather(
        desk.adopt("drive", "new-box", who=ME), desk.adopt("carport", "new-box", who=ME), return_exceptions=True
    )

    assert first is None
    assert isinstance(second, IdentityTaken)


async def test_what_a_proof_finds_while_the_desk_saves_is_kept(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)

    unlocking = asyncio.create_task(desk.unlock("why", who=ME))
    await asyncio.wait([unlocking], timeout=0)
    await ended(desk, loss(Verdict.FAILED))
    await unlocking

    assert desk.kept.record.loss["drive"].verdict is Verdict.FAILED
    assert desk_in(tmp_path).kept == desk.kept


async def test_without_a_folder_nothing_is_taken() -> None:
    desk = desk_in(None)

    with pytest.raises(NoStorage):
        await desk.set_connection(FUSE, who=ME)
    with pytest.raises(NoStorage):
        await desk.set_circuits((SubCircuit(id="garage", fuse_a=16.0),), who=ME)


async def test_a_disk_that_refuses_leaves_the_old_limits_in_force(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)
    (tmp_path / "installer.new").mkdir()
    await desk.set_connection(FUSE, who=ME)

    with pytest.raises(NoStorage):
        await desk.set_connection(FUSE, who=ME)

    assert not desk.site.commissioned


async def test_unknown_stations_and_unfound_wiring_are_said_so(tmp_path: Path) -> None:
    desk = desk_in(tmp_path)

    with pytest.raises(NoSuchStation):
        await desk.set_station("nobody", StationLimits(max_a=10.0), who=ME)
    with pytest.raises(NothingFound):
        await desk.take_found_wiring("drive", who=ME)


def test_limits_that_nobody_can_read_make_the_house_uncommissioned(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{", encoding="utf-8")

    desk = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    assert not desk.site.commissioned
    assert desk.trouble is not None


async def test_damaged_limits_stay_lost_over_restarts_and_other_changes(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{", encoding="utf-8")
    Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    desk = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())
    assert not desk.site.commissioned
    await desk.set_station("drive", StationLimits(max_a=13.0), who=ME)
    again = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    assert (desk.site.commissioned, again.site.commissioned) == (False, False)
    assert again.site.station("drive").max_a == 13.0
    assert desk.trouble is not None
    assert again.trouble is not None


async def test_the_connection_typed_twice_makes_up_for_damaged_limits(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{", encoding="utf-8")
    desk = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    await desk.set_connection(FUSE, who=ME)
    assert not desk.site.commissioned
    await desk.set_connection(FUSE, who=ME)
    again = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    assert (desk.trouble, again.trouble) == (None, None)
    assert desk.site.circuits.main.fuse.rating_a == 20.0
    assert again.site.circuits.main.fuse.rating_a == 20.0


async def test_limits_that_the_disk_does_not_give_are_lost_but_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    (tmp_path / FILE_NAME / "good").touch()

    desk = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())
    await desk.set_station("drive", StationLimits(max_a=13.0), who=ME)
    again = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    assert (desk.site.commissioned, again.site.commissioned) == (False, False)
    assert (tmp_path / "installer.damaged-1.json" / "good").exists()


def test_limits_that_no_longer_fit_the_site_file_make_the_house_uncommissioned(tmp_path: Path) -> None:
    KeptFile(tmp_path).save(Kept(limits=InstallerLimits(stations={"gone": StationLimits(max_a=10.0)})))

    desk = Desk(file(main_fuse_a=35.0), tmp_path, VirtualClock())

    assert not desk.site.commissioned
    assert "gone" in (desk.trouble or "")


def test_sealed_limits_come_back_after_a_restart(tmp_path: Path) -> None:
    sealed_in(tmp_path)

    desk = desk_in(tmp_path)

    assert desk.trouble is None
    assert desk.site.circuits.main.fuse.rating_a == 20.0


def test_sealed_limits_that_somebody_edited_make_the_house_uncommissioned(tmp_path: Path) -> None:
    sealed_in(tmp_path)
    path = tmp_path / FILE_NAME
    told = json.loads(path.read_text(encoding="utf-8"))
    told["limits"]["connection"]["main_fuse_a"] = 63.0
    path.write_text(json.dumps(told), encoding="utf-8")

    assert not desk_in(tmp_path).site.commissioned


def test_a_document_that_somebody_edited_is_not_genuine(tmp_path: Path) -> None:
    document = sealed_in(tmp_path)
    forged = Signed(
        text=document.text.replace('"main_fuse_a": 20.0', '"main_fuse_a": 63.0'),
        limits_hash=document.limits_hash,
        signature=document.signature,
        key=document.key,
    )

    assert is_genuine(document)
    assert not is_genuine(forged)
    assert not is_genuine(Signed(text="x", limits_hash="", signature="no hex", key="00"))


def test_the_key_of_a_house_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = sealed_in(tmp_path), sealed_in(tmp_path)

    assert first.key == second.key
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o077 == 0
    (tmp_path / KEY_NAME).write_text("no key", encoding="utf-8")
    with pytest.raises(NoStorage):
        house_key(tmp_path)


def test_the_document_tells_limits_and_proofs_in_plain_words(tmp_path: Path) -> None:
    told = json.loads(sealed_in(tmp_path).text)

    assert told["proofs"]["charger"]["drive"]["found"] == ["L1", "L2", "L3"]
    assert told["proofs"]["charger"]["drive"]["wiring"][0] == {"house": "L1", "certainty": "certain"}
    assert told["proofs"]["charger"]["drive"]["says"] == "drive obeys, and is wired as stated."
    assert told["limits"] == limits_of(sealed_in(tmp_path))
    assert told["open_steps"] == ["meter"]


def test_the_page_is_printed_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    document = sealed_in(tmp_path)
    english, german = page_of(document), page_of(document, Language.GERMAN)

    assert '<html lang="de">' in german
    assert "Bestanden. drive gehorcht" in german
    assert "Übergeben mit offenen Schritten: Vorzeichen des Zählers." in german
    assert "3 × 20 A, LS B" in german
    # What was signed is the same in both.
    assert document.signature[:8] in german
    assert document.signature[:8] in english


def test_what_an_older_version_signed_is_printed_with_its_own_sentence(tmp_path: Path) -> None:
    document = sealed_in(tmp_path)
    told = json.loads(document.text)
    del told["proofs"]["charger"]["drive"]["sentence"]

    page = page_of(replace(document, text=json.dumps(told)), Language.GERMAN)

    assert "Bestanden. drive obeys, and is wired as stated." in page


def test_every_member_that_is_printed_has_words() -> None:
    families = {"verdict": Verdict, "device": FuseDevice, "step": StepKey, "certainty": Certainty}
    members = [f"print.{family}.{each}" for family, kind in families.items() for each in kind]

    assert [key for key in members if not has_words(key) and key != f"print.step.{StepKey.HAND_OVER}"] == []


def test_the_page_is_whole_and_lets_nobody_in(tmp_path: Path) -> None:
    page = page_of(sealed_in(tmp_path))

    assert "Ina &lt;b&gt;Wire&lt;/b&gt;" in page
    assert "<script" not in page
    assert "http" not in page
    assert "3 × 20 A, breaker B" in page


async def test_a_new_box_is_adopted_with_all_its_connectors_and_none_of_their_proofs(tmp_path: Path) -> None:
    drive = next(each for each in file().stations if each.id == "drive")
    left = drive.model_copy(update={"lease_verified": True})
    right = left.model_copy(update={"id": "right", "identity": "drive", "connector": 2})
    others = tuple(each for each in file().stations if each.id != "drive")
    desk = Desk(file().model_copy(update={"stations": (left, right, *others)}), tmp_path, VirtualClock())
    desk._joined = cast("Joined", Strangers("new-box"))

    await desk.adopt("right", "new-box", who=ME)

    for name in ("drive", "right"):
        assert (desk.entry(name).identity, desk.entry(name).lease_verified) == ("new-box", False)
    assert desk.entry("carport").identity != "new-box"
