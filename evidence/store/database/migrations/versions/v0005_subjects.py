"""Which name each event brings, and to whom a grant is: so that a case can be found without reading the others."""

import base64
import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

_ID = sa.String(32)
_NAMED_BY = {
    "item.open": "item",
    "grant": "grant",
    "alarm.raise": "alarm",
    "export": "export",
    "disclose": "disclosure",
}
"""The member of the body that names it; a seal has its item in a column already."""

_RULE = "named_events_have_subjects"
_AT_ONCE = 1000
_SELECT = sa.text(
    "SELECT idx, type, event, length(salt) AS living FROM events WHERE idx > :after AND type IN :types"
    " ORDER BY idx LIMIT :limit"
).bindparams(sa.bindparam("types", expanding=True))
_UPDATE = sa.text("UPDATE events SET subject = :subject, reader = :reader WHERE idx = :idx")

_BODY = "convert_from(decode(convert_from(event, 'UTF8')::json #>> '{dsse,payload}', 'base64'), 'UTF8')::json -> 'body'"
_KINDS = ", ".join(f"'{kind}'" for kind in _NAMED_BY)
_MEMBER = " ".join(f"WHEN '{kind}' THEN '{member}'" for kind, member in _NAMED_BY.items())
_FILL = (
    f"UPDATE events SET subject = {_BODY} ->> CASE type {_MEMBER} END,"  # noqa: S608 - both are made of constants
    f" reader = CASE type WHEN 'grant' THEN {_BODY} ->> 'reader' END"
    f" WHERE length(salt) > 0 AND type IN ({_KINDS})"
)
_FILL_BURIED = (
    "UPDATE events SET subject = coalesce(convert_from(event, 'UTF8')::json #>> '{left,grant}',"
    " convert_from(event, 'UTF8')::json #>> '{items,0}'),"
    " reader = convert_from(event, 'UTF8')::json #>> '{left,reader}' WHERE length(salt) = 0"
)


def upgrade() -> None:
    """Add the columns and their indexes, and fill them from the events, whose bytes stay as they are."""
    op.add_column("events", sa.Column("subject", _ID))
    op.add_column("events", sa.Column("reader", _ID))
    op.execute("UPDATE events SET subject = item WHERE type = 'item.seal'")
    if context.get_context().dialect.name == "postgresql":
        op.execute(_FILL)
        op.execute(_FILL_BURIED)
    elif not context.is_offline_mode():  # SQLite cannot look into base64; its files are migrated when they are opened
        _fill(op.get_bind())
    _demand_subjects()
    op.create_index("events_of_type", "events", ["type", "idx"])
    op.create_index("events_by_subject", "events", ["subject"])
    op.create_index("events_by_reader", "events", ["reader", "case_id"])


def _demand_subjects() -> None:
    """Let nobody write an event without its name: a process from before this step would, and it could be used twice."""
    kinds = f"({_KINDS}, 'item.seal')"
    if context.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE events ADD CONSTRAINT {_RULE} CHECK (subject IS NOT NULL OR type NOT IN {kinds})")
    else:  # SQLite adds no constraint to a table that is there
        op.execute(
            f"CREATE TRIGGER {_RULE} BEFORE INSERT ON events WHEN NEW.subject IS NULL AND NEW.type IN {kinds}"
            " BEGIN SELECT RAISE(ABORT, 'an event without the name that it brings'); END"
        )


def _fill(connection: sa.Connection) -> None:
    after = -1
    while rows := connection.execute(_SELECT, {"after": after, "types": list(_NAMED_BY), "limit": _AT_ONCE}).all():
        connection.execute(_UPDATE, [_filled(row) for row in rows])
        after = rows[-1].idx


def _filled(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row has no public type
    said = json.loads(row.event)
    if row.living:
        body = json.loads(base64.b64decode(said["dsse"]["payload"]))["body"]
        return {"idx": row.idx, "subject": body[_NAMED_BY[row.type]], "reader": _reader(row.type, body)}
    left = said.get("left")  # a tombstone
    return {"idx": row.idx, "subject": left["grant"] if left else said["items"][0], "reader": left and left["reader"]}


def _reader(kind: str, body: dict[str, Any]) -> str | None:
    return str(body["reader"]) if kind == "grant" else None


def downgrade() -> None:
    """Take the columns away: everything in them is in the events."""
    if context.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE events DROP CONSTRAINT {_RULE}")
    else:
        op.execute(f"DROP TRIGGER {_RULE}")
    for index in ("events_by_reader", "events_by_subject", "events_of_type"):
        op.drop_index(index, "events")
    op.drop_column("events", "reader")
    op.drop_column("events", "subject")
