"""The hand-over: one text with the limits and all that was proven, signed with this house's own key (Ed25519)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ems.commissioning.errors import NoStorage
from ems.commissioning.findings import Record
from ems.commissioning.kept import SealMark, Signed
from ems.commissioning.limits import covers, fuse_rows, hash_of, limits_in_force
from ems.commissioning.phrases import Phrase
from ems.config.schema import SiteFile
from ems.control.fallback import FuseProof
from ems.store.codec import encode

KEY_NAME: Final = "installer-key.pem"
LARGEST_KEY_B: Final = 10_000
DOCUMENT: Final = "fusewise hand-over"
LAYOUT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """Who hands over, and what is still open."""

    installer: str
    company: str
    remark: str
    open_steps: tuple[str, ...]
    account: str
    """The account that did it."""


def house_key(folder: Path) -> Ed25519PrivateKey:
    """The key of this house, made when there is none; blocks for the disk. Raises NoStorage."""
    path = folder / KEY_NAME
    try:
        if path.exists():
            with path.open("rb") as file:
                key = load_pem_private_key(file.read(LARGEST_KEY_B), password=None)
            if not isinstance(key, Ed25519PrivateKey):
                raise NoStorage(f"{KEY_NAME} is no Ed25519 key; move it away, and a new one is made")
            return key
        folder.mkdir(parents=True, exist_ok=True)
        made = Ed25519PrivateKey.generate()
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except OSError as error:
        raise NoStorage(f"the key of this house cannot be kept ({error.strerror})") from error
    except ValueError as error:
        raise NoStorage(f"{KEY_NAME} cannot be read; move it away, and a new one is made") from error
    return made


def signed(file: SiteFile, record: Record, handing: Handing, key: Ed25519PrivateKey, at: datetime) -> Signed:
    """The document of what is in force and proven now."""
    limits = limits_in_force(file)
    told = {
        "document": DOCUMENT,
        "layout": LAYOUT,
        "version": version("fusewise"),
        "site": file.site.name,
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "installer": handing.installer,
        "company": handing.company,
        "account": handing.account,
        "remark": handing.remark,
        "open_steps": list(handing.open_steps),
        "limits": limits,
        "limits_hash": hash_of(limits),
        "fuses": [_fuse(row) for row in fuse_rows(file)],
        "proofs": proofs_told(record),
    }
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False)
    return Signed(
        text=text,
        limits_hash=hash_of(limits),
        signature=key.sign(text.encode()).hex(),
        key=public_hex(key),
    )


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half, as people compare it."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def is_genuine(document: Signed) -> bool:
    """Whether the signature is of this text by this key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document.key))
        key.verify(bytes.fromhex(document.signature), document.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def limits_of(document: Signed) -> dict[str, Any]:
    """The limits that were signed; none for a text that is no document of ours."""
    try:
        told = json.loads(document.text)
    except ValueError:
        return {}
    limits = told.get("limits") if isinstance(told, dict) else None
    return limits if isinstance(limits, dict) else {}


def proofs_told(record: Record) -> dict[str, Any]:
    """All findings as plain JSON values, times in ISO 8601, sentences in English and as `sentence` for any language."""
    told: dict[str, Any] = plain(encode(record))
    return told


def plain(value: Any) -> Any:  # noqa: ANN401 (JSON in, JSON out)
    """Findings as the codec writes them, in words for people: sentences said, phases named, wall times spelled."""
    if isinstance(value, Mapping):
        if value.keys() == {"key", "numbers"}:
            return _said(value)
        told = {name: _named(name, each) for name, each in value.items()}
        if isinstance(says := value.get("says"), Mapping):
            told["sentence"] = {"key": says["key"], "numbers": dict(says["numbers"])}
        return told
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def _named(name: str, value: Any) -> Any:  # noqa: ANN401 (JSON in, JSON out)
    if name == "utc_s" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
    if name in _PHASES and isinstance(value, int):
        return f"L{value + 1}"
    if name in _PHASE_LISTS and isinstance(value, list | tuple):
        return [f"L{each + 1}" if isinstance(each, int) else plain(each) for each in value]
    return plain(value)


_PHASES: Final = frozenset({"phase", "house", "found", "stated"})
_PHASE_LISTS: Final = frozenset({"found", "stated"})


def _said(value: Mapping[str, Any]) -> str:

    return Phrase(value["key"], value["numbers"]).said()


def _fuse(row: FuseProof) -> dict[str, Any]:
    return {
        "circuit": row.circuit_id,
        "phase": row.phase.name,
        "stations_a": row.stations_a,
        "other_load_a": row.other_load_a,
        "bound_a": row.bound_a,
        "covered": row.covered,
    }


def fits_seal(file: SiteFile, seal: SealMark, document: Signed | None) -> bool:
    """Whether the limits of that file are those that were handed over when the seal was set."""
    if document is None or document.limits_hash != seal.limits_hash or not is_genuine(document):
        return False
    handed_over = limits_of(document)
    return hash_of(handed_over) == seal.limits_hash and covers(handed_over, limits_in_force(file))
