"""What one Modbus unit is: by SunSpec, by registers that say so, or by numbers that only such a device would have.

Only what profiles know is read, each place once; nothing is read that no profile reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ems.devices.inspection.search.candidate import Candidate, Sure
from ems.devices.inspection.search.fit import Fit, fit
from ems.devices.library import profiles
from ems.devices.modbus.link import Answer
from ems.devices.modbus.profile import HybridProfile, IdentityRegisters, ModbusProfile
from ems.devices.modbus.register_point import RegisterKind
from ems.devices.modbus.register_types import RegisterType, decode
from ems.devices.profile import SunSpecProfile
from ems.devices.profile_parts import Kind
from ems.devices.sunspec.chain import Chain, discover
from ems.devices.sunspec.choice import choose
from ems.devices.sunspec.models import COMMON
from ems.devices.sunspec.reader import ModelReader
from ems.devices.sunspec.ways import ways_of
from ems.errors import Nonsense, Refused

Ask = Callable[[RegisterKind, int, int], Awaitable[Answer]]
"""Read so many registers from an address. Raises DeviceError."""

RegisterProfile: TypeAlias = ModbusProfile | HybridProfile

MOST_FITS: Final = 5
"""Guesses that are told."""


@dataclass(slots=True)
class Once:
    """Asks for every place once; what was refused stays refused."""

    ask: Ask
    _known: dict[tuple[RegisterKind, int, int], Answer | None] = field(default_factory=dict)

    async def read(self, function: RegisterKind, address: int, count: int) -> Answer:
        """As `ask`."""
        place = (function, address, count)
        if place not in self._known:
            try:
                self._known[place] = await self.ask(*place)
            except Refused:
                self._known[place] = None
                raise
        known = self._known[place]
        if known is None:
            raise Refused(f"{function} {address} was refused before")
        return known

    async def holding(self, address: int, count: int) -> Answer:
        """As `ask`, of holding registers."""
        return await self.read("holding", address, count)


async def search_unit(ask: Ask, *, like: Collection[str] = ()) -> list[Candidate]:
    """What it may be. Raises DeviceError when it stops answering; a refusal is an answer.

    With profiles to be `like`, no others are told by their numbers alone: a gentle look at one more of a kind.
    """
    once, among = Once(ask), _with_registers()
    found = [each async for each in _self_described(once, among)]
    found += [each async for each in _identified(once, [each for each in among if not _is_sunspec(each)])]
    if any(each.sure is Sure.CERTAIN for each in found):
        return found
    looks = [each for each in among if not isinstance(each, SunSpecProfile) and (not like or each.id in like)]
    fits = [await fit(once.read, each) for each in looks]
    return found + list(_guesses([each for each in fits if each is not None]))


def _with_registers() -> list[RegisterProfile | SunSpecProfile]:
    return [each for each in profiles() if isinstance(each, ModbusProfile | HybridProfile | SunSpecProfile)]


def _is_sunspec(each: RegisterProfile | SunSpecProfile) -> bool:
    return isinstance(each, SunSpecProfile)


async def _self_described(once: Once, among: Sequence[RegisterProfile | SunSpecProfile]) -> AsyncIterator[Candidate]:
    try:
        chain = await discover(once.holding)
    except Nonsense:
        return
    maker, said = await _introduced(once, chain)
    by_maker = [each for each in among if each.sunspec_maker and maker.lower().startswith(each.sunspec_maker.lower())]
    for each in by_maker:
        seen = await _told_kinds(once, chain, each) if isinstance(each, SunSpecProfile) else ()
        if not isinstance(each, SunSpecProfile) or seen:
            yield Candidate(profile_id=each.id, sure=Sure.CERTAIN, evidence=(said,), kinds=seen)
    for each in among:
        if (
            isinstance(each, SunSpecProfile)
            and each.sunspec_maker is None
            and (kinds := await _told_kinds(once, chain, each))
        ):
            sure = Sure.POSSIBLE if by_maker else Sure.CERTAIN
            yield Candidate(
                profile_id=each.id, sure=sure, evidence=(said, "any SunSpec device can be read so"), kinds=kinds
            )


async def _told_kinds(once: Once, chain: Chain, profile: SunSpecProfile) -> tuple[Kind, ...]:
    """The uses of the profile for which the device has models."""
    found: list[Kind] = []
    for kind in profile.kinds:
        try:
            choice = await choose(once.holding, chain, ways_of(kind, profile.modules))
        except (Refused, Nonsense):
            continue
        if choice is not None:
            found.append(kind)
    return tuple(found)


async def _introduced(once: Once, chain: Chain) -> tuple[str, str]:
    """The maker as model 1 names it, and a sentence."""
    models = ", ".join(str(each.id) for each in chain.models) or "none"
    common = chain.first_of(COMMON.ids)
    try:
        answer = await ModelReader(common, COMMON, ("Mn", "Md")).read(once.holding) if common else None
    except Refused:
        answer = None
    texts = answer.texts if answer else {}
    who = " ".join(texts[name] for name in ("Mn", "Md") if name in texts) or "nobody"
    return texts.get("Mn", ""), f"describes itself by SunSpec at {chain.base} as {who}; models {models}"


async def _identified(once: Once, among: Sequence[RegisterProfile | SunSpecProfile]) -> AsyncIterator[Candidate]:
    """Those whose registers say so, and whose numbers do not contradict."""
    for each in among:
        if isinstance(each, SunSpecProfile) or each.identity is None:
            continue
        said = await _said(once, each.identity)
        if said is None:
            continue
        seen = await fit(once.read, each)
        source = " (one source alone says what that means)" if each.identity.status == "single" else ""
        place = f"{each.identity.function} {each.identity.address}"
        evidence = f"says {said} at {place}{source}", _telling(seen) if seen else "but its numbers do not fit"
        yield Candidate(profile_id=each.id, sure=Sure.CERTAIN if seen else Sure.POSSIBLE, evidence=evidence)


async def _said(once: Once, identity: IdentityRegisters) -> str | None:
    """What stands there, where it is one of what such devices say."""
    try:
        answer = await once.read(identity.function, identity.address, identity.length)
    except Refused:
        return None
    text = decode(answer.registers, RegisterType.STRING)
    for says in identity.says:
        if isinstance(says, int) and answer.registers == (says,):
            return str(says)
        if isinstance(says, str) and isinstance(text, str) and text.startswith(says):
            return says
    return None


def _guesses(fits: Sequence[Fit]) -> Iterator[Candidate]:
    """The fits that most numbers speak for; sure only where one alone is best and nothing is odd."""
    ranked = sorted(fits, key=lambda each: (bool(each.doubts), -len(each.telling)))[:MOST_FITS]
    best = [each for each in ranked if not each.doubts and len(each.telling) == len(ranked[0].telling)]
    for each in ranked:
        alone = len(best) == 1 and each is best[0]
        others = () if alone or len(ranked) == 1 else (f"{len(ranked) - 1} other profiles fit too",)
        yield Candidate(
            profile_id=each.profile_id,
            sure=Sure.LIKELY if alone else Sure.POSSIBLE,
            evidence=(_telling(each), *each.doubts, *others),
        )


def _telling(seen: Fit) -> str:
    units = {"voltage": "V", "frequency": "Hz"}
    told = ", ".join(f"{name} {value:.4g} {units[name.split('_')[0]]}" for name, value in seen.telling.items())
    return f"has {told} where such a device has them"
