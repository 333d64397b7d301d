"""Which sealed items have a copy in S3, and which wait for one: the outbox of shipments."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

_ID, _SHA256, _TIME = sa.String(32), sa.String(64), sa.String(24)


def upgrade() -> None:
    """Create the table, empty: a shipper adds the items that were sealed before (`copies.queue_sealed_before`)."""
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


def downgrade() -> None:
    """Forget what was shipped. The copies themselves stay where they are, and are found again by their names."""
    op.drop_table("blob_copies")
