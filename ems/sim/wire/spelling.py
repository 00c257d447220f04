"""Our numbers as a meter tells them by code. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ems.devices.obis_profile import ObisPoint


def by_code(name: str, point: ObisPoint, value: float | None) -> Iterator[tuple[str, float]]:
    """The codes of one of our numbers, each with what stands there; nothing for one that is unknown."""
    if value is None:
        return
    if point.less is not None:
        # With 0.0 first, so that nothing measured is never spelled -0.000.
        yield point.code, max(0.0, value)
        yield point.less, max(0.0, -value)
    else:
        yield point.code, abs(value) if name.startswith("current") else value
