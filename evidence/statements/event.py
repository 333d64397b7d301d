"""Events and receipts: what the server adds to a statement, and what it promises about it.

An event is a statement with its place in the journal and the server's time of receipt (`docs/formats/event.md`). A
receipt is the server's signature over both (`docs/formats/receipt.md`). A receipt is computed from the event and
Ed25519 is deterministic, so the same statement gets the same receipt, whenever and however often it is posted.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

from evidence import canonical, ids, keys, schema
from evidence.custody.log import leaf as leaves
from evidence.errors import EvidenceError, FormatError
from evidence.statements import dsse
from evidence.statements import statement as statements


class ReceiptError(EvidenceError):
    """A receipt does not fit the event, the statement, the salt or the key that it should."""


@dataclass(frozen=True)
class Recorded:
    """One stored event: its exact bytes, the salt of its leaf, and the leaf. It is durable."""

    index: int
    received_at: ids.Time
    statement: ids.Sha256
    event: bytes
    salt: bytes
    leaf: bytes
    again: bool = field(default=False, compare=False)
    """In the answer to an append: the statement had been stored before, and this is that event."""

    @property
    def event_sha256(self) -> ids.Sha256:
        """SHA-256 of the event bytes."""
        return ids.Sha256(hashlib.sha256(self.event).hexdigest())


@dataclass(frozen=True)
class Event:
    """A parsed event."""

    index: int
    received_at: ids.Time
    statement: statements.Statement


@dataclass(frozen=True)
class Receipt:
    """The payload of a receipt; member names are the format's."""

    v: Literal[1]
    suite: Literal[1]
    log: str
    index: int
    statement: ids.Sha256
    event: ids.Sha256
    leaf: ids.LeafHex
    received_at: ids.Time
    by: ids.KeyId


def record(statement: statements.Statement, index: int, received_at: ids.Time) -> Recorded:
    """Give `statement` its place in the journal: event bytes, a fresh salt, and the leaf.

    FormatError when the event would be larger than what is read again: nobody could open the journal after it.
    """
    event = b'{"dsse":%b,"index":%d,"received_at":"%b","v":1}' % (
        *(statement.envelope.to_bytes(), index),
        received_at.encode(),
    )
    if len(event) > canonical.MAX_DOCUMENT_BYTES:
        raise FormatError(f"the statement makes an event of more than {canonical.MAX_DOCUMENT_BYTES} bytes")
    salt = leaves.new_salt()
    return Recorded(index, received_at, statement.id, event, salt, leaves.leaf_entry(salt, event))


def parse(data: bytes) -> Event:
    """Read event bytes; FormatError for any other form. Verifies no signature."""
    members = canonical.decode_exact(data)
    if not isinstance(members, dict) or members.keys() != {"v", "index", "received_at", "dsse"}:
        raise FormatError("an event has v, index, received_at and dsse")
    index, received_at = members["index"], members["received_at"]
    if members["v"] != 1 or not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise FormatError("an event has version 1 and an index from 0")
    ids.moment_of(received_at)
    envelope = dsse.from_json(members["dsse"], dsse.STATEMENT_TYPE)
    return Event(index, received_at, statements.from_envelope(envelope))


def promise(server: keys.SigningKey, said: Receipt) -> dsse.Envelope:
    """Sign a receipt: the bytes of `canonical.encode(schema.encode(said))`, which whoever posts waits for."""
    payload = (
        f'{{"by":"{said.by}","event":"{said.event}","index":{said.index},"leaf":"{said.leaf}",'
        f'"log":{canonical.quoted(said.log)},"received_at":"{said.received_at}","statement":"{said.statement}",'
        f'"suite":{said.suite},"v":{said.v}}}'
    )
    return dsse.sign(dsse.RECEIPT_TYPE, payload.encode(), server)


def issue(server: keys.SigningKey, origin: str, recorded: Recorded) -> dsse.Envelope:
    """Sign the receipt of a stored event, for the log that `origin` names."""
    about = (recorded.index, recorded.statement, recorded.event_sha256, ids.LeafHex(recorded.leaf.hex()))
    return promise(server, Receipt(1, 1, origin, *about, recorded.received_at, server.kid))


def check(
    receipt: dsse.Envelope, event: bytes, salt: bytes, *, statement: ids.Sha256, origin: str, server: bytes
) -> Receipt:
    """Return the receipt's payload if it holds.

    It holds when the server's key (Ed25519, 32 bytes) signed it for the log `origin`, `event` holds the statement with
    the id `statement`, and `salt` with `event` gives its leaf. Raises ReceiptError, SignatureError or FormatError.
    """
    dsse.verify(receipt, {keys.signing_kid(server): server})
    payload = schema.decode(Receipt, canonical.decode_exact(receipt.body))
    parsed = parse(event)
    expected = (origin, parsed.index, statement, parsed.received_at, keys.signing_kid(server))
    if (payload.log, payload.index, payload.statement, payload.received_at, payload.by) != expected:
        raise ReceiptError("the receipt speaks of another log, place, statement, time or server")
    if parsed.statement.id != statement:
        raise ReceiptError("the event holds another statement")
    if payload.event != hashlib.sha256(event).hexdigest():
        raise ReceiptError("the receipt speaks of another event")
    if not hmac.compare_digest(leaves.leaf_entry(salt, event).hex(), payload.leaf):
        raise ReceiptError("the salt and the event do not give the leaf that the receipt names")
    return payload
