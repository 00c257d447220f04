"""The simulated station against a tiny central system of its own, over a real socket."""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from ems.clock import ScaledClock
from ems.model.electrical import Circuit, CircuitTree, Fuse, Phase
from ems.model.station import ConnectorStatus
from ems.sim.car import Car
from ems.sim.charging_profiles import Answer, Firmware
from ems.sim.day import SummerDay
from ems.sim.wire import ocpp_station
from ems.sim.wire.ocpp_station import Garbage, SimulatedStation
from ems.sim.wire.station_box import Forget, StationBuild
from ems.sim.world import Place, World

GUARD_S = 20
SPEED = 40.0
Payload = dict[str, Any]


@dataclass
class Csms:
    """Answers everything a station tells, remembers it, and asks what a test wants to ask."""

    told: list[tuple[str, Payload]] = field(default_factory=list)
    answers: dict[str, Payload] = field(default_factory=dict)
    raw: list[str | bytes] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    socket: ServerConnection | None = None
    server: Server | None = None
    connections: int = 0
    _open: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(next(iter(self.server.sockets)).getsockname()[1])

    async def serve_one(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.socket, self.connections = socket, self.connections + 1
        self.headers.append(socket.request.headers.get("Authorization"))
        self.paths.append(socket.request.path)
        async for raw in socket:
            await self._take(socket, raw)

    async def _take(self, socket: ServerConnection, raw: str | bytes) -> None:
        self.raw.append(raw)
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            return
        match frame:
            case [2, message_id, str(action), dict(payload)]:
                self.told.append((action, payload))
                await socket.send(json.dumps([3, message_id, self._answer(action)]))
            case [3 | 4, message_id, result, *_] if message_id in self._open:
                self._open.pop(message_id).set_result(result)
        async with self._changed:
            self._changed.notify_all()

    def _answer(self, action: str) -> Payload:
        usual: dict[str, Payload] = {
            "BootNotification": {"status": "Accepted", "currentTime": "2026-06-21T10:00:00Z", "interval": 60},
            "StartTransaction": {"transactionId": 77, "idTagInfo": {"status": "Accepted"}},
        }
        return self.answers.get(action) or usual.get(action, {})

    async def ask(self, action: str, **payload: Any) -> Any:
        assert self.socket is not None
        message_id = f"m{next(self._numbers)}"
        self._open[message_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(GUARD_S):
            return await self._open[message_id]

    async def hears(self, action: str, fits: Callable[[Payload], bool] = lambda _: True, after: int = 0) -> Payload:
        def found() -> Payload | None:
            return next((p for a, p in self.told[after:] if a == action and fits(p)), None)

        async with asyncio.timeout(GUARD_S), self._changed:
            while (payload := found()) is None:
                await self._changed.wait()
            return payload

    async def hears_status(self, status: str, after: int = 0) -> Payload:
        return await self.hears("StatusNotification", lambda p: p["status"] == status, after)

    async def is_called_again(self, connections: int) -> None:
        """Until more than that many connections have come, and the newest has said something."""
        async with asyncio.timeout(GUARD_S), self._changed:
            while self.connections <= connections:
                await self._changed.wait()

    async def hears_current(self, at_least_a: float, at_most_a: float, after: int = 0) -> None:
        await self.hears("MeterValues", lambda p: at_least_a <= largest_current(p) <= at_most_a, after)


def largest_current(payload: Payload) -> float:
    samples = payload["meterValue"][0]["sampledValue"]
    return max((float(s["value"]) for s in samples if s["measurand"] == "Current.Import"), default=-1.0)


@dataclass
class Bench:
    """A station on a cable with a car and a central system."""

    clock: ScaledClock
    world: World
    station: SimulatedStation
    csms: Csms

    def lease(self, limit_a: float, fallback_a: float, lease_s: int, **changes: Any) -> Payload:
        start = self.clock.utc_now() - timedelta(seconds=30)
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "startSchedule": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": limit_a},
                    {"startPeriod": 30 + lease_s, "limit": fallback_a},
                ],
            },
        }
        return {"connectorId": 1, "csChargingProfiles": {**profile, **changes}}

    async def charging(self) -> None:
        await self.csms.hears_status("Charging")


BUILD = StationBuild(
    station_id="garage", identity="CP 1", password="geheim", serial="S-1", firmware=Firmware(hardware_max_a=16)
)


