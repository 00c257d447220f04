"""The variables that a simulated OCPP 2.x station has when it leaves the works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypedDict, Unpack

from ems.model.electrical import NOMINAL_V
from ems.model.station import ConnectorStatus
from ems.sim.schedules import Kind
from ems.sim.wire.outlet import Outlet
from ems.sim.wire.samples import ENERGY, MEASURANDS
from ems.sim.wire.station_box import StationBox
from ems.sim.wire.times import StationTime
from ems.sim.wire.v2.device_model import READ_WRITE, WRITE_ONLY, Place, Variable
from ems.sim.wire.version import Version

ROWS_PER_PART: Final = 10
"""Of a report, where the station is not told to be narrower."""

CONNECTOR_STATES: Final = {
    ConnectorStatus.AVAILABLE: "Available",
    ConnectorStatus.UNAVAILABLE: "Unavailable",
    ConnectorStatus.FAULTED: "Faulted",
    ConnectorStatus.RESERVED: "Reserved",
}
"""Everything else is Occupied."""


def connector_state(box: StationBox, outlet: Outlet) -> str:
    """In the words of OCPP 2.x."""
    return CONNECTOR_STATES.get(outlet.status(operative=box.operative), "Occupied")


class Details(TypedDict, total=False):
    """See `Variable`."""

    mutability: str
    data_type: str
    unit: str | None
    max_limit: float | None
    values: str | None
    read: Callable[[], str] | None


def inventory(box: StationBox, time: StationTime) -> Iterator[Variable]:
    """All of them."""
    yield from _station(box)
    for outlet in box.outlets:
        yield from _outlet(box, outlet)
    yield from _controllers(box, time)
    yield from _sampling()
    if box.build.firmware.smart_charging and not box.build.difficulty.hides_keys:
        yield from _smart_charging(box)
    yield from _security()


def _row(component: str, name: str, value: str, instance: str | None = None, **more: Unpack[Details]) -> Variable:
    return Variable(place=Place(component=component, variable=name, instance=instance), value=value, **more)


def _station(box: StationBox) -> Iterator[Variable]:
    build = box.build
    yield _row("ChargingStation", "VendorName", build.vendor)
    yield _row("ChargingStation", "Model", build.model)
    yield _row("ChargingStation", "SerialNumber", build.serial)
    yield _row("ChargingStation", "FirmwareVersion", build.firmware_version)
    yield _row("ChargingStation", "Available", "true", data_type="boolean")
    phases = str(build.firmware.wired_phases)
    yield _row("ChargingStation", "SupplyPhases", phases, data_type="integer")

    def state() -> str:
        return "Available" if box.operative else "Unavailable"

    yield _row("ChargingStation", "AvailabilityState", "", read=state, data_type="OptionList")


def _outlet(box: StationBox, outlet: Outlet) -> Iterator[Variable]:
    firmware, number = box.build.firmware, outlet.connector_id

    def state() -> str:
        return connector_state(box, outlet)

    most_w = firmware.hardware_max_a * NOMINAL_V * firmware.wired_phases
    for connector_id, component in ((None, "EVSE"), (1, "Connector")):

        def row(
            variable: str,
            value: str,
            connector: int | None = connector_id,
            of: str = component,
            **more: Unpack[Details],
        ) -> Variable:
            place = Place(component=of, variable=variable, evse_id=number, connector_id=connector)
            return Variable(place=place, value=value, **more)

        yield row("Available", "true", data_type="boolean")
        yield row("AvailabilityState", "", read=state, data_type="OptionList")
        yield row("SupplyPhases", str(firmware.wired_phases), data_type="integer")
        if connector_id is None:
            yield row("Power", "0", data_type="decimal", unit="W", max_limit=most_w)
        else:
            yield row("ConnectorType", "cType2")


def _controllers(box: StationBox, time: StationTime) -> Iterator[Variable]:
    counted: Details = {"mutability": READ_WRITE, "data_type": "integer"}
    switched: Details = {"mutability": READ_WRITE, "data_type": "boolean"}
    rows = str(box.build.difficulty.page or ROWS_PER_PART)
    yield _row("OCPPCommCtrlr", "HeartbeatInterval", "60", **counted)
    yield _row("OCPPCommCtrlr", "OfflineThreshold", "60", **counted)
    yield _row("OCPPCommCtrlr", "WebSocketPingInterval", "0", **counted)
    yield _row("OCPPCommCtrlr", "ResetRetries", "1", **counted)
    yield _row("OCPPCommCtrlr", "MessageTimeout", "30", "Default", data_type="integer", unit="s")
    yield _row("OCPPCommCtrlr", "MessageAttempts", "5", "TransactionEvent", **counted)
    yield _row("OCPPCommCtrlr", "MessageAttemptInterval", "5", "TransactionEvent", **counted)
    yield _row("OCPPCommCtrlr", "NetworkConfigurationPriority", "1", mutability=READ_WRITE, data_type="SequenceList")
    yield _row("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "3", **counted)
    yield _row("DeviceDataCtrlr", "ItemsPerMessage", rows, "GetReport", data_type="integer")
    yield _row("DeviceDataCtrlr", "ItemsPerMessage", rows, "GetVariables", data_type="integer")
    yield _row("DeviceDataCtrlr", "ItemsPerMessage", rows, "SetVariables", data_type="integer")
    yield _row("AuthCtrlr", "Enabled", "true", **switched)
    yield _row("AuthCtrlr", "AuthorizeRemoteStart", "false", **switched)
    yield _row("AuthCtrlr", "LocalAuthorizeOffline", "true", **switched)
    yield _row("AuthCtrlr", "LocalPreAuthorize", "false", **switched)
    yield _row("TxCtrlr", "EVConnectionTimeOut", "60", **counted)
    yield _row("TxCtrlr", "StopTxOnInvalidId", "true", **switched)
    yield _row("TxCtrlr", "StopTxOnEVSideDisconnect", "true", **switched)
    points = "EVConnected,Authorized,PowerPathClosed"
    yield _row("TxCtrlr", "TxStartPoint", points, data_type="MemberList", values=points)
    yield _row("TxCtrlr", "TxStopPoint", "EVConnected,Authorized", data_type="MemberList", values=points)
    yield _row("LocalAuthListCtrlr", "Enabled", "true", **switched)
    yield _row("LocalAuthListCtrlr", "Entries", "0", max_limit=100, data_type="integer")
    yield _row("ClockCtrlr", "TimeSource", "Heartbeat", data_type="SequenceList")
    yield _row("ClockCtrlr", "DateTime", "", read=time.now, data_type="dateTime")


def _sampling() -> Iterator[Variable]:
    counted: Details = {"mutability": READ_WRITE, "data_type": "integer", "unit": "s"}
    listed: Details = {"mutability": READ_WRITE, "data_type": "MemberList", "values": ",".join(MEASURANDS)}
    yield _row("SampledDataCtrlr", "Enabled", "true", data_type="boolean")
    yield _row("SampledDataCtrlr", "TxUpdatedInterval", "10", **counted)
    yield _row("SampledDataCtrlr", "TxUpdatedMeasurands", ",".join(MEASURANDS[:4]), **listed)
    yield _row("SampledDataCtrlr", "TxStartedMeasurands", ENERGY, **listed)
    yield _row("SampledDataCtrlr", "TxEndedMeasurands", ENERGY, **listed)
    yield _row("SampledDataCtrlr", "TxEndedInterval", "0", **counted)
    yield _row("AlignedDataCtrlr", "Enabled", "true", data_type="boolean")
    yield _row("AlignedDataCtrlr", "Interval", "0", **counted)
    yield _row("AlignedDataCtrlr", "Measurands", ",".join(MEASURANDS[:4]), **listed)


def _smart_charging(box: StationBox) -> Iterator[Variable]:
    build = box.build
    firmware = build.firmware
    units = build.difficulty.unit_word or ",".join(sorted(unit.value for unit in firmware.units))
    switches = "true" if firmware.switches_phases else "false"

    def installed() -> str:
        return str(len(box.profiles.installed))

    name = "SmartChargingCtrlr"
    yield _row(name, "Enabled", "true", data_type="boolean")
    yield _row(name, "Available", "true", data_type="boolean")
    most = firmware.max_installed
    yield _row(name, "Entries", "", "ChargingProfiles", read=installed, data_type="integer", max_limit=most)
    yield _row(name, "LimitChangeSignificance", "1", data_type="decimal", unit="Percent")
    yield _row(name, "PeriodsPerSchedule", str(firmware.max_periods), data_type="integer")
    yield _row(name, "ProfileStackLevel", str(firmware.max_stack_level), data_type="integer")
    yield _row(name, "RateUnit", units, data_type="MemberList", values="A,W")
    yield _row(name, "ACPhaseSwitchingSupported", switches, data_type="boolean")
    yield _row(name, "Phases3to1", switches, data_type="boolean")
    if build.version is Version.V21:
        dynamic = "true" if Kind.DYNAMIC in firmware.kinds else "false"
        yield _row(name, "SupportsFeature", dynamic, "DynamicProfiles", data_type="boolean")
        yield _row(name, "SupportsFeature", "true", "MaxOfflineDuration", data_type="boolean")
        yield _row(name, "UpdateRateLimit", "1", data_type="integer", unit="s")
        yield _row(
            name, "SupportedAdditionalPurposes", "", data_type="MemberList", values="PriorityCharging,LocalGeneration"
        )


def _security() -> Iterator[Variable]:
    yield _row("SecurityCtrlr", "BasicAuthPassword", "", mutability=WRITE_ONLY)
    yield _row("SecurityCtrlr", "OrganizationName", "Fusewise", mutability=READ_WRITE)
    yield _row("SecurityCtrlr", "SecurityProfile", "1", data_type="integer")
    yield _row("SecurityCtrlr", "CertificateEntries", "0", data_type="integer", max_limit=10)
