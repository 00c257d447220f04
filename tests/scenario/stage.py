"""A stage for whole-house tests: the simulated house and the real service on loopback sockets, on a fast clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ems.app import Service
from ems.clock import ScaledClock
from ems.commissioning.desk import Desk
from ems.config.examples import example
from ems.config.loader import load_site
from ems.config.schema import SiteFile
from ems.model.decision import Decision, LimitReason, Setpoint
from ems.model.goals import ChargeMode
from ems.model.snapshot import Snapshot
from ems.runtime.dispatch import Sending
from ems.sim.wire.house import SimulatedHouse
from ems.sim.wire.ocpp_station import SimulatedStation
from tests.protocol.mqtt_brokers import free_port

SPEED = 10.0
LEASE_S = 20.0


def site(name: str = "two_cars", *, mode: ChargeMode = ChargeMode.FAST, main_fuse_a: float = 40.0) -> SiteFile:
    """An example with a short lease, all its cars in one mode, and a fuse that lets both charge above their minimum."""
    file = load_site(example(name))
    return file.model_copy(
        update={
            "connection": file.connection.model_copy(update={"main_fuse_a": main_fuse_a}),
            "policy": file.policy.model_copy(update={"lease_s": LEASE_S, "min_on_s": 10.0, "min_off_s": 10.0}),
            "stations": tuple(station.model_copy(update={"mode": mode}) for station in file.stations),
            "csms": file.csms.model_copy(update={"meter_values_s": 5}),
        }
    )


def elsewhere(file: SiteFile) -> SiteFile:
    """The same house at ports that nobody else of this machine asks for, for the real service of `played`."""
    return file.model_copy(
        update={
            "csms": file.csms.model_copy(update={"port": free_port()}),
            "api": file.api.model_copy(update={"port": free_port()}),
        }
    )


@dataclass
class Stage:
    """House and service, and all that the service decided and sent."""

    house: SimulatedHouse
    clock: ScaledClock
    service: Service
    desk: Desk
    """The installer's, of the running service."""

    looks: list[tuple[Snapshot, Decision]] = field(default_factory=list)
    sent: list[Sending] = field(default_factory=list)

    @property
    def seen(self) -> Snapshot:
        """The service's last look at the house."""
        return self.looks[-1][0]

    @property
    def decided(self) -> Decision:
        """The service's last decision."""
        return self.looks[-1][1]

    def setpoint(self, station_id: str) -> Setpoint:
        return self.decided.setpoints[station_id]

    def reasons(self) -> set[LimitReason]:
        """Why each station has the limit it has now."""
        return {setpoint.reason.code for setpoint in self.decided.setpoints.values()}

    def station(self, station_id: str) -> SimulatedStation:
        return self.house.stations[station_id]

    def drawn_a(self, station_id: str) -> float:
        """The largest phase current of the car there."""
        self.house.world.advance_to(self.clock.monotonic_s())
        return max(self.house.world.car(station_id).current_a)

    async def after(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    async def until(self, happened: Callable[[], bool], within_s: float = 120.0) -> float:
        """Wait for it; returns how long it took. Raises TimeoutError when it does not happen within `within_s`."""
        began_s = self.clock.monotonic_s()
        async with self.clock.timeout(within_s):
            while not happened():
                await self.clock.sleep(0.1)
        return self.clock.monotonic_s() - began_s

    async def until_charging(self) -> None:
        """Until every car draws more than its fallback current."""
        await self.until(
            lambda: all(self.drawn_a(station_id) > 6.5 for station_id in self.house.stations), within_s=240
        )


@asynccontextmanager
async def staged(
    file: SiteFile, *, speed: float = SPEED, told: SiteFile | None = None, api: bool = False
) -> AsyncIterator[Stage]:
    """The curtain goes up with the service listening and the stations on their way to it.

    `told`: what the service believes of a house that really is as `file` says. `api`: whether it has its local API.
    """
    clock = ScaledClock(speed)
    async with SimulatedHouse(file, clock) as house:
        known = house.relocated(told)
        looks: list[tuple[Snapshot, Decision]] = []
        sent: list[Sending] = []
        service = Service(
            known.model_copy(update={"api": known.api.model_copy(update={"enabled": api})}),
            clock,
            sent=sent.append,
            watchers=[lambda look, decision: looks.append((look, decision))],
            bind_port=0,
            api_port=0,
        )
        stage = Stage(house, clock, service, service.desk, looks, sent)
        serving = asyncio.create_task(service.run())
        try:
            async with clock.timeout(60.0):
                await service.central_system.listening.wait()
            house.connect_stations(service.central_system.port)
            await stage.until(lambda: bool(stage.looks))
            yield stage
        finally:
            serving.cancel()
            await asyncio.wait([serving])