@asynccontextmanager
async def bench(build: StationBuild = BUILD, speed: float = SPEED, **place: Any) -> AsyncIterator[Bench]:
    clock = ScaledClock(speed)
    phases = tuple(Phase)[: build.firmware.wired_phases]
    tree = CircuitTree((Circuit(circuit_id="main", fuse=Fuse(rating_a=25), phases=tuple(Phase)),))
    spot = Place(station_id=build.station_id, circuit_id="main", wiring=phases, car=Car(start_delay_s=3))
    world = World(circuits=tree, day=SummerDay(house_w=0), places=[replace(spot, **place)], start_s=clock.monotonic_s())
    station, csms = SimulatedStation(build, world, clock), Csms()
    async with serve(csms.serve_one, "127.0.0.1", 0) as server:
        csms.server = server
        station.connect_to("127.0.0.1", csms.port)
        running = asyncio.create_task(station.run())
        try:
            yield Bench(clock=clock, world=world, station=station, csms=csms)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_station_boots_first_then_tells_its_status_and_its_transaction() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.hears("MeterValues")

    actions = [action for action, _ in b.csms.told]
    assert actions[0] == "BootNotification"
    assert set(actions[1 : actions.index("StartTransaction")]) == {"StatusNotification"}
    assert b.csms.told[0][1]["chargePointSerialNumber"] == "S-1"
    assert b.csms.paths == ["/CP%201"]
    assert b.csms.headers == ["Basic " + base64.b64encode(b"CP 1:geheim").decode()]


async def test_meter_values_carry_currents_per_phase_power_energy_and_voltage() -> None:
    async with bench() as b:
        await b.csms.hears_current(15, 16)
        values = await b.csms.hears("MeterValues", lambda p: largest_current(p) > 15)

    samples = values["meterValue"][0]["sampledValue"]
    assert values["transactionId"] == 77
    assert [(s["measurand"], s.get("phase")) for s in samples] == [
        ("Current.Import", "L1"),
        ("Current.Import", "L2"),
        ("Current.Import", "L3"),
        ("Power.Active.Import", None),
        ("Energy.Active.Import.Register", None),
        ("Voltage", "L1-N"),
        ("Voltage", "L2-N"),
        ("Voltage", "L3-N"),
    ]


async def test_car_draws_what_the_profile_allows() -> None:
    async with bench() as b:
        await b.charging()
        answer = await b.csms.ask("SetChargingProfile", **b.lease(9, 6, 600))
        sent = len(b.csms.told)
        await b.csms.hears_current(8.5, 9.0, after=sent)

        assert answer == {"status": "Accepted"}
        assert b.station.limit.limit_a == 9
        assert [(f.limit_a, f.answer) for f in b.station.frames] == [(9, Answer.ACCEPTED)]
        assert b.station.report().profiles_accepted == 1
        (reaction,) = b.station.reactions
        assert reaction.message_id == "m1"
        assert reaction.obeyed_at_s > reaction.received_at_s


async def test_lease_ends_by_itself_while_nobody_sends_anything() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(12, 6, 30))
        sent = len(b.csms.told)
        await b.csms.hears_current(11, 12, after=sent)
        await b.csms.hears_current(5, 6, after=sent)

        assert [change.limit_a for change in b.station.limit_changes] == [12, 6]


async def test_lease_ends_by_itself_while_the_network_is_cut() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(12, 0, 30))
        b.station.drop()
        before = len(b.csms.told)
        await b.clock.sleep(40)
        assert b.station.status is ConnectorStatus.SUSPENDED_EVSE
        assert not b.station.connected
        b.station.come_back()
        await b.csms.hears_status("SuspendedEVSE", after=before)

    assert [change.limit_a for change in b.station.limit_changes] == [12, 0]


async def test_limit_below_six_amperes_suspends_and_a_higher_one_resumes() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(0, 0, 600))
        await b.csms.hears_status("SuspendedEVSE")
        before = len(b.csms.told)
        await b.csms.ask("SetChargingProfile", **b.lease(8, 0, 600))
        await b.csms.hears_status("Charging", after=before)


async def test_station_comes_back_by_itself_and_keeps_its_transaction_and_profiles() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(10, 6, 600))
        before = len(b.csms.told)
        assert b.csms.socket is not None
        b.csms.socket.transport.abort()
        await b.csms.hears_status("Charging", after=before)

        assert b.station.report().connections == 2
        assert b.station.limit.limit_a == 10
        assert b.station.transaction_id == 77
    again = [action for action, _ in b.csms.told[before:]]
    assert "BootNotification" not in again
    assert "StartTransaction" not in again


