"""Writes the bounds of a home battery into the registers that its profile's `control` names, and into no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ems.config.schema import BatteryEntry, ModbusAddress
from ems.devices.battery.profile import BatteryControl
from ems.devices.config_error import DeviceConfigError
from ems.devices.modbus.address import address_of
from ems.devices.modbus.link import ModbusLink, ReadRequest, WriteRequest
from ems.devices.modbus.profile import HybridProfile, ModbusProfile
from ems.devices.modbus.register_point import RegisterPoint
from ems.devices.modbus.register_types import WordOrder, encode
from ems.devices.profile import Profile
from ems.errors import Nonsense


class ModbusValve:
    """The bounds of one battery, on the connection that its readings come over."""

    def __init__(
        self,
        *,
        name: str,
        link: ModbusLink,
        address: ModbusAddress,
        profile: ModbusProfile | HybridProfile,
        control: BatteryControl,
    ) -> None:
        self._name = name
        self._link = link
        self._address = address
        self._profile = profile
        self._control = control

    @property
    def refresh_s(self) -> float:
        """How often a bound must be said again."""
        return self._control.refresh_s

    @property
    def lasts_s(self) -> float:
        """How long the battery keeps one that nobody says again."""
        return self._control.lasts_s

    async def bound(self, *, charge_at_most_w: float | None, discharge_at_most_w: float | None) -> None:
        """Write both; None bounds nothing. Raises LinkDown, NoAnswer, Refused or Nonsense."""
        writes = list(self._writes(charge_at_most_w, discharge_at_most_w))
        if not writes:
            return
        order = await self._word_order()
        for point, watts in writes:
            try:
                registers = encode(_raw(point, watts), point.type, point.word_order or order)
            except ValueError as err:
                raise Nonsense(f"{self._name} has no room for {watts:g} W in register {point.address}") from err
            await self._link.write(
                WriteRequest(
                    unit=self._address.unit,
                    address=point.address,
                    registers=registers,
                    timeout_s=self._address.timeout_s,
                )
            )

    def _writes(self, charge_w: float | None, discharge_w: float | None) -> Iterator[tuple[RegisterPoint, float]]:
        control = self._control
        for point, bound_w in ((control.charge_limit, charge_w), (control.discharge_limit, discharge_w)):
            watts = control.free_w if bound_w is None else bound_w
            if point is not None and watts is not None:
                yield point, watts

    async def _word_order(self) -> WordOrder:
        """As its owner chose it; a number in the other order would be another bound. Raises Nonsense."""
        setting = self._profile.word_order_setting
        if setting is None:
            return self._profile.word_order
        request = ReadRequest(
            unit=self._address.unit,
            function=setting.function,
            address=setting.address,
            count=1,
            timeout_s=self._address.timeout_s,
        )
        told = (await self._link.read(request)).registers[0]
        if told not in setting.values:
            raise Nonsense(f"{self._name} does not tell its order of words, so nothing is written to it")
        return setting.values[told]


def _raw(point: RegisterPoint, watts: float) -> float:
    """The device's own number: never below 0, and never above what is asked for."""
    raw = max(0.0, watts) / point.scale
    return raw if "float" in point.type else float(int(raw))


def valve_of(
    entry: BatteryEntry, found: Profile | None, link: Callable[[ModbusAddress, Profile], ModbusLink]
) -> ModbusValve:
    """Where that battery takes its bounds. Raises DeviceConfigError for one of which that is not known."""
    if entry.modbus is None or not isinstance(found, ModbusProfile | HybridProfile) or found.control is None:
        whose = entry.profile or "a battery without a profile"
        raise DeviceConfigError(
            f"{entry.id} cannot be controlled: too little is known of {whose} to write to it; take `control` out of "
            "its entry (docs/devices.md names the batteries that take orders)"
        )
    address = address_of(entry.modbus, found)
    return ModbusValve(name=entry.id, link=link(address, found), address=address, profile=found, control=found.control)
