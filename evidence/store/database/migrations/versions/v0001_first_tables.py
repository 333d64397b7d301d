"""The first tables: events, heads, locked keys, sessions and spent challenges."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_ID, _SHA256, _TIME = sa.String(32), sa.String(64), sa.String(24)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "events",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("statement", _SHA256, nullable=False, unique=True),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("case_id", _ID),
        sa.Column("signer", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("item", _ID, unique=True),
        sa.Column("container_size", sa.BigInteger),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("event", sa.LargeBinary, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("idx >= 0", name="index_from_zero"),
    )
    op.create_index("events_of_case", "events", ["case_id", "idx"])
    op.create_index("one_number_once", "events", ["signer", "seq"], unique=True)
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="one_journal_head"),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("id = 1", name="one_log_head"),
    )
    op.create_table(
        "locked_keys",
        sa.Column("handle", sa.String(64), primary_key=True),
        sa.Column("kid", _ID, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", _SHA256, primary_key=True),
        sa.Column("kid", _ID, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
    )
    op.create_table(
        "spent_challenges",
        sa.Column("challenge_sha256", _SHA256, primary_key=True),
        sa.Column("expires_at", _TIME, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables, and with them everything that was stored."""
    for table in ("spent_challenges", "sessions", "locked_keys", "log_head", "journal_head", "events"):
        op.drop_table(table)
