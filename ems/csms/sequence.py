"""Sequence numbers of transaction events (OCPP 2.x): what came, and what is missing. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ems.model.transaction import Transaction

MOST_MISSING: Final = 100
"""Numbers that are remembered as missing; a station that leaps further has lost count."""


def sequence_after(transaction: Transaction, seq_no: int | None) -> Transaction:
    """With one more number; the first one is 0."""
    if seq_no is None or seq_no < 0:
        return transaction
    last, missing = transaction.last_seq, transaction.missing
    if last is not None and seq_no <= last:
        return replace(transaction, missing=tuple(each for each in missing if each != seq_no))
    begins = max(0 if last is None else last + 1, seq_no - MOST_MISSING)
    gap = (*missing, *range(begins, seq_no))
    return replace(transaction, last_seq=seq_no, missing=gap[-MOST_MISSING:])