async def test_reboot_forgets_the_transactions_profile_and_keeps_the_default() -> None:
    async with bench() as b:
        await b.charging()
        own = {"chargingProfileId": 2, "chargingProfilePurpose": "TxProfile", "transactionId": 77}
        assert await b.csms.ask("SetChargingProfile", **b.lease(8, 8, 600)) == {"status": "Accepted"}
        assert await b.csms.ask("SetChargingProfile", **b.lease(12, 12, 600, **own)) == {"status": "Accepted"}
        before = len(b.csms.told)
        b.station.reboot()
        await b.csms.hears("BootNotification", after=before)
        stopped = await b.csms.hears("StopTransaction", after=before)
        await b.csms.hears("StartTransaction", after=before)
        await b.csms.hears_status("Charging", after=before)

        assert stopped["reason"] == "PowerLoss"
        assert b.station.limit.limit_a == 8


async def test_forgetful_station_loses_every_profile_with_its_power() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(8, 8, 600))
        before = len(b.csms.told)
        b.station.reboot(Forget.EVERY_PROFILE)
        await b.csms.hears_status("Charging", after=before)

        assert b.station.limit.limit_a == 16


async def test_reset_is_answered_and_then_done() -> None:
    async with bench() as b:
        await b.charging()
        before = len(b.csms.told)
        assert await b.csms.ask("Reset", type="Soft") == {"status": "Accepted"}
        await b.csms.hears("BootNotification", after=before)
        stopped = await b.csms.hears("StopTransaction", after=before)

    assert stopped["reason"] == "SoftReset"


async def test_remote_stop_ends_charging_until_the_next_remote_start() -> None:
    async with bench() as b:
        await b.charging()
        assert await b.csms.ask("RemoteStopTransaction", transactionId=5) == {"status": "Rejected"}
        assert await b.csms.ask("RemoteStopTransaction", transactionId=77) == {"status": "Accepted"}
        await b.csms.hears_status("Finishing")
        before = len(b.csms.told)
        assert await b.csms.ask("RemoteStartTransaction", idTag="ME") == {"status": "Accepted"}
        start = await b.csms.hears("StartTransaction", after=before)

    assert start["idTag"] == "ME"


async def test_without_free_vending_a_car_waits_for_a_remote_start_with_its_profile() -> None:
    async with bench(replace(BUILD, free_vending=False)) as b:
        await b.csms.hears_status("Preparing")
        profile = b.lease(7, 7, 600, chargingProfilePurpose="TxProfile")["csChargingProfiles"]
        await b.csms.ask("RemoteStartTransaction", idTag="ME", chargingProfile=profile)
        await b.charging()

        assert b.station.limit.limit_a == 7


async def test_car_that_is_refused_does_not_charge() -> None:
    async with bench() as b:
        b.csms.answers["StartTransaction"] = {"transactionId": 5, "idTagInfo": {"status": "Invalid"}}
        stopped = await b.csms.hears("StopTransaction")
        await b.csms.hears_status("Finishing")

    assert (stopped["transactionId"], stopped["reason"]) == (5, "DeAuthorized")


async def test_unplugging_ends_the_transaction() -> None:
    async with bench() as b:
        await b.charging()
        b.world.unplug("garage")
        stopped = await b.csms.hears("StopTransaction")
        await b.csms.hears("StatusNotification", lambda p: p["connectorId"] == 1 and p["status"] == "Available")

    assert (stopped["transactionId"], stopped["reason"]) == (77, "EVDisconnected")


async def test_station_with_phase_switching_opens_two_phases_after_a_pause() -> None:
    build = replace(BUILD, firmware=replace(BUILD.firmware, switches_phases=True))
    async with bench(build) as b:
        await b.csms.hears_current(15, 16)
        lease = b.lease(10, 6, 600)
        for period in lease["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"]:
            period["numberPhases"] = 1
        before = len(b.csms.told)
        await b.csms.ask("SetChargingProfile", **lease)
        await b.csms.hears_status("SuspendedEVSE", after=before)
        await b.csms.hears_current(9.5, 10, after=before)

        assert b.world.car("garage").current_a[1:] == (0, 0)


