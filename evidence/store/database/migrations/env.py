"""The environment of Alembic: the steps, on the connection (or into the text) that the caller gave.

The caller opens the transaction, so that all steps of one migration happen or none does.
"""

from alembic import context

from evidence.store.database.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(
        dialect_name=context.config.attributes["dialect"],
        output_buffer=context.config.attributes["text"],
        target_metadata=metadata,
        literal_binds=True,
    )
else:
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
