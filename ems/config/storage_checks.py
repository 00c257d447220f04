"""Whether what is said of the database fits together."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from ems.config.problems import Finding
from ems.config.schema import SiteFile


def place(file: SiteFile) -> Iterator[Finding]:
    """The database is in one place, which has an address."""
    storage = file.storage
    if storage.path is not None and storage.url is not None:
        yield Finding(
            place=("storage", "url"), problem="stands beside path", cure="keep one: a folder, or a server's address"
        )
    if storage.url is not None and _parts(storage.url) is None:
        yield Finding(
            place=("storage", "url"),
            problem="names no server and database",
            cure="write postgresql://USER@HOST/DATABASE, with :PORT after HOST where it is not 5432",
        )


def passwords(file: SiteFile) -> Iterator[Finding]:
    """The password of a server stands outside, and belongs to one."""
    storage = file.storage
    if storage.url is not None and _holds_password(storage.url):
        yield Finding(
            place=("storage", "url"),
            problem="holds a password",
            cure="leave it out, and name it outside: storage.password: {env: NAME} or {file: PATH}",
        )
    if storage.password is not None and storage.url is None:
        yield Finding(
            place=("storage", "password"), problem="belongs to no server", cure="add url, or remove the password"
        )


def _holds_password(url: str) -> bool:
    parts = _parts(url)
    return parts is not None and (parts.password is not None or "password=" in parts.query)


def _parts(url: str) -> SplitResult | None:
    """None for an address without a server and a database in it."""
    try:
        parts = urlsplit(url)
        known = parts.hostname is not None and parts.port != 0 and parts.path.strip("/")
    except ValueError:
        return None
    return parts if known else None
