"""A simulated device of any profile with registers, behind a `ModbusPort`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimData, SimDevice

from ems.clock import Clock, WallClock
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_point import RegisterKind, RegisterPoint
from ems.devices.modbus.register_types import WordOrder
from ems.devices.profile import SunSpecProfile
from ems.devices.profile_parts import Carrier, Kind
from ems.devices.sample import is_live
from ems.devices.sunspec.models import STORAGE
from ems.sim.wire.ordered_battery import Bounds, Ordered, OrderedBattery
from ems.sim.wire.register_image import CannotShow, Image, Values, image
from ems.sim.wire.sunspec_image import LARGEST_W, SunSpecDevice, first_power, maker_image, place_of, sunspec_image
from ems.sim.wire.sunspec_orders import REVERT, TAKEN, StorageOrders

RegisterProfile = ModbusProfile | HybridProfile | SunSpecProfile

KIND_OF: Final[Mapping[int, RegisterKind]] = {3: "holding", 4: "input"}
"""By Modbus function code."""

WRITES: Final = (6, 16)


Source = Callable[[], Mapping[Kind, Values]]
"""What a device measures whenever it is asked."""


class ProfileUnit:
    """Serves the registers of one profile, and refuses what a device of that kind does not have or allow."""

    def __init__(
        self,
        unit: int,
        profile: RegisterProfile,
        source: Source | None = None,
        clock: Clock | None = None,
        ordered: Ordered | None = None,
    ) -> None:
        """With a `source`, it measures what that gives; else what it is shown. Raises CannotShow.

        By the `clock` bounds that were written into model 124 end; `ordered` hears how far its battery is bounded.
        """
        self.unit: Final = unit
        self.samples = 0
        """Answered reads that held its first power or current."""

        self._profile = profile
        self._source = source
        self.orders = StorageOrders((clock or WallClock()).monotonic_s)
        """Bounds that were written into model 124."""

        self._shown: tuple[Mapping[Kind, Values], Mapping[str, float]] | None = None
        self._registers: Image = registers_of(profile, source() if source else {}, None)
        self._key = _first_live(profile)
        self._order: WordOrder | None = None
        control = None if isinstance(profile, SunSpecProfile) else profile.control
        self._ordered = ordered
        self._battery = None if control is None else OrderedBattery(control, ordered)

    @property
    def over(self) -> Carrier:
        """What its requests travel over, as it comes from its maker."""
        usual = "tcp" if isinstance(self._profile, SunSpecProfile) else self._profile.defaults.over
        return "udp" if usual == "udp" else "tcp"

    @property
    def taken(self) -> Mapping[str, tuple[int, ...]]:
        """Bounds of the battery that were written, by their names in `control`: the registers as they came."""
        return {} if self._battery is None else self._battery.taken

    def show(self, values: Mapping[Kind, Values], order: WordOrder | None = None) -> None:
        """Measure `values` from now on. Raises CannotShow."""
        self._order = order
        orders = self.orders.told
        self._registers = registers_of(self._profile, values, order, orders)
        self._shown = values, orders

    def replay(self, recorded: Mapping[tuple[RegisterKind, int], int]) -> None:
        """Hold what a device once held, from before the port opens; what lies between its numbers reads 0."""
        profile = self._profile
        bridged = _between(recorded) if isinstance(profile, SunSpecProfile) else _bridged(profile)
        self._source, self._shown, self._registers = None, None, {**bridged, **recorded}

    def device(self) -> SimDevice:
        """As pymodbus wants it."""
        blocks = [SimData(at, values=[0] * count, datatype=DataType.REGISTERS) for at, count in self._runs()]
        return SimDevice(id=self.unit, simdata=blocks, action=self._asked)

    async def _asked(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if function in WRITES and written is not None:
            return self._take(address, [int(each) for each in written])
        kind = KIND_OF.get(function)
        if kind is None or written is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        if count > self._profile.limits.max_registers_per_read:
            return ExcCodes.ILLEGAL_VALUE
        try:
            self._renew()
        except CannotShow:
            return ExcCodes.DEVICE_FAILURE
        wanted = [(kind, address + offset) for offset in range(count)]
        if not all(each in self._registers for each in wanted):
            return ExcCodes.ILLEGAL_ADDRESS
        self.samples += self._key in wanted
        registers[address - start : address - start + count] = [self._registers[each] for each in wanted]
        return None

    def _renew(self) -> None:
        """Measure anew; or, where nothing gives new numbers, tell bounds that came or ended meanwhile."""
        if self._source is not None:
            self.show(self._source())
        elif self._shown is not None and self._shown[1] != self.orders.told:
            self.show(self._shown[0])

    def _take(self, address: int, written: list[int]) -> ExcCodes | None:
        """A bound of the battery, and nothing else."""
        if isinstance(self._profile, SunSpecProfile):
            return self._take_order(self._profile, address, written)
        if self._battery is None:
            return ExcCodes.ILLEGAL_ADDRESS
        took = self._battery.take(address, written, self._order or self._profile.word_order)
        return None if took else ExcCodes.ILLEGAL_ADDRESS

    def _take_order(self, profile: SunSpecProfile, address: int, written: list[int]) -> ExcCodes | None:
        first = place_of(_described(profile), STORAGE.ids[0], TAKEN[0])
        header = first[1] - STORAGE.fields[TAKEN[0]].offset if first else address
        if not first or not self.orders.take(address - header, written):
            return ExcCodes.ILLEGAL_ADDRESS
        if self._ordered is not None:
            self._ordered(_bounds_of(self.orders))
        return None

    def _runs(self) -> Iterator[tuple[int, int]]:
        """First address and length of each stretch of registers, of either kind."""
        start: int | None = None
        last = -1
        points = () if self._battery is None else self._battery.points
        written = {cell for _, point in points for cell in point.cells}
        for address in sorted({address for _, address in self._registers} | written):
            if start is not None and address != last + 1:
                yield start, last + 1 - start
                start = address
            start, last = address if start is None else start, address
        if start is not None:
            yield start, last + 1 - start


def _bounds_of(orders: StorageOrders) -> Bounds:
    """In watts; what would make it charge or discharge is nothing that anybody of ours writes."""
    charge, discharge = orders.charge_share, orders.discharge_share
    return Bounds(
        charge_at_most_w=None if charge is None else max(0.0, charge) * LARGEST_W,
        discharge_at_most_w=None if discharge is None else max(0.0, discharge) * LARGEST_W,
        lasts_s=orders.told.get(REVERT) or math.inf,
    )


def _bridged(profile: ModbusProfile | HybridProfile) -> Image:
    """The registers that reads only bridge."""
    told = {(point.function, cell) for _, point in _all_rows(profile) for cell in point.cells}
    told |= {(point.function, point.exponent_at) for _, point in _all_rows(profile) if point.exponent_at is not None}
    return {place: 0 for place in image(profile, {}) if place not in told}


def _between(recorded: Iterable[tuple[RegisterKind, int]]) -> Image:
    """Every register of a chain of models, whose first and last are among those recorded."""
    addresses = [at for _, at in recorded]
    return {("holding", at): 0 for at in range(min(addresses, default=0), max(addresses, default=-1) + 1)}


def _first_live(profile: RegisterProfile) -> tuple[RegisterKind, int]:
    """Where the number is that makes a read count as a sample."""
    if isinstance(profile, SunSpecProfile):
        return first_power(_described(profile))
    return next((point.function, point.cells[0]) for name, point in _all_rows(profile) if is_live(name))


def _all_rows(profile: ModbusProfile | HybridProfile) -> Iterator[tuple[str, RegisterPoint]]:
    for each in profile.maps.values():
        yield from each.rows.items()


def _described(profile: SunSpecProfile, orders: Mapping[str, float] | None = None) -> SunSpecDevice:
    return SunSpecDevice(
        kinds=profile.kinds,
        maker=profile.sunspec_maker or "Simulated",
        modules=profile.modules,
        orders=orders or {},
    )


def registers_of(
    profile: RegisterProfile,
    values: Mapping[Kind, Values],
    order: WordOrder | None = None,
    orders: Mapping[str, float] | None = None,
) -> Image:
    """All registers of a device that measures `values`. Raises CannotShow."""
    if isinstance(profile, SunSpecProfile):
        return sunspec_image(_described(profile, orders), values)
    own = image(profile, values, order)
    return own if profile.sunspec_maker is None else maker_image(profile.sunspec_maker) | own
