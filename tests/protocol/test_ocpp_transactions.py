"""Sessions and meter values over the wire (scenarios A, X and M)."""

import pytest

from ems.config.schema import StationEntry
from ems.csms.messages import TagStatus, TagVerdict
from ems.csms.pace import Pace
from tests.protocol.ocpp_peer import (
    BOOT,
    Payload,
    current,
    house,
    meter_values,
    start,
    status,
    stop,
)

PER_PHASE = [current(8, "L1"), current(8.1, "L2"), current(7.9, "L3")]


def energy(kwh: float) -> Payload:
    return {"value": str(kwh), "unit": "kWh"}


def tags(_station_id: str, id_tag: str) -> TagVerdict:
    known = {"known": TagStatus.ACCEPTED, "blocked": TagStatus.BLOCKED, "old": TagStatus.EXPIRED}
    return TagVerdict(status=known.get(id_tag, TagStatus.INVALID))


async def test_everybody_may_charge_unless_the_site_says_otherwise() -> None:
    async with house() as place, place.peer() as peer:
        assert await peer.tell("Authorize", {"idTag": "anybody"}) == {"idTagInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(
    ("id_tag", "answer"), [("known", "Accepted"), ("blocked", "Blocked"), ("old", "Expired"), ("who", "Invalid")]
)
async def test_tags_are_judged_where_the_site_does(id_tag: str, answer: str) -> None:
    async with house(authorise=tags) as place, place.peer() as peer:
        assert (await peer.tell("Authorize", {"idTag": id_tag}))["idTagInfo"]["status"] == answer


async def test_start_with_an_invalid_tag_gets_a_transaction_id_all_the_same() -> None:
    """A04."""
    async with house(authorise=tags) as place, place.peer() as peer:
        answer = await peer.tell("StartTransaction", start(place.stamp(), id_tag="who"))

        assert answer["idTagInfo"]["status"] == "Invalid"
        assert answer["transactionId"] > 0


async def test_a_session_from_plug_to_unplug() -> None:
    """X01, X03."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Preparing"))
        answer = await peer.tell("StartTransaction", start(place.stamp(), meter_wh=10_000))
        await peer.tell("StatusNotification", status("Charging"))
        state = await place.until(lambda state: state.in_transaction)
        assert state.plugged

        values = meter_values(*PER_PHASE, energy(10.4), at=place.stamp(), transaction_id=answer["transactionId"])
        await peer.tell("MeterValues", values)
        ended = stop(answer["transactionId"], place.stamp(), meter_wh=10_500, reason="EVDisconnected")
        await peer.tell("StopTransaction", {**ended, "idTag": "TAG"})
        await peer.tell("StatusNotification", status("Available"))

        session = place.station.ended_sessions[-1]
        assert session.energy_kwh == pytest.approx(0.5)
        assert session.reason == "EVDisconnected"
        assert session.id_tag == "TAG"
        assert not place.states[-1].in_transaction
        assert place.states[-1].car is not None
        assert place.states[-1].car.current_a == (0.0, 0.0, 0.0)


async def test_currents_reach_the_state_in_the_stations_own_phase_order() -> None:
    async with house() as place, place.peer() as peer:
        await peer.tell("MeterValues", meter_values(*PER_PHASE, at=place.stamp()))

        car = place.states[-1].car
        assert car is not None
        assert car.current_a == (8.0, 8.1, 7.9)
        assert car.power_w == pytest.approx(24 * 230)
        assert abs(car.taken_at_s - place.clock.monotonic_s()) < 5


async def test_repeated_start_gets_the_same_id_also_over_a_new_connection() -> None:
    """X06."""
    async with house() as place:
        stamp = place.stamp()
        async with place.peer() as peer:
            first = await peer.tell("StartTransaction", start(stamp, meter_wh=5), "a")
        async with place.peer() as peer:
            again = await peer.tell("StartTransaction", start(stamp, meter_wh=5), "b")
            other = await peer.tell("StartTransaction", start(stamp, meter_wh=6), "c")

        assert again == first
        assert other["transactionId"] > first["transactionId"]


@pytest.mark.parametrize("odd", [0, -1, 2**63 - 1, 4711, "x", None])
async def test_stop_of_another_transaction_is_answered_and_leaves_the_running_one(odd: object) -> None:
    """X07."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StartTransaction", start(place.stamp()))
        await peer.tell("StopTransaction", stop(odd, place.stamp()))

        assert place.station.state.in_transaction


