"""Rows of a page of a timeline in every shape, for the readers of both languages."""

from dataclasses import replace

from evidence import ids, keys
from evidence.envelope import container, sealing, wraps
from evidence.envelope.container import HEAD_OFFSET, Wrap
from evidence.envelope.pages import Row, Served
from evidence.statements import bodies, event
from evidence.statements import statement as statements
from tests.support.incidents import incident

PHONE, VAULT, LEAD = keys.Identity.generate(), keys.Identity.generate(), keys.Identity.generate()
CASE = ids.CaseId(ids.new_id())
FACTS = b'{"case":{"case":"x"},"next":null}'
HOSTILE = '"wrap":"AAAA" \\"wrap\\":\\"AAAA\\" \u2028 \n'


def item(text: str) -> tuple[bodies.ItemSeal, Served]:
    """Return the seal of an item for two readers, and what a page holds of it."""
    prepared = sealing.prepare(PHONE, CASE, incident(text), [VAULT.xwing_public, LEAD.xwing_public])
    prefix = container.parse_prefix(prepared.prefix)
    size = bodies.Blob(ids.Sha256("ab" * 32), len(prepared.prefix))
    head = bodies.Blob(ids.Sha256("cd" * 32), len(prefix.head_bytes))
    seal = bodies.ItemSeal(prefix.head.item, size, head, prefix.head.meta)
    return seal, Served(prepared.prefix[HEAD_OFFSET : HEAD_OFFSET + head.size], prefix.meta_ciphertext)


def recorded(kind: str, body: bodies.Body, index: int) -> Row:
    found = event.record(statements.sign(PHONE, kind, body, case=CASE), index, ids.now())
    return Row(found.index, found.received_at, found.event, found.salt)


def rows() -> list[Row]:
    """Return a row of each shape: given and not, with a grant, cut off, unreadable, of words that look like ours."""
    (first, served), (second, other) = item("een"), item("twee")
    wrap = ids.Base64(wraps.wrap(bytes(32), CASE, first.item, LEAD.xwing_public))
    beside = replace(served, wraps=(Wrap(LEAD.opening_kid, wrap, 2),))
    given = tuple(bodies.GrantedItem(one, wrap, 2) for one in (first.item, second.item))
    grant = bodies.Grant(ids.GrantId(ids.new_id()), LEAD.kid, LEAD.opening_kid, HOSTILE, ids.now(), given)
    opened = bodies.ItemOpen(second.item, second.head)
    return [
        replace(recorded("item.seal", first, 0), item=beside),
        recorded("item.seal", second, 1),
        recorded("grant", grant, 2),
        replace(recorded("item.open", opened, 7), item=replace(other, arrived=17)),
        replace(recorded("item.seal", second, 8), trouble="item"),
        Row(9, ids.now(), b'{"dsse":"\xed\xa0\x80\n"}', bytes(32), trouble="event"),
    ]
