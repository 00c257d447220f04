"""The books: history, counters, sessions, decisions, preferences; users, tokens and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE_SECOND = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FLOWS = (
    "grid_import_wh",
    "grid_export_wh",
    "solar_wh",
    "battery_charge_wh",
    "battery_discharge_wh",
    "home_wh",
    "charging_wh",
    "charging_solar_wh",
)
STEPS = ("minutes", "quarters", "days")


def upgrade() -> None:
    op.add_column("events", sa.Column("who", sa.String(80), comment="the person or program behind it"))
    op.create_index("events_by_time", "events", ["utc_s"])
    for name in STEPS:
        _history(name)
    _energy()
    _decisions()
    _access()


def _history(name: str) -> None:
    op.create_table(
        name,
        sa.Column("at_utc_s", WHOLE_SECOND, primary_key=True, autoincrement=False),
        sa.Column("length_s", sa.Integer, nullable=False),
        *(sa.Column(flow, sa.Double) for flow in FLOWS),
        sa.Column("stations", sa.Text, nullable=False, comment="JSON: watt hours by station"),
    )


def _energy() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("kwh", sa.Double, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("station", sa.String(48), nullable=False),
        sa.Column("vehicle", sa.String(48)),
        sa.Column("began_utc_s", sa.Double, nullable=False),
        sa.Column("ended_utc_s", sa.Double, comment="null while it runs"),
        sa.Column("energy_kwh", sa.Double, nullable=False),
        sa.Column("solar_kwh", sa.Double, nullable=False),
        sa.Column("cost", sa.Double),
        sa.Column("currency", sa.String(3)),
        sa.Column("reason", sa.String(50), comment="why it ended, in the station's word"),
    )
    op.create_index("sessions_by_time", "sessions", ["began_utc_s"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column("station", sa.String(48), nullable=False),
        sa.Column("limit_a", sa.Double, nullable=False),
        sa.Column("phases", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, comment="JSON of a Reason"),
    )
    op.create_index("decisions_by_time", "decisions", ["utc_s"])
    op.create_table(
        "preferences",
        sa.Column("key", sa.String(80), primary_key=True),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="JSON"),
    )


def _access() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("created_utc_s", sa.Double, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True, comment="SHA-256 of the token, hexadecimal"),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column(
            "owner", sa.String(80), comment="whose session it is, or who made this client; null where nobody knows"
        ),
        sa.Column("created_utc_s", sa.Double, nullable=False),
        sa.Column("expires_utc_s", sa.Double),
        sa.Column("last_used_utc_s", sa.Double),
        sa.Column("revoked_utc_s", sa.Double),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("facts", sa.Text, nullable=False, comment="JSON"),
    )


def downgrade() -> None:
    names = ("audit", "tokens", "users", "preferences", "decisions", "sessions", "counters")
    for name in (*names, *reversed(STEPS)):
        op.drop_table(name)
    op.drop_index("events_by_time", "events")
    op.drop_column("events", "who")
