"""The dead-man proof: examples for the story, properties for the law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ems.control.fallback import FuseProof, is_covered, largest_fallbacks, proof, with_fallbacks
from ems.model.electrical import PHASES_OF, Circuit, CircuitTree, Fuse, Phase, Wiring
from ems.model.goals import Goal
from ems.model.site import Site, Station

L1, L2, L3 = Phase
ROUNDING_A = 1e-6


def circuit(
    circuit_id: str = "main",
    *,
    fuse_a: float = 25.0,
    other_a: float | None = 13.0,
    parent_id: str | None = None,
    derating: float = 1.0,
    phases: Wiring = PHASES_OF[3],
) -> Circuit:
    return Circuit(
        circuit_id=circuit_id,
        fuse=Fuse(rating_a=fuse_a),
        parent_id=parent_id,
        phases=phases,
        derating=derating,
        largest_other_load_a=other_a,
    )


def station(
    station_id: str,
    *,
    wiring: Wiring = PHASES_OF[3],
    fallback_a: float = 6.0,
    max_a: float = 16.0,
    verified: bool = True,
    circuit_id: str = "main",
    priority: int = 0,
    step_a: float = 0.1,
) -> Station:
    return Station(
        station_id=station_id,
        circuit_id=circuit_id,
        wiring=wiring,
        fallback_a=fallback_a,
        max_a=max_a,
        hardware_max_a=max_a,
        lease_verified=verified,
        goal=Goal(priority=priority),
        step_a=step_a,
    )


def house(*stations: Station, circuits: Sequence[Circuit] = (circuit(),)) -> Site:
    return Site(circuits=CircuitTree(tuple(circuits)), stations=stations)


def row(site: Site, phase: Phase, circuit_id: str = "main") -> FuseProof:
    return next(each for each in proof(site) if (each.circuit_id, each.phase) == (circuit_id, phase))


def test_fallback_currents_and_house_fill_the_fuse_exactly() -> None:
    site = house(station("family"), station("city", wiring=(L2,)))

    assert [(r.stations_a, r.other_load_a, r.bound_a, r.covered) for r in proof(site)] == [
        (6, 13, 25, True),
        (12, 13, 25, True),
        (6, 13, 25, True),
    ]


def test_one_more_car_on_a_full_phase_is_named() -> None:
    site = house(station("family"), station("city", wiring=(L2,)), station("van", wiring=(L2,), fallback_a=8))

    assert not is_covered(proof(site))
    assert row(site, L2).culprits == ("van", "family", "city")
    assert row(site, L1).covered


def test_station_that_nobody_tested_counts_with_all_its_hardware_can() -> None:
    site = house(station("family", fallback_a=0, verified=False, max_a=16))

    assert [r.stations_a for r in proof(site)] == [16, 16, 16]
    assert not is_covered(proof(site))
    assert is_covered(proof(with_fallbacks(site, {"family": 0.0})))


def test_cabinet_heat_lowers_the_bound() -> None:
    site = house(station("family", fallback_a=12), circuits=[circuit(derating=0.8)])

    assert row(site, L1).bound_a == 20
    assert not row(site, L1).covered


def test_unknown_other_load_is_covered_only_where_no_station_draws() -> None:
    site = house(station("city", wiring=(L2,)), circuits=[circuit(other_a=None)])

    assert [(r.phase, r.covered, r.culprits) for r in proof(site)] == [
        (L1, True, ()),
        (L2, False, ("city",)),
        (L3, True, ()),
    ]


def test_station_at_0_that_nobody_tested_is_not_covered_without_the_other_load() -> None:
    site = house(station("city", fallback_a=0, verified=False), circuits=[circuit(other_a=None)])

    assert not is_covered(proof(site))


def test_house_that_overloads_its_fuse_alone_has_no_culprit() -> None:
    site = house(station("city", fallback_a=0), circuits=[circuit(other_a=30)])

    assert not is_covered(proof(site))
    assert row(site, L1).culprits == ()


def test_station_counts_at_every_fuse_above_it_and_no_other() -> None:
    circuits = [
        circuit(),
        circuit("garage", fuse_a=20, other_a=0, parent_id="main"),
        circuit("left", fuse_a=10, other_a=0, parent_id="garage"),
        circuit("attic", fuse_a=10, other_a=0, parent_id="main"),
    ]
    site = house(station("car", circuit_id="left"), circuits=circuits)

    assert {r.circuit_id: r.stations_a for r in proof(site)} == {"main": 6, "garage": 6, "left": 6, "attic": 0}


def test_circuit_of_one_phase_has_one_row() -> None:
    site = house(
        station("city", wiring=(L2,), circuit_id="shed"),
        circuits=[circuit(), circuit("shed", fuse_a=10, other_a=0, parent_id="main", phases=(L2,))],
    )

    assert [r.phase for r in proof(site) if r.circuit_id == "shed"] == [L2]


def test_suggestion_shares_what_is_left_evenly() -> None:
    site = house(station("a", wiring=(L1,)), station("b", wiring=(L1,)), circuits=[circuit(other_a=4)])

    assert largest_fallbacks(site) == {"a": 10.5, "b": 10.5}


def test_suggestion_prefers_the_car_of_higher_priority_when_two_do_not_fit() -> None:
    first, second = station("a", wiring=(L1,)), station("b", wiring=(L1,), priority=2)

    assert largest_fallbacks(house(first, second, circuits=[circuit(other_a=15)])) == {"a": 0, "b": 10}


def test_suggestion_never_exceeds_the_installer_limit_or_what_a_file_can_state() -> None:
    site = house(station("a", max_a=8), station("b", max_a=80), circuits=[circuit(fuse_a=125, other_a=0)])

    assert largest_fallbacks(site) == {"a": 8, "b": 32}


def test_suggestion_keeps_to_whole_amperes_where_the_station_does() -> None:
    site = house(station("a", wiring=(L1,), step_a=1), station("b", wiring=(L1,)), circuits=[circuit(other_a=4)])

    assert largest_fallbacks(site) == {"a": 10, "b": 10.5}


def test_suggestion_is_to_pause_while_the_other_load_is_unknown() -> None:
    site = house(station("a"), circuits=[circuit(other_a=None)])

    assert largest_fallbacks(site) == {"a": 0}


def test_circuit_of_unknown_load_has_at_most_the_load_of_the_one_in_front_of_it() -> None:
    behind = circuit("shed", fuse_a=20, other_a=None, parent_id="main")
    bay = station("a", wiring=(L2,), circuit_id="shed", fallback_a=8)

    assert row(house(bay, circuits=[circuit(fuse_a=63), behind]), L2, "shed").other_load_a == 13
    assert not row(house(bay, circuits=[circuit(fuse_a=63), behind]), L2, "shed").covered
    assert row(house(bay, circuits=[circuit(fuse_a=63, other_a=12), behind]), L2, "shed").covered
    assert not row(house(bay, circuits=[circuit(fuse_a=63, other_a=None), behind]), L2, "shed").covered


def test_load_in_front_accuses_no_fuse_without_stations() -> None:
    shed = circuit("shed", fuse_a=10, other_a=None, parent_id="main")

    assert row(house(station("a"), circuits=[circuit(), shed]), L1, "shed").covered
    assert not row(
        house(station("a"), circuits=[circuit(), replace(shed, largest_other_load_a=13)]), L1, "shed"
    ).covered


WIRINGS = st.sampled_from([(L1, L2, L3), (L2, L3, L1), (L3, L1, L2), (L1,), (L2,), (L3,), (L1, L2)])
FALLBACKS = st.just(0.0) | st.floats(6, 16)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Houses with a nested sub-fuse, whose other load alone no fuse minds."""
    main_a, sub_a = draw(st.floats(10, 80)), draw(st.floats(10, 80))
    circuits = (
        circuit(fuse_a=main_a, other_a=draw(st.none() | st.floats(0, main_a * 0.8)), derating=draw(st.floats(0.8, 1))),
        circuit("sub", fuse_a=sub_a, other_a=draw(st.none() | st.floats(0, sub_a)), parent_id="main"),
    )
    stations = tuple(
        station(
            f"s{i}",
            wiring=draw(WIRINGS),
            fallback_a=draw(FALLBACKS),
            verified=draw(st.booleans()),
            circuit_id=draw(st.sampled_from(["main", "sub"])),
            priority=draw(st.integers(0, 2)),
            step_a=draw(st.sampled_from([0.1, 1.0])),
        )
        for i in range(draw(st.integers(1, 6)))
    )
    return house(*stations, circuits=circuits)


