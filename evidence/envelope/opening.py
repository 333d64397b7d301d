"""The opening of one item with a reader's key, and the proof that what opened is what was sealed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from evidence import canonical, keys
from evidence.envelope import cobblestone, container, fields, wraps
from evidence.envelope import meta as metas
from evidence.envelope.container import Prefix, TamperedError
from evidence.envelope.hashing import SideHash
from evidence.envelope.meta import Meta
from evidence.envelope.padding import padme
from evidence.errors import FormatError
from evidence.statements import bodies

RANGE_CHUNKS: Final = 64
"""Chunks that are read at once for a range: 1 MiB, so that memory stays flat and a request is worth its while."""


class Described(NamedTuple):
    """A description that opened: its bytes as they were sealed, what they parse to, and its leaves with their salts."""

    text: bytes
    members: Any
    salted: fields.Salted


def content_key(prefix: Prefix, reader: keys.OpeningKey, granted: bodies.GrantedItem | None = None) -> bytes:
    """Return the item's content key from the wrap in its head, or from the one that a grant gave.

    wraps.NotGivenError if there is no wrap for `reader`, WrapError if it was made for something else.
    """
    head = prefix.head
    found = granted or next((wrap for wrap in head.wraps if wrap.to == reader.opening_kid), None)
    if found is None:
        message = "this item was not given to this reader"
        raise wraps.NotGivenError(message)
    return wraps.unwrap(found.wrap, head.case, head.item, reader)


def open_range(
    prefix: Prefix, key: bytes, meta: Meta, read_at: Callable[[int, int], bytes], first: int, last: int
) -> Iterator[bytes]:
    """Yield the bytes `first` to `last` (both included, as in an HTTP Range) of the original file.

    `read_at(offset, size)` reads the container; only the header and the chunks that are needed are asked for. Each
    chunk is proven to be what was sealed at its place under this item's key. The commitment covers the whole file, so
    it is checked by `open_content`, not here. FormatError for a range outside the file, TamperedError when head and
    meta contradict each other, cobblestone.OpenError for changed bytes.
    """
    head, file = prefix.head, metas.file_of(meta)
    if head.content is None or file is None or not 0 <= first <= last < file.size:
        message = "this item has no such bytes"
        raise FormatError(message)
    if cobblestone.ciphertext_size(padme(file.size)) != head.content.size:
        message = "the size of the content is not the one that its description gives"
        raise TamperedError(message)
    context = container.context("content", head.case, head.item)
    start = prefix.size + cobblestone.HEADER_BYTES
    message_header = read_at(prefix.size, cobblestone.HEADER_BYTES)
    chunk, last_chunk = first // cobblestone.CHUNK_BYTES, last // cobblestone.CHUNK_BYTES
    at = chunk * cobblestone.CHUNK_BYTES
    while chunk <= last_chunk:
        count = min(RANGE_CHUNKS, last_chunk - chunk + 1)
        offset = start + chunk * cobblestone.SEALED_CHUNK_BYTES
        size = min(count * cobblestone.SEALED_CHUNK_BYTES, prefix.container_size - offset)
        sealed = read_at(offset, size)
        if len(sealed) != size:
            message = "the content is cut off here"
            raise cobblestone.OpenError(message)
        for plain in cobblestone.open_chunks(key, context, message_header, sealed, chunk):
            if piece := plain[max(first - at, 0) : last + 1 - at]:
                yield piece
            at += len(plain)
        chunk += count


def open_begun(prefix: Prefix, key: bytes, meta: Meta, ciphertext: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the part of the original file that arrived of an item that was cut off, without padding.

    Every chunk that is whole is proven to be what was sealed at its place under this item's key; what follows the last
    whole chunk is left out. The commitment covers the whole file and proves nothing here. FormatError when the item
    has no content, cobblestone.OpenError for changed bytes.
    """
    head, file = prefix.head, metas.file_of(meta)
    if head.content is None or file is None:
        message = "this item has no content"
        raise FormatError(message)
    context = container.context("content", head.case, head.item)
    pending, first, left = bytearray(), 0, file.size
    message_header = b""
    last = cobblestone.plaintext_size(head.content.size) // cobblestone.CHUNK_BYTES
    for data in ciphertext:
        pending += data
        if not message_header:
            if len(pending) < cobblestone.HEADER_BYTES:
                continue
            message_header = bytes(pending[: cobblestone.HEADER_BYTES])
            del pending[: cobblestone.HEADER_BYTES]
        whole = min(len(pending) // cobblestone.SEALED_CHUNK_BYTES, last - first)
        size = whole * cobblestone.SEALED_CHUNK_BYTES
        for plain in cobblestone.open_chunks(key, context, message_header, bytes(pending[:size]), first):
            if piece := plain[:left]:
                left -= len(piece)
                yield piece
        first += whole
        del pending[:size]
    rest = head.content.size - cobblestone.HEADER_BYTES - last * cobblestone.SEALED_CHUNK_BYTES
    if message_header and first == last and len(pending) == rest:  # all is here but the statement that seals it
        for plain in cobblestone.open_chunks(key, context, message_header, bytes(pending), first):
            if piece := plain[:left]:
                yield piece


def open_meta(prefix: Prefix, key: bytes) -> Meta:
    """Return what the item says about itself. cobblestone.OpenError, TamperedError or FormatError otherwise."""
    return metas.read(open_description(prefix, key))


def open_description(prefix: Prefix, key: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the description as it was sealed, parsed, with its fields checked against the head's commitment.

    Errors as `open_meta`; its members may yet be others than those of its kind.
    """
    return open_fields(prefix, key).members


def open_fields(prefix: Prefix, key: bytes) -> Described:
    """Return the description as `open_description` does, with its own bytes and the salts that show it."""
    head = prefix.head
    padded = cobblestone.open_all(key, container.context("meta", head.case, head.item), prefix.meta_ciphertext)
    text = padded.rstrip(b" ")
    members = canonical.decode_exact(text)
    salted = fields.Salted.of(key, members)
    if salted.commitment != head.meta.commitment:
        message = "the description does not open as it was sealed: its fields are not those of the commitment"
        raise TamperedError(message)
    return Described(text, members, salted)


def open_content(prefix: Prefix, key: bytes, meta: Meta, ciphertext: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the original file, without padding. TamperedError at the end if it is not what was sealed.

    What was yielded before an error is authentic, but incomplete.
    """
    head, file = prefix.head, metas.file_of(meta)
    if head.content is None or file is None:
        message = "this item has no content"
        raise FormatError(message)
    left = file.size
    with SideHash() as digest:
        for data in cobblestone.open_stream(key, container.context("content", head.case, head.item), ciphertext):
            plain = data[:left]
            left -= len(plain)
            digest.update(plain)
            if data[len(plain) :].strip(b"\x00"):
                message = "there is something in the padding"
                raise TamperedError(message)
            if plain:
                yield plain
        found = digest.digest()
    matches = container.commitment(key, found) == head.content.commitment
    if left or not matches or found.hex() != file.sha256:
        message = "the content is not what was sealed"
        raise TamperedError(message)
