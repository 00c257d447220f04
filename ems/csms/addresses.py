"""By which names and addresses stations find this machine."""

from __future__ import annotations

import re
import socket
from typing import Final
from urllib.parse import quote

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 (only compared)
ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737)."""

_HOST_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def door(host: str) -> str:
    """What to type into a station: an address that stands for all of ours is none, so this machine's own instead."""
    if host in EVERYWHERE:
        return _own_address() or socket.gethostname()
    return f"[{host}]" if ":" in host else host


def station_address(host: str, identity: str, port: int, tls_port: int | None) -> str:
    """What to type into a station: the encrypted door where there is one (`tls_port`)."""
    name, last = f"[{host}]" if ":" in host else host, quote(identity, safe="")
    return f"ws://{name}:{port}/{last}" if tls_port is None else f"wss://{name}:{tls_port}/{last}"


def own_names(host: str) -> tuple[str, ...]:
    """For the certificate of a door that listens there: its address and this machine's name, as far as known now."""
    name = socket.gethostname()
    names = [name, name if "." in name else f"{name}.local"] if _HOST_NAME.fullmatch(name) else []
    address = _own_address() if host in EVERYWHERE else host.partition("%")[0]
    return tuple(dict.fromkeys([*([address] if address else []), *names])) or ("localhost",)


def _own_address() -> str | None:
    """The IPv4 address by which this machine reaches others; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            # Sends nothing: a datagram socket that is connected only chooses where it would send from.
            asking.connect(ELSEWHERE)
        except OSError:
            return None
        address: str = asking.getsockname()[0]
    return address
