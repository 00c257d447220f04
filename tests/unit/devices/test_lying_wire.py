"""Whatever a device answers, and whenever: what is read as good is what it had at one instant.

The device is a wire of paper in virtual time. Any interleaving of right, wrong, doubled, late and broken answers comes
back on it; two readers share the link. The registers change with every question, so an answer to an older question is
found out too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from ems.clock import VirtualClock, run_virtual
from ems.devices.modbus.link import Line, ModbusLink, ReadRequest
from ems.devices.profile_parts import Carrier
from ems.errors import DeviceError

ONE = ReadRequest(unit=3, function="holding", address=10, count=2, timeout_s=1.0)
OTHER = ReadRequest(unit=4, function="input", address=40, count=3, timeout_s=1.0)
SAME_LENGTH = ReadRequest(unit=3, function="holding", address=70, count=2, timeout_s=1.0)
READS = 4
"""Of each reader."""

PAUSES_S = (0.0, 0.0, 0.3, 0.9, 1.2)
"""Before a piece; the last one is longer than anybody waits."""


def words(epoch: int, address: int, count: int) -> tuple[int, ...]:
    """What the device has at that address after so many questions."""
    return tuple((1000 * epoch + at) & 0xFFFF for at in range(address, address + count))


@dataclass(frozen=True)
class Asked:
    """A question, and the right answer to it."""

    frame: bytes
    body: bytes
    """Unit, function, address, count."""

    epoch: int

    @property
    def right(self) -> bytes:
        """Unit, function, size, registers."""
        return told(self.body, words(self.epoch, self._number(2), self._number(4)))

    def _number(self, at: int) -> int:
        return int.from_bytes(self.body[at : at + 2], "big")


def told(body: bytes, registers: Sequence[int]) -> bytes:
    return body[:2] + bytes([2 * len(registers)]) + b"".join(word.to_bytes(2, "big") for word in registers)


def numbered(asked: Asked, body: bytes) -> bytes:
    return asked.frame[:4] + len(body).to_bytes(2, "big") + body


def summed(_: Asked, body: bytes) -> bytes:
    return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")


WRONG = (0xDEAD, 0xBEEF, 0xCAFE, 0xF00D)
Say = Callable[[Asked], bytes]
"""Unit, function and the rest of an answer."""

SAID: Mapping[str, Say] = {
    "right": lambda asked: asked.right,
    "wrong unit": lambda asked: b"\x09" + told(asked.body, WRONG)[1:],
    "wrong function": lambda asked: asked.body[:1] + bytes([7 - asked.body[1]]) + asked.right[2:],
    "too short": lambda asked: told(asked.body, WRONG[:1]),
    "too long": lambda asked: told(asked.body, WRONG),
    "refused": lambda asked: bytes([asked.body[0], asked.body[1] | 0x80, 2]),
    "busy": lambda asked: bytes([asked.body[0], asked.body[1] | 0x80, 6]),
}
BROKEN = ("first half", "second half", "noise", "cut")
FORMER = ("doubled", "last but one")

Piece = tuple[float, str]


def pieces(names: Sequence[str]) -> st.SearchStrategy[list[list[Piece]]]:
    one = st.tuples(st.sampled_from(PAUSES_S), st.sampled_from(names))
    return st.lists(st.lists(one, max_size=4), max_size=2 * READS)


class PaperTransport(asyncio.Transport):
    """One connection to the device."""

    def __init__(self, device: PaperDevice, protocol: Any) -> None:
        super().__init__()
        self._device = device
        self._protocol = protocol
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._device.hear(bytes(data), self)

    def sendto(self, data: bytes, addr: object = None) -> None:
        assert addr is None
        self._device.hear(data, self)

    def deliver(self, piece: bytes) -> None:
        if not self._closed:
            self._protocol.data_received(piece)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self._closed


@dataclass
class PaperDevice:
    """Answers each question as its script says, and well when the script is over."""

    script: list[list[Piece]]
    framed: Callable[[Asked, bytes], bytes]
    heard: list[Asked] = field(default_factory=list)

    async def connect(self, factory: Callable[[], Any], *_: object, **__: object) -> tuple[PaperTransport, Any]:
        protocol = factory()
        transport = PaperTransport(self, protocol)
        protocol.connection_made(transport)
        return transport, protocol

    def hear(self, frame: bytes, transport: PaperTransport) -> None:
        body = frame[6:] if self.framed is numbered else frame[:-2]
        asked = Asked(frame=frame, body=body, epoch=len(self.heard) + 1)
        self.heard.append(asked)
        loop, after_s = asyncio.get_running_loop(), 0.0
        for pause_s, name in self.script.pop(0) if self.script else [(0.0, "right")]:
            after_s += pause_s
            if name == "cut":
                loop.call_later(after_s, transport.close)
            else:
                loop.call_later(after_s, transport.deliver, self.piece(name, asked))

    def piece(self, name: str, asked: Asked) -> bytes:
        if name in FORMER:
            former = self.heard[max(0, len(self.heard) - 1 - len(FORMER[: FORMER.index(name) + 1]))]
            return self.framed(former, former.right)
        right = self.framed(asked, asked.right)
        half = len(right) // 2
        broken = {"first half": right[:half], "second half": right[half:], "noise": b"\x00\xff"}
        return broken[name] if name in broken else self.framed(asked, SAID[name](asked))


async def reads(link: ModbusLink, device: PaperDevice, requests: Sequence[ReadRequest]) -> None:
    """Read again and again; what is good was true after the question was put."""
    for request in requests:
        before = len(device.heard)
        try:
            answer = await link.read(request)
        except DeviceError:
            continue
        true = [words(epoch, request.address, request.count) for epoch in range(before + 1, len(device.heard) + 1)]
        assert answer.registers in true


def play(over: Carrier, script: list[list[Piece]]) -> None:
    clock = VirtualClock()
    device = PaperDevice([list(each) for each in script], summed if over == "rtu_over_tcp" else numbered)

    async def run() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.create_connection = loop.create_datagram_endpoint = device.connect
        link = ModbusLink(Line(over=over, host="paper", port=502), clock)
        await asyncio.gather(
            reads(link, device, [ONE, OTHER] * (READS // 2)), reads(link, device, [SAME_LENGTH, ONE] * (READS // 2))
        )
        await clock.sleep(5)
        device.script.clear()
        for request in (ONE, OTHER):
            assert (await link.read(request)).registers == words(len(device.heard), request.address, request.count)
        await link.close()

    run_virtual(run(), clock)


@settings(max_examples=60)
@pytest.mark.parametrize("over", ["tcp", "udp"])
@given(script=pieces((*SAID, *BROKEN, *FORMER)))
@example(script=[[(0.0, "right")], [(0.0, "doubled"), (0.0, "right")]])
@example(script=[[(0.0, "first half"), (0.0, "second half")]])
@example(script=[[(0.0, "first half")], [(0.0, "second half"), (0.0, "right")]])
@example(script=[[(0.0, "right")]] * 7 + [[(0.0, "right"), (0.0, "too long")]])
@example(script=[[(1.2, "right")], [(0.0, "last but one"), (0.9, "right")]])
def test_numbered_answers_are_what_the_device_had(over: Carrier, script: list[list[Piece]]) -> None:
    play(over, script)


ENDS = ("right", "refused", "busy", "cut")
UNIQUE = tuple(name for name in (*SAID, *BROKEN) if name not in ENDS)
RTU_REPLIES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.just(0.0), st.sampled_from(UNIQUE)), max_size=2),
        st.tuples(st.sampled_from(PAUSES_S), st.sampled_from(ENDS)),
    ),
    max_size=2 * READS,
)


@settings(max_examples=60)
@given(replies=RTU_REPLIES)
@example(replies=[([], (1.2, "right")), ([], (0.9, "right"))])
@example(replies=[([], (1.2, "right")), ([], (1.2, "right")), ([(0.0, "noise")], (0.0, "right"))])
def test_rtu_answers_are_what_the_device_had(replies: list[tuple[list[Piece], Piece]]) -> None:
    """An answer that comes twice is not among them: nothing in the frame tells it from the next one."""
    play("rtu_over_tcp", [[*each, end] for each, end in replies])
