"""A few thousand spoilt frames of each version, always the same ones; `python -m tests.fuzz.frames` sends a million."""

from __future__ import annotations

import random

import pytest

from ems.clock import VirtualClock, run_virtual
from tests.fuzz.frames import fuzzed
from tests.fuzz.seeds import made_up, requests
from tests.fuzz.talk import VERSIONS, Talk, legal_call

FRAMES = 600
SEED = 20261127


@pytest.mark.parametrize("version", VERSIONS)
def test_no_frame_stops_the_receive_loop_or_takes_a_requests_answer(version: str) -> None:
    """R01, R02, R03, R08, R11, R12, T14; the table of bad input in the library notes."""
    clock = VirtualClock()
    tally = run_virtual(fuzzed(version, FRAMES, SEED, clock, guided=False), clock)

    assert tally.frames == FRAMES
    assert tally.calls > FRAMES / 4


def test_the_guided_fuzzer_keeps_what_takes_a_new_way() -> None:
    clock = VirtualClock()
    tally = run_virtual(fuzzed("1.6", 100, SEED, clock), clock)

    assert tally.ways > 100
    assert tally.kept > 1


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_of_the_standard_gets_its_one_answer(version: str) -> None:
    """R01, R06: also what only a central system may ask, in every version."""
    clock, dice = VirtualClock(), random.Random(SEED)

    async def ask() -> list[str]:
        talk = Talk(version, clock)
        await talk.connect()
        asked = []
        for action in requests(version):
            frame = _frame(action, made_up(version, action, dice))
            assert legal_call(frame) == action
            await talk.hear(frame)
            asked.append(action)
        await talk.hang_up()
        return asked

    assert len(run_virtual(ask(), clock)) > 35


def _frame(action: str, payload: object) -> bytes:
    import json

    return json.dumps([2, action, action, payload]).encode()
