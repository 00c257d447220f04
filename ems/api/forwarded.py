"""What a reverse proxy says of a request, believed only from those that the site file trusts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders

PREFIX_HEADERS: Final = ("x-ingress-path", "x-forwarded-prefix")
CLAIMS: Final = (*PREFIX_HEADERS, "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded")
"""Headers that nobody else may set."""

_PREFIX: Final = re.compile(r"(/[A-Za-z0-9_.~-]+)+")
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")

Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proxies:
    """Whom to believe, and where they show us."""

    networks: Sequence[IPv4Network | IPv6Network] = ()
    base_path: str = ""

    @classmethod
    def of(cls, trusted: Iterable[str], base_path: str = "") -> Proxies:
        """From the site file."""
        return cls(tuple(ip_network(each, strict=False) for each in trusted), base_path)

    def trusts(self, address: str) -> bool:
        try:
            known = ip_address(address)
        except ValueError:
            return False
        return any(known.version == network.version and known in network for network in self.networks)

    def dressed(self, scope: Scope) -> Scope:
        """The request as the outside sees it: address, scheme, host and path prefix; claims of others taken away."""
        headers = Headers(scope=scope)
        peer = str((scope.get("client") or ("",))[0])
        claims = {name: headers.get(name, "") for name in CLAIMS} if self.trusts(peer) else {}
        dressed = {**scope, "headers": [each for each in scope["headers"] if each[0].decode("latin-1") not in CLAIMS]}
        if forwarded_for := claims.get("x-forwarded-for"):
            dressed["client"] = (self._client(forwarded_for, peer), 0)
        if claims.get("x-forwarded-proto") in {"http", "https"}:
            secure = claims["x-forwarded-proto"] == "https"
            kinds = ("wss", "ws") if scope["type"] == "websocket" else ("https", "http")
            dressed["scheme"] = kinds[0] if secure else kinds[1]
        if _HOST.fullmatch(claims.get("x-forwarded-host", "")):
            MutableHeaders(scope=dressed)["host"] = claims["x-forwarded-host"]
        prefix = next((claims[name].rstrip("/") for name in PREFIX_HEADERS if claims.get(name)), self.base_path)
        if prefix and _PREFIX.fullmatch(prefix):
            dressed = _under(dressed, prefix)
        return dressed

    def _client(self, forwarded_for: str, peer: str) -> str:
        """The address that the outermost trusted proxy saw: the last one in the list that is no proxy of ours."""
        hops = [hop.strip() for hop in forwarded_for.split(",")]
        return next((hop for hop in reversed(hops) if hop and not self.trusts(hop)), peer)[:64]


def _under(scope: Scope, prefix: str) -> Scope:
    """Below that prefix, whether the proxy took it off the path or not."""
    path, raw_path = scope["path"], scope.get("raw_path")
    if path != prefix and not path.startswith(prefix + "/"):
        path = prefix + path
        raw_path = None if raw_path is None else prefix.encode() + raw_path
    return {**scope, "root_path": prefix, "path": path, "raw_path": raw_path}
