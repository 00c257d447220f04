"""What pydantic found, in the words of the person who wrote the file, each with a cure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ems.config.cure_words import EXAMPLES, FOREIGN, FORMS, KINDS
from ems.config.json_schema import Rules, rules_at, sections_with
from ems.config.problems import Finding, Place
from ems.config.range_cures import out_of_range

_LONGEST_SHOWN: Final = 40
_SECRET_KEYS: Final = frozenset({"password", "token", "authentication_key"})
_CLOCK_KEYS: Final = frozenset({"start", "arrives", "leaves"})


@dataclass(frozen=True, slots=True)
class _Wrong:
    """One error with what the schema says about its place."""

    place: Place
    value: object
    rules: Rules

    @property
    def key(self) -> str:
        return next((step for step in reversed(self.place) if isinstance(step, str)), "")

    @property
    def shown(self) -> str:
        return shown(self.value, self.place)


def findings_of(error: ValidationError) -> tuple[Finding, ...]:
    """One finding for each thing that is wrong, none for what follows from another."""
    return tuple(_finding(detail) for detail in genuine(error))


def genuine(error: ValidationError) -> tuple[ErrorDetails, ...]:
    """The errors less those that follow from another one."""
    details = error.errors(include_url=False)
    places = {detail["loc"] for detail in details}
    return tuple(detail for detail in details if not _follows(detail, places))


def is_secret(place: Place) -> bool:
    """Whether what stands there, or further in, may be a password by mistake; nothing of it is ever shown."""
    return not _SECRET_KEYS.isdisjoint(place) or ("p1" in place and "key" in place)


def shown(value: object, place: Place) -> str:
    """A value as it stands in the file, shortened; never what may be a password."""
    if is_secret(place):
        return "something else than a reference"
    if place[-1:] == ("url",):
        return "another address"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody may have meant."""
    near = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return near[0] if near else None


def _follows(detail: ErrorDetails, places: Iterable[Place]) -> bool:
    """A list counts as too short once its entries are wrong; the entries are the news."""
    own = detail["loc"]
    return detail["type"] == "too_short" and any(len(p) > len(own) and p[: len(own)] == own for p in places)


def _finding(detail: ErrorDetails) -> Finding:
    place = detail["loc"]
    wrong = _Wrong(place, detail["input"], rules_at(place))
    if wrong.value is None and detail["type"] not in ("missing", "extra_forbidden"):
        problem, cure = _empty(wrong)
    else:
        problem, cure = _SAY.get(detail["type"], _anything_else(detail["msg"]))(wrong)
    return Finding(place=place, problem=problem, cure=cure)


def _unknown(wrong: _Wrong) -> tuple[str, str]:
    key = str(wrong.place[-1])
    known = rules_at(wrong.place[:-1]).keys
    problem = "is not a known key"
    if wrong.value is None and key.strip().isdecimal():
        return problem, "a comma ends a value; numbers have a decimal point, such as 6.5"
    if homes := sections_with(key):
        return problem, f"it belongs in {' or '.join(homes)}"
    if meant := closest(FOREIGN.get(key.lower(), key), known):
        return problem, f"did you mean {meant}?"
    return problem, f"known here: {', '.join(known)}"


def _missing(wrong: _Wrong) -> tuple[str, str]:
    return "is missing", EXAMPLES.get(wrong.key, f"add {wrong.key}")


def _empty(wrong: _Wrong) -> tuple[str, str]:
    if wrong.place[-1] in rules_at(wrong.place[:-1]).required:
        return "is empty", _missing(wrong)[1]
    return "is empty", f"give it a value ({_wanted(wrong)}), or delete the line"


def _not_a_number(wrong: _Wrong) -> tuple[str, str]:
    problem = f"is {wrong.shown}"
    if wrong.rules.kind == "integer" and isinstance(wrong.value, float):
        return problem, "give a whole number"
    if not isinstance(wrong.value, str):
        return problem, f"give a number{_range_hint(wrong)}"
    number = _number_in(wrong.value)
    if number is None:
        return problem, f"give a number{_range_hint(wrong)}"
    if number == wrong.value.strip():
        return problem, f"write {number}, without quotes"
    return problem, f"write {number}: a plain number with a decimal point; the unit is in the key"


def _not_yes_or_no(wrong: _Wrong) -> tuple[str, str]:
    return f"is {wrong.shown}", "write true or false, without quotes"


