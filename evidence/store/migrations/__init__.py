"""The history of the tables (Alembic). `evidence.store.migrating` runs it; `schema` says what it leads to."""
