"""Amounts with their nouns."""

from __future__ import annotations


def counted(amount: int, noun: str) -> str:
    """An amount with its noun."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
