"""The far side of the devices' bench, in a process of its own: meters behind Modbus TCP ports, until its input ends.

`python -m ems.bench.devices_far ENDPOINTS UNITS` prints the ports as one JSON list.
"""

from __future__ import annotations

import asyncio
import json
import sys

from ems.devices.library import profile
from ems.devices.modbus.profile import ModbusProfile
from ems.sim.wire.modbus_devices import ModbusPort
from ems.sim.wire.profile_unit import ProfileUnit

LOOPBACK = "127.0.0.1"
METER = "janitza_umg"
"""A meter with an Ethernet port of its own, whose profile asks for no silence between two requests."""


async def serve(endpoints: int, units: int) -> None:
    """Open the ports, say which, and answer until nobody listens any more."""
    found = profile(METER)
    if not isinstance(found, ModbusProfile):
        raise TypeError(f"{METER} is no Modbus meter")
    ports = [ModbusPort([ProfileUnit(unit, found) for unit in range(1, units + 1)], LOOPBACK) for _ in range(endpoints)]
    for port in ports:
        await port.open()
    sys.stdout.write(json.dumps([port.port for port in ports]) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    for port in ports:
        await port.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
