"""A station that no entry of the site file waits for is taken in as a new one, with nothing trusted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.commissioning.desk import Desk
from ems.commissioning.errors import LimitsRefused, NoSuchStation, NoSuchStranger, Sealed
from ems.commissioning.findings import Record, Verdict
from ems.commissioning.kept import Kept, KeptFile, SealMark
from ems.commissioning.limits import InstallerLimits, StationLimits
from ems.commissioning.newcomers import MOST_NEW, NewStation, entry_of, with_new
from ems.commissioning.standing import Joined
from ems.config.schema import SiteFile, StationEntry
from tests.unit.commissioning.test_desk import ME, Strangers, desk_in, file, loss

YARD = NewStation(id="yard", identity="CP-0042", circuit="main", wired=("L1", "L2", "L3"), max_a=16.0)


def asking(folder: Path, *identities: str) -> Desk:
    """A desk with strangers at its door."""
    desk = desk_in(folder)
    desk._joined = cast("Joined", Strangers(*identities))
    return desk


async def test_it_counts_after_a_restart_and_the_site_file_stays_as_it_is(tmp_path: Path) -> None:
    desk = asking(tmp_path, "CP-0042")
    taken = await desk.take_in(YARD, who=ME)

    assert taken.outcome == "after_restart"
    assert [each.id for each in taken.file.stations][-1] == "yard"
    assert "yard" not in {each.id for each in desk.file.stations}

    again = desk_in(tmp_path)
    entry = again.entry("yard")
    assert (entry.identity, entry.max_a, entry.fallback_a, entry.hardware_max_a) == ("CP-0042", 16.0, 0.0, 32.0)
    assert (entry.lease_verified, entry.wiring_known) == (False, False)
    assert again.plain == file()
    assert again.kept.changes[-1].says is not None


async def test_the_check_tells_what_every_fuse_carries_and_keeps_nothing(tmp_path: Path) -> None:
    desk = asking(tmp_path, "CP-0042")
    taken = await desk.take_in(YARD, who=ME, dry_run=True)

    assert (taken.outcome, desk.kept.added) == ("checked", ())
    assert len(taken.file.stations) == len(file().stations) + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "drive"},
        {"circuit": "nowhere"},
        {"max_a": 200.0},
        {"wired": ("L1", "L1")},
        {"wired": ()},
        {"identity": "x" * 60},
        {"id": "not a name"},
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_is_kept(tmp_path: Path, wrong: dict[str, object]) -> None:
    new = replace(YARD, **wrong)  # type: ignore[arg-type] # names of `NewStation`
    desk = asking(tmp_path, str(new.identity))
    for dry_run in (True, False):
        with pytest.raises(LimitsRefused):
            await desk.take_in(new, who=ME, dry_run=dry_run)

    assert desk.kept.added == ()


async def test_only_who_has_called_is_taken_in_and_nobody_twice(tmp_path: Path) -> None:
    desk = asking(tmp_path, "CP-0042")
    with pytest.raises(NoSuchStranger):
        await desk.take_in(replace(YARD, identity="CP-1"), who=ME)
    await desk.take_in(YARD, who=ME)
    with pytest.raises(LimitsRefused):
        await desk.take_in(replace(YARD, id="yard2"), who=ME)

    assert desk.kept.added == (YARD,)


async def test_handed_over_limits_stay_as_they_were_signed(tmp_path: Path) -> None:
    desk = asking(tmp_path, "CP-0042")
    desk.kept = replace(desk.kept, seal=SealMark(installer=ME, utc_s=1.0, limits_hash="", key=""))
    with pytest.raises(Sealed):
        await desk.take_in(YARD, who=ME)


async def test_one_that_was_taken_in_is_left_out_with_its_limits(tmp_path: Path) -> None:
    limits = InstallerLimits(stations={"yard": StationLimits(max_a=10.0)})
    KeptFile(tmp_path).save(Kept(limits=limits, added=(YARD,)))
    desk = desk_in(tmp_path)
    assert desk.entry("yard").max_a == 10.0
    with pytest.raises(NoSuchStation):
        await desk.leave_out("drive", who=ME)
    await desk.leave_out("yard", who=ME)

    again = desk_in(tmp_path)
    assert "yard" not in {each.id for each in again.file.stations}
    assert again.trouble is None


async def test_who_gets_the_name_of_one_that_was_left_out_inherits_no_proof(tmp_path: Path) -> None:
    proven = replace(loss(Verdict.PASSED), station_id="yard")
    KeptFile(tmp_path).save(Kept(record=Record(loss={"yard": proven, "drive": loss(Verdict.PASSED)}), added=(YARD,)))
    await desk_in(tmp_path).leave_out("yard", who=ME)
    assert list(desk_in(tmp_path).kept.record.loss) == ["drive"]


def test_one_that_fits_no_more_is_a_stranger_again_and_the_house_goes_on(tmp_path: Path) -> None:
    KeptFile(tmp_path).save(Kept(added=(replace(YARD, circuit="gone"),)))
    desk = desk_in(tmp_path)

    assert desk.file == desk_in(tmp_path / "fresh").file
    assert desk.trouble is not None
    assert "yard" in desk.trouble or "circuit" in desk.trouble


def test_an_entry_of_the_site_file_goes_before_one_of_the_same_name() -> None:
    by_hand = StationEntry(id="yard", max_a=20.0)
    told = file().model_copy(update={"stations": (*file().stations, by_hand)})

    assert with_new(told, (YARD,)) == told


NEW = st.builds(
    NewStation,
    id=st.sampled_from(["yard", "barn", "drive"]),
    identity=st.sampled_from(["CP-1", "CP-2", "drive"]),
    circuit=st.just("main"),
    wired=st.sampled_from([("L1",), ("L2",), ("L1", "L2", "L3")]),
    max_a=st.floats(min_value=6, max_value=80),
)


@given(NEW)
def test_nothing_that_was_not_proven_is_trusted(new: NewStation) -> None:
    entry = entry_of(new)

    assert entry.fallback_a == 0.0
    assert not entry.lease_verified
    assert not entry.wiring_known
    assert entry.hardware_max_a is not None
    assert entry.hardware_max_a >= max(entry.max_a, 32.0)


@given(st.lists(NEW, max_size=MOST_NEW))
def test_the_site_files_own_stations_are_never_touched(added: list[NewStation]) -> None:
    before: SiteFile = file()
    after = with_new(before, added)

    assert after.stations[: len(before.stations)] == before.stations
