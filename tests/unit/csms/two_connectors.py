"""A station with two configured connectors, whose every word a test chooses: the real parts, without a socket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ems.clock import VirtualClock
from ems.config.connectors import is_alone, together
from ems.config.schema import StationEntry
from ems.csms.pace import Pace
from ems.csms.post import Post
from ems.csms.quirks.learned import LearnedBook
from ems.csms.station import Station
from ems.csms.transaction_ids import TransactionIds
from ems.model.station import StationState
from ems.model.transaction import Transaction

LEFT = StationEntry(id="left", identity="CP", fallback_a=6.0)
RIGHT = StationEntry(id="right", identity="CP", connector=2, fallback_a=6.0)


class TwoConnectors:
    """What it says goes in as payloads of its version; what is known of each connector comes out."""

    def __init__(self, protocol: str, *entries: StationEntry) -> None:
        self.clock = VirtualClock()
        self.told: list[Transaction] = []
        ids, learned = TransactionIds(), LearnedBook()
        group = together(entries or (LEFT, RIGHT))["CP"]
        self.post = Post(group[0], self.clock, Pace())
        self.stations = [
            Station(
                entry,
                self.post,
                self.clock,
                ids,
                lambda _state: None,
                alone=is_alone(group),
                transaction_told=self.told.append,
                learned=learned,
            )
            for entry in group
        ]
        self._ear = self.post.versions.inbound(protocol)
        self._numbers = 0

    def hear(self, action: str, **payload: Any) -> dict[str, Any]:
        """The answer to one request."""
        self._numbers += 1
        return dict(self._ear.answer(action, payload, f"m{self._numbers}"))

    def known(self, connector: int) -> tuple[StationState, tuple[tuple[float, float | None], ...]]:
        """What is known of that connector: its state, and the energy and end of each of its sessions."""
        station = self.stations[connector - 1]
        station.look_again()
        sessions = station.connector.transactions.known
        return (
            replace(station.state, connections=0, alarms=()),
            tuple((each.energy_kwh, each.ended_utc_s) for each in sessions),
        )


def meter(**values: float) -> list[dict[str, object]]:
    """A block of meter values of version 1.6: amperes of each phase, and the register in Wh."""
    samples: list[dict[str, object]] = [
        {"measurand": "Current.Import", "phase": phase, "value": str(amps), "unit": "A"}
        for phase, amps in values.items()
        if phase.startswith("L")
    ]
    if "wh" in values:
        samples.append({"measurand": "Energy.Active.Import.Register", "value": str(values["wh"]), "unit": "Wh"})
    return [{"sampledValue": samples}]


def amps(each_a: float) -> list[dict[str, object]]:
    return meter(L1=each_a, L2=each_a, L3=each_a)
