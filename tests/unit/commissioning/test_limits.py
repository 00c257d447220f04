"""The installer's limits over a site file: what they change, what is refused, and what their hash is about."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ems.commissioning.limits import (
    ConnectionLimits,
    InstallerLimits,
    OperatorLimits,
    StationLimits,
    covers,
    findings_of,
    fuse_rows,
    hash_of,
    larger_than_feeder,
    limits_in_force,
    overlaid,
    stated,
)
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile, SubCircuit
from ems.config.translate import to_site
from ems.model.electrical import FuseDevice


def file(name: str = "demo") -> SiteFile:
    return load_site(example(name))


def unstated(name: str = "demo") -> SiteFile:
    told = file(name)
    return told.model_copy(update={"connection": told.connection.model_copy(update={"main_fuse_a": None})})


def test_without_limits_the_site_file_stays_as_it_is() -> None:
    assert overlaid(file(), InstallerLimits()) == file()
    assert not to_site(overlaid(unstated(), InstallerLimits())).commissioned


def test_a_stated_connection_commissions_the_house() -> None:
    limits = InstallerLimits(
        connection=ConnectionLimits(
            main_fuse_a=35.0, main_fuse_device=FuseDevice.SLS, reserve_a=3.0, largest_other_load_a=11.0
        )
    )

    site = to_site(overlaid(unstated(), limits))

    assert site.commissioned
    assert (site.circuits.main.fuse.rating_a, site.circuits.main.fuse.device) == (35.0, FuseDevice.SLS)
    assert (site.circuits.main.reserve_a, site.circuits.main.largest_other_load_a) == (3.0, 11.0)


def test_a_grid_operator_keeps_the_site_files_signal() -> None:
    german = file("german_14a")
    operator = OperatorLimits(rule="de14a", devices=4)
    limits = InstallerLimits(connection=ConnectionLimits(main_fuse_a=35.0, grid_operator=operator))

    section = overlaid(german, limits).grid_operator

    assert section is not None
    assert section.devices == 4
    assert german.grid_operator is not None
    assert section.signal == german.grid_operator.signal


def test_a_station_gets_what_is_named_and_keeps_the_rest() -> None:
    limits = InstallerLimits(stations={"drive": StationLimits(wired=("L2", "L3", "L1"), max_a=10.0)})

    entry = next(each for each in overlaid(file(), limits).stations if each.id == "drive")

    assert (entry.wired, entry.max_a) == (("L2", "L3", "L1"), 10.0)
    assert (entry.fallback_a, entry.phase_switching) == (6.0, True)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (InstallerLimits(stations={"nobody": StationLimits(max_a=10.0)}), "no such station"),
        (InstallerLimits(stations={"drive": StationLimits(max_a=32.0)}), "more than the site file's 16 A"),
        (InstallerLimits(stations={"drive": StationLimits(wired=("L1",))}), "stays the site file's"),
        (InstallerLimits(stations={"drive": StationLimits(wired=("L1", "L1", "L2"))}), "twice"),
        (InstallerLimits(stations={"drive": StationLimits(circuit="cellar")}), "no such circuit"),
        (InstallerLimits(stations={"drive": StationLimits(fallback_a=3.0)}), "fallback_a"),
        (InstallerLimits(circuits=()), "circuit"),
        (InstallerLimits(circuits=(SubCircuit(id="garage", fuse_a=20, fed_from="garage"),)), "circle"),
        (InstallerLimits(connection=ConnectionLimits(main_fuse_a=25.0, phases=1)), "house connection"),
    ],
)
def test_limits_that_do_not_fit_are_refused(limits: InstallerLimits, says: str) -> None:
    told = " ".join(f"{each.place} {each.problem} {each.cure}" for each in findings_of(file(), limits))

    assert says in told


@pytest.mark.parametrize("main_fuse_a", [5.0, 130.0, float("nan")])
def test_impossible_fuses_are_refused(main_fuse_a: float) -> None:
    with pytest.raises(ValidationError):
        ConnectionLimits(main_fuse_a=main_fuse_a)


def test_a_child_that_is_larger_than_its_feeder_is_told() -> None:
    limits = InstallerLimits(circuits=(SubCircuit(id="garage", fuse_a=32.0),))

    assert [(each.id, feeder_a) for each, feeder_a in larger_than_feeder(overlaid(file(), limits))] == [
        ("garage", 25.0)
    ]


def test_the_dead_man_proof_follows_the_limits() -> None:
    assert all(row.covered for row in fuse_rows(file()))
    more = InstallerLimits(stations={"carport": StationLimits(fallback_a=6.0)})

    assert not all(row.covered for row in fuse_rows(overlaid(file(), more)))


def test_what_is_stated_can_be_typed_again() -> None:
    limits = stated(file("german_14a"))

    assert limits is not None
    assert overlaid(file("german_14a"), InstallerLimits(connection=limits)) == file("german_14a")
    assert stated(unstated()) is None


def test_the_hash_is_about_limits_and_nothing_else() -> None:
    before = hash_of(limits_in_force(file()))
    renamed = file().model_copy(update={"site": file().site.model_copy(update={"name": "Elsewhere"})})
    limits = InstallerLimits(stations={"drive": StationLimits(max_a=10.0)})

    assert hash_of(limits_in_force(renamed)) == before
    assert hash_of(limits_in_force(overlaid(file(), limits))) != before


def test_a_newer_version_that_says_more_still_covers_what_was_signed() -> None:
    signed = {"connection": {"main_fuse_a": 25.0}, "stations": [{"id": "drive", "max_a": 16.0}]}

    assert covers(signed, {"connection": {"main_fuse_a": 25.0, "new": 1}, "stations": [{"id": "drive", "max_a": 16.0}]})
    assert not covers(signed, {"connection": {"main_fuse_a": 35.0}, "stations": signed["stations"]})
    assert not covers(signed, {"connection": signed["connection"], "stations": []})
