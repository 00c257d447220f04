"""What a site file can get wrong about its devices that only the profiles know."""

from __future__ import annotations

from typing import ClassVar

from ems.errors import EmsError


class DeviceConfigError(EmsError, ValueError):
    """A site file names a device that cannot be built; the text says what, where and the cure."""

    code: ClassVar[str] = "device_config"
