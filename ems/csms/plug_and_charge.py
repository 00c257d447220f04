"""Plug and charge (ISO 15118): a port that somebody may fill. Off as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class PlugAndCharge(Protocol):
    """Answers what stations pass on of cars. Nothing here waits: it answers from what it has."""

    def vehicle_certificate(self, request: Mapping[str, object]) -> str | None:
        """The EXI answer to a Get15118EVCertificate, Base64; None when there is none."""
        ...

    def certificate_status(self, request: Mapping[str, object]) -> str | None:
        """The OCSP answer to a GetCertificateStatus, Base64; None when there is none."""
        ...


class NoPlugAndCharge:
    """Knows no contract and no status: stations are answered `Failed`."""

    def vehicle_certificate(self, request: Mapping[str, object]) -> str | None:  # noqa: ARG002 (whatever is asked)
        return None

    def certificate_status(self, request: Mapping[str, object]) -> str | None:  # noqa: ARG002 (the same)
        return None
