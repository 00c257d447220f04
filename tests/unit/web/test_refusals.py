"""Refused limits and fields, in both languages."""

from __future__ import annotations

from datetime import UTC
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from ems.api import wire_commissioning as wire
from ems.config.problems import Finding
from ems.model.words import Language, has_words
from ems.web.commissioning.refusals import fields_refused, limits_refused
from ems.web.voice import Voice

ENGLISH = Voice(Language.ENGLISH, UTC)
GERMAN = Voice(Language.GERMAN, UTC)


def refused(kind: type[BaseModel], **told: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(told)
    return caught.value


def test_a_number_out_of_bounds_is_told_with_its_bound() -> None:
    err = refused(wire.ConnectionLimits, main_fuse_a=25, reserve_a=21, derating=0.4)

    assert fields_refused(ENGLISH, err) == "Please check: reserve: at most 20; derating: at least 0.5"
    assert fields_refused(GERMAN, err) == "Bitte prüfen: Reserve: höchstens 20; Minderung: mindestens 0,5"


def test_what_has_no_words_of_its_own_makes_no_sense() -> None:
    err = refused(wire.ConnectionLimits, main_fuse_a="lots")

    assert fields_refused(GERMAN, err) == "Bitte prüfen: Hauptsicherung: ergibt keinen Sinn"


def test_a_circuit_is_told_by_its_own_field() -> None:
    err = refused(wire.CircuitsWish, circuits=[{"id": "garage", "fuse_a": 20, "derating": 2}])

    assert fields_refused(GERMAN, err) == "Bitte prüfen: Minderung: höchstens 1"


def test_refused_limits_name_the_fields() -> None:
    found = Finding(place=("stations", 0, "max_a"), problem="is 32 A, more than 16 A", cure="lower it")

    assert limits_refused(ENGLISH, [found]).endswith("Please check: maximum is 32 A, more than 16 A: lower it.")
    assert limits_refused(GERMAN, [found]).endswith("Bitte prüfen: Maximum.")
    assert limits_refused(GERMAN, []) == "Diese Grenzen passen nicht zusammen; die alten bleiben."


@pytest.mark.parametrize(
    "kind", [wire.ConnectionLimits, wire.CircuitsWish, wire.StationLimits, wire.HandOverWish, wire.UnlockWish]
)
def test_every_field_that_an_installer_fills_has_words(kind: type[BaseModel]) -> None:
    models = {kind, *(inner for field in kind.model_fields.values() for inner in models_in(field.annotation))}

    assert [name for model in models for name in model.model_fields if not has_words(f"field.{name}")] == []


def models_in(annotation: object) -> list[type[BaseModel]]:
    """The shapes that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for each in get_args(annotation) for found in models_in(each)]
