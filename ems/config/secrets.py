"""Passwords from where the site file says they are; they never appear in a message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ems.config.problems import SecretError
from ems.config.schema import Secret, SiteFile

MAX_BYTES: Final = 4096
"""No password is longer."""


def reveal(secret: Secret) -> str:
    """The password itself.

    Raises SecretError when the variable or file is missing, empty or unreadable.
    """
    if secret.env:
        return _from_environment(secret.env)
    if secret.file:
        return _from_file(Path(secret.file))
    raise SecretError("a password names neither a variable nor a file", "write {env: NAME} or {file: PATH}")


def upstream_passwords(file: SiteFile) -> dict[str, str]:
    """Of second central systems, by station id. Raises SecretError."""
    secrets = {entry.id: entry.upstream.password for entry in file.stations if entry.upstream is not None}
    return {station_id: reveal(secret) for station_id, secret in secrets.items() if secret is not None}


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        state = "empty" if name in os.environ else "not set"
        raise SecretError(f"environment variable {name} is {state}", f"set {name} for the service, then start it again")
    return value


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "no such path"
        raise SecretError(f"password file {path} cannot be read ({said})", "check path and permissions") from error
    if len(content) > MAX_BYTES:
        raise SecretError(f"password file {path} is larger than 4 KiB", "it holds the password alone, in one line")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        # The decoding error would carry the bytes, so it is not chained.
        raise SecretError(f"password file {path} is not UTF-8 text", "save it with the encoding UTF-8") from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or "\n" in password:
        state = "holds more than one line" if password else "is empty"
        raise SecretError(f"password file {path} {state}", "it holds the password alone, in one line")
    return password
