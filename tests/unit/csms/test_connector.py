"""One connector of a station, by what it reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ems.clock import VirtualClock
from ems.csms.connector import Connector
from ems.csms.messages import Step, TransactionEvent
from ems.csms.station_clock import StationClock
from ems.csms.transaction_ids import TransactionIds


def values(at: str) -> list[dict[str, Any]]:
    return [{"timestamp": at, "sampledValue": [{"value": 1500.0, "measurand": "Energy.Active.Import.Register"}]}]


@pytest.mark.parametrize(("offline", "skew_s"), [(True, 0.0), (False, -90.0)])
def test_values_of_the_time_without_connection_say_nothing_of_the_stations_clock(offline: bool, skew_s: float) -> None:
    """X05: a queue that goes out slowly looks like a clock that is slow."""
    clock = VirtualClock()
    station_clock = StationClock(clock)
    connector = Connector(3, TransactionIds(), clock, station_clock)
    for number in range(3):
        at = clock.utc_now() - timedelta(seconds=90)
        event = TransactionEvent(
            connector=1,
            transaction_id="T1",
            step=Step.STARTED if number == 0 else Step.UPDATED,
            seq_no=number,
            at=at,
            offline=offline,
            meter_value=values(at.isoformat()),
        )
        connector.told(event, active_phases=3, interval_s=10.0)
        clock.advance(2.0)

    assert station_clock.skew_s == pytest.approx(skew_s)
