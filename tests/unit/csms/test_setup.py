"""Set-up suits what is known of a station (B07, Q18, Q19)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ems.config.schema_quirks import QuirkSection
from ems.csms.messages import Setting
from ems.csms.pace import Pace
from ems.csms.setup import read_configuration, write_settings
from tests.unit.csms.scripted import v16

LIST = "MeterValuesSampledData"
SETTLED = {
    "MeterValueSampleInterval": Setting(value="10", readonly=False),
    "WebSocketPingInterval": Setting(value="30", readonly=False),
}


def written(found: str, quirks: QuirkSection, answer: str = "Accepted") -> list[str]:
    """The lists of measurands that it was told, one after the other."""
    dialect, sent = v16(ChangeConfiguration={"status": answer})
    known = {**SETTLED, LIST: Setting(value=found, readonly=False)}
    asyncio.run(write_settings(dialect, known, Pace(), quirks))
    return [payload["value"] for _, payload in sent if payload["key"] == LIST]


def test_only_allowed_measurands_are_asked_for_and_listed_ones_are_taken_out() -> None:
    """measurands_allow: some stations restart for ever over one that they lack."""
    allowed = QuirkSection(measurands_allow=("Current.Import", "Voltage"))

    assert written("Current.Import,Current.Offered,SoC", allowed) == ["Current.Import,Voltage"]
    assert written("Current.Import,Voltage.L1-N", allowed) == []
    assert written("Current.Import", QuirkSection(measurands_allow=("Current.Import",))) == []


def test_list_is_never_written_empty() -> None:
    assert written("SoC", QuirkSection(measurands_allow=("Temperature",))) == []


def test_refused_list_is_not_tried_again_where_that_does_harm() -> None:
    """measurands_probe."""
    assert len(written("SoC", QuirkSection(), "Rejected")) == 2
    assert len(written("SoC", QuirkSection(measurands_probe=False), "Rejected")) == 1


def test_settings_are_asked_for_in_pages_of_the_known_length() -> None:
    """config_page."""
    asked: list[int] = []

    def answer(payload: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(len(payload["key"]))
        return {"unknownKey": payload["key"]}

    dialect, _ = v16(GetConfiguration=answer)
    asyncio.run(read_configuration(dialect, "garage", page=3))

    assert set(asked) <= {3, 1}
    assert asked[0] == 3


def test_long_interval_of_a_slow_station_is_what_it_is_asked_for() -> None:
    """meter_interval_min_s."""
    dialect, sent = v16()
    asyncio.run(write_settings(dialect, {}, Pace(meter_values_s=60)))

    assert ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "60"}) in sent
