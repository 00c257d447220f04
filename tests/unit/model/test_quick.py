"""Values that are quick to make are the same values."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from ems.model.quick import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What the tests make."""

    name: str
    weight_kg: float = 1.5
    labels: dict[str, str] = field(default_factory=dict)


def test_value_has_what_it_was_given_and_its_defaults() -> None:
    parcel = Parcel(name="a")

    assert (parcel.name, parcel.weight_kg, parcel.labels) == ("a", 1.5, {})


def test_two_values_share_no_default_that_was_made_for_one() -> None:
    assert Parcel(name="a").labels is not Parcel(name="a").labels


def test_value_stays_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Parcel(name="a").weight_kg = 2.0  # type: ignore[misc] # as said


def test_value_is_of_its_own_class_and_goes_through_a_pickle() -> None:
    parcel = Parcel(name="a", labels={"to": "b"})

    again = pickle.loads(pickle.dumps(parcel))  # noqa: S301 # our own

    assert type(parcel) is type(again) is Parcel
    assert again == parcel


def test_values_compare_copy_and_print_as_before() -> None:
    heavier = replace(Parcel(name="a"), weight_kg=2.0)

    assert heavier == Parcel(name="a", weight_kg=2.0)
    assert repr(heavier).endswith("Parcel(name='a', weight_kg=2.0, labels={})")


def test_unknown_missing_and_unnamed_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        Parcel(name="a", colour="red")  # type: ignore[call-arg] # as said
    with pytest.raises(TypeError, match="name"):
        Parcel()  # type: ignore[call-arg] # as said
    with pytest.raises(TypeError, match="positional"):
        Parcel("a")  # type: ignore[call-arg] # as said


def test_class_with_more_to_its_making_is_refused() -> None:
    with pytest.raises(TypeError, match="Checked has more to its making"):

        @quick
        @dataclass(frozen=True, slots=True, kw_only=True)
        class Checked:
            """One that looks at what it was given."""

            name: str

            def __post_init__(self) -> None:
                raise ValueError(self.name)
