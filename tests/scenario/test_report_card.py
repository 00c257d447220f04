"""Report cards of simulated stations on real sockets: OCPP 2.0.1 with a step down, 1.6, and a difficult one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from ems.api.wire import Role
from ems.cli.commission import TOKEN_VARIABLE
from ems.commissioning.report_card.cards import CardWanted
from ems.commissioning.report_card.facts import Topic
from ems.commissioning.report_card.findings import Judgement, ReportCard
from ems.config.schema import SiteFile
from ems.config.schema_simulation import SimulatedStation
from ems.model.decision import LimitReason
from tests.protocol.command import ems
from tests.scenario.stage import Stage, staged
from tests.scenario.test_installer import quiet_demo

PASSWORD = "correct horse battery"
STATIONS = (
    SimulatedStation(station="drive", protocol="2.0.1"),
    SimulatedStation(station="carport", protocol="1.6", difficult=("no_triggers", "no_keys", "short_pages")),
    SimulatedStation(station="workshop", protocol="1.6"),
)


def mixed(folder: Path) -> SiteFile:
    """The quiet demo with room for every car."""
    file = quiet_demo(folder)
    return file.model_copy(
        update={
            "connection": file.connection.model_copy(update={"main_fuse_a": 63.0}),
            "simulation": file.simulation.model_copy(update={"stations": STATIONS}),
        }
    )


async def made(stage: Stage, wanted: CardWanted) -> ReportCard:
    cards = stage.desk.cards
    stage.desk.make_card(wanted, who="Ina")
    await stage.until(lambda: not cards.progress(wanted.station_id).running, within_s=900)
    return cards.last(wanted.station_id)


async def tried(stage: Stage, wanted: CardWanted) -> ReportCard:
    """Again where a busy machine with its fast clock made a step tell nothing."""
    card = await made(stage, wanted)
    for _ in range(2):
        if card.facts.trial is not None and card.facts.trial.trouble is None:
            break
        card = await made(stage, wanted)
    return card


def verdicts(card: ReportCard, *topics: Topic) -> list[Judgement]:
    return [card.of(topic).judgement for topic in topics]


async def token_of(stage: Stage) -> str:
    api = stage.service.api
    assert api is not None
    assert api.access.setup_code is not None
    ina, _ = await api.access.set_up(api.access.setup_code, "ina", PASSWORD, address="here")
    _, token = await api.access.add_client("command line", Role.INSTALLER, by=ina)
    return token


async def test_cards_of_three_stations_while_their_cars_charge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two by questions alone, one with a step down and a pause, which no other limit is in between of."""
    async with staged(mixed(tmp_path), api=True) as stage:
        await stage.until(lambda: LimitReason.METER_LOST not in stage.reasons())
        await stage.until_charging()
        await stage.until(lambda: stage.drawn_a("drive") > 9.5, within_s=240)

        workshop, carport, drive = await asyncio.gather(
            made(stage, CardWanted(station_id="workshop")),
            made(stage, CardWanted(station_id="carport")),
            tried(stage, CardWanted(station_id="drive", steps=True, pause=True)),
        )
        assert workshop.facts.protocol == "ocpp1.6"
        known = (Topic.IDENTITY, Topic.SETTINGS, Topic.LIMITS, Topic.COMPOSITE, Topic.MEASURANDS, Topic.CLOCK)
        assert set(verdicts(workshop, *known)) == {Judgement.GOOD}
        assert workshop.of(Topic.PAUSE).judgement is Judgement.UNKNOWN

        assert verdicts(carport, Topic.UNITS, Topic.LEVELS, Topic.PERIODS) == [Judgement.UNKNOWN] * 3
        assert carport.of(Topic.REFUSALS).judgement is Judgement.PECULIAR
        assert carport.of(Topic.MEASURANDS).judgement is Judgement.GOOD

        assert drive.facts.protocol == "ocpp2.0.1"
        assert drive.facts.trial is not None
        assert verdicts(drive, Topic.OBEDIENCE, Topic.PAUSE, Topic.PERIODS) == [Judgement.GOOD] * 3
        sent = [each.lease.limit_a for each in stage.sent if each.station_id == "drive"]
        low_a, pause = drive.facts.trial.obeyed.limit_a, len(sent) - sent[::-1].index(0.0) - 1
        from_low = len(sent[:pause]) - sent[:pause][::-1].index(low_a) - 1
        assert max(sent[from_low:pause]) == low_a < max(sent[:from_low])

        await stage.service.outside_settled.wait()
        monkeypatch.setenv(TOKEN_VARIABLE, await token_of(stage))
        page = tmp_path / "card.html"
        where = ("--url", stage.service.page or "", "--last", "--json", "--page", str(page))
        async with ems("station", "report", "drive", *where) as command:
            out, err = await command.output()
        assert command.process.returncode == 0, err
        told = json.loads(out)
        assert [line["topic"] for line in told["card"]["lines"]] == list(Topic)
        assert told["card"]["trial"]["resumed"] is True
        assert "Report card: drive" in page.read_text(encoding="utf-8")
        assert stage.house.report().seconds_over_rating == 0
