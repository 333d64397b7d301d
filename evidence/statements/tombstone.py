"""Tombstones, in the place of events that an erasure destroyed (`docs/formats/event.md`, *Tombstone*).

It says everything that later events rely on (who, which item, which number in a phone's chain, who was granted what
until when) and nothing that opens or proves the item: no signature, no key wrap, no hash or commitment of what was
sealed, no salt. The leaf stays, so that the tree goes on to verify and a receipt still proves that something existed.

A tombstone is not signed: it is believed because an `erase.execute` of the same erasure, which is signed and in the
log, names its item. An event is the unit: a grant that holds the key of an erased item is destroyed whole, because what
she signed cannot be cut without becoming something that she did not sign.
"""

from dataclasses import dataclass
from typing import Final, Literal

from evidence import canonical, ids, keys, schema
from evidence.errors import FormatError
from evidence.statements import bodies, catalogue, dsse, event
from evidence.statements.statement import Statement

ERASABLE: Final = frozenset(catalogue.where(erasable=True))


@dataclass(frozen=True)
class GrantLeft:
    """What is left of a grant: who could read its items until when. Purpose and key wraps are gone."""

    grant: ids.GrantId
    reader: ids.KeyId
    to: ids.KeyId
    expires: ids.Time


@dataclass(frozen=True)
class Tombstone:
    """The members of a tombstone; `event` is the SHA-256 of the bytes that were here."""

    v: Literal[1]
    index: int
    received_at: ids.Time
    erasure: ids.ErasureId
    statement: ids.Sha256
    event: ids.Sha256
    leaf: ids.LeafHex
    type: str
    case: ids.CaseId
    by: ids.KeyId
    items: tuple[ids.ItemId, ...]
    seq: int | None = None
    container: ids.Sha256 | None = None
    """Of an `item.seal`: the name of the ciphertext, so that a copy of it that turns up is destroyed too."""
    left: GrantLeft | None = None

    @property
    def grant(self) -> bodies.Grant | None:
        """The grant that was here, without its purpose and with empty wraps; None for other bodies."""
        if self.left is None:
            return None
        items = tuple(bodies.GrantedItem(item, ids.Base64(""), 2) for item in self.items)
        return bodies.Grant(self.left.grant, self.left.reader, self.left.to, "", self.left.expires, items)

    def to_bytes(self) -> bytes:
        """Return the tombstone as canonical JSON: what stands in the journal."""
        return canonical.encode(schema.encode(self))


def parse(data: bytes) -> Tombstone:
    """Read a tombstone; FormatError for any other form."""
    found = schema.decode(Tombstone, canonical.decode_exact(data))
    if found.type not in ERASABLE:
        raise FormatError(f"an event of type {found.type[:40]} is not erased")
    singular = found.type != "grant"
    if found.index < 0 or not found.items or (singular and len(found.items) != 1):
        raise FormatError("a tombstone has a place and names what was erased")
    if (found.left is None) != singular or (found.container is None) != (found.type != "item.seal"):
        raise FormatError("a tombstone says what its type needs and no more")
    return found


def receipt(server: keys.SigningKey, origin: str, tombstone: Tombstone) -> dsse.Envelope:
    """Return the receipt of the event that was here, the very bytes that it had: for a phone that never got them."""
    about = (tombstone.index, tombstone.statement, tombstone.event, tombstone.leaf)
    return event.promise(server, event.Receipt(1, 1, origin, *about, tombstone.received_at, server.kid))


def named_items(statement: Statement) -> frozenset[ids.ItemId]:
    """Return the items that an event of an erasable type opens or proves; empty for every other type."""
    match statement.body:
        case bodies.ItemOpen(item=item) | bodies.ItemSeal(item=item) | bodies.ItemWrap(item=item):
            return frozenset({item})
        case bodies.Grant(items=items):
            return frozenset(one.item for one in items)
        case _:
            return frozenset()


def instead_of(recorded: event.Recorded, erasure: ids.ErasureId) -> Tombstone:
    """Return the tombstone for an event; FormatError when its type is not one that is erased."""
    statement = event.parse(recorded.event).statement
    body = statement.body
    left = container = None
    match body:
        case bodies.ItemOpen(item=item) | bodies.ItemWrap(item=item):
            items: tuple[ids.ItemId, ...] = (item,)
        case bodies.ItemSeal(item=item):
            items, container = (item,), body.container.sha256
        case bodies.Grant():
            items = tuple(one.item for one in body.items)
            left = GrantLeft(body.grant, body.reader, body.to, body.expires)
        case _:
            raise FormatError(f"an event of type {statement.type} is not erased")
    if statement.case is None:
        raise FormatError("an event of no case is not erased")
    return Tombstone(
        1,
        recorded.index,
        recorded.received_at,
        erasure,
        recorded.statement,
        recorded.event_sha256,
        ids.LeafHex(recorded.leaf.hex()),
        statement.type,
        statement.case,
        statement.by,
        items,
        None if statement.chain is None else statement.chain.seq,
        container,
        left,
    )
