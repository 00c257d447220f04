"""Follow one device for ever: read, post, wait; back off while it is silent, and say so once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from ems.clock import Clock
from ems.devices.ports import Device
from ems.errors import DeviceError, LinkDown
from ems.model.readings import Reading

LOGGER: Final = logging.getLogger(__name__)

CURES: Final[Mapping[type[DeviceError], str]] = {
    LinkDown: "; trying again, check its power, cable and address",
}
"""For errors that do not say themselves what to do."""

_R = TypeVar("_R", bound=Reading)


class Backoff:
    """Growing pauses between attempts."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        """This pause; the next one is twice as long, up to the longest."""
        pause_s = self._next_s
        self._next_s = min(self._longest_s, 2 * pause_s)
        return pause_s

    def reset(self) -> None:
        self._next_s = self._first_s


async def follow(
    device: Device[_R], post: Callable[[_R], None], clock: Clock, *, longest_pause_s: float = 30.0
) -> None:
    """Read one device until cancelled. Samples keep the device's own beat, whatever a read takes.

    A grid meter wants a short `longest_pause_s`, since everybody waits for its return.
    """
    silent = False
    pauses = Backoff(first_s=min(1.0, longest_pause_s), longest_s=longest_pause_s)
    next_at_s = clock.monotonic_s()
    while True:
        try:
            post(await device.read())
        except DeviceError as err:
            if not silent:
                cure = CURES.get(type(err), "")
                LOGGER.warning("%s gives no sample (%s): %s%s", device.name, err.code, err, cure)
            silent = True
            await clock.sleep(pauses.next_s())
            next_at_s = clock.monotonic_s()
            continue
        if silent:
            LOGGER.info("%s answers again", device.name)
        silent = False
        pauses.reset()
        if device.pushes:
            continue
        now_s = clock.monotonic_s()
        next_at_s = max(next_at_s + device.period_s, now_s)
        await clock.sleep(next_at_s - now_s)