def _not_a_text(wrong: _Wrong) -> tuple[str, str]:
    if isinstance(wrong.value, dict | list):
        return f"is {wrong.shown}", "give a single word or text"
    if is_secret(wrong.place):
        return "is not a text", "write it in quotes"
    if wrong.key in _CLOCK_KEYS:
        return f"is {wrong.shown}", 'write the time in quotes, such as "11:30"'
    return f"is {wrong.shown}", f'write it in quotes: "{shown(wrong.value, wrong.place)}"'


def _not_a_section(wrong: _Wrong) -> tuple[str, str]:
    if is_secret(wrong.place[-2:]):
        return "stands in the file itself", "keep it outside: {env: NAME} or {file: PATH}"
    first = wrong.rules.required[0] if wrong.rules.required else (*wrong.rules.keys, "key")[0]
    return f"is {wrong.shown}", f"it is a section: give keys, such as {{{first}: …}}"


def _not_a_list(wrong: _Wrong) -> tuple[str, str]:
    if isinstance(wrong.value, dict):
        return "is a section", "it is a list: start every entry with a dash"
    return f"is {wrong.shown}", f"it is a list: write [{wrong.value}]"


def _not_allowed(wrong: _Wrong) -> tuple[str, str]:
    allowed = [str(choice) for choice in wrong.rules.allowed]
    choices = f"choose from {', '.join(allowed)}"
    if str(wrong.value) in allowed:
        return f"is {wrong.shown}", f"write {wrong.value}, without quotes"
    word = "true" if wrong.value is True else str(wrong.value)
    meant = {each.lower(): each for each in allowed}.get(closest(word, [each.lower() for each in allowed]) or "")
    return f"is {wrong.shown}", f"{choices}; did you mean {meant}?" if meant else choices


def _not_the_form(wrong: _Wrong) -> tuple[str, str]:
    return f"is {wrong.shown}", FORMS.get(wrong.key, "use letters, digits, dots, dashes and underscores only")


def _bad_length(wrong: _Wrong) -> tuple[str, str]:
    if isinstance(wrong.value, str):
        return ("is too long", "shorten it") if wrong.value else ("is an empty text", "give it a value")
    if wrong.value:
        return "has too many entries", "a house has three phases at most"
    return "is an empty list", EXAMPLES.get(wrong.key, "name at least one phase, such as [L1]")


def _range(wrong: _Wrong) -> tuple[str, str]:
    return f"is {wrong.shown}", out_of_range(wrong.key, wrong.value, wrong.rules)


def _anything_else(said: str) -> Callable[[_Wrong], tuple[str, str]]:
    return lambda wrong: (f"is {wrong.shown}", said[:1].lower() + said[1:])


def _wanted(wrong: _Wrong) -> str:
    if wrong.rules.allowed:
        return f"one of {', '.join(map(str, wrong.rules.allowed))}"
    return KINDS.get(wrong.rules.kind or "", "see the example files")


def _range_hint(wrong: _Wrong) -> str:
    if wrong.rules.least is None or wrong.rules.most is None:
        return ""
    return f" from {wrong.rules.least:g} to {wrong.rules.most:g}"


def _number_in(text: str) -> str | None:
    """The number that a text starts with, in YAML's form: `25,5 A` holds 25.5."""
    for word in _words(text.strip().replace(",", ".").replace("_", "")):
        try:
            float(word)
        except ValueError:
            continue
        return word if word.lower().strip("+-") not in {"nan", "inf", "infinity"} else None
    return None


def _words(text: str) -> Iterator[str]:
    yield text
    yield text.rstrip("AaWwVvSshHkK% ")
    yield text.split(" ", 1)[0]


_SAY: Final[Mapping[str, Callable[[_Wrong], tuple[str, str]]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "float_type": _not_a_number,
    "float_parsing": _not_a_number,
    "int_type": _not_a_number,
    "int_parsing": _not_a_number,
    "int_from_float": _not_a_number,
    "finite_number": _not_a_number,
    "bool_type": _not_yes_or_no,
    "bool_parsing": _not_yes_or_no,
    "string_type": _not_a_text,
    "model_type": _not_a_section,
    "model_attributes_type": _not_a_section,
    "dict_type": _not_a_section,
    "tuple_type": _not_a_list,
    "list_type": _not_a_list,
    "enum": _not_allowed,
    "literal_error": _not_allowed,
    "string_pattern_mismatch": _not_the_form,
    "value_error": _not_the_form,
    "string_too_short": _bad_length,
    "string_too_long": _bad_length,
    "too_short": _bad_length,
    "too_long": _bad_length,
    "greater_than": _range,
    "greater_than_equal": _range,
    "less_than": _range,
    "less_than_equal": _range,
}
