"""A file that comes over HTTP, on its way to the disk: bounded in size and time, hashed as it comes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from ems.api.errors import FilesTrouble, TooLarge, TooSlow
from ems.clock import Clock

PIECE_WITHIN_S: Final = 30.0
WHOLE_WITHIN_S: Final = 3600.0
WRITE_AT_B: Final = 1024 * 1024


async def take_in(stream: AsyncIterator[bytes], part: Path, clock: Clock, *, most_b: int) -> str:
    """Write it all there; its SHA-256. Raises TooLarge, TooSlow or FilesTrouble, and leaves nothing behind then."""
    digest = hashlib.sha256()
    try:
        async with clock.timeout(WHOLE_WITHIN_S):
            await _write(stream, part, clock, digest, most_b)
    except TimeoutError as error:
        await asyncio.to_thread(part.unlink, missing_ok=True)
        raise TooSlow("the file did not arrive in time") from error
    except OSError as error:
        await asyncio.to_thread(part.unlink, missing_ok=True)
        raise FilesTrouble(f"the file cannot be written ({error.strerror})") from error
    except BaseException:
        await asyncio.to_thread(part.unlink, missing_ok=True)
        raise
    return digest.hexdigest()


async def _write(stream: AsyncIterator[bytes], part: Path, clock: Clock, digest: hashlib._Hash, most_b: int) -> None:
    read_b, waiting = 0, bytearray()
    await asyncio.to_thread(part.write_bytes, b"")
    while True:
        async with clock.timeout(PIECE_WITHIN_S):
            piece = await anext(stream, None)
        if piece is not None:
            read_b += len(piece)
            waiting += piece
        if read_b > most_b:
            raise TooLarge(f"a file may be {most_b // 1_000_000} MB long")
        if piece is None or len(waiting) >= WRITE_AT_B:
            # Hashing and writing a megabyte takes long enough to be noticed by control.
            await asyncio.to_thread(_append, part, bytes(waiting), digest)
            waiting.clear()
        if piece is None:
            return


def _append(part: Path, content: bytes, digest: hashlib._Hash) -> None:
    digest.update(content)
    with part.open("ab") as file:
        file.write(content)
