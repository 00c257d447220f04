"""Which OCPP version is spoken (scenarios T01 to T04), and the words of each."""

from collections.abc import Mapping
from itertools import permutations

import pytest

from ems.csms.v16.vocabulary import VOCABULARY as V16
from ems.csms.v21.vocabulary import VOCABULARY as V21
from ems.csms.v201.vocabulary import VOCABULARY as V201
from ems.csms.versions import PROTOCOLS, negotiated
from ems.csms.vocabulary import Request, Vocabulary
from tests.unit.csms.neutral import PaperStation


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_single_offer_is_taken(protocol: str) -> None:
    """T01."""
    assert negotiated([protocol], None) == protocol


def test_choice_of_several_does_not_depend_on_their_order() -> None:
    """T02."""
    for offer in permutations(("ocpp1.6", "ocpp2.0.1", "ocpp2.1", "ocpp1.5")):
        assert negotiated(offer, None) == "ocpp1.6"
        assert negotiated(offer, "2.1") == "ocpp2.1"


@pytest.mark.parametrize(("offer", "pin"), [(["ocpp1.5"], None), ([], None), (["ocpp1.6"], "2.0.1")])
def test_nothing_in_common_is_nothing(offer: list[str], pin: str | None) -> None:
    """T04."""
    assert negotiated(offer, pin) is None


@pytest.mark.parametrize("vocabulary", [V16, V201, V21])
def test_what_the_schema_forbids_does_not_leave(vocabulary: Vocabulary) -> None:
    with pytest.raises(ValueError, match="Reset would break its schema"):
        vocabulary.encode(Request("Reset", {"type": "Perhaps"}))
    with pytest.raises(ValueError, match="no such action"):
        vocabulary.encode(Request("Rest", {}))


@pytest.mark.parametrize(("name", "value"), [("limit_L2", 8.0), ("dischargeLimit_L3", -1.0), ("setpoint_L2", 5.0)])
def test_phases_of_2_1_are_spelled_as_the_standard_does(name: str, value: float) -> None:
    update = {"limit": 10.0, name: value}
    request = Request("UpdateDynamicSchedule", {"chargingProfileId": 1, "scheduleUpdate": {**update, "setpoint": None}})

    assert V21.encode(request) == ("UpdateDynamicSchedule", {"chargingProfileId": 1, "scheduleUpdate": update})


BOOTS: Mapping[str, Mapping[str, object]] = {
    "ocpp1.6": {"chargePointVendor": "Acme", "chargePointModel": "Box"},
    "ocpp2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Box"}},
}


@pytest.mark.parametrize("protocol", BOOTS)
def test_boot_tells_the_version_where_none_was_agreed(protocol: str) -> None:
    """T03, and the EVBox Livo of the quirks."""
    station = PaperStation(subprotocol=None)

    station.says("BootNotification", BOOTS[protocol])

    assert station.speech.protocol == protocol
    assert station.heard.boots[-1].vendor == "Acme"
    assert station.speech.take_change() is (protocol != "ocpp1.6")


def test_pinned_version_is_spoken_where_none_was_agreed() -> None:
    station = PaperStation(subprotocol=None, pin="2.1")

    assert station.speech.protocol == "ocpp2.1"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("action", "code"), [("Heartboot", "NotSupported"), ("Reset", "NotImplemented")])
def test_what_is_not_served_is_refused_in_every_version(protocol: str, action: str, code: str) -> None:
    """R01."""
    assert PaperStation(subprotocol=protocol).is_refused(action, {}) == code
