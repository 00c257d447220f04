"""The installer's file: whole or not at all, and never guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ems.commissioning.errors import NoStorage
from ems.commissioning.findings import ChargerFindings, LossFindings, PlateauFigures, Record, Verdict
from ems.commissioning.kept import FILE_NAME, MOST_CHANGES, Change, Kept, KeptFile
from ems.commissioning.limits import ConnectionLimits, InstallerLimits, StationLimits
from ems.commissioning.phase_map import Certainty, FoundPhase
from ems.commissioning.phrases import phrase
from ems.model.electrical import PerPhase, Phase


def charger(verdict: Verdict = Verdict.PASSED) -> ChargerFindings:
    return ChargerFindings(
        verdict=verdict,
        utc_s=1e9,
        says=phrase("charger.passed", station="drive"),
        station_id="drive",
        stated=(Phase.L1, Phase.L2, Phase.L3),
        plateaus=(
            PlateauFigures(
                limit_a=6.0, phases=3, station_a=5.7, meter_a=PerPhase(5.7, 5.7, 5.7), obeyed=True, reaction_s=None
            ),
        ),
        reaction_s=3.2,
        wiring=(FoundPhase(house=Phase.L1, certainty=Certainty.CERTAIN),) * 3,
        found=(Phase.L1, Phase.L2, Phase.L3),
        agrees=True,
    )


def full() -> Kept:
    limits = InstallerLimits(
        connection=ConnectionLimits(main_fuse_a=25.0),
        stations={"drive": StationLimits(wired=("L1", "L2", "L3"), lease_verified=True)},
    )
    return Kept(limits=limits, record=Record().with_new(charger()), refused=("mallory",)).changed(
        Change(utc_s=1e9, who="Ina", what="connection")
    )


def test_what_is_saved_comes_back_equal(tmp_path: Path) -> None:
    file = KeptFile(tmp_path / "new folder")
    file.save(full())

    opened = KeptFile(tmp_path / "new folder").open()

    assert opened.trouble is None
    assert opened.kept == full()


def test_nothing_there_is_no_trouble(tmp_path: Path) -> None:
    opened = KeptFile(tmp_path).open()

    assert (opened.kept, opened.trouble) == (Kept(), None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"layout": 2, "limits": {}}',
        b'{"layout": 1}',
        b'{"layout": 1, "limits": {"connection": {"main_fuse_a": 500}}}',
        b'{"layout": 1, "limits": {"unheard": 1}}',
        b'{"layout": 1, "limits": {}, "changes": [{"who": 3}]}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_is_set_aside_and_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    opened = KeptFile(tmp_path).open()

    assert opened.kept == Kept()
    assert opened.trouble is not None
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [content]
    assert not (tmp_path / FILE_NAME).exists()


def test_a_file_of_an_older_version_that_lacks_a_part_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"layout": 1, "limits": {}}), encoding="utf-8")

    assert KeptFile(tmp_path).open() == KeptFile(tmp_path / "nowhere").open()


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path: Path) -> None:
    file = KeptFile(tmp_path)
    file.save(full())
    (tmp_path / "installer.new").mkdir()

    with pytest.raises(NoStorage):
        file.save(Kept())

    assert file.open().kept == full()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    KeptFile(tmp_path).save(full())

    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_the_audit_is_bounded() -> None:
    kept = Kept()
    for number in range(MOST_CHANGES + 10):
        kept = kept.changed(Change(utc_s=float(number), who="Ina", what="x"))

    assert len(kept.changes) == MOST_CHANGES
    assert kept.changes[-1].utc_s == MOST_CHANGES + 9


def test_an_aborted_proof_leaves_the_older_findings() -> None:
    record = Record().with_new(charger())

    assert record.with_new(charger(Verdict.ABORTED)) == record
    assert record.with_new(charger(Verdict.FAILED)).charger["drive"].verdict is Verdict.FAILED


def test_findings_of_several_kinds_stand_side_by_side() -> None:
    loss = LossFindings(
        verdict=Verdict.PASSED, utc_s=1.0, says=phrase("aborted"), station_id="drive", lease_s=60.0, fallback_a=6.0
    )
    record = Record().with_new(charger()).with_new(loss)

    assert (record.charger["drive"], record.loss["drive"]) == (charger(), loss)
    assert replace(record, loss={}) == Record().with_new(charger())
