"""A person's bound of the house's import: cars keep it, it ends by itself, and it never widens anything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ems.api.errors import NoTimeToCome, WidensInstallerLimit
from ems.api.wire import EventKind, ImportCapWish
from ems.model.decision import LimitReason
from ems.model.goals import ChargeMode
from tests.live import LiveBench, sunny_house
from tests.plant import VOLTS

WHO = "anna"


def fast_at_night() -> LiveBench:
    bench = LiveBench(sunny_house(sun_w=0.0))
    bench.live.set_mode("garage", ChargeMode.FAST, who=WHO)
    bench.run(60)
    return bench


def cap(bench: LiveBench, limit_kw: float, hours: float) -> None:
    until = bench.clock.utc_now() + timedelta(hours=hours)
    bench.live.set_import_cap(ImportCapWish(limit_kw=limit_kw, until=until), who=WHO)


def import_kw(bench: LiveBench) -> float:
    return bench.house.grid_a().total * VOLTS / 1000.0


def test_cars_keep_the_house_below_it_and_the_reason_says_so() -> None:
    bench = fast_at_night()
    assert import_kw(bench) > 7.0

    cap(bench, 6.0, 1.0)
    state = bench.run(30)

    garage = bench.station("garage")
    assert import_kw(bench) == pytest.approx(6.0, abs=0.1)
    assert garage.reason is LimitReason.USER
    assert garage.because.text == "import limited to 6.0 kW by a person: house 0.7 kW, 5.3 kW left"
    assert state.import_cap is not None
    assert state.next_event is not None
    assert (state.next_event.kind, state.next_event.station) == (EventKind.IMPORT_CAP_ENDS, None)
    assert bench.diary.notes[-1][2].startswith("import limited to 6.0 kW until ")


def test_below_the_minimum_cars_pause() -> None:
    bench = fast_at_night()

    cap(bench, 3.0, 1.0)
    bench.run(30)

    assert bench.station("garage").limit_a == 0.0


def test_it_ends_by_itself() -> None:
    bench = fast_at_night()
    cap(bench, 6.0, 0.1)
    bench.run(30)

    state = bench.run(450)

    assert state.import_cap is None
    assert import_kw(bench) > 7.0


def test_it_is_ended_by_a_person() -> None:
    bench = fast_at_night()
    cap(bench, 6.0, 10.0)
    bench.run(30)

    bench.live.set_import_cap(None, who=WHO)
    state = bench.run(90)

    assert state.import_cap is None
    assert import_kw(bench) > 7.0


def test_it_lives_on_over_a_restart() -> None:
    bench = fast_at_night()
    cap(bench, 6.0, 1.0)

    bench.started()
    state = bench.run(60)

    assert state.import_cap is not None
    assert import_kw(bench) <= 6.1


def test_it_only_lowers_and_only_for_a_time_to_come() -> None:
    bench = fast_at_night()

    with pytest.raises(WidensInstallerLimit, match=r"the house may import 17\.2 kW; 17\.3 kW is more"):
        cap(bench, 17.3, 1.0)
    for hours in (-0.1, 32 * 24.0):
        with pytest.raises(NoTimeToCome):
            cap(bench, 6.0, hours)
    assert bench.run(2).import_cap is None