async def test_availability_configuration_and_composite_are_answered() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(10, 6, 60))
        keys = await b.csms.ask("GetConfiguration", key=["ChargeProfileMaxStackLevel", "Nonsense"])
        changed = await b.csms.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="2")
        refused = await b.csms.ask("ChangeConfiguration", key="NumberOfConnectors", value="2")
        unknown = await b.csms.ask("ChangeConfiguration", key="Nonsense", value="2")
        plan = await b.csms.ask("GetCompositeSchedule", connectorId=1, duration=300, chargingRateUnit="W")
        later = await b.csms.ask("ChangeAvailability", connectorId=0, type="Inoperative")

    assert keys["configurationKey"] == [{"key": "ChargeProfileMaxStackLevel", "readonly": True, "value": "8"}]
    assert keys["unknownKey"] == ["Nonsense"]
    assert [each["status"] for each in (changed, refused, unknown)] == ["Accepted", "Rejected", "NotSupported"]
    assert [p["limit"] for p in plan["chargingSchedule"]["chargingSchedulePeriod"]] == [6900, 4140]
    assert later == {"status": "Scheduled"}


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [("Heartbeat", "Heartbeat"), ("MeterValues", "MeterValues"), ("BootNotification", "BootNotification")],
)
async def test_triggered_message_follows_its_answer(wanted: str, heard: str) -> None:
    async with bench() as b:
        await b.csms.hears_status("Available")
        before = len(b.csms.told)
        assert await b.csms.ask("TriggerMessage", requestedMessage=wanted) == {"status": "Accepted"}
        await b.csms.hears(heard, after=before)
        assert await b.csms.ask("TriggerMessage", requestedMessage="Coffee") == {"status": "NotImplemented"}


async def test_unknown_and_malformed_requests_get_an_error() -> None:
    async with bench() as b:
        await b.csms.hears_status("Available")
        assert await b.csms.ask("MakeCoffee") == "NotImplemented"
        assert await b.csms.ask("SetChargingProfile", connectorId="one") == "FormationViolation"
        assert b.station.frames[0].answer is None
        assert await b.csms.ask("UnlockConnector", connectorId=1) == {"status": "NotSupported"}


async def test_slow_station_answers_late_and_obeys_at_once() -> None:
    async with bench() as b:
        await b.charging()
        b.station.faults.answer_delay_s = 60
        asked_s = b.clock.monotonic_s()
        await b.csms.ask("SetChargingProfile", **b.lease(8, 6, 600))

        answered_s = b.clock.monotonic_s()

        assert answered_s - asked_s >= 60
        assert b.station.limit_changes[0].at_s < answered_s


async def test_rejecting_station_keeps_its_old_limit() -> None:
    async with bench() as b:
        await b.charging()
        await b.csms.ask("SetChargingProfile", **b.lease(12, 12, 600))
        b.station.faults.reject_profiles = True
        answer = await b.csms.ask("SetChargingProfile", **b.lease(8, 6, 600))
        await b.csms.hears("MeterValues", after=len(b.csms.told))

        assert answer == {"status": "Rejected"}
        assert b.station.limit.limit_a == 12
        assert (b.station.report().profiles_sent, b.station.report().profiles_accepted) == (2, 1)


async def test_disobedient_station_accepts_and_draws_all_it_can() -> None:
    async with bench() as b:
        await b.csms.hears_current(15, 16)
        b.station.faults.ignore_limits = True
        answer = await b.csms.ask("SetChargingProfile", **b.lease(6, 6, 600))
        sent = len(b.csms.told)
        await b.csms.hears_current(15, 16, after=sent)

        assert answer == {"status": "Accepted"}
        assert b.station.reactions == ()


async def test_every_kind_of_garbage_leaves_on_the_wire_and_the_station_goes_on() -> None:
    async with bench() as b:
        await b.charging()
        for kind in Garbage:
            await b.station.send_garbage(kind)
        assert (await b.csms.ask("ClearChargingProfile")) == {"status": "Unknown"}

    assert any(raw == b"\x00\xff\xfe\x80" for raw in b.csms.raw)


async def test_nonsense_from_the_central_system_does_not_end_the_station() -> None:
    async with bench() as b:
        await b.charging()
        assert b.csms.socket is not None
        for nonsense in ("[2,", "[]", "[" * 50_000, '[3,"x",{}]', "[2,1,2,3]", b"\xff"):
            await b.csms.socket.send(nonsense)

        assert await b.csms.ask("ClearCache") == {"status": "Accepted"}
        assert b.station.report().connections == 1


async def test_heartbeats_come_at_the_interval_of_the_boot_answer() -> None:
    async with bench() as b:
        await b.csms.hears("Heartbeat")


class BreaksWhenToldToEnd:
    """A connection that breaks at the very moment at which its station is to end."""

    def __init__(self) -> None:
        self.dialled = asyncio.Event()

    def __call__(self, *_: object) -> "BreaksWhenToldToEnd":
        return self

    async def __aenter__(self) -> None:
        self.dialled.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("broke at the same moment") from None

    async def __aexit__(self, *_: object) -> None:
        """It was never entered."""


async def test_station_ends_though_its_connection_breaks_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    dial = BreaksWhenToldToEnd()
    monkeypatch.setattr(ocpp_station, "dial", dial)
    async with asyncio.timeout(GUARD_S), bench():
        await dial.dialled.wait()
