"""All good tokens in memory by their digests: every request asks."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from ems.api.access.persons import Token

PREFIX: Final = "fw_"
LONGEST_TOKEN: Final = 100


def fresh() -> str:
    """A token nobody can guess: 256 bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is kept of it. A token has so much chance in it that no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class TokenBook:
    """The good ones."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._by_digest = {token.digest: token for token in tokens}

    def find(self, token: str, now: datetime) -> Token | None:
        """The token's facts while it is good."""
        if len(token) > LONGEST_TOKEN:
            return None
        found = self._by_digest.get(digest_of(token))
        return found if found is not None and found.is_good(now) else None

    def with_id(self, token_id: int) -> Token | None:
        return next((token for token in self._by_digest.values() if token.token_id == token_id), None)

    def add(self, token: Token) -> None:
        self._by_digest[token.digest] = token

    def drop(self, token: Token) -> None:
        self._by_digest.pop(token.digest, None)

    def ended(self, now: datetime) -> Sequence[Token]:
        """Those whose time is over."""
        return [token for token in self._by_digest.values() if not token.is_good(now)]

    def of(self, owner: str) -> Sequence[Token]:
        """Sessions and clients."""
        return [token for token in self._by_digest.values() if token.owner == owner]

    def sessions(self) -> Sequence[Token]:
        """Of browsers, oldest first."""
        return sorted((token for token in self._by_digest.values() if token.is_session), key=lambda t: t.made_at)

    def clients(self) -> Sequence[Token]:
        """Of programs, oldest first."""
        return sorted((token for token in self._by_digest.values() if not token.is_session), key=lambda t: t.made_at)
