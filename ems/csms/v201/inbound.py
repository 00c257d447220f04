"""What OCPP 2.0.1 stations say, and what they are answered.

Read leniently: a station is never refused for an extra field, a long token or an unknown word (Q17).
"""

from __future__ import annotations

from typing import Final

from ems.clock import Clock
from ems.csms.inbound import Answers, Inbound, noted
from ems.csms.messages import Heard
from ems.csms.pace import Pace
from ems.csms.plug_and_charge import NoPlugAndCharge
from ems.csms.v201.book import Book
from ems.csms.v201.certificates import CertificateAnswersV201
from ems.csms.v201.energy import EnergyV201
from ems.csms.v201.on_request_reports import OnRequestReportsV201
from ems.csms.v201.provisioning import ProvisioningV201
from ems.csms.v201.service_reports import ServiceReportsV201
from ems.csms.v201.transactions import TransactionsV201
from ems.csms.v201.vocabulary import VOCABULARY
from ems.csms.vocabulary import Vocabulary

JUST_NOTED: Final[Answers] = dict.fromkeys(
    (
        "PublishFirmwareStatusNotification",
        "ReservationStatusUpdate",
    ),
    noted,
)


class InboundV201(Inbound):
    """Answers a station's requests. One for the life of a station. Another family of requests is one line more here."""

    def __init__(
        self,
        heard: Heard,
        clock: Clock,
        pace: Pace,
        *,
        station: str,
        vocabulary: Vocabulary = VOCABULARY,
    ) -> None:
        self.book: Final = Book(heard, station=station)
        certificates = CertificateAnswersV201(heard, NoPlugAndCharge())
        super().__init__(
            vocabulary,
            JUST_NOTED,
            ProvisioningV201(heard, self.book, clock, pace, station=station).answers,
            ServiceReportsV201(heard).answers,
            OnRequestReportsV201(heard.on_request).answers,
            EnergyV201(heard.energy, self.book, station=station).answers,
            TransactionsV201(heard, self.book).answers,
            certificates.answers,
            certificates.answers_21 if vocabulary.version != VOCABULARY.version else {},
            station=station,
        )
