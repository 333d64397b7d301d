"""The sealing of one item: head and meta are prepared at once, then the content is streamed. Memory stays flat.

`prepare` makes everything that is random (content key, wraps, signature); from then on the same `Prepared` and the
same content give the same bytes, so a phone that was cut off goes on where the server stopped.
"""

import dataclasses
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from nacl import utils

from evidence import canonical, ids, keys, schema
from evidence.envelope import cobblestone, container, fields, wraps
from evidence.envelope import meta as metas
from evidence.envelope.hashing import SideHash
from evidence.envelope.meta import Media, Meta
from evidence.envelope.padding import padme, zero_padded, zeros
from evidence.envelope.parts import File
from evidence.errors import EvidenceError, FormatError
from evidence.statements import bodies, dsse

READ_BYTES: Final = 1024 * 1024
"""Large enough that hashing, not calling, is the cost."""

MIN_META_BYTES: Final = 2048
"""Short and empty incidents look alike from outside; without a word one has some 500 bytes."""


class ChangedError(EvidenceError):
    """The file changed between preparing and sealing."""


@dataclass(frozen=True)
class Content:
    """A file to seal: name and MIME type for its reader, and a way to read it from the start, again and again.

    `read_at`, where there is one, reads from an offset in bytes, so that resuming need not read what came before.
    """

    name: str
    mime: str
    read: Callable[[], Iterator[bytes]]
    read_at: Callable[[int], Iterator[bytes]] | None = None

    def read_from(self, offset: int) -> Iterator[bytes]:
        """Yield the content from `offset` (bytes)."""
        if self.read_at is not None:
            yield from self.read_at(offset)
            return
        for data in self.read():
            if offset < len(data):
                yield data[offset:]
            offset = max(0, offset - len(data))

    @staticmethod
    def of_file(path: Path, mime: str) -> "Content":
        """Read the content from `path` each time."""
        return Content(path.name, mime, lambda: _read_file(path, 0), lambda offset: _read_file(path, offset))

    @staticmethod
    def of_bytes(data: bytes, name: str, mime: str) -> "Content":
        """Take the content from memory."""
        return Content(name, mime, lambda: iter([data]), lambda offset: iter([data[offset:]]))


@dataclass(frozen=True)
class Prepared:
    """An item ready to stream. `content_key` and `content_salt` are secret until the receipt, then forgotten."""

    prefix: bytes = field(repr=False)
    content_key: bytes = field(repr=False)
    content_salt: bytes | None = field(repr=False)
    left_out: tuple[ids.KeyId, ...] = ()
    """Readers to whose keys nothing can be wrapped. Everybody else has the item."""

    def stream(self, content: Content | None = None, *, offset: int = 0) -> Iterator[bytes]:
        """Yield the container's bytes, the same ones each time, from `offset` (bytes) on.

        ChangedError if `content` is another one now: at the end when it is sealed from the start, so what was yielded
        must not leave the device before; at once, before anything is sealed, when it begins with the content or later.
        """
        if offset < len(self.prefix):
            yield self.prefix[offset:]
        if content is None or self.content_salt is None:
            return
        head = container.parse_prefix(self.prefix).head
        context = container.context("content", head.case, head.item)
        if offset >= len(self.prefix) and head.content is not None:
            yield from self._resume(content, context, head.content.size, offset - len(self.prefix))
            return
        with SideHash() as digest:
            yield from cobblestone.seal(
                self.content_key, context, self.content_salt, _hashed(zero_padded(content.read()), digest.update)
            )
            found = digest.digest()
        if _salt(self.content_key, context, found) != self.content_salt:
            message = f"{content.name} changed while it was being sealed"
            raise ChangedError(message)

    def _resume(self, content: Content, context: bytes, size: int, offset: int) -> Iterator[bytes]:
        """Yield the content's ciphertext from `offset`; only chunks that are still needed are sealed.

        The content is hashed first: another plaintext under nonces that were used before would give both away.
        """
        salt = self.content_salt or b""
        if _salt(self.content_key, context, _measure(content)[1]) != salt:
            message = f"{content.name} changed since it was prepared"
            raise ChangedError(message)
        if offset < cobblestone.HEADER_BYTES:
            yield cobblestone.header(self.content_key, context, salt)[offset:]
            offset = cobblestone.HEADER_BYTES
        if offset >= size:
            return
        chunk, skip = divmod(offset - cobblestone.HEADER_BYTES, cobblestone.SEALED_CHUNK_BYTES)
        plain = _padded_from(content, chunk * cobblestone.CHUNK_BYTES, cobblestone.plaintext_size(size))
        for piece in cobblestone.seal_chunks(self.content_key, context, salt, plain, chunk):
            yield piece[skip:]
            skip = 0


