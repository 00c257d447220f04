"""What a station was ordered and has not ended outlasts our restart, and is shown as such."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ems.api.servicing.standing import service_state
from ems.clock import VirtualClock
from ems.csms.service.firmware import INSTALLS_WITHIN_S, follow, ordered
from ems.csms.service.standing import Standing, Upload
from ems.csms.service_words import FirmwareReport, FirmwareState, LogKind, UploadState
from ems.runtime.open_orders import KeptOrders, open_in
from tests.paper_station import PaperStation

CLOCK = VirtualClock()


@dataclass
class Ordered:
    """Implements `open_orders.OrderedStation`."""

    standing: Standing = field(default_factory=Standing)

    def when_ordered(self, changed: asyncio.Event) -> None:
        """Nothing changes here by itself."""


def orders(stations: dict[str, Ordered], clock: VirtualClock) -> KeptOrders:
    return KeptOrders(stations, cast("Any", SimpleNamespace(engine=None)), clock)


def after_restart(standing: Standing, later: timedelta) -> tuple[Standing, VirtualClock]:
    """What is known by another run, so much later, whose own clock began anew."""
    written = json.loads(json.dumps(orders({"garage": Ordered(standing)}, CLOCK).written()))
    clock = VirtualClock(start_utc=CLOCK.utc_now() + later)
    again = {"garage": Ordered()}
    orders(again, clock).take_over(written)
    return again["garage"].standing, clock


def updating(*states: FirmwareState) -> Standing:
    at, now_s = CLOCK.utc_now(), CLOCK.monotonic_s()
    update = ordered(7, "box-2.1.bin", "2.0", at, now_s)
    for state in states:
        update = update.told(state, at, now_s)
    return Standing(update=update)


def test_an_update_that_runs_is_kept_with_its_steps_and_goes_on() -> None:
    before = updating(FirmwareState.DOWNLOADING, FirmwareState.INSTALLING)
    now, clock = after_restart(before, timedelta(minutes=5))
    assert now.update is not None
    assert before.update is not None
    assert (now.update.file, now.update.steps, now.update.from_before) == ("box-2.1.bin", before.update.steps, True)
    assert now.update.is_installing(clock.monotonic_s())

    report = FirmwareReport(state=FirmwareState.INSTALLED, said="Installed", request_id=7)
    ended = follow(now.update, report, firmware="2.1", at=clock.utc_now(), now_s=clock.monotonic_s())
    assert ended is not None
    assert ended.state is FirmwareState.INSTALLED


def test_an_installation_that_is_long_silent_holds_no_station_down_after_a_restart() -> None:
    now, clock = after_restart(updating(FirmwareState.INSTALLING), timedelta(seconds=INSTALLS_WITHIN_S + 1))

    assert now.update is not None
    assert not now.update.is_installing(clock.monotonic_s())


def test_a_log_that_is_awaited_is_kept_and_shown_as_one_from_before() -> None:
    upload = Upload(request_id=3, kind=LogKind.SECURITY, asked=CLOCK.utc_now(), state=UploadState.UPLOADING)
    now, clock = after_restart(Standing(upload=upload), timedelta(minutes=1))
    shown = service_state("garage", PaperStation(standing=now), clock.monotonic_s())

    assert shown.upload is not None
    assert (shown.upload.kind, shown.upload.state, shown.upload.from_before) == ("SecurityLog", "Uploading", True)


@pytest.mark.parametrize("ended", [state for state in FirmwareState if state.ended])
def test_what_has_ended_is_kept_no_more(ended: FirmwareState) -> None:
    assert open_in(updating(ended)) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["garage", "update", "upload", "steps", "state"]), inner),
        max_leaves=8,
    )
)
def test_nonsense_in_the_database_is_passed_over(written: Any) -> None:
    stations = {"garage": Ordered()}
    orders(stations, CLOCK).take_over(written)

    assert open_in(stations["garage"].standing) is None
