"""Where the site file says that the database is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from ems.config.schema import StorageSection
from ems.config.secrets import reveal
from ems.store.database import folder_url, server_url
from ems.store.errors import JournalError


def url_of(section: StorageSection) -> URL:
    """The address of the database, with its password. Raises SecretError, and JournalError where there is none."""
    if section.url is not None:
        return server_url(section.url, None if section.password is None else reveal(section.password))
    if section.path is None:
        raise JournalError("the site file names no database: give storage.path or storage.url")
    return folder_url(Path(section.path))
