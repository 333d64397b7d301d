"""The one blob per item, with what a reader needs first: signed head and key wraps, then meta, then content.

`MAGIC ‖ uint32 length of head ‖ head (DSSE) ‖ meta ciphertext ‖ content ciphertext`. An upload that was cut anywhere
after the head leaves a prefix that is authentic and readable (`docs/formats/envelope.md`).
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Literal

from evidence import canonical, ids, keys, schema
from evidence.envelope import cobblestone
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, dsse

MAGIC: Final = b"getuige-item-1\n"
LENGTH_BYTES: Final = 4
COMMITMENT_DOMAIN: Final = b"getuige/commitment/v1\x00"
HEAD_OFFSET: Final = len(MAGIC) + LENGTH_BYTES
MAX_HEAD_BYTES: Final = 256 * 1024
"""A head has room for 120 wraps; more readers than that are served by grants."""

MAX_META_BYTES: Final = 512 * 1024
"""An incident told in full, twice over: a timeline must stay quick to open."""


class IncompleteError(FormatError):
    """The bytes end before the part that was asked for."""


class TamperedError(EvidenceError):
    """Two signed or hashed parts of an item contradict each other."""


@dataclass(frozen=True)
class Wrap:
    """A content key for the owner of the X-Wing key that `to` names, and the number of the suite it is wrapped in."""

    to: ids.KeyId
    wrap: ids.Base64
    suite: Literal[2]


@dataclass(frozen=True)
class HeadContent:
    """Size in bytes of the content ciphertext, and the commitment to the content plaintext."""

    size: int
    commitment: ids.Commitment


@dataclass(frozen=True)
class Head:
    """What the sealing key signed before any content left the phone."""

    v: Literal[1]
    suite: Literal[1]
    case: ids.CaseId
    item: ids.ItemId
    by: ids.KeyId
    at: ids.Time
    meta: bodies.Part
    wraps: tuple[Wrap, ...]
    content: HeadContent | None = None


@dataclass(frozen=True)
class Prefix:
    """A parsed beginning of a container: head and meta ciphertext. Nothing is verified yet."""

    envelope: dsse.Envelope
    head: Head
    head_bytes: bytes
    meta_ciphertext: bytes

    @property
    def size(self) -> int:
        """Where content starts: bytes of everything before it."""
        return HEAD_OFFSET + len(self.head_bytes) + len(self.meta_ciphertext)

    @property
    def container_size(self) -> int:
        """Bytes of the whole container."""
        return self.size + (self.head.content.size if self.head.content else 0)

    def to_bytes(self) -> bytes:
        """Return the container's bytes up to where content starts."""
        return frame(self.head_bytes) + self.meta_ciphertext


def frame(head_bytes: bytes) -> bytes:
    """Return the container's first bytes: magic, length, head."""
    return MAGIC + len(head_bytes).to_bytes(LENGTH_BYTES) + head_bytes


def prefix_size(start: bytes) -> int | None:
    """Return how many bytes the prefix has, as far as `start` tells; None if more of it is needed.

    FormatError when `start` is not the beginning of a container.
    """
    head_bytes = _head_bytes(start)
    return None if head_bytes is None else HEAD_OFFSET + len(head_bytes) + parse_head(head_bytes)[1].meta.size


def _head_bytes(start: bytes) -> bytes | None:
    """Return the head as it stands at the beginning of a container; None and FormatError as in `prefix_size`."""
    if start[: len(MAGIC)] != MAGIC[: len(start)]:
        message = "not an item container"
        raise FormatError(message)
    if len(start) < HEAD_OFFSET:
        return None
    head_size = int.from_bytes(start[len(MAGIC) : HEAD_OFFSET])
    if head_size > MAX_HEAD_BYTES:
        message = f"a head of {head_size} bytes is larger than {MAX_HEAD_BYTES}"
        raise FormatError(message)
    head_bytes = bytes(start[HEAD_OFFSET : HEAD_OFFSET + head_size])
    return head_bytes if len(head_bytes) == head_size else None


