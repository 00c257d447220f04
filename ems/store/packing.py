"""Small packets: zlib with a dictionary of what a text is likely to repeat.

One look at a house is much like the one before, so each cycle of a segment is packed with the one before it as
dictionary, and has to be unpacked in that order.
"""

from __future__ import annotations

import zlib
from typing import Final

from ems.store.errors import JournalDamaged

LOOKS_BACK_B: Final = 32_768
"""The farthest that zlib looks back."""


def pack(text: bytes, words: bytes = b"") -> bytes:
    """`text` made small, with `words` as what it is likely to repeat."""
    packer = zlib.compressobj(zdict=words[-LOOKS_BACK_B:]) if words else zlib.compressobj()
    return packer.compress(text) + packer.flush()


def unpack(packed: bytes, words: bytes = b"") -> bytes:
    """What `pack` made small, with the same words. Raises JournalDamaged."""
    try:
        unpacker = zlib.decompressobj(zdict=words[-LOOKS_BACK_B:]) if words else zlib.decompressobj()
        text = unpacker.decompress(packed)
    except zlib.error as error:
        raise JournalDamaged(f"a row of the journal is damaged: {error}") from error
    if not unpacker.eof:
        raise JournalDamaged("a row of the journal is cut short")
    return text


def decision_words(look: bytes, decision_before: bytes) -> bytes:
    """What a decision is likely to repeat: numbers of its own look, words of the decision before."""
    return look + decision_before
