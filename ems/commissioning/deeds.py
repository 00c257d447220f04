"""What an installer does, as the audit says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from ems.commissioning.findings import ProofKind
from ems.commissioning.limits import ConnectionLimits, StationLimits
from ems.commissioning.newcomers import NewStation
from ems.config.schema import SubCircuit
from ems.model.words import Number, Phrase

AS_BEFORE: Final = "–"


def connection(limits: ConnectionLimits) -> Phrase:
    """The fuse, and what is kept free."""
    return _deed(
        f"connection.{limits.main_fuse_device}",
        phases=limits.phases,
        fuse_a=limits.main_fuse_a,
        reserve_a=limits.reserve_a,
    )


def circuits(stated: Iterable[SubCircuit]) -> Phrase:
    """All of them with their fuses."""
    told = ", ".join(f"{each.id} {each.fuse_a:g} A" for each in stated)
    return _deed("circuits", circuits=told) if told else _deed("circuits.none")


def station(station_id: str, limits: StationLimits) -> Phrase:
    """What was stated of it."""
    return _deed(
        "station",
        station=station_id,
        circuit=limits.circuit or AS_BEFORE,
        wired=" ".join(limits.wired or ()) or AS_BEFORE,
        max_a=_amps(limits.max_a),
        fallback_a=_amps(limits.fallback_a),
    )


def wiring(station_id: str, wired: Iterable[str]) -> Phrase:
    return _deed("wiring", station=station_id, wired=" ".join(wired))


def adopted(station_id: str, identity: str) -> Phrase:
    return _deed("adopted", station=station_id, identity=identity)


def taken_in(new: NewStation) -> Phrase:
    return _deed(
        "taken_in",
        station=new.id,
        identity=new.identity,
        circuit=new.circuit,
        wired=" ".join(new.wired),
        max_a=_amps(new.max_a),
    )


def left_out(station_id: str) -> Phrase:
    return _deed("left_out", station=station_id)


def refused(identity: str) -> Phrase:
    return _deed("refused", identity=identity)


def secured(
    what: Literal["password", "certificate", "profile", "profile_forgotten"], station_id: str, **facts: Number
) -> Phrase:
    """How a station has to prove itself from now on."""
    return _deed(f"security_{what}", station=station_id, **facts)


def began(kind: ProofKind, subject: str) -> Phrase:
    return _deed(f"began.{kind}", subject=subject)


def card_began(station_id: str, *, tried: bool) -> Phrase:
    return _deed("card_tried" if tried else "card", station=station_id)


def aborted() -> Phrase:
    return _deed("aborted")


def handed_over(installer: str) -> Phrase:
    return _deed("handed_over", installer=installer)


def unlocked(why: str) -> Phrase:
    return _deed("unlocked", why=why)


def proof_name(kind: ProofKind) -> str:
    """Who noted what a proof found; pages have words for it."""
    return f"{kind} proof"


def _deed(what: str, **facts: Number) -> Phrase:
    return Phrase(f"log.commissioning.{what}", facts)


def _amps(amps: float | None) -> str:
    return AS_BEFORE if amps is None else f"{amps:g} A"
