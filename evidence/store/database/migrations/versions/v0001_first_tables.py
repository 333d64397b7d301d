"""The first tables: events and heads, copies in S3, leases, locked keys, sessions and spent challenges."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_ID, _SHA256, _TIME = sa.String(32), sa.String(64), sa.String(24)
_BRINGS_A_NAME = "'item.open', 'item.seal', 'grant', 'alarm.raise', 'export', 'disclose'"
_TABLES = (
    *("events", "journal_head", "blob_copies", "log_head", "locked_keys", "former_locked_keys"),
    *("sessions", "spent_challenges", "leases"),
)


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
        sa.Column("subject", _ID),
        sa.Column("reader", _ID),
        sa.CheckConstraint("idx >= 0", name="index_from_zero"),
        sa.CheckConstraint(f"subject IS NOT NULL OR type NOT IN ({_BRINGS_A_NAME})", name="named_events_have_subjects"),
    )
    op.create_index("events_of_case", "events", ["case_id", "idx"])
    op.create_index("events_of_type", "events", ["type", "idx"])
    op.create_index("events_by_subject", "events", ["subject"])
    op.create_index("events_by_reader", "events", ["reader", "case_id"])
    op.create_index("one_number_once", "events", ["signer", "seq"], unique=True)
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name="one_journal_head"),
    )
    # There from the start, so that the first two writers of a new database meet at it.
    op.execute("INSERT INTO journal_head (id, size) VALUES (1, 0)")
    op.create_table(
        "blob_copies",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("sha256", _SHA256, nullable=False),
        sa.Column("case_id", _ID),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("queued_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("trouble", sa.String(200)),
        sa.Column("lease_by", _ID),
        sa.Column("lease_until", _TIME),
        sa.Column("upload_id", sa.String(2048)),
        sa.Column("version_id", sa.String(1024)),
        sa.Column("verified_at", _TIME),
        sa.Column("locked_until", _TIME),
        sa.Column("local_since", _TIME),
    )
    op.create_index("copies_by_sha256", "blob_copies", ["sha256"])
    op.create_index("copies_due", "blob_copies", ["state", "due_at"])
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
        "former_locked_keys",
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
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables, and with them everything that was stored."""
    for table in reversed(_TABLES):
        op.drop_table(table)
