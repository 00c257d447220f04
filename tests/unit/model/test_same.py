"""Answers that are remembered by identity are the answers of now."""

from __future__ import annotations

from dataclasses import dataclass

from ems.model.same import by_identity


@dataclass(frozen=True, slots=True)
class Card:
    """What the tests ask about; two that hold the same are equal."""

    number: int


def test_same_objects_are_asked_about_once() -> None:
    asked: list[int] = []

    @by_identity(2)
    def doubled(card: Card) -> int:
        asked.append(card.number)
        return 2 * card.number

    card = Card(3)

    assert (doubled(card), doubled(card)) == (6, 6)
    assert asked == [3]


def test_equal_object_is_another_question() -> None:
    @by_identity(2)
    def itself(card: Card) -> Card:
        return card

    one, other = Card(3), Card(3)

    assert itself(one) is one
    assert itself(other) is other


def test_no_later_object_takes_the_place_of_one_that_went() -> None:
    @by_identity(4)
    def number(card: Card) -> int:
        return card.number

    assert [number(Card(i)) for i in range(100)] == list(range(100))


def test_no_more_is_kept_than_was_asked_for() -> None:
    asked: list[int] = []

    @by_identity(1)
    def number(card: Card) -> int:
        asked.append(card.number)
        return card.number

    first, second = Card(1), Card(2)

    assert [number(first), number(second), number(first)] == [1, 2, 1]
    assert asked == [1, 2, 1]
