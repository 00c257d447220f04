"""What is suspicious about a station becomes a notice."""

from __future__ import annotations

from dataclasses import replace

from ems.control.seen.alarms import alarm_notices
from ems.model.decision import NoticeCode
from ems.model.station import StationAlarm
from tests.unit.control.scene import STATION, look, state


def test_each_alarm_of_a_station_is_a_notice() -> None:
    rung = replace(state(), alarms=(StationAlarm.CLOCK_JUMP, StationAlarm.LOGIN_STORM))

    found = [(each.code, each.station_id) for each in alarm_notices(look([STATION], [rung]))]

    assert found == [
        (NoticeCode.CLOCK_JUMP, rung.station_id),
        (NoticeCode.LOGIN_STORM, rung.station_id),
    ]
    assert not list(alarm_notices(look([STATION], [state()])))
