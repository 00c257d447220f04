"""Runs migrations on the connection that `ems.store.database` hands over."""

from __future__ import annotations

from alembic import context

from ems.store.tables import METADATA, SCHEMA_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=SCHEMA_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
