"""HTTP Basic authentication of stations (OCPP security profiles 1 and 2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

KEY_BYTES: Final = 20
"""The longest that OCPP 1.6 takes: 40 hexadecimal digits."""


class Password(Protocol):
    """What a station must know."""

    def is_proven_by(self, given: bytes) -> bool:
        """Whether these are its bytes, in either spelling of a hex key (Q25); in constant time."""
        ...


@dataclass(frozen=True, slots=True)
class SitePassword:
    """One that somebody wrote outside the site file."""

    text: str = field(repr=False)

    def is_proven_by(self, given: bytes) -> bool:
        matches = [hmac.compare_digest(given, spelling) for spelling in _spellings(self.text)]
        return any(matches) and given != b""

    @property
    def mark(self) -> str:
        """Tells this password from others without telling it."""
        return hashlib.scrypt(self.text.encode(), salt=b"fusewise site password", n=2**14, r=8, p=1).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedPassword:
    """One that we made: kept as its hash alone.

    Its 160 random bits cannot be guessed, so a quick hash protects as well as a slow one, and a storm of reconnecting
    stations costs nothing.
    """

    salt: str
    digest: str

    @classmethod
    def of(cls, key: bytes) -> HashedPassword:
        salt = secrets.token_hex(16)
        return cls(salt=salt, digest=_digest(salt, key))

    def is_proven_by(self, given: bytes) -> bool:
        spellings = [given]
        try:
            spellings.append(bytes.fromhex(given.decode("ascii")))
        except (ValueError, UnicodeDecodeError):
            spellings.append(given)
        matches = [hmac.compare_digest(_digest(self.salt, each), self.digest) for each in spellings]
        return any(matches) and given != b""


def new_key() -> bytes:
    """A fresh secret; stations get it as hexadecimal digits."""
    return secrets.token_bytes(KEY_BYTES)


def given_password(header: str | None, identity: str) -> bytes:
    """The password in an `Authorization` header; no bytes at all when there is none.

    The password alone counts: it belongs to one station, and user names are as unreliable as paths (Q2).
    """
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


def proven(passwords: Iterable[Password], given: bytes) -> Password | None:
    """The first of these passwords that was given; every one is tried, so that time tells nothing."""
    matches = [each for each in passwords if each.is_proven_by(given)]
    return matches[0] if matches else None


def _digest(salt: str, key: bytes) -> str:
    return hmac.new(bytes.fromhex(salt), key, hashlib.sha256).hexdigest()


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
