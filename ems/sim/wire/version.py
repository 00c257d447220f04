"""The versions of OCPP that simulated stations speak."""

from __future__ import annotations

from enum import StrEnum


class Version(StrEnum):
    """One station speaks one of them."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"

    @property
    def subprotocol(self) -> str:
        """Its name in the WebSocket handshake."""
        return f"ocpp{self.value}"
