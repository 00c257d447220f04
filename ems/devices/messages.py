"""What the messages of devices mean, over MQTT and HTTP: JSON paths, plain numbers, availability words. Pure.

Anybody may say anything, so every oddity ends as `Unreadable` with a sentence, never as a crash.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_PAYLOAD_BYTES: Final = 64 * 1024
"""Larger messages are dropped unread."""

ONLINE_WORDS: Final = frozenset({"true", "online", "1", "on", "yes", "connected", "alive"})

OFFLINE_WORDS: Final = frozenset({"false", "offline", "0", "off", "no", "disconnected", "lost"})

JsonPath: TypeAlias = tuple["str | int | Choice", ...]
Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The member of a list that says `value` under `key`."""

    key: str
    value: str


_JSON_WORDS: Final = {bool: "true or false", list: "a list", dict: "an object", type(None): "null"}
_STEP = re.compile(
    r"(?P<dot>\.?)(?P<key>[^\[\].]+)"
    r"|\[(?P<index>\d{1,4})\]|\[(?P<of>[\w-]+)=(?P<value>[\w-]+)\]|\[\"(?P<quoted>[^\"]{1,100})\"\]"
)


class Unreadable(ValueError):
    """The message is not what its topic should carry; the text says why."""


class Contradiction(Unreadable):
    """The message says one thing twice, and not the same."""


class NotInMessage(LookupError):
    """The message is fine but does not speak of this point: a partial update."""


def parse_path(path: str) -> JsonPath:
    """`params.em:0.phases[2].current` as steps; a number alone may be a list index. Raises ValueError.

    `production[type=eim].wNow` takes the member of a list that says so of itself, and `["1-0:1.4.0*255"]` a key with
    dots in it.
    """
    steps: list[str | int | Choice] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if not match or (match["key"] is not None and (match["dot"] == "") != (at == 0)):
            raise ValueError(f"path {path!r} has an empty or broken step; write it like params.em:0.a_current")
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> str | int | Choice:
    if match["index"] is not None:
        return int(match["index"])
    if match["of"] is not None:
        return Choice(match["of"], match["value"])
    return match["key"] or match["quoted"]


def parse_payload(payload: bytes) -> Json:
    """The message as JSON, or as text when it is a plain word. Raises Unreadable when it is neither, or too large."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Unreadable(f"a message of {len(payload)} bytes is larger than {MAX_PAYLOAD_BYTES}")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as err:
        raise Unreadable("a message that is not text") from err
    try:
        content: Json = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_contradiction)
    except Contradiction:
        raise
    except (ValueError, RecursionError) as err:
        if len(text) <= 64 and not set(text) & set('{}[]"'):
            return text.strip()
        raise Unreadable("a message that is neither JSON nor a number") from err
    return content


def pick(content: Json, steps: JsonPath) -> Json:
    """What stands at `steps`. Raises NotInMessage when the message does not go there."""
    here = content
    for step in steps:
        if isinstance(step, Choice):
            here = _chosen(here, step)
        elif isinstance(here, dict) and str(step) in here:
            here = here[str(step)]
        elif isinstance(here, list) and str(step).isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            raise NotInMessage(str(step))
    return here


def _chosen(content: Json, choice: Choice) -> Json:
    for member in content if isinstance(content, list) else []:
        if isinstance(member, dict) and str(member.get(choice.key)) == choice.value:
            return member
    raise NotInMessage(f"{choice.key}={choice.value}")


def as_number(value: Json) -> float:
    """A number, or a text that is one. Raises Unreadable for everything else, NaN and infinity included."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unreadable(f"{_JSON_WORDS[type(value)]} where a number belongs")
    try:
        number = float(value)
    except (ValueError, OverflowError) as err:
        raise Unreadable("a text where a number belongs") from err
    if not math.isfinite(number):
        raise Unreadable("a number that is not finite")
    return number


def as_online(value: Json) -> bool:
    """Whether an availability message says that the device is there: a word for it, or a number above 0."""
    if str(value).strip().lower() in ONLINE_WORDS:
        return True
    try:
        return as_number(value) > 0
    except Unreadable:
        return False


def as_yes(value: Json) -> bool:
    """Whether a contact is closed: the words of `as_online` and their opposites, or a number, which is yes but for 0.

    Raises Unreadable for everything else, since neither answer would be safe to guess.
    """
    word = str(value).strip().lower()
    if word in ONLINE_WORDS or word in OFFLINE_WORDS:
        return word in ONLINE_WORDS
    return as_number(value) != 0


def _no_contradiction(pairs: list[tuple[str, Json]]) -> Json:
    """An object; nobody knows which of two numbers with one name is meant."""
    content = dict(pairs)
    if len(content) < len(pairs) and any(content[key] != value for key, value in pairs):
        raise Contradiction("a message that says something twice, and not the same")
    return content


def _no_constant(name: str) -> Json:
    raise Unreadable(f"{name} is not a number")