async def test_running_transaction_is_adopted_after_a_restart_of_ours() -> None:
    """X09, X08."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging"))
        await peer.tell("MeterValues", meter_values(*PER_PHASE, at=place.stamp(), transaction_id=77))

        session = place.station.session
        assert place.station.state.in_transaction
        assert session is not None
        assert session.transaction_id == 77
        assert session.started_utc_s is None


async def test_transaction_is_adopted_by_its_current_before_any_status() -> None:
    async with house() as place, place.peer() as peer:
        await peer.tell("MeterValues", meter_values(current(0, "L1"), at=place.stamp(), transaction_id=77))
        assert not place.station.state.in_transaction
        await peer.tell("MeterValues", meter_values(*PER_PHASE, at=place.stamp(), transaction_id=0))
        assert place.station.state.in_transaction


async def test_closing_values_do_not_revive_a_session() -> None:
    """X08."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging"))
        answer = await peer.tell("StartTransaction", start(place.stamp()))
        ours = answer["transactionId"]
        await peer.tell("StopTransaction", stop(ours, place.stamp()))
        await peer.tell("MeterValues", meter_values(*PER_PHASE, at=place.stamp(), transaction_id=ours))
        closing = [{**sample, "context": "Transaction.End"} for sample in PER_PHASE]
        await peer.tell("MeterValues", meter_values(*closing, at=place.stamp(), transaction_id=99))

        assert not place.station.state.in_transaction


async def test_values_with_the_id_of_an_older_session_do_not_count_for_the_new_one() -> None:
    """X08."""
    async with house() as place, place.peer() as peer:
        first = await peer.tell("StartTransaction", start(place.stamp(), meter_wh=0))
        await peer.tell("StopTransaction", stop(first["transactionId"], place.stamp()))
        await peer.tell("StartTransaction", start(place.stamp(), meter_wh=100))
        await peer.tell(
            "MeterValues", meter_values(energy(0.9), at=place.stamp(), transaction_id=first["transactionId"])
        )
        assert place.station.session is not None
        assert place.station.session.energy_kwh == 0.0
        await peer.tell("MeterValues", meter_values(energy(0.6), at=place.stamp(), transaction_id=-1))

        assert place.station.session.energy_kwh == pytest.approx(0.5)


async def test_boot_in_a_session_closes_it_with_what_was_counted() -> None:
    """X10."""
    async with house() as place, place.peer() as peer:
        answer = await peer.tell("StartTransaction", start(place.stamp(), meter_wh=0))
        values = meter_values(energy(0.7), at=place.stamp(), transaction_id=answer["transactionId"])
        await peer.tell("MeterValues", values)
        await peer.tell("BootNotification", BOOT)

        session = place.station.ended_sessions[-1]
        assert session.energy_kwh == pytest.approx(0.7)
        assert session.reason == "Reboot"
        assert not place.states[-1].in_transaction
        assert place.states[-1].status is None

        await peer.tell("StatusNotification", status("Charging"))
        await peer.tell(
            "MeterValues", {**values, "meterValue": meter_values(*PER_PHASE, at=place.stamp())["meterValue"]}
        )
        assert place.states[-1].in_transaction


async def test_offline_backlog_never_reaches_control() -> None:
    """X05."""
    async with house() as place, place.peer() as peer:
        old = place.stamp(later_s=-3600)
        answer = await peer.tell("StartTransaction", start(old, meter_wh=0))
        values = meter_values(*PER_PHASE, energy(0.8), at=old, transaction_id=answer["transactionId"])
        await peer.tell("MeterValues", values)

        assert place.states[-1].car is None
        await peer.tell("StopTransaction", stop(answer["transactionId"], place.stamp(-60), meter_wh=900))
        session = place.station.ended_sessions[-1]
        assert session.energy_kwh == pytest.approx(0.9)
        assert session.started_utc_s is not None
        assert place.clock.utc_now().timestamp() - session.started_utc_s > 3500


async def test_register_that_jumps_does_not_spoil_the_session() -> None:
    """M04."""
    async with house() as place, place.peer() as peer:
        await peer.tell("StartTransaction", start(place.stamp(), meter_wh=2147483647))
        for kwh in (5.0, 5.2, 4000.0, 5.3, 0.1):
            await peer.tell("MeterValues", meter_values(energy(kwh), at=place.stamp()))

        assert place.station.session is not None
        assert place.station.session.energy_kwh == pytest.approx(0.2 + 0.1)


