"""OCPP security profile 1: HTTP Basic authentication of stations."""

from __future__ import annotations

import base64
import binascii
import hmac


def authentic(header: str | None, identity: str, password: str) -> bool:
    """Whether an `Authorization` header proves the password, in either spelling of a hex key; in constant time.

    The password alone decides: it belongs to one station, and user names are as unreliable as paths (Q2).
    """
    given = _given(header, identity)
    spellings = _spellings(password)
    matches = [hmac.compare_digest(given, spelling) for spelling in spellings]
    return any(matches) and given != b""


def _given(header: str | None, identity: str) -> bytes:
    """The password in the header; no bytes at all when there is none."""
    scheme, _, encoded = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        pair = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
    user = identity.encode() + b":"
    if pair.startswith(user):  # an identity may itself hold a colon
        return pair[len(user) :]
    return pair.partition(b":")[2]


def _spellings(password: str) -> tuple[bytes, ...]:
    """A 1.6 AuthorizationKey is hex: stations send the text, in either case, or the bytes it stands for (Q25)."""
    plain = password.encode()
    as_hex = plain.hex()
    spellings = [plain, as_hex.encode(), as_hex.upper().encode()]
    try:
        key = bytes.fromhex(password)
    except ValueError:
        return tuple(spellings)
    return (*spellings, password.lower().encode(), password.upper().encode(), *([key] if key else []))
