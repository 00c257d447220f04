"""The code that the first person must show: eight letters and digits from the service's log."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that look alike."""


def fresh_code() -> str:
    """Such as `ABCD-2345`."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(2))


def is_that_code(typed: str, code: str) -> bool:
    """Whether it was meant; case and dashes do not matter."""
    return hmac.compare_digest(_plain(typed), _plain(code))


def _plain(code: str) -> bytes:
    return "".join(letter for letter in code.upper() if letter.isalnum()).encode()
