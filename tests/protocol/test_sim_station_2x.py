"""The simulated stations of OCPP 2.0.1 and 2.1 against a tiny central system, over a real socket."""

import json
from dataclasses import replace

import pytest

from ems.sim.wire.station_box import StationBuild
from ems.sim.wire.version import Version
from tests.protocol.test_sim_station import BUILD, bench

BOOT = {"status": "Accepted", "currentTime": "2026-06-21T10:00:00Z", "interval": 60}


def built(version: Version) -> StationBuild:
    return replace(BUILD, version=version)


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_station_boots_charges_and_obeys(version: Version) -> None:
    """T01 and X01, from the other side."""
    async with bench(built(version)) as b:
        state = await b.csms.hears(
            "TransactionEvent", lambda p: p["transactionInfo"].get("chargingState") == "Charging"
        )
        period = {"startPeriod": 0, "limit": 9.0}
        schedule = {"id": 1, "chargingRateUnit": "A", "startSchedule": "2026-06-21T09:00:00Z"}
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "ChargingStationMaxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [{**schedule, "chargingSchedulePeriod": [period]}],
        }
        answer = await b.csms.ask("SetChargingProfile", evseId=0, chargingProfile=profile)
        await b.clock.sleep(8)

        assert answer == {"status": "Accepted"}
        assert max(b.world.car("garage").current_a) <= 9
        assert b.station.transaction_id == state["transactionInfo"]["transactionId"]
        assert b.station.report().profiles_accepted == 1


async def test_21_station_complains_of_an_answer_that_it_does_not_understand() -> None:
    """R11: message type 5."""
    async with bench(built(Version.V21)) as b:
        b.csms.answers["BootNotification"] = {"state": "fine"}
        await b.csms.hears("BootNotification")
        b.csms.answers["BootNotification"] = BOOT
        await b.csms.hears("StatusNotification")

    complaints = [frame for frame in map(json.loads, map(str, b.csms.raw)) if frame[0] == 5]
    assert complaints == [[5, "garage-1", "FormatViolation", "BootNotification needs a status and an interval", {}]]
