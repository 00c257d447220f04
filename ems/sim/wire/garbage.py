"""Nonsense that a station may send, to see who survives it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Garbage(StrEnum):
    """Nonsense that a station may send."""

    NOT_JSON = "not_json"
    NOT_A_LIST = "not_a_list"
    EMPTY_LIST = "empty_list"
    TOO_SHORT = "too_short"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_ACTION = "unknown_action"
    ACTION_NOT_TEXT = "action_not_text"
    PAYLOAD_NOT_AN_OBJECT = "payload_not_an_object"
    WRONG_FIELDS = "wrong_fields"
    ANSWER_TO_NOBODY = "answer_to_nobody"
    NESTED_DEEPLY = "nested_deeply"
    BINARY = "binary"


GARBAGE: Final[dict[Garbage, str | bytes]] = {
    Garbage.NOT_JSON: "[2,",
    Garbage.NOT_A_LIST: '{"action":"Heartbeat"}',
    Garbage.EMPTY_LIST: "[]",
    Garbage.TOO_SHORT: '[2,"g1"]',
    Garbage.UNKNOWN_TYPE: '[9,"g2","Heartbeat",{}]',
    Garbage.UNKNOWN_ACTION: '[2,"g3","MakeCoffee",{}]',
    Garbage.ACTION_NOT_TEXT: '[2,"g4",["Heartbeat"],{}]',
    Garbage.PAYLOAD_NOT_AN_OBJECT: '[2,"g5","Heartbeat",null]',
    Garbage.WRONG_FIELDS: '[2,"g6","MeterValues",{"connectorId":"one","meterValue":[{"sampledValue":[{"value":""}]}]}]',
    Garbage.ANSWER_TO_NOBODY: '[3,"nobody-asked",{"status":"Accepted"}]',
    Garbage.NESTED_DEEPLY: "[" * 50_000,
    Garbage.BINARY: b"\x00\xff\xfe\x80",
}
