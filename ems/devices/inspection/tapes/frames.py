"""SML telegrams of a smart meter as they come, with everything blanked that says which meter it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from ems.clock import Clock
from ems.devices.http.address import HttpAddress
from ems.devices.http.conversation import HttpConversation
from ems.devices.inspection.recording import NEWEST, HeardFrame, Recording
from ems.devices.inspection.tapes.length import Length, Reel
from ems.devices.inspection.tapes.listening import listen_for
from ems.devices.obis_profile import ObisProfile, SmlPageProfile, SmlProfile
from ems.devices.p1.line import P1Line
from ems.devices.p1.telegram import BadTelegram
from ems.devices.sml.rewriting import Message, rewritten, tells_values
from ems.devices.sml.stream import SmlFrame, SmlStream, framed
from ems.devices.sml.telegram import code_of
from ems.errors import DeviceError, NoAnswer, Nonsense

OWN_NUMBER_AT: Final[tuple[int, ...]] = (0,)
"""Of a message: it tells one telegram from another."""

MOST_OWN_BYTES: Final = 4
"""Of ours; what is longer is filled up with 0."""

BODY: Final = (3, 1)
ENTRIES: Final = (3, 1, 4)
NAME, VALUE = 0, 5
"""In an entry."""

MAKER: Final = 6
"""Bytes: how the number of a meter begins, with what it measures, its maker and his series (DIN 43863-5)."""

ID_BYTES: Final = 10
ELECTRICITY: Final = b"\x0a\x01"


async def record_frames(
    profile: SmlProfile, line: P1Line, length: Length, clock: Clock, *, with_ids: bool = False
) -> Recording:
    """Listen so long. Raises LinkDown, NoAnswer, or Nonsense where no whole telegram was among what came."""
    tape = _Tape(profile, Reel(length, clock), clock, with_ids=with_ids)
    await listen_for(line, tape, length, clock)
    return _recording(profile, tape, line.where, length)


async def record_pages(
    profile: SmlPageProfile, address: HttpAddress, length: Length, clock: Clock, *, with_ids: bool = False
) -> Recording:
    """Ask so long, as often as its bridge stands. Raises LinkDown, NoAnswer, Nonsense or Refused."""
    tape = _Tape(profile, Reel(length, clock), clock, with_ids=with_ids)
    conversation = HttpConversation(address, clock)
    try:
        async with clock.timeout(length.for_s):
            tape.stands(await conversation.get_bytes(address.request))
            while not tape.over.is_set():
                await clock.sleep(profile.limits.period_s)
                tape.stands(await conversation.get_bytes(address.request))
    except DeviceError:
        if not tape.heard:
            raise
    except TimeoutError:
        pass
    finally:
        await conversation.close()
    return _recording(profile, tape, address.where, length)


def _recording(profile: ObisProfile, tape: _Tape, where: str, length: Length) -> Recording:
    if tape.heard:
        return Recording(recording=NEWEST, profile=profile.id, frames=tuple(tape.heard))
    if tape.fault is not None:
        raise Nonsense(f"{tape.fault} from {where}")
    raise NoAnswer(f"no telegram from {where} within {length.for_s:g} s")


class _Tape:
    """Keeps whole telegrams."""

    def __init__(self, profile: ObisProfile, reel: Reel, clock: Clock, *, with_ids: bool) -> None:
        self._blanks = None if with_ids else Blanks(profile)
        self._reel = reel
        self._clock = clock
        self._stream = SmlStream()
        self._page = b""
        self.heard: list[HeardFrame] = []
        self.fault: BadTelegram | None = None
        self.over = asyncio.Event()

    def came(self, piece: bytes) -> None:
        for found in self._stream.feed(piece, self._clock.monotonic_s()):
            self._take(found)

    def stands(self, page: bytes) -> None:
        """That page is there; its newest telegram is the last one."""
        if page == self._page:
            return
        self._page = page
        found = [*SmlStream().feed(page, self._clock.monotonic_s())]
        whole = [each for each in found if isinstance(each, SmlFrame)]
        self._take(whole[-1] if whole else BadTelegram(str(found[0]) if found else "no telegram"))

    def ended(self) -> None:
        self.over.set()

    def _take(self, found: SmlFrame | BadTelegram) -> None:
        if isinstance(found, BadTelegram):
            self.fault = found
            return
        try:
            content = found.content if self._blanks is None else self._blanks.blanked(found.content)
        except BadTelegram as fault:
            self.fault = fault
            return
        if not self._reel.is_full():
            text = framed(content).hex()
            self.heard.append(HeardFrame(at_s=self._reel.add(len(text)), content=text))
        if self._reel.is_full():
            self.over.set()


class Blanks:
    """What stands instead of what says which meter it is. One for all telegrams of a recording."""

    def __init__(self, profile: ObisProfile) -> None:
        self._codes = profile.codes
        self._numbers: dict[bytes, int] = {}

    def blanked(self, content: bytes) -> bytes:
        """The messages with 0 for every text, and for every value that the profile does not read.

        Of a meter's number its maker stays; messages are numbered anew. Raises BadTelegram for what is no message.
        """
        return rewritten(content, self._blanks)

    def _blanks(self, message: Message) -> Mapping[tuple[int, ...], bytes]:
        number = message[OWN_NUMBER_AT].content if OWN_NUMBER_AT in message else b""
        own = self._numbers.setdefault(number, 1 + len(self._numbers))
        instead: dict[tuple[int, ...], bytes] = {}
        if number:
            instead[OWN_NUMBER_AT] = own.to_bytes(MOST_OWN_BYTES, "big")[-len(number) :]
        has_values = tells_values(message)
        for at, value in message.items():
            if at[: len(BODY)] == BODY and not (has_values and self._stays(message, at, is_text=value.is_text)):
                instead[at] = _without_number(value.content)
        return instead

    def _stays(self, message: Message, at: tuple[int, ...], *, is_text: bool) -> bool:
        """Whether it is read: names, and the numbers of codes in the profile."""
        if at[: len(ENTRIES)] != ENTRIES or len(at) < len(ENTRIES) + 2:
            return not is_text
        entry, part = at[: len(ENTRIES) + 1], at[len(ENTRIES) + 1]
        if part == NAME:
            return True
        named = message.get((*entry, NAME))
        return not is_text and (part != VALUE or (named is not None and code_of(named.content) in self._codes))


def _without_number(content: bytes) -> bytes:
    kept = content[:MAKER] if len(content) == ID_BYTES and content.startswith(ELECTRICITY) else b""
    return kept + bytes(len(content) - len(kept))
