"""What OCPP 2.1 stations say, and what they are answered: as in 2.0.1, and more."""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.csms.inbound import Answers, noted
from ems.csms.messages import Heard
from ems.csms.pace import Pace
from ems.csms.v21.energy import EnergyV21
from ems.csms.v21.on_request import CurvesV21
from ems.csms.v21.streams import StreamsV21
from ems.csms.v21.vocabulary import VOCABULARY
from ems.csms.v201.inbound import InboundV201

JUST_NOTED: Final[Answers] = dict.fromkeys(
    (
        "NotifyDERAlarm",
        "NotifyDERStartStop",
    ),
    noted,
)


class InboundV21(InboundV201):
    """Answers a station's requests. One for the life of a station. Another family of requests is one line more here."""

    def __init__(self, heard: Heard, clock: Clock, pace: Pace, *, station: str) -> None:
        super().__init__(heard, clock, pace, station=station, vocabulary=VOCABULARY)
        self.serve(
            JUST_NOTED,
            CurvesV21(heard.on_request).answers,
            EnergyV21(heard.energy, self.book, clock, station=station).answers,
            StreamsV21(self.book).answers,
        )