@settings(deadline=None)
@given(sites(), st.integers(0, 5), st.floats(6, 16))
def test_more_fallback_never_covers_what_was_uncovered(site: Site, which: int, raised_a: float) -> None:
    chosen = site.stations[which % len(site.stations)]
    higher = replace(chosen, fallback_a=max(chosen.fallback_a, raised_a))
    stations = tuple(higher if each is chosen else each for each in site.stations)

    before, after = proof(site), proof(replace(site, stations=stations))

    assert all(old.covered for old, new in zip(before, after, strict=True) if new.covered)


@settings(deadline=None)
@given(sites())
def test_stations_are_counted_once_on_each_wired_phase_of_the_main_fuse(site: Site) -> None:
    counted_a = math.fsum(each.stations_a for each in proof(site) if each.circuit_id == "main")
    drawn_a = math.fsum(
        len(each.wiring) * (each.fallback_a if each.lease_verified else each.hardware_max_a) for each in site.stations
    )

    assert math.isclose(counted_a, drawn_a, abs_tol=ROUNDING_A)


@settings(deadline=None)
@given(sites())
def test_sub_fuse_never_carries_more_than_its_feeder(site: Site) -> None:
    assert all(row(site, phase, "sub").stations_a <= row(site, phase).stations_a + ROUNDING_A for phase in Phase)


@settings(deadline=None)
@given(sites())
def test_suggestion_is_always_covered(site: Site) -> None:
    assert is_covered(proof(with_fallbacks(site, largest_fallbacks(site))))


@settings(deadline=None)
@given(sites())
def test_suggestion_is_a_pause_or_a_current_the_car_can_use(site: Site) -> None:
    suggested = largest_fallbacks(site)

    assert all(suggested[s.station_id] == 0 or s.min_a <= suggested[s.station_id] <= s.max_a for s in site.stations)
    assert suggested == largest_fallbacks(site)


@settings(deadline=None)
@given(sites(), st.integers(0, 5))
def test_no_station_alone_could_have_more_than_suggested(site: Site, which: int) -> None:
    """Rounding down to 0.1 A leaves less than 0.7 A to six stations."""
    site = replace(site, stations=tuple(replace(each, step_a=0.1) for each in site.stations))
    chosen = site.stations[which % len(site.stations)]
    suggested = largest_fallbacks(site)
    more_a = max(suggested[chosen.station_id] + 0.7, chosen.min_a)
    assume(more_a <= chosen.max_a)

    raised = with_fallbacks(site, {**suggested, chosen.station_id: more_a})

    assert not is_covered(proof(raised))


@given(sites())
def test_uncovered_rows_name_those_who_draw(site: Site) -> None:
    drawing = {s.station_id for s in site.stations if s.fallback_a > 0 or not s.lease_verified}

    assert all(bool(r.culprits) is not r.covered for r in proof(site))
    assert all(set(r.culprits) <= drawing for r in proof(site))
