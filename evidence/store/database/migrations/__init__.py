"""The history of the tables (Alembic). `evidence.store.database.migrating` runs it; `schema` says what it leads to."""
