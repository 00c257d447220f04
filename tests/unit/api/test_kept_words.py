"""Every kind of event is said in both languages; what older versions kept is still shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ems.api import wished
from ems.api.kept_words import facts_of, log_says, log_text
from ems.api.servicing.told import EVERY_S
from ems.api.wire import GoalWish, Role, SettingsWish, VehicleWish
from ems.commissioning import deeds
from ems.commissioning.findings import ProofKind
from ems.commissioning.limits import ConnectionLimits, StationLimits
from ems.commissioning.newcomers import NewStation
from ems.commissioning.phrases import phrase
from ems.config.schema import SubCircuit
from ems.model.electrical import FuseDevice
from ems.model.goals import ChargeMode
from ems.model.site import Keenness
from ems.model.words import Language, Phrase, has_words, words

READY_BY = datetime(2026, 6, 22, 7, 0, tzinfo=UTC)
WISHES = [
    *(wished.mode("garage", mode) for mode in ChargeMode),
    wished.settings("garage", SettingsWish()),
    wished.settings("garage", SettingsWish(max_a=10.5, priority=4, vehicle="Zoe")),
    wished.phases("garage", None),
    wished.phases("garage", 3),
    wished.minimum("garage", None),
    wished.minimum("garage", 8.0),
    wished.goal("garage", GoalWish()),
    wished.goal("garage", GoalWish(energy_kwh=12)),
    wished.goal("garage", GoalWish(ready_by=READY_BY)),
    wished.goal("garage", GoalWish(energy_kwh=12, ready_by=READY_BY)),
    wished.guest("garage", "Aunt Ida"),
    wished.guest("garage", None),
    wished.vehicle(VehicleWish(vehicle="family", target_soc=0.8)),
    wished.limit("garage", 10.0, 600),
    wished.no_limit("garage"),
    wished.boost("garage", 600),
    wished.no_boost("garage"),
    wished.import_cap(3.5, READY_BY),
    wished.no_import_cap(),
    *(wished.strategy(each) for each in (None, *Keenness)),
    wished.optimising(on=True),
    wished.optimising(on=False),
]
DEEDS = [
    *(deeds.connection(ConnectionLimits(main_fuse_a=25, main_fuse_device=device)) for device in FuseDevice),
    deeds.circuits([SubCircuit(id="annex", fuse_a=20)]),
    deeds.circuits([]),
    deeds.station("garage", StationLimits(max_a=16)),
    deeds.wiring("garage", ["L2", "L3", "L1"]),
    deeds.adopted("garage", "box"),
    deeds.taken_in(NewStation(id="yard", identity="box", circuit="main", wired=("L1",), max_a=16.0)),
    deeds.left_out("yard"),
    deeds.refused("box"),
    deeds.secured("password", "garage"),
    deeds.secured("certificate", "garage"),
    deeds.secured("profile", "garage", profile=2),
    deeds.secured("profile_forgotten", "garage"),
    *(deeds.began(kind, "garage") for kind in ProofKind),
    deeds.card_began("garage", tried=False),
    deeds.card_began("garage", tried=True),
    deeds.aborted(),
    deeds.handed_over("Ina"),
    deeds.unlocked("new charger"),
    phrase("charger.not_certain", repeats=3),
]
FILES_AND_TAGS = (
    "vendor_data",
    "file_added",
    "file_signed",
    "file_removed",
    "log_brought",
    "tags_known",
    "tags_free",
    "tag_written",
    "tag_removed",
)
BOOK = [
    "setup.first",
    "login.in",
    "login.refused",
    "login.refused.more",
    "pairing.code.viewer",
    "pairing.code.homeowner",
    "feed.began",
    *(f"station.{command}" for command in EVERY_S),
    *(f"station.{what}" for what in FILES_AND_TAGS),
    "feed.vehicle",
    "token.revoked",
    "user.removed",
    *(f"token.made.{role}" for role in Role),
    *(f"user.added.{role}" for role in Role),
    *(f"user.changed.{role}" for role in Role),
    *(f"user.changed.{role}.password" for role in Role),
]


@pytest.mark.parametrize(
    ("kind", "said"), [*(("wish", each) for each in WISHES), *(("commissioning", each) for each in DEEDS)]
)
def test_what_people_do_is_kept_as_facts_and_said_in_every_language(kind: str, said: Phrase) -> None:
    sentence = log_says(kind, facts_of(said))

    assert sentence is not None
    assert (sentence.key, sentence.text) == (said.key, said.said())
    assert log_text(kind, facts_of(said)) == said.said()
    assert said.said(Language.GERMAN) != said.said()
    assert "?" not in sentence.text


@pytest.mark.parametrize("what", BOOK)
def test_what_the_book_of_people_notes_has_words(what: str) -> None:
    assert has_words(f"log.{what}")


def test_no_words_of_the_log_are_for_nothing() -> None:
    noted = {said.key for said in (*WISHES, *DEEDS)} | {f"log.{what}" for what in BOOK}
    kinds = ("wish", "commissioning", "setup", "login", "pairing", "feed", "station", "token", "user")

    known = {key for key in words() if key.startswith(tuple(f"log.{kind}." for kind in kinds))}

    assert known - noted == set()


def test_a_proof_has_words_where_it_stands_for_a_person() -> None:
    assert [kind for kind in ProofKind if not has_words(f"who.{deeds.proof_name(kind)}")] == []


def test_what_an_older_version_kept_is_shown_as_it_is() -> None:
    facts = {"text": "garage: mode fast"}

    assert (log_says("wish", facts), log_text("wish", facts)) == (None, "garage: mode fast")


@pytest.mark.parametrize("key", ["page.now", "log.user.removed", "log.wish.of.a.newer.version", 7])
def test_facts_may_name_no_other_sentence(key: object) -> None:
    assert log_says("wish", {"says": key, "station": "garage"}) is None


def test_facts_that_do_not_fit_their_sentence_do_no_harm() -> None:
    facts = {"says": "log.wish.settings.bound", "station": None, "max_a": None, "priority": [1]}

    assert log_text("wish", facts) == "?: at most  A, priority [1], vehicle ?"
