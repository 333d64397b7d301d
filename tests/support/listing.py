"""Standing lists over HTTP: she sets one, her phone adds something, somebody asks for it."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from evidence import ids, keys, schema
from evidence.envelope import container, opening, wraps
from evidence.errors import EvidenceError
from evidence.statements import bodies
from tests.support import published
from tests.support.server_world import CaseOfHers, Person, SealedItem, seal
from tests.support.timeline_page import timeline


def row(who: Person) -> bodies.StandingReader:
    return bodies.StandingReader(who.kid, published.sha256_of(who.identity))


def set_list(case: CaseOfHers, number: int, *readers: Person, **more: Any) -> bodies.ListSet:  # noqa: ANN401 - members of a body
    """Have her set a list of ninety days from now on, which the lead signs too."""
    now = datetime.now(UTC)
    until = ids.time_of(now + timedelta(days=90))
    body = replace(bodies.ListSet(number, ids.time_of(now), until, tuple(map(row, readers))), **more)
    lead = case.world.caseworker
    said = case.vault.sign("list.set", replace(body, agreed=lead.kid), cosigner=lead.identity)
    assert case.vault.post(said).status_code == 201
    return body


def add(case: CaseOfHers, phone: Person, *readers: Person) -> SealedItem:
    """Have a phone seal something to her and to these readers."""
    item = seal(phone, [case.vault.identity.xwing_public, *(one.identity.xwing_public for one in readers)])
    phone.upload(item.container, item.body)
    phone.act("item.seal", item.body)
    return item


def fetched(who: Person, item: SealedItem) -> httpx.Response:
    return who.http.get(f"/api/v1/items/{item.body.item}/container")


def rows(who: Person, case: CaseOfHers) -> dict[str, dict[str, Any]]:
    """Return the sealed items of a reader's timeline, by name; one that is not given has no head."""
    events = timeline(who, case.case, limit=1000)["events"]
    nothing: dict[str, Any] = {"head": None, "prefix": None, "wraps": []}
    return {one["body"]["item"]: one["item"] or nothing for one in events if one["type"] == "item.seal"}


def opens(row: dict[str, Any], who: keys.Identity) -> bool:
    """Whether one of the wraps in a row opens its description for somebody."""
    prefix = row["prefix"]
    if prefix is None:
        return False
    for one in (*map(schema.encode, prefix.head.wraps), *row["wraps"]):
        wrap = schema.decode(container.Wrap, one)
        with contextlib.suppress(EvidenceError):
            key = wraps.unwrap(wrap.wrap, prefix.head.case, prefix.head.item, who)
            opening.open_meta(prefix, key)
            return True
    return False
