"""Listening to a line for as long as a recording is to last."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ems.clock import Clock
from ems.devices.inspection.tapes.length import Length
from ems.devices.p1.line import Ear, P1Line, listen
from ems.devices.p1.speaking import OPEN_WITHIN_S
from ems.errors import LinkDown


class LineTape(Ear, Protocol):
    """Who keeps what a meter says."""

    over: asyncio.Event
    """Set when it wants no more."""


async def listen_for(line: P1Line, tape: LineTape, length: Length, clock: Clock) -> None:
    """Let it hear so long. Raises LinkDown."""
    try:
        async with clock.timeout(OPEN_WITHIN_S):
            listening = await listen(line, tape)
    except TimeoutError:
        raise LinkDown(f"{line.where} took no connection within {OPEN_WITHIN_S:g} s") from None
    except (OSError, ValueError) as error:
        raise LinkDown(f"{line.where} cannot be opened ({type(error).__name__})") from error
    try:
        async with clock.timeout(length.for_s):
            await tape.over.wait()
    except TimeoutError:
        pass
    finally:
        listening.close()
