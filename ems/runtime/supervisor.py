"""Tells systemd how we are, by its notify protocol (sd_notify(3)): one datagram per message, never waited for.

Without `NOTIFY_SOCKET` in the environment nobody supervises us, and nothing is told.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

from ems.clock import Clock

TELLS_IN: Final = 3.0
"""How often a sign of life is sent within the time that the supervisor gives us."""


class Supervisor:
    """Whoever started us, if they want to know."""

    def __init__(self, clock: Clock, environment: Mapping[str, str] = os.environ) -> None:
        self._clock = clock
        address = environment.get("NOTIFY_SOCKET", "")
        # A name that begins with @ is one of the kernel's abstract ones, which begin with a zero byte.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = _patience_s(environment) / TELLS_IN
        self._told_at_s = float("-inf")

    def ready(self) -> None:
        """Stations can connect."""
        self._tell("READY=1")

    def beat(self) -> None:
        """One cycle of control completed; passed on no more often than need be."""
        now_s = self._clock.monotonic_s()
        if now_s - self._told_at_s >= self._every_s:
            self._told_at_s = now_s
            self._tell("WATCHDOG=1")

    def ending(self) -> None:
        """We end on purpose."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
                telling.setblocking(False)
                telling.sendto(message.encode(), self._address)
        except OSError:
            return  # a supervisor that cannot hear will start us anew, which is what it is for


def _patience_s(environment: Mapping[str, str]) -> float:
    """After what silence the supervisor starts us anew; infinite where it does not say."""
    said = environment.get("WATCHDOG_USEC", "")
    return int(said) / 1e6 if said.isdigit() and int(said) else float("inf")
