"""The shapes of report cards, one of each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from ems.api.wire_report_card import CardWish, KeptCard, card_state
from ems.commissioning.phrases import phrase
from ems.commissioning.report_card.card import report_card
from ems.commissioning.report_card.cards import CardProgress, CardWanted
from ems.commissioning.report_card.facts import CardFacts, Followed, Obeyed, Trial
from ems.csms.quirks.match import match
from tests.unit.commissioning.test_report_card import WELL


def written(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")


def with_trouble() -> CardFacts:
    """Known by a quirk, and with a trial that came to no end."""
    seen = Obeyed(followed=Followed.FOLLOWS, limit_a=7.0, drawn_a=6.8, reaction_s=3.0, reported_s=8.0)
    trial = Trial(obeyed=seen, paused=True, trouble=phrase("car_does_not_draw", station="garage"))
    boot = WELL.boot
    assert boot is not None
    go_e = replace(boot, vendor="go-e", model="go-eCharger_V4", firmware="56.2")
    return replace(WELL, boot=go_e, match=match(go_e), trial=trial)


def report_cards() -> Any:
    """What a client is told, and what it may wish."""
    done = phrase("card.done", station="garage")
    asks = phrase("card.asks", station="garage")
    wanted = CardWanted(station_id="garage")
    return {
        "wish": written(CardWish(try_step=True)),
        "kept": written(
            KeptCard(id="0123456789abcdef", at=datetime(2026, 6, 21, 8, tzinfo=UTC), tried=True, counts={"good": 17})
        ),
        "begun": written(card_state(CardProgress(wanted=wanted, running=True, stage=asks))),
        "made": written(
            card_state(CardProgress(wanted=wanted, running=False, stage=done, card=report_card(with_trouble())))
        ),
    }


SHAPES = (report_cards,)
