"""The event stream of `ems run --json`."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

from ems.control.cycle import decide
from ems.csms.ports import LeasedLimit, LimitReceipt
from ems.model.decision import Escalation, Notice, NoticeCode
from ems.model.electrical import Phase
from ems.runtime.dispatch import Sending
from ems.runtime.events import LONGEST_QUEUE, EventStream, decision_json
from ems.runtime.usage import _peak_rss_mb, usage
from tests.house import House

SENDING = Sending(
    station_id="garage",
    lease=LeasedLimit(limit_a=8.4, phases=3, fallback_a=6.0, lease_s=60.0),
    receipt=LimitReceipt(message_id="m1", sent_at_s=10.0, answered_at_s=10.1),
    decided_on_s=9.9,
)


class Broken(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def events_of(*, cycles: int = 1) -> list[dict[str, Any]]:
    house = House(sun_w=6000).with_car("garage").run(minutes=1)
    out = io.StringIO()
    with EventStream(out) as stream:
        stream.started(9000)
        for _ in range(cycles):
            turn = decide(house.snapshot(), house.memory)
            stream.cycle(house.snapshot(), turn.decision)
        stream.sent(SENDING)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_is_one_event() -> None:
    kinds = [event["event"] for event in events_of()]

    assert kinds == ["started", "decision", "usage", "sent", "usage"]


def test_a_decision_shows_phases_against_the_fuse_and_the_reason_of_each_limit() -> None:
    decision = next(event for event in events_of() if event["event"] == "decision")
    station = decision["stations"]["garage"]

    assert decision["circuits"]["main"]["fuse_a"] == 25.0
    assert len(decision["circuits"]["main"]["measured_a"]) == 3
    assert station["reason"] == "solar_surplus"
    assert station["because"].startswith("surplus ")
    assert station["limit_a"] > 6.0


def test_a_decision_shows_the_steps_against_stations_and_what_people_should_know() -> None:
    house = House().with_car("garage").run(minutes=1)
    overload = Notice(code=NoticeCode.HOUSE_OVERLOAD, circuit_id="main", phase=Phase.L2, current_a=27.3, limit_a=25.0)
    decision = replace(
        decide(house.snapshot(), house.memory).decision,
        escalations={"garage": Escalation.REMOTE_STOP},
        notices=(overload,),
    )

    told = json.loads(json.dumps(decision_json(replace(house.snapshot(), dimmed=True), decision)))

    assert told["dimmed"] is True
    assert told["escalations"] == {"garage": "remote_stop"}
    assert told["notices"] == [
        {
            "code": "house_overload",
            "circuit": "main",
            "phase": "L2",
            "station": None,
            "current_a": 27.3,
            "limit_a": 25.0,
            "says": (
                "main L2: 27.3 A without any car, more than the 25.0 A that the fuse may carry; switch something off"
            ),
        }
    ]


def test_a_quiet_decision_has_neither() -> None:
    decision = next(event for event in events_of() if event["event"] == "decision")

    assert (decision["dimmed"], decision["escalations"], decision["notices"]) == (None, {}, [])


def test_usage_is_told_every_few_seconds_not_every_cycle() -> None:
    kinds = [event["event"] for event in events_of(cycles=3)]

    assert kinds.count("usage") == 2


def test_a_slow_reader_loses_lines_and_costs_no_memory() -> None:
    stream = EventStream(io.StringIO())
    for _ in range(LONGEST_QUEUE + 50):
        stream.sent(SENDING)

    assert stream._lines.qsize() == LONGEST_QUEUE


def test_a_reader_that_is_gone_does_not_stop_the_service() -> None:
    with EventStream(Broken()) as stream:
        stream.sent(SENDING)
        stream.sent(SENDING)

    assert not stream._thread.is_alive()


def test_usage_counts_this_process() -> None:
    spent = usage()

    assert 5 < spent.rss_mb < 2000
    assert spent.cpu_s > 0
    assert _peak_rss_mb(0) > 0
