"""A voice that everybody on a network hears."""

from __future__ import annotations

import contextlib
import socket


class Speaker:
    """Speaks to a group from the network of `host`. Port 0 takes a free one."""

    def __init__(self, group: str, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._group = group
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Raises OSError for a host that is none of ours."""
        if self.port == 0:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somewhere:
                somewhere.bind((self.host, 0))
                self.port = somewhere.getsockname()[1]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.host))

    def say(self, content: bytes) -> None:
        """Send it; a network that is gone for a moment takes nothing."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(content, (self._group, self.port))

    def close(self) -> None:
        """Say nothing more."""
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()
