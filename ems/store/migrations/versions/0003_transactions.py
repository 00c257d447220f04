"""Charging transactions as stations told them, so that a restart of ours neither loses nor doubles one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transactions",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("station", sa.String(48), nullable=False),
        sa.Column("began_utc_s", sa.Double, nullable=False),
        sa.Column("ended_utc_s", sa.Double, comment="null while it runs"),
        sa.Column("energy_kwh", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="JSON: all of it"),
    )
    op.create_index("transactions_of_station", "transactions", ["station", "began_utc_s"])


def downgrade() -> None:
    op.drop_table("transactions")
