"""Proves that hostile bytes are refused with a reason at every door, and that one bad event costs one row.

The table of hostile spellings (`tests/vectors/spellings.json`) is what Python's and the page's readers are put to, too.
"""

import base64
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from evidence import ids
from evidence.statements import bodies, dsse
from server.auth.rates import Limiter
from tests.support import documented
from tests.support.server_world import STATEMENTS, TUS, Person, World, problem, running_world, settings_in
from tests.support.timeline_page import timeline
from tests.vectors import make_spellings

ROWS: Final[list[dict[str, Any]]] = json.loads(make_spellings.FILE.read_text(encoding="utf-8"))["spellings"]
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["name"]))
MARK: Final = "de kaart van deze test"


def bytes_of(row: dict[str, Any]) -> bytes:
    return base64.b64decode(row["bytes"])


@EACH
def test_a_dispatcher_gives_a_reason_in_one_spelling_or_none(world: World, row: dict[str, Any]) -> None:
    """A half surrogate in such a reason once took the timeline of a case from everybody, for good."""
    reason = bodies.BreakGlass(ids.ItemId(ids.new_id()), MARK)
    signed = world.dispatcher.sign("break_glass", reason, ids.CaseId(ids.new_id())).envelope.body
    whole = signed.replace(json.dumps(MARK).encode(), bytes_of(row)) if row["value"] else bytes_of(row)
    envelope = dsse.sign(dsse.STATEMENT_TYPE, whole, world.dispatcher.identity)
    answer = world.dispatcher.http.post(STATEMENTS, content=envelope.to_bytes())
    is_reason = row["signed"] and row["value"] and bytes_of(row).startswith(b'"')
    # The case does not exist: what is read is refused by the rules, what is not read is refused as form before them.
    assert problem(answer) == ("not-found" if is_reason else "statement")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[World]:
    """A server of one test's own, whose database may be spoiled."""
    with running_world(settings_in(tmp_path)) as world:
        yield world


def test_one_event_that_cannot_be_read_costs_one_row(alone: World, tmp_path: Path) -> None:
    case = alone.open_case()
    phone = case.phone()
    card = case.sealed(phone)
    until_then = ids.time_of(datetime.now(UTC) + timedelta(days=300))
    spoilt = alone.caseworker.act("case.retain", bodies.CaseRetain("consent", MARK, until_then), case.case)
    again = case.sealed(phone, "En nog een keer.")
    before = page_of(case.vault, case.case)
    with sqlite3.connect(tmp_path / "getuige.db") as database:
        (stored,) = database.execute(
            "SELECT event FROM events WHERE event = ?", (base64.b64decode(spoilt["event"]),)
        ).fetchone()
        damaged = stored.replace(b'"v":1', b'"v":"\xed\xa0\x80"')
        database.execute("UPDATE events SET event = ? WHERE event = ?", (damaged, stored))
    for reader in (case.vault, alone.caseworker):
        rows = page_of(reader, case.case)
        assert [row["index"] for row in rows] == [row["index"] for row in before]
        troubled = [row for row in rows if row["trouble"] is not None]
        assert [(row["trouble"], row["event"]) for row in troubled] == [("event", damaged)]
        sealed = [row["body"]["item"] for row in rows if row["type"] == "item.seal"]
        assert sealed == [card.body.item, again.body.item]


def test_one_item_that_is_not_here_costs_one_row(alone: World, tmp_path: Path) -> None:
    case = alone.open_case()
    phone = case.phone()
    gone, left = case.sealed(phone), case.sealed(phone, "En nog een keer.")
    (blob,) = [path for path in (tmp_path / "blobs").rglob(f"*{gone.body.container.sha256}*") if path.is_file()]
    blob.unlink()
    rows = page_of(case.vault, case.case)
    assert [row["trouble"] for row in rows if row["type"] == "item.seal"] == ["item", None]
    assert [row["item"]["item"] for row in rows if row["item"]] == [left.body.item]
    blob.write_bytes(b"\x00" * 100)
    assert [row["trouble"] for row in page_of(case.vault, case.case) if row["type"] == "item.seal"] == ["item", None]


def page_of(reader: Person, case: ids.CaseId) -> list[dict[str, Any]]:
    """Return the rows of a case but the readings, which each look adds to."""
    return [row for row in timeline(reader, case, limit=1000)["events"] if row["type"] != "read"]


DOCUMENT: Final = documented.document()
WRITING: Final = [
    pytest.param(method.upper(), path, operation, id=f"{method.upper()} {path}")
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in {"post", "put", "patch", "delete"}
]
"""Every route that may be sent a body."""

WITHOUT_BRIDGE: Final = "bridge"
"""The one 5xx that is right here: no bridge runs beside this server."""


def members_of(operation: dict[str, Any]) -> list[str]:
    """Return the members of the JSON object that a route documents as its body."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    found = DOCUMENT["components"]["schemas"].get(name, schema)
    return sorted(found.get("properties", {}))


def documents(operation: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield every row of the table as a whole body, and every value of it in the place of each member."""
    members = members_of(operation)
    takes_json = "application/json" in operation.get("requestBody", {}).get("content", {})
    for row in ROWS if takes_json else [row for row in ROWS if not row["value"]]:
        yield row["name"], bytes_of(row)
        for member in members if row["value"] else ():
            others = b"".join(b',"%b":"x"' % one.encode() for one in members if one != member)
            yield f"{row['name']} as {member}", b'{"%b":%b%b}' % (member.encode(), bytes_of(row), others)


@pytest.mark.parametrize(("method", "path", "operation"), WRITING)
def test_no_route_errs_at_hostile_bytes(
    world: World, method: str, path: str, operation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = world.open_case()
    where = path.replace("{case}", case.case)
    for name in ("item", "alarm", "kid", "upload", "device", "export", "erasure"):
        where = where.replace(f"{{{name}}}", ids.new_id())
    where = where.replace("{handle}", "naam")
    people = (case.phone(), world.caseworker, world.dispatcher, world.investigator, case.vault)
    heard = [who for who in people if who.http.request(method, where, content=b"{}").status_code not in {401, 404}]
    who = (heard or [people[0]])[0]
    monkeypatch.setattr(Limiter, "take", lambda *_: None)
    headers = {"content-type": "application/json", **TUS}
    for name, data in documents(operation):
        answer = who.http.request(method, where, content=data, headers=headers)
        if answer.status_code >= 400:
            assert problem(answer) == WITHOUT_BRIDGE or answer.status_code < 500, (name, answer.text)
