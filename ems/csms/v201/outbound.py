"""What OCPP 2.0.1 stations are asked."""

from __future__ import annotations

from ems.clock import Clock
from ems.csms.lane import CallLane
from ems.csms.pace import Pace
from ems.csms.v201.commands import CommandsV201
from ems.csms.v201.inbound import InboundV201
from ems.csms.v201.lookback import LookbackV201
from ems.csms.v201.on_request import OnRequestV201
from ems.csms.v201.service import ServiceV201
from ems.csms.v201.smart_charging import SmartChargingV201
from ems.csms.v201.vocabulary import VOCABULARY
from ems.csms.vocabulary import Vocabulary


class OutboundV201(CommandsV201, OnRequestV201, ServiceV201, SmartChargingV201, LookbackV201):
    """Asks one connected station. Another family of requests is one base more here."""

    def __init__(
        self,
        lane: CallLane,
        clock: Clock,
        pace: Pace,
        inbound: InboundV201,
        *,
        station: str,
        vocabulary: Vocabulary = VOCABULARY,
    ) -> None:
        super().__init__(lane, clock, pace, inbound.complaints, vocabulary, inbound.book, station=station)
