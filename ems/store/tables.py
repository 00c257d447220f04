"""The layout of the database. A change here needs a step in `migrations/versions`.

A segment is a run of cycles at one site that begins with a checkpoint, the memory of control before its first cycle, so
that a replay can start there. Segments are deleted whole. `*_at_s` is monotonic, `utc_s` seconds since 1970.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA: Final = MetaData()

LAYOUT: Final = "0003"
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
    Column("who", String(80), comment="the person or program behind it"),
    Index("events_by_time", "utc_s"),
)

SETTINGS: Final = Table(
    "settings",
    METADATA,
    Column("key", String(40), primary_key=True),
    Column("utc_s", Double, nullable=False),
    Column("at_s", Double, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

WHOLE_SECOND: Final = BigInteger().with_variant(Integer, "sqlite")
"""Seconds since 1970 without a fraction."""


def _flows() -> tuple[Column[float], ...]:
    """Energies of one step of the history; null where nobody knew."""
    names = (
        "grid_import_wh",
        "grid_export_wh",
        "solar_wh",
        "battery_charge_wh",
        "battery_discharge_wh",
        "home_wh",
        "charging_wh",
        "charging_solar_wh",
    )
    return tuple(Column(name, Double) for name in names)


def _steps(name: str) -> Table:
    """A history in steps of one length."""
    return Table(
        name,
        METADATA,
        Column("at_utc_s", WHOLE_SECOND, primary_key=True, autoincrement=False),
        Column("length_s", Integer, nullable=False),
        *_flows(),
        Column("stations", Text, nullable=False, comment="JSON: watt hours by station"),
    )


MINUTES: Final = _steps("minutes")
QUARTERS: Final = _steps("quarters")
DAYS: Final = _steps("days")
"""Days begin at midnight of the house's time zone, so their lengths differ."""

COUNTERS: Final = Table(
    "counters",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("kwh", Double, nullable=False),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("station", String(48), nullable=False),
    Column("vehicle", String(48)),
    Column("began_utc_s", Double, nullable=False),
    Column("ended_utc_s", Double, comment="null while it runs"),
    Column("energy_kwh", Double, nullable=False),
    Column("solar_kwh", Double, nullable=False),
    Column("cost", Double),
    Column("currency", String(3)),
    Column("reason", String(50), comment="why it ended, in the station's word"),
    Index("sessions_by_time", "began_utc_s"),
)

TRANSACTIONS: Final = Table(
    "transactions",
    METADATA,
    Column("key", String(40), primary_key=True),
    Column("station", String(48), nullable=False),
    Column("began_utc_s", Double, nullable=False),
    Column("ended_utc_s", Double, comment="null while it runs"),
    Column("energy_kwh", Double, nullable=False),
    Column("body", Text, nullable=False, comment="JSON: all of it"),
    Index("transactions_of_station", "station", "began_utc_s"),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("utc_s", Double, nullable=False),
    Column("station", String(48), nullable=False),
    Column("limit_a", Double, nullable=False),
    Column("phases", Integer, nullable=False),
    Column("reason", Text, nullable=False, comment="JSON of a Reason"),
    Index("decisions_by_time", "utc_s"),
)

PREFERENCES: Final = Table(
    "preferences",
    METADATA,
    Column("key", String(80), primary_key=True),
    Column("utc_s", Double, nullable=False),
    Column("body", Text, nullable=False, comment="JSON"),
)

USERS: Final = Table(
    "users",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("created_utc_s", Double, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

TOKENS: Final = Table(
    "tokens",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True, comment="SHA-256 of the token, hexadecimal"),
    Column("label", String(80), nullable=False),
    Column("role", String(20), nullable=False),
    Column("owner", String(80), comment="whose session it is, or who made this client; null where nobody knows"),
    Column("created_utc_s", Double, nullable=False),
    Column("expires_utc_s", Double),
    Column("last_used_utc_s", Double),
    Column("revoked_utc_s", Double),
)

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("utc_s", Double, nullable=False),
    Column("who", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("facts", Text, nullable=False, comment="JSON"),
)
