"""When an absence is worth a line."""

from __future__ import annotations

import pytest

from ems.model.station import Peculiar, StationState
from ems.runtime.happenings import _is_missing

LATE = Peculiar(away_s=900.0)


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        (StationState(station_id="a", connected=True), False),
        (StationState(station_id="a"), True),
        (StationState(station_id="a", left_at_s=990.0), True),
        (StationState(station_id="a", left_at_s=990.0, peculiar=LATE), False),
        (StationState(station_id="a", left_at_s=100.0, peculiar=LATE), True),
        (StationState(station_id="a", peculiar=LATE), True),
    ],
)
def test_station_that_dials_late_is_not_missed_before_its_time(state: StationState, missing: bool) -> None:
    """connect_wait_s."""
    assert _is_missing(state, 1000.0) is missing