async def test_station_meter_counts_only_while_the_connector_gives_nothing() -> None:
    """M08."""
    async with house() as place, place.peer() as peer:
        await peer.tell("MeterValues", meter_values(current(5, "L1"), at=place.stamp(), connector=0))
        assert place.states[-1].car is not None
        assert place.states[-1].car.current_a == (5.0, 0.0, 0.0)
        await peer.tell("MeterValues", meter_values(current(7, "L1"), at=place.stamp()))
        await peer.tell("MeterValues", meter_values(current(9, "L1"), at=place.stamp(), connector=0))

        assert place.states[-1].car.current_a[0] == 7.0


async def test_second_connector_does_not_disturb_the_first() -> None:
    async with house() as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging"))
        await peer.tell("StatusNotification", status("Faulted", connector=2))
        await peer.tell("StatusNotification", status("Unavailable", connector=0))

        assert place.states[-1].status == "Charging"
        assert place.station.own_status == "Unavailable"


async def test_one_phase_station_that_names_its_house_phase() -> None:
    entry = StationEntry(id="garage", wired=("L2",))
    async with house(entry) as place, place.peer() as peer:
        await peer.tell("MeterValues", meter_values(current(13, "L2"), at=place.stamp()))

        assert place.states[-1].car is not None
        assert place.states[-1].car.current_a == (13.0,)


async def test_meter_values_are_asked_for_when_they_stop_while_charging() -> None:
    """M06."""
    pace = Pace(limit_first_s=0, report_within_s=3600, ping_s=None, heartbeat_s=3600, meter_values_s=2)
    async with house(speed=30, pace=pace) as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Charging"))
        await peer.tell("MeterValues", meter_values(*PER_PHASE, at=place.stamp()))

        asked = await peer.hears("TriggerMessage")
        assert asked.payload == {"requestedMessage": "MeterValues", "connectorId": 1}


async def test_car_that_waits_is_started_from_here() -> None:
    """X02."""
    pace = Pace(limit_first_s=0, report_within_s=3600, ping_s=None, heartbeat_s=3600)
    async with house(speed=100, pace=pace) as place, place.peer() as peer:
        await peer.tell("StatusNotification", status("Preparing"))
        asked = await peer.hears("RemoteStartTransaction")
        assert asked.payload["idTag"].isalnum()
        assert len(asked.payload["idTag"]) <= 16
        before_s = place.clock.monotonic_s()
        await peer.hears("RemoteStartTransaction", 2)

        assert place.clock.monotonic_s() - before_s >= 50


async def test_running_transaction_can_be_stopped_from_here() -> None:
    """X03."""
    async with house() as place, place.peer() as peer:
        answer = await peer.tell("StartTransaction", start(place.stamp()))
        await place.station.remote_stop()

        assert (await peer.hears("RemoteStopTransaction")).payload == {"transactionId": answer["transactionId"]}
        await peer.tell("StopTransaction", stop(answer["transactionId"], place.stamp(), reason="Remote"))
        with pytest.raises(Exception, match="no transaction"):
            await place.station.remote_stop()


@pytest.mark.parametrize(("hard", "kind"), [(False, "Soft"), (True, "Hard")])
@pytest.mark.parametrize(("status", "done"), [("Accepted", True), ("Rejected", False)])
async def test_a_station_is_restarted_from_here(hard: bool, kind: str, status: str, done: bool) -> None:
    async with house() as place, place.peer() as peer:
        peer.script["Reset"] = lambda _asked: {"status": status}
        outcome = await place.station.restart(hard=hard)

        assert (await peer.hears("Reset")).payload == {"type": kind}
        assert (outcome.done, outcome.answer) == (done, status)


@pytest.mark.parametrize(
    ("status", "done"), [("Unlocked", True), ("UnlockFailed", False), ("NotSupported", False), ("\x07nonsense", False)]
)
async def test_a_cable_is_let_go_from_here(status: str, done: bool) -> None:
    async with house() as place, place.peer() as peer:
        peer.script["UnlockConnector"] = lambda _asked: {"status": status}
        outcome = await place.station.unlock()

        assert (await peer.hears("UnlockConnector")).payload == {"connectorId": 1}
        assert (outcome.done, outcome.answer) == (done, status.strip("\x07"))


async def test_energy_alone_gives_a_current_by_its_slope() -> None:
    """M05."""
    async with house(speed=60) as place, place.peer() as peer:
        await peer.tell("MeterValues", meter_values(energy(1.0)))
        assert place.states[-1].car is not None
        assert place.states[-1].car.power_w == 0.0
        await peer.tell("StatusNotification", status("Charging"))
        await place.clock.sleep(10.0)
        await peer.tell("MeterValues", meter_values(energy(1.01)))

        car = place.states[-1].car
        assert car.power_w is not None
        assert 0.0 < car.power_w < 4000.0
