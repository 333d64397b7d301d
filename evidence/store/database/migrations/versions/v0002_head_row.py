"""The journal's head row is there from the start, so that the first two writers of a new database meet at it."""

from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Write the head row of a journal that has none yet: its size is the number of its events."""
    op.execute(
        "INSERT INTO journal_head (id, size) SELECT 1, (SELECT count(*) FROM events)"
        " WHERE NOT EXISTS (SELECT 1 FROM journal_head)"
    )


def downgrade() -> None:
    """Take the head row of an empty journal away; that of any other was written by a writer and stays."""
    op.execute("DELETE FROM journal_head WHERE size = 0")
