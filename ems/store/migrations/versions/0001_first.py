"""The first layout: sites, checkpoints, cycles, events, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("follows_id", sa.Integer, comment="the segment before, when no cycle was lost in between"),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column("at_s", sa.Double, nullable=False),
        sa.Column("site_id", sa.Integer, sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("version", sa.String(40), nullable=False, comment="of the Fusewise that decided"),
        sa.Column("memory", sa.LargeBinary, nullable=False),
        sa.Column("size_b", sa.Integer, nullable=False, comment="bytes of the segment, for the bound"),
    )
    op.create_table(
        "cycles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("checkpoint_id", sa.Integer, sa.ForeignKey("checkpoints.id"), nullable=False),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column(
            "look", sa.LargeBinary, nullable=False, comment="Snapshot without its site, packed with the one before"
        ),
        sa.Column("decision", sa.LargeBinary, nullable=False, comment="packed with its look and the one before"),
    )
    op.create_index("cycles_of_checkpoint", "cycles", ["checkpoint_id"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("facts", sa.Text, nullable=False, comment="JSON"),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("utc_s", sa.Double, nullable=False),
        sa.Column("at_s", sa.Double, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for name in ("settings", "events", "cycles", "checkpoints", "sites"):
        op.drop_table(name)
