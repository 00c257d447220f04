"""What commissioning refuses, with stable codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from ems.config.problems import Finding
from ems.errors import EmsError


class CommissioningError(EmsError):
    """Something that cannot be done now."""

    code = "commissioning"


class NoSuchStation(CommissioningError):
    """No station of that name in the site file."""

    code = "unknown_station"


class NoSuchCircuit(CommissioningError):
    """No circuit of that name, or none with a meter."""

    code = "unknown_circuit"


class NoSuchStranger(CommissioningError):
    """Nobody tried to connect by that name."""

    code = "unknown_stranger"


class ProofRuns(CommissioningError):
    """One proof at a time, and no other limits meanwhile."""

    code = "proof_running"


class NotCommissioned(CommissioningError):
    """Nobody has stated the main fuse yet."""

    code = "not_commissioned"


class StationAway(CommissioningError):
    """The station is not connected."""

    code = "station_offline"


class NoCar(CommissioningError):
    """No car hangs on the cable."""

    code = "no_car"


class NoReportCard(CommissioningError):
    """No report card was made since the service started."""

    code = "no_report_card"


class CardRuns(CommissioningError):
    """The questions of this station's card are being asked."""

    code = "report_card_running"


class MeterNotTrusted(CommissioningError):
    """The grid meter is lost, or has not been good for long enough."""

    code = "meter_not_trusted"


class Sealed(CommissioningError):
    """The limits were handed over; an installer unlocks them first."""

    code = "sealed"


class TypedDifferently(CommissioningError):
    """The second time something else was typed."""

    code = "typed_differently"


class LimitsRefused(CommissioningError):
    """The limits do not fit together; the old ones stay."""

    code: ClassVar[str] = "limits_refused"

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: Final = tuple(findings)
        told = (f"{'.'.join(map(str, each.place))} {each.problem}: {each.cure}" for each in self.findings)
        super().__init__("; ".join(told))


class NoStorage(CommissioningError):
    """Limits could not be kept over a restart, so none are taken."""

    code = "no_storage"


class NothingFound(CommissioningError):
    """No charger proof has found the wiring."""

    code = "nothing_found"


class StepsOpen(CommissioningError):
    """Something is not proven yet."""

    code = "steps_open"


class NoHandOver(CommissioningError):
    """Nothing was handed over yet."""

    code = "no_hand_over"


class IdentityTaken(CommissioningError):
    """Another station has that identity."""

    code = "identity_taken"