def prepare(
    signer: keys.SigningKey,
    case: ids.CaseId,
    meta: Meta,
    readers: Sequence[bytes],
    content: Content | None = None,
    *,
    item: ids.ItemId | None = None,
) -> Prepared:
    """Prepare an item of `case` for `readers`, X-Wing keys (the case's own first). Reads `content` once.

    A reader with a bad key is left out, and named in `left_out`: it must not keep the item from the others.
    wraps.ReaderError when nobody is left. The file of a `Media` is filled in from `content`; FormatError for content of
    another kind, and for a `Media` without any.
    """
    item = item or ids.ItemId(ids.new_id())
    key = utils.random(cobblestone.KEY_BYTES)
    wrapped, left_out = _wrap(key, case, item, readers)
    content_salt, content_part = None, None
    if content is not None:
        content_salt, content_part, file = measure_content(key, case, item, content)
        if not isinstance(meta, Media):
            message = f"{type(meta).__name__}: only a photo, sound, video or file has content"
            raise FormatError(message)
        meta = dataclasses.replace(meta, file=file)
    meta_ciphertext, meta_part = seal_meta(key, case, item, meta)
    head = container.Head(
        v=1,
        suite=1,
        case=case,
        item=item,
        by=signer.kid,
        at=ids.now(),
        meta=meta_part,
        wraps=wrapped,
        content=content_part,
    )
    signed = dsse.sign(dsse.ITEM_HEAD_TYPE, canonical.encode(schema.encode(head)), signer)
    return Prepared(container.frame(signed.to_bytes()) + meta_ciphertext, key, content_salt, left_out)


def write(prepared: Prepared, content: Content | None, out: BinaryIO) -> bodies.ItemSeal:
    """Write the container to `out` and return the body of the `item.seal` statement about it."""
    prefix = container.parse_prefix(prepared.prefix)
    size = 0
    with SideHash() as whole, SideHash() as content_hash:
        for index, data in enumerate(prepared.stream(content)):
            whole.update(data)
            if index > 0:
                content_hash.update(data)
            out.write(data)
            size += len(data)
        whole_sha256, content_sha256 = ids.Sha256(whole.hexdigest()), ids.Sha256(content_hash.hexdigest())
    head = prefix.head
    part = None
    if head.content is not None:
        part = bodies.Part(content_sha256, head.content.size, head.content.commitment)
    return bodies.ItemSeal(
        item=head.item,
        container=bodies.Blob(whole_sha256, size),
        head=bodies.Blob(ids.Sha256(hashlib.sha256(prefix.head_bytes).hexdigest()), len(prefix.head_bytes)),
        meta=head.meta,
        content=part,
    )


def measure_content(key: bytes, case: str, item: str, content: Content) -> tuple[bytes, container.HeadContent, File]:
    """Read `content` once and return its salt, its size and commitment for the head, and its name for the meta."""
    plain, padded, size = _measure(content)
    salt = _salt(key, container.context("content", case, item), padded)
    part = container.HeadContent(cobblestone.ciphertext_size(padme(size)), container.commitment(key, plain))
    return salt, part, File(content.name, content.mime, size, ids.Sha256(plain.hex()))


def seal_meta(key: bytes, case: str, item: str, meta: Meta) -> tuple[bytes, bodies.Part]:
    """Return the ciphertext of a description, and its size, hash and commitment for the head.

    FormatError when a reader would refuse the description, before anything is sealed.
    """
    described = metas.to_json(meta)
    plain = canonical.encode(described)
    padded = plain.ljust(padme(max(MIN_META_BYTES, len(plain))))
    if cobblestone.ciphertext_size(len(padded)) > container.MAX_META_BYTES:
        message = f"a description of {len(plain)} bytes is too long to be sealed"
        raise FormatError(message)
    context = container.context("meta", case, item)
    salt = _salt(key, context, hashlib.sha256(padded).digest())
    ciphertext = b"".join(cobblestone.seal(key, context, salt, [padded]))
    committed = fields.commitment(key, described)
    return ciphertext, bodies.Part(ids.Sha256(hashlib.sha256(ciphertext).hexdigest()), len(ciphertext), committed)


def _wrap(
    key: bytes, case: str, item: str, readers: Sequence[bytes]
) -> tuple[tuple[container.Wrap, ...], tuple[ids.KeyId, ...]]:
    """Return the wraps, and the names of readers whose keys are bad."""
    wrapped, left_out = [], []
    for reader in readers:
        name = keys.opening_kid(reader)
        try:
            wrapped.append(container.Wrap(name, wraps.wrap(key, case, item, reader), wraps.SUITE))
        except FormatError:
            left_out.append(name)
    if not wrapped:
        message = "nothing can be wrapped to any reader of this item: their keys are bad"
        raise wraps.ReaderError(message)
    return tuple(wrapped), tuple(left_out)


def _salt(key: bytes, context: bytes, padded_sha256: bytes) -> bytes:
    """Derive the salt from key, context and plaintext: the same input seals to the same bytes, another never."""
    return hmac.digest(key, context + b"\x00" + padded_sha256, hashlib.sha256)[: cobblestone.SALT_BYTES]


def _measure(content: Content) -> tuple[bytes, bytes, int]:
    """Return SHA-256 of the plaintext, SHA-256 of it padded, and its size in bytes; one read."""
    plain, size = hashlib.sha256(), 0
    for data in content.read():
        plain.update(data)
        size += len(data)
    padded = plain.copy()
    missing = padme(size) - size
    for piece in zeros(missing):
        padded.update(piece)
    return plain.digest(), padded.digest(), size


def _hashed(data: Iterator[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in data:
        update(piece)
        yield piece


def _padded_from(content: Content, offset: int, end: int) -> Iterator[bytes]:
    """Yield the padded plaintext of `end` bytes from `offset`."""
    for data in content.read_from(offset):
        offset += len(data)
        yield data
    yield from zeros(end - offset)


def _read_file(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while data := file.read(READ_BYTES):
            yield data
