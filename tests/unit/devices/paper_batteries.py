"""Batteries on paper that take orders by registers, with a time-out of their own and whatever goes wrong on a line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from ems.devices.modbus.link import Answer, NoSuchRegisters, ReadRequest, UnknownFunction, WriteRequest
from ems.errors import LinkDown, NoAnswer, Refused

BASE = 40_000
HEADER = BASE + 2
"""Where a storage model stands that is the only one of its device."""

MODE, OUT, IN, REVERT, SF, CHARGE_MAX, FROM_GRID = 5, 12, 13, 15, 25, 2, 17


class Fate(Enum):
    """What becomes of one exchange."""

    FINE = auto()
    REQUEST_LOST = auto()
    ANSWER_LOST = auto()
    REFUSED = auto()
    CABLE_CUT = auto()
    RESTART = auto()
    """The device starts anew, and forgets; what was asked is not done."""

    OTHER_SCALE = auto()
    """All is well, but the device chose another scale factor of its rates."""


@dataclass
class PaperBattery:
    """Holding registers and a time-out that any write begins anew."""

    registers: dict[int, int]
    writable: Collection[int]
    fates: list[Fate] = field(default_factory=list)
    """Of the next exchanges; fine when they are used up."""

    one_register_alone: bool = False
    silent_from: int = 0x10000
    """It does not even refuse what lies there and behind."""

    now_s: float = 0.0
    connection: int = 1
    written: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    written_at_s: float = float("-inf")

    async def read(self, request: ReadRequest) -> Answer:
        self._suffer()
        if request.address >= self.silent_from:
            self.connection += 1
            raise NoAnswer("silence")
        there = [self.registers.get(request.address + offset) for offset in range(request.count)]
        if None in there:
            raise NoSuchRegisters("none of those")
        registers = tuple(each for each in there if each is not None)
        return Answer(registers=registers, taken_at_s=self.now_s, connection=self.connection)

    async def write(self, request: WriteRequest) -> None:
        if self.one_register_alone and not request.alone:
            raise UnknownFunction("function 16")
        if request.connection not in {None, self.connection}:
            raise LinkDown("connected anew")
        fate = self._suffer()
        self.written.append((request.address, request.registers))
        for offset, word in enumerate(request.registers):
            assert request.address + offset in self.writable, "a register that nobody may write"
            self.put(request.address + offset, word)
        self.written_at_s = self.now_s
        if fate is Fate.ANSWER_LOST:
            self.connection += 1
            raise NoAnswer("the answer was lost")

    def put(self, address: int, word: int) -> None:
        self.registers[address] = word

    def restart(self) -> None:
        """What the device forgets when it starts anew."""
        self.registers.update(dict.fromkeys(self.writable, 0))

    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    def _suffer(self) -> Fate:
        fate = self.fates.pop(0) if self.fates else Fate.FINE
        if fate is Fate.REFUSED:
            raise Refused("no")
        if fate in {Fate.REQUEST_LOST, Fate.CABLE_CUT, Fate.RESTART}:
            self.connection += 1
            if fate is Fate.RESTART:
                self.restart()
            raise NoAnswer("silence") if fate is Fate.REQUEST_LOST else LinkDown("cut")
        if fate is Fate.OTHER_SCALE and HEADER + SF in self.registers:
            self.registers[HEADER + SF] = 0xFFFF if self.registers[HEADER + SF] == 0xFFFE else 0xFFFE
        return fate


@dataclass
class PaperStorage(PaperBattery):
    """A battery behind SunSpec's model 124."""

    keeps_timer: bool = True
    """Whether it takes a revert timer at all."""

    def put(self, address: int, word: int) -> None:
        if address != HEADER + REVERT or self.keeps_timer:
            super().put(address, word)

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        timer_s = self.registers[HEADER + REVERT]
        if timer_s and self.now_s - self.written_at_s >= timer_s:
            self.registers[HEADER + MODE] = 0

    @property
    def bits(self) -> int:
        return self.registers[HEADER + MODE]

    def rate(self, offset: int) -> float:
        """In percent."""
        raw, scale = self.registers[HEADER + offset], self.registers[HEADER + SF]
        return _signed(raw) * 10.0 ** _signed(scale)


def storage(**changed: int) -> PaperStorage:
    """One of 5 kW, with nothing bounded."""
    model = dict.fromkeys(range(26), 0)
    model |= {0: 124, 1: 24, CHARGE_MAX: 5000, OUT: 10_000, IN: 10_000, SF: 0xFFFE}
    chain = {BASE: 0x5375, BASE + 1: 0x6E53, HEADER + 26: 0xFFFF, HEADER + 27: 0}
    registers = chain | {HEADER + offset: word for offset, word in model.items()}
    names = {"mode": MODE, "revert_s": REVERT, "out": OUT, "in_": IN, "length": 1}
    registers |= {HEADER + names[name]: word for name, word in changed.items()}
    return PaperStorage(registers=registers, writable={HEADER + each for each in (MODE, OUT, IN, REVERT)})


def plain(addresses: Iterable[int], others: dict[int, int] | None = None) -> PaperBattery:
    """One with registers of its own."""
    writable = set(addresses)
    return PaperBattery(registers={**dict.fromkeys(writable, 0), **(others or {})}, writable=writable)


def _signed(raw: int) -> int:
    return raw - 0x10000 if raw >= 0x8000 else raw
