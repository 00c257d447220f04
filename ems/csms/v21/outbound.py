"""What OCPP 2.1 stations are asked: as in 2.0.1, and more."""

from __future__ import annotations

from ems.clock import Clock
from ems.csms.lane import CallLane
from ems.csms.pace import Pace
from ems.csms.v21.inbound import InboundV21
from ems.csms.v21.on_request import OnRequestV21
from ems.csms.v21.smart_charging import SmartChargingV21
from ems.csms.v21.vocabulary import VOCABULARY
from ems.csms.v201.outbound import OutboundV201


class OutboundV21(SmartChargingV21, OnRequestV21, OutboundV201):
    """Asks one connected station. Another family of requests is one base more here."""

    def __init__(self, lane: CallLane, clock: Clock, pace: Pace, inbound: InboundV21, *, station: str) -> None:
        OutboundV201.__init__(self, lane, clock, pace, inbound, station=station, vocabulary=VOCABULARY)
        # What was sent on an earlier connection may be lost.
        inbound.book.dynamic.clear()
