"""Brings an older database to the layout of the code, with Alembic. A module of its own: few starts need it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

# Alembic announces its own parts when it is loaded, and every database that it looks at.
logging.getLogger("alembic").setLevel(logging.WARNING)

from alembic import command  # noqa: E402 (after its announcements are off)
from alembic.config import Config  # noqa: E402
from sqlalchemy import Connection  # noqa: E402

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Within the transaction of `connection`: all of it or nothing."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
