"""The accounting beside a simulated house that knows the truth: energies to the watt hour, sun within a percent."""

from __future__ import annotations

from datetime import UTC

import pytest

from ems.config.translate import to_site
from ems.control.cycle import Turn
from ems.control.memory import Memory
from ems.model.snapshot import Snapshot
from ems.runtime.ledger import Ledger
from ems.runtime.terms import Terms
from ems.sim.lab.runner import simulate
from ems.store.entries import Page
from tests.scenario.test_runner import BOTH, START, Days, site


def test_sessions_hold_what_the_cars_took_and_what_of_it_was_sun() -> None:
    file, pages = site(), list[Page]()
    ledger = Ledger(to_site(file), Terms(zone=UTC), pages.append)

    def watch(look: Snapshot, _: Memory, turn: Turn) -> None:
        ledger.watch(look, turn.decision)

    record = simulate(file, Days(), BOTH, start_utc=START, records=[watch])
    ledger.close()
    sessions = {entry.station_id: entry for page in pages for entry in page.sessions}
    minutes = {step.at_utc_s: step for page in pages for step in page.minutes}

    assert len(minutes) == 60
    for outcome in record.stays:
        session = sessions[outcome.stay.station_id]
        assert session.ended_utc_s is not None
        assert session.ended_utc_s - session.began_utc_s == pytest.approx(3440, abs=5)
        assert session.energy_kwh == pytest.approx(outcome.energy_kwh, abs=0.005)
        assert session.solar_kwh == pytest.approx(outcome.solar_kwh, rel=0.01)
    taken_kwh = sum(outcome.energy_kwh for outcome in record.stays)
    assert ledger.counters.charging_kwh == pytest.approx(taken_kwh, abs=0.01)
    assert sum(step.flows.charging_wh or 0.0 for step in minutes.values()) / 1000 == pytest.approx(taken_kwh, abs=0.01)
    assert ledger.counters.home_kwh == pytest.approx(0.45 + 2.5 * 200 * 4 / 3600, rel=0.03)
    assert ledger.counters.solar_kwh == pytest.approx(sum(Days().day(0).pv_w) / 3.6e6, rel=0.01)
