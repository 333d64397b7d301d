"""Cobblestone-256: C2SP chunked encryption with AES-256-GCM (c2sp.org/chunked-encryption@v1), salt of our choice.

`cryptography.cobblestone` opens and authenticates; it seals with a random salt only. A phone that was cut off must
seal to the same bytes again, so the sealing half stands here, on the library's AES-GCM, with the salt given.
Tests hold both halves together, and against a second implementation in JavaScript.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.errors import EvidenceError

KEY_BYTES: Final = 32
SALT_BYTES: Final = 24
COMMITMENT_BYTES: Final = 32
HEADER_BYTES: Final = SALT_BYTES + COMMITMENT_BYTES
CHUNK_BYTES: Final = 16 * 1024
TAG_BYTES: Final = 16
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES

RUN_CHUNKS: Final = 16
"""Chunks that are sealed or opened in one piece: 256 KiB. Less costs calls; from 1 MiB on each piece is memory that the
kernel has to clear first, and both are half as fast."""

_RUN_BYTES: Final = RUN_CHUNKS * CHUNK_BYTES
_INFO: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_OUTPUT_BYTES: Final = KEY_BYTES + 12 + COMMITMENT_BYTES


class OpenError(EvidenceError):
    """Ciphertext does not open: another key, another context, changed, or cut off."""


def ciphertext_size(plaintext_size: int) -> int:
    """Return the size in bytes of the message that seals `plaintext_size` bytes (a last chunk may be empty)."""
    return HEADER_BYTES + plaintext_size + TAG_BYTES * (plaintext_size // CHUNK_BYTES + 1)


def plaintext_size(message_size: int) -> int:
    """Return how many bytes a message of `message_size` bytes seals; OpenError if no message has that size."""
    body = message_size - HEADER_BYTES
    size = body - TAG_BYTES * (body // SEALED_CHUNK_BYTES + 1)
    if body < TAG_BYTES or ciphertext_size(size) != message_size:
        message = f"no message has {message_size} bytes"
        raise OpenError(message)
    return size


def seal(key: bytes, context: bytes, salt: bytes, plaintext: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the message: header first, then one sealed chunk after another. Memory stays flat.

    `salt` must differ for each plaintext under one key and context; `evidence.envelope` derives it from both.
    """
    yield header(key, context, salt)
    yield from seal_chunks(key, context, salt, plaintext, 0)


def header(key: bytes, context: bytes, salt: bytes) -> bytes:
    """Return the first 56 bytes of a message: the salt, and the commitment to the key."""
    return salt + _derive(key, context, salt)[2]


def seal_chunks(key: bytes, context: bytes, salt: bytes, plaintext: Iterable[bytes], first: int) -> Iterator[bytes]:
    """Yield the sealed chunks from number `first` to the end, up to `RUN_CHUNKS` of them at a time.

    `plaintext` begins where that chunk begins.
    """
    cipher, base_nonce, _ = _derive(key, context, salt)
    index = first
    for run in _runs(plaintext):
        sealed = bytearray(len(run) + TAG_BYTES * max(1, -(-len(run) // CHUNK_BYTES)))
        into = memoryview(sealed)
        at = 0
        for start in range(0, max(1, len(run)), CHUNK_BYTES):
            chunk = run[start : start + CHUNK_BYTES]
            end = at + len(chunk) + TAG_BYTES
            cipher.encrypt_into(_nonce(base_nonce, index), chunk, None, into[at:end])
            index, at = index + 1, end
        yield bytes(sealed)


def open_chunks(key: bytes, context: bytes, head: bytes, sealed: bytes, first: int) -> Iterator[bytes]:
    """Yield the plaintext of whole chunks from anywhere in a message: `sealed` begins with chunk number `first`.

    `head` is the message's header. OpenError for another key, context or place, or changed bytes. Whether the message
    goes on after these chunks is for the caller to know, from a size that was signed.
    """
    cipher, base_nonce, committed = _derive(key, context, head[:SALT_BYTES])
    if len(head) != HEADER_BYTES or not hmac.compare_digest(head[SALT_BYTES:], committed):
        message = "the message was sealed under another key or for another purpose"
        raise OpenError(message)
    for index, start in enumerate(range(0, len(sealed), SEALED_CHUNK_BYTES), start=first):
        try:
            yield cipher.decrypt(_nonce(base_nonce, index), sealed[start : start + SEALED_CHUNK_BYTES], None)
        except InvalidTag as error:
            message = f"chunk {index} does not open: changed, cut off, or from another place"
            raise OpenError(message) from error


def open_all(key: bytes, context: bytes, message: bytes) -> bytes:
    """Open a whole message; OpenError if it is not exactly what was sealed under `key` and `context`."""
    return b"".join(open_stream(key, context, [message]))


def open_stream(key: bytes, context: bytes, message: Iterable[bytes]) -> Iterator[bytes]:
    """Yield authenticated plaintext as ciphertext arrives; the end is authentic only when the iterator ends.

    OpenError where the first changed or missing byte shows; what was yielded before is authentic.
    """
    opener = Cobblestone256Decryptor(key, context)
    try:
        for data in message:
            view = memoryview(data)
            for start in range(0, len(view), _RUN_BYTES):
                if plaintext := opener.update(view[start : start + _RUN_BYTES]):
                    yield plaintext
        if plaintext := opener.finalize():
            yield plaintext
    except (InvalidTag, ValueError) as error:
        text = "the ciphertext does not open: another key, changed, or cut off"
        raise OpenError(text) from error


def _runs(plaintext: Iterable[bytes]) -> Iterator[memoryview]:
    """Cut into runs of full chunks and one last, shorter and possibly empty one: its length is what marks the end."""
    pending = bytearray()
    for data in plaintext:
        view = memoryview(data)
        if pending:
            missing = min(CHUNK_BYTES - len(pending), len(view))
            pending += view[:missing]
            view = view[missing:]
            if len(pending) < CHUNK_BYTES:
                continue
            yield memoryview(bytes(pending))
            pending.clear()
        whole = len(view) - len(view) % CHUNK_BYTES
        for start in range(0, whole, _RUN_BYTES):
            yield view[start : min(start + _RUN_BYTES, whole)]
        pending += view[whole:]
    yield memoryview(bytes(pending))


def _derive(key: bytes, context: bytes, salt: bytes) -> tuple[AESGCM, bytes, bytes]:
    """Return the cipher, the base nonce and the commitment to the key."""
    derived = _expand(key, _INFO + salt + context)
    return AESGCM(derived[:KEY_BYTES]), derived[KEY_BYTES : KEY_BYTES + 12], derived[KEY_BYTES + 12 :]


def _nonce(base: bytes, index: int) -> bytes:
    return (int.from_bytes(base) ^ index).to_bytes(len(base))


def _expand(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand with SHA-512 (RFC 5869 section 2.3), key as the pseudorandom key."""
    output, block, counter = b"", b"", 1
    while len(output) < _OUTPUT_BYTES:
        block = hmac.digest(key, block + info + bytes([counter]), hashlib.sha512)
        output, counter = output + block, counter + 1
    return output[:_OUTPUT_BYTES]
