"""The ports: what the runtime needs from a device, whatever its protocol."""

from __future__ import annotations

from typing import Protocol, TypeVar

from ems.model.readings import Reading

R_co = TypeVar("R_co", bound=Reading, covariant=True)


class Device(Protocol[R_co]):
    """A meter, inverter or battery that gives one reading after the other."""

    @property
    def name(self) -> str:
        """The id in the site file; for logs."""
        ...

    @property
    def period_s(self) -> float:
        """Time between two samples in normal work."""
        ...

    @property
    def pushes(self) -> bool:
        """True when `read` waits for the device's own next message; then nobody needs to pause between reads."""
        ...

    async def read(self) -> R_co:
        """The next sample. Raises DeviceError: LinkDown, NoAnswer, Refused or Nonsense."""
        ...

    async def close(self) -> None:
        """Let go of the connection; the next `read` opens it again."""
        ...
