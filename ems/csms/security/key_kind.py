"""Kinds of keys, without what makes them."""

from __future__ import annotations

from enum import StrEnum


class KeyKind(StrEnum):
    """What kind of key a certificate has."""

    EC = "ec"
    """P-256: small, quick."""

    RSA = "rsa"
    """2048 bits, for stations that know nothing else."""