def parse_prefix(start: bytes) -> Prefix:
    """Read the prefix from the beginning of a container; more bytes may follow. Verifies no signature.

    IncompleteError if `start` is too short, FormatError for any other form.
    """
    head_bytes = _head_bytes(start)
    if head_bytes is not None:
        envelope, head = parse_head(head_bytes)
        head_end = HEAD_OFFSET + len(head_bytes)
        prefix = Prefix(envelope, head, head_bytes, bytes(start[head_end : head_end + head.meta.size]))
        if len(prefix.meta_ciphertext) == head.meta.size:
            return prefix
    message = "the item was cut off before its description ended"
    raise IncompleteError(message)


def verify_head(prefix: Prefix, public: bytes) -> None:
    """Check the head's signature by Ed25519 key `public`, its author, and the hash of the meta ciphertext.

    keys.SignatureError or TamperedError if one does not hold.
    """
    kid = keys.signing_kid(public)
    dsse.verify(prefix.envelope, {kid: public})
    if prefix.head.by != kid:
        message = "the head names another author than the key that signed it"
        raise TamperedError(message)
    if hashlib.sha256(prefix.meta_ciphertext).hexdigest() != prefix.head.meta.sha256:
        message = "the description is not the one that the head names"
        raise TamperedError(message)


def check_against(prefix: Prefix, statement_case: ids.CaseId | None, by: ids.KeyId, body: bodies.ItemSeal) -> None:
    """Compare a container with the `item.seal` statement about it, without opening anything.

    TamperedError names the first member that differs.
    """
    head, content = prefix.head, prefix.head.content
    stated = body.content and HeadContent(body.content.size, body.content.commitment)
    head_blob = bodies.Blob(ids.Sha256(hashlib.sha256(prefix.head_bytes).hexdigest()), len(prefix.head_bytes))
    pairs = {
        "case": (head.case, statement_case),
        "item": (head.item, body.item),
        "author": (head.by, by),
        "head": (head_blob, body.head),
        "meta": (head.meta, body.meta),
        "content": (content, stated),
        "container size": (prefix.container_size, body.container.size),
        "meta hash": (hashlib.sha256(prefix.meta_ciphertext).hexdigest(), body.meta.sha256),
    }
    for name, (found, expected) in pairs.items():
        if found != expected:
            message = f"the item and its statement differ in: {name}"
            raise TamperedError(message)


def check_begun(prefix: Prefix, statement_case: ids.CaseId | None, by: ids.KeyId, body: bodies.ItemOpen) -> None:
    """Compare the beginning of a container with the `item.open` statement that announced it.

    TamperedError names the first member that differs. The hash of the meta ciphertext is `verify_head`'s.
    """
    head_blob = bodies.Blob(ids.Sha256(hashlib.sha256(prefix.head_bytes).hexdigest()), len(prefix.head_bytes))
    pairs = {
        "case": (prefix.head.case, statement_case),
        "item": (prefix.head.item, body.item),
        "author": (prefix.head.by, by),
        "head": (head_blob, body.head),
    }
    for name, (found, expected) in pairs.items():
        if found != expected:
            message = f"what arrived of the item and its announcement differ in: {name}"
            raise TamperedError(message)


def context(part: Literal["meta", "content"], case: str, item: str) -> bytes:
    """Return the encryption context that ties a ciphertext to its part, case and item."""
    return f"getuige/item/v1/{part}/{case}/{item}".encode()


def commitment(content_key: bytes, plaintext_sha256: bytes) -> ids.Commitment:
    """Return the salted commitment to a content (given by its SHA-256, before padding); that to meta: `fields`."""
    salt = commitment_salt(content_key)
    return ids.Commitment(hashlib.sha256(COMMITMENT_DOMAIN + salt + plaintext_sha256).hexdigest())


def commitment_salt(content_key: bytes) -> bytes:
    """Return the opening of a commitment: shown in court, it proves the content and gives no key away."""
    return hmac.digest(content_key, b"getuige/commitment-salt/v1/content", hashlib.sha256)


def parse_head(head_bytes: bytes) -> tuple[dsse.Envelope, Head]:
    """Read a head from its exact bytes; FormatError for any other form. Verifies no signature."""
    envelope = dsse.from_json(canonical.decode_exact(head_bytes), dsse.ITEM_HEAD_TYPE)
    head = schema.decode(Head, canonical.decode_exact(envelope.body))
    if not cobblestone.HEADER_BYTES < head.meta.size <= MAX_META_BYTES:
        message = "the size of the description is out of bounds"
        raise FormatError(message)
    return envelope, head
