"""Readings that programs bring: who may bring which, how often, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ems.api.access.persons import Person
from ems.api.errors import MayNot, TooOften
from ems.api.sources import Diary
from ems.api.view import seen_age_s
from ems.api.wire import Reading, ReadingVerdict, RefusedReading, SourceKind, SourceState
from ems.clock import Clock
from ems.csms.throttle import Throttle
from ems.devices.profile_parts import NUMBERS_OF, Kind
from ems.devices.pushed import Inlet, Refusal
from ems.devices.sample import phase_point
from ems.errors import DeviceError, Nonsense
from ems.model.electrical import Phase
from ems.model.words import Phrase

BURST: Final = 20
EVERY_S: Final = 0.5
"""For each token: sensors of a house change by the second, and their readings travel together."""

KINDS: Final[Mapping[Kind, SourceKind]] = {"meter": "meter", "inverter": "solar", "battery": "battery"}

_POINTS: Final[Mapping[str, str]] = {
    "power_w": "power",
    "frequency_hz": "frequency",
    "energy_import_kwh": "energy_import",
    "energy_export_kwh": "energy_export",
    "energy_kwh": "energy",
    "soc": "soc",
}
_BY_PHASE: Final[Mapping[str, str]] = {"powers_w": "power", "current_a": "current", "voltage_v": "voltage"}


class _NotTaken(Exception):
    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class _Client:
    token_id: int
    name: str


class Feed:
    """The devices of a site file that wait for readings."""

    def __init__(
        self,
        inlets: Mapping[str, Inlet],
        clock: Clock,
        diary: Diary,
        *,
        circuits: Mapping[str, str] | None = None,
    ) -> None:
        """`circuits` are those of the meters, by the meter's id."""
        self._inlets = inlets
        self._clock = clock
        self._diary = diary
        self._circuits = circuits or {}
        self._throttle = Throttle(clock, burst=BURST, every_s=EVERY_S)
        self._clients: dict[str, _Client] = {}
        self._noted: set[tuple[str, int]] = set()

    def take(self, readings: Sequence[Reading], *, by: Person) -> tuple[ReadingVerdict, ...]:
        """What becomes of each. Raises MayNot for a browser's session, TooOften above the rate."""
        if by.is_session:
            raise MayNot("readings come from programs; pair one, or make a token for it")
        if not self._throttle.allows(str(by.token_id)):
            raise TooOften(f"too many requests with readings; bring them together, every {EVERY_S:g} s", wait_s=EVERY_S)
        now = self._clock.utc_now()
        return tuple(self._verdict(reading, by, now) for reading in readings)

    def sources(self) -> tuple[SourceState, ...]:
        """Every device that waits for readings, and what it has heard."""
        return tuple(self._state(inlet) for inlet in self._inlets.values())

    def _verdict(self, reading: Reading, by: Person, now: datetime) -> ReadingVerdict:
        try:
            self._take(reading, by, now)
        except (_NotTaken, DeviceError) as error:
            return ReadingVerdict(device=reading.device, taken=False, code=error.code, detail=str(error))
        return ReadingVerdict(device=reading.device, taken=True, code=None, detail=None)

    def _take(self, reading: Reading, by: Person, now: datetime) -> None:
        inlet = self._inlets.get(reading.device)
        if inlet is None:
            known = ", ".join(self._inlets) or "none"
            raise _NotTaken(
                "unknown_source", f"{reading.device} is no pushed device of the site file; there are: {known}"
            )
        client = self._clients.get(inlet.name)
        if client is not None and client.token_id != by.token_id and not self._is_silent(inlet):
            raise _NotTaken("other_client", f"{inlet.name} gets its readings from {client.name}; end that one first")
        try:
            points = _points(reading, inlet)
        except Nonsense as error:
            inlet.refuse(error)
        inlet.take(points, age_s=_age_s(reading, now))
        self._clients[inlet.name] = _Client(by.token_id, by.name)
        if (inlet.name, by.token_id) not in self._noted:
            self._noted.add((inlet.name, by.token_id))
            self._diary.note("feed", who=by.name, said=Phrase("log.feed.began", {"device": inlet.name}))

    def _is_silent(self, inlet: Inlet) -> bool:
        age_s = self._measured_for_s(inlet)
        return age_s is None or age_s > inlet.silence_s

    def _measured_for_s(self, inlet: Inlet) -> float | None:
        return None if inlet.measured_at_s is None else self._clock.monotonic_s() - inlet.measured_at_s

    def _state(self, inlet: Inlet) -> SourceState:
        age_s, client = self._measured_for_s(inlet), self._clients.get(inlet.name)
        return SourceState(
            id=inlet.name,
            kind=KINDS[inlet.kind],
            circuit=self._circuits.get(inlet.name),
            phases=inlet.phases,
            period_s=inlet.period_s,
            silent_after_s=inlet.silence_s,
            age_s=None if age_s is None else seen_age_s(age_s),
            silent=self._is_silent(inlet),
            client=None if client is None else client.name,
            refused=None if inlet.refusal is None else self._refused(inlet.refusal),
        )

    def _refused(self, refusal: Refusal) -> RefusedReading:
        return RefusedReading(
            code=refusal.code, detail=refusal.text, age_s=seen_age_s(self._clock.monotonic_s() - refusal.at_s)
        )


def _age_s(reading: Reading, now: datetime) -> float:
    """The older of the two: a clock that is ahead must not make a reading young."""
    if reading.taken_at is None:
        return reading.age_s
    return max(reading.age_s, (now - reading.taken_at).total_seconds())


def _points(reading: Reading, inlet: Inlet) -> dict[str, float]:
    """The reading under the point names of its device. Raises Nonsense for what such a device does not tell."""
    told = dict(_told(reading, inlet))
    strange = sorted(told.keys() - set(NUMBERS_OF[inlet.kind]))
    if strange:
        raise Nonsense(f"{inlet.name} is a {KINDS[inlet.kind]}, which tells no {', '.join(strange)}")
    return told


def _told(reading: Reading, inlet: Inlet) -> Iterator[tuple[str, float]]:
    for field, point in _POINTS.items():
        value = getattr(reading, field)
        if value is not None:
            yield point, value
    for field, quantity in _BY_PHASE.items():
        values = getattr(reading, field)
        if values is None:
            continue
        if len(values) != inlet.phases and (inlet.kind == "meter" or len(values) > inlet.phases):
            raise Nonsense(f"{inlet.name} has {inlet.phases} phases, and {field} tells {len(values)}")
        for own, value in zip(Phase, values, strict=False):
            yield phase_point(quantity, own), value
