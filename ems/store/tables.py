"""The layout of the database. A change here needs a step in `migrations/versions`.

A segment is a run of cycles at one site that begins with a checkpoint, the memory of control before its first cycle, so
that a replay can start there. Segments are deleted whole. `*_at_s` is monotonic, `utc_s` seconds since 1970.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA: Final = MetaData()

LAYOUT: Final = "0001"
"""The newest step of `migrations/versions`; they count up in four digits."""

SCHEMA_TABLE: Final = "fusewise_schema"
"""Where Alembic notes the revision; its own usual name might be another program's."""

SITES: Final = Table(
    "sites",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),
)

CHECKPOINTS: Final = Table(
    "checkpoints",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("follows_id", Integer, comment="the segment before, when no cycle was lost in between"),
    Column("utc_s", Double, nullable=False),
    Column("at_s", Double, nullable=False),
    Column("site_id", Integer, ForeignKey("sites.id"), nullable=False),
    Column("version", String(40), nullable=False, comment="of the Fusewise that decided"),
    Column("memory", LargeBinary, nullable=False),
    Column("size_b", Integer, nullable=False, comment="bytes of the segment, for the bound"),
)

CYCLES: Final = Table(
    "cycles",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("checkpoint_id", Integer, ForeignKey("checkpoints.id"), nullable=False),
    Column("utc_s", Double, nullable=False),
    Column("look", LargeBinary, nullable=False, comment="Snapshot without its site, packed with the one before"),
    Column("decision", LargeBinary, nullable=False, comment="packed with its look and the one before"),
    Index("cycles_of_checkpoint", "checkpoint_id"),
)

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("utc_s", Double, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("facts", Text, nullable=False, comment="JSON"),
)

SETTINGS: Final = Table(
    "settings",
    METADATA,
    Column("key", String(40), primary_key=True),
    Column("utc_s", Double, nullable=False),
    Column("at_s", Double, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
