"""Pages of a timeline in tests, read back by the clients' reader: rows with what the tests ask of them."""

from typing import Any

import httpx

from evidence import canonical, ids, schema
from evidence.envelope import container, pages
from evidence.envelope.pages import Row
from evidence.errors import EvidenceError
from evidence.statements import event
from tests.support.server_world import Person


def page(answer: httpx.Response) -> dict[str, Any]:
    """Return the page in an answer: what it says of the case, and in `events` its rows."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == pages.MEDIA_TYPE
    found = pages.read(answer.content)
    return {**found.facts, "events": [row(one) for one in found.rows]}


def timeline(who: Person, case: ids.CaseId, **query: int) -> dict[str, Any]:
    """Return a page of a case, as somebody is given it."""
    return page(who.http.get(f"/api/v1/cases/{case}/timeline", params=query))


def row(found: Row) -> dict[str, Any]:
    """Return a row as plain members."""
    out = {
        "index": found.index, "received_at": found.received_at, "event": found.event, "salt": found.salt,
        "trouble": found.trouble, "item": None if found.item is None else item(found.item),
    }  # fmt: skip
    try:
        said = event.parse(found.event).statement
    except EvidenceError:
        return {**out, "type": "unreadable", "by": "", "statement": "", "body": {}}
    body = schema.encode(said.body)
    return {**out, "type": said.type, "by": said.by, "statement": said.id, "body": body}


def item(served: pages.Served) -> dict[str, Any]:
    """Return what was given of an item: its name, the beginning of its container, and wraps beside its head."""
    prefix = container.parse_prefix(container.frame(served.head) + served.meta)
    return {
        "item": prefix.head.item, "prefix": prefix, "head": canonical.b64(prefix.to_bytes()),
        "wraps": [schema.encode(one) for one in served.wraps], "arrived": served.arrived,
        "size": prefix.container_size,
    }  # fmt: skip
