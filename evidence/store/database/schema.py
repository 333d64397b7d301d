"""The tables (SQLAlchemy Core). `events` is the truth; the other tables are heads, keys under lock, and sessions.

The columns beside `event` repeat what the event says, so that the database can find it; they are written from it in
the same transaction and never on their own.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, String, Table

from evidence.statements import catalogue

metadata = MetaData()

_ID, _SHA256, _TIME = String(32), String(64), String(24)
_BRINGING = ", ".join(f"'{kind}'" for kind in sorted(catalogue.BRINGS))

events = Table(
    "events",
    metadata,
    Column("idx", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("statement", _SHA256, nullable=False, unique=True),
    Column("type", String(32), nullable=False),
    Column("case_id", _ID),
    Column("signer", _ID, nullable=False),
    Column("seq", BigInteger),
    Column("item", _ID, unique=True, doc="the item that an item.seal seals"),
    Column("container_size", BigInteger, doc="bytes of that item's container"),
    Column("received_at", _TIME, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("subject", _ID, doc="the name that it brings or seals: `catalogue.BRINGS`"),
    Column("reader", _ID, doc="to whom a grant is"),
    Index("events_of_case", "case_id", "idx"),
    Index("events_of_type", "type", "idx"),
    Index("events_by_subject", "subject"),
    Index("events_by_reader", "reader", "case_id"),
    Index("one_number_once", "signer", "seq", unique=True),
    CheckConstraint("idx >= 0", name="index_from_zero"),
    CheckConstraint(f"subject IS NOT NULL OR type NOT IN ({_BRINGING})", name="named_events_have_subjects"),
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_journal_head"),
)
"""One row: whoever appends locks it first, in any process."""

blob_copies = Table(
    "blob_copies",
    metadata,
    Column("idx", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("sha256", _SHA256, nullable=False),
    Column("case_id", _ID),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", String(8), nullable=False, doc="waiting, stored or released (copies.State)"),
    Column("queued_at", _TIME, nullable=False),
    Column("due_at", _TIME, nullable=False, doc="not to be tried before"),
    Column("attempts", Integer, nullable=False),
    Column("trouble", String(200), doc="why the last attempt failed"),
    Column("lease_by", _ID, doc="the process that works on it"),
    Column("lease_until", _TIME),
    Column("upload_id", String(2048), doc="multipart upload that was begun"),
    Column("version_id", String(1024), doc="of the object in S3: another version is another object"),
    Column("verified_at", _TIME, doc="when that version was last read back whole"),
    Column("locked_until", _TIME, doc="end of its Object Lock"),
    Column("local_since", _TIME, doc="NULL: the local copy was dropped"),
    Index("copies_by_sha256", "sha256"),
    Index("copies_due", "state", "due_at"),
)
"""One row for each sealed item, written with its event: the outbox of what has to be copied to S3, and afterwards the
list of where the copies are. Its key is the event's, so that nothing in it can ever stand in the way of a seal."""

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_log_head"),
)
"""The newest signed head of the custody log: compare-and-swap, so that two integrators cannot fork it."""

locked_keys = Table(
    "locked_keys",
    metadata,
    Column("handle", String(64), primary_key=True),
    Column("kid", _ID, nullable=False),
    Column("document", LargeBinary, nullable=False, doc="locked key, JSON of docs/formats/keys.md"),
)

former_locked_keys = Table(
    "former_locked_keys",
    metadata,
    Column("handle", String(64), primary_key=True),
    Column("kid", _ID, nullable=False),
    Column("document", LargeBinary, nullable=False, doc="locked key, JSON of docs/formats/keys.md"),
)
"""What stood under a handle before it was last replaced: for an owner who did not do that."""

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", _SHA256, primary_key=True),
    Column("kid", _ID, nullable=False),
    Column("expires_at", _TIME, nullable=False),
)

spent_challenges = Table(
    "spent_challenges",
    metadata,
    Column("challenge_sha256", _SHA256, primary_key=True),
    Column("expires_at", _TIME, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_ms", BigInteger, nullable=False, doc="Unix milliseconds by the database's clock"),
)
"""Who does what one process should do (`evidence.store.database.leases`); nothing is lost with it."""
