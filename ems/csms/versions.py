"""Which OCPP version is spoken: negotiated in the handshake, pinned by the site file, or heard from the boot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from ems.clock import Clock
from ems.csms.dialect import StationDialect
from ems.csms.lane import CallLane
from ems.csms.messages import Heard
from ems.csms.pace import Pace
from ems.csms.v16.inbound import PROTOCOL as V16
from ems.csms.v16.inbound import InboundV16
from ems.csms.v16.outbound import OutboundV16
from ems.csms.v21.inbound import InboundV21
from ems.csms.v21.outbound import OutboundV21
from ems.csms.v201.inbound import InboundV201
from ems.csms.v201.outbound import OutboundV201

LOGGER = logging.getLogger(__name__)

V201: Final = "ocpp2.0.1"
V21: Final = "ocpp2.1"

PROTOCOLS: Final = (V16, V201, V21)
"""What we speak, and what is taken of several that a station offers: the first of these.

Always in this order, whatever the station's, so that a station speaks the same from one connection to the next. The
oldest comes first because it is the one that its maker tried in most houses: stations are known that speak good 1.6 and
refuse every limit in 2.0.1 (`ocpp-charger-quirks.md` B and D). Who knows better pins a version in the site file.
"""


def negotiated(offered: Sequence[str], pin: str | None) -> str | None:
    """The version of those offered; None when none is ours, or not the pinned one. `pin` as in the site file."""
    ours = PROTOCOLS if pin is None else (protocol_of(pin),)
    return next((each for each in ours if each in offered), None)


def protocol_of(version: str) -> str:
    """`ocpp2.0.1` for `2.0.1`."""
    return f"ocpp{version}"


class Answering(Protocol):
    """A version's ear."""

    def answer(self, action: str, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        """The answer to one request. Raises Unanswerable."""
        ...


class Versions:
    """The versions of one station, each made when it is first spoken and kept for the life of the station."""

    def __init__(self, heard: Heard, clock: Clock, pace: Pace, *, station: str, pin: str | None) -> None:
        self._heard = heard
        self._clock = clock
        self._pace = pace
        self._station = station
        self._pin = None if pin is None else protocol_of(pin)
        self._v16 = InboundV16(heard, clock, pace, station=station)
        self._v201: InboundV201 | None = None
        self._v21: InboundV21 | None = None

    def speech(self, agreed: str | None) -> Speech:
        """The version of a connection with that subprotocol; without one the pinned one, else 1.6 until its boot."""
        return Speech(self, agreed or self._pin or V16, settled=bool(agreed or self._pin), station=self._station)

    def inbound(self, protocol: str) -> Answering:
        """Answers in that version."""
        makers: Mapping[str, Callable[[], Answering]] = {V16: self._in_v16, V201: self._in_v201, V21: self._in_v21}
        return makers[protocol]()

    def outbound(self, protocol: str, lane: CallLane) -> StationDialect:
        """Asks in that version on one connection."""
        makers: Mapping[str, Callable[[CallLane], StationDialect]] = {
            V16: self._out_v16,
            V201: self._out_v201,
            V21: self._out_v21,
        }
        return makers[protocol](lane)

    def _in_v16(self) -> InboundV16:
        return self._v16

    def _in_v201(self) -> InboundV201:
        if self._v201 is None:
            self._v201 = InboundV201(self._heard, self._clock, self._pace, station=self._station)
        return self._v201

    def _in_v21(self) -> InboundV21:
        if self._v21 is None:
            self._v21 = InboundV21(self._heard, self._clock, self._pace, station=self._station)
        return self._v21

    def _out_v16(self, lane: CallLane) -> StationDialect:
        return OutboundV16(lane, self._pace, self._v16.complaints, station=self._station)

    def _out_v201(self, lane: CallLane) -> StationDialect:
        return OutboundV201(lane, self._clock, self._pace, self._in_v201(), station=self._station)

    def _out_v21(self, lane: CallLane) -> StationDialect:
        return OutboundV21(lane, self._clock, self._pace, self._in_v21(), station=self._station)


class Speech:
    """The version that is spoken on one connection."""

    def __init__(self, versions: Versions, protocol: str, *, settled: bool, station: str) -> None:
        self._versions = versions
        self._settled = settled
        self._station = station
        self._lane: CallLane | None = None
        self._changed = False
        self.protocol: str = protocol
        self.dialect: StationDialect
        """Asks in that version; there once it has a lane."""

    def speak_on(self, lane: CallLane) -> None:
        """Ask on that lane from now on."""
        self._lane = lane
        self.dialect = self._versions.outbound(self.protocol, lane)

    def answer(self, action: str, payload: Mapping[str, object], message_id: str) -> Mapping[str, object]:
        """The answer to one request. Raises Unanswerable."""
        if not self._settled and action == "BootNotification":
            self._settle(payload)
        return self._versions.inbound(self.protocol).answer(action, payload, message_id)

    def take_change(self) -> bool:
        """Whether the version turned out to be another since this was last asked."""
        changed, self._changed = self._changed, False
        return changed

    def _settle(self, boot: Mapping[str, object]) -> None:
        """No version was agreed: one that boots as version 2.0.1 does speaks it (EVBox Livo)."""
        self._settled = True
        if isinstance(boot.get("chargingStation"), dict) and "chargePointModel" not in boot:
            LOGGER.info("%s agreed on no OCPP version and boots as 2.0.1 does; speaking that", self._station)
            self.protocol = V201
            self._changed = True
            if self._lane is not None:
                self.speak_on(self._lane)
