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

_INFO: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_OUTPUT_BYTES: Final = KEY_BYTES + 12 + COMMITMENT_BYTES


class OpenError(EvidenceError):
    """Ciphertext does not open: another key, another context, changed, or cut off."""


def ciphertext_size(plaintext_size: int) -> int:
    """Return the size in bytes of the message that seals `plaintext_size` bytes (a last chunk may be empty)."""
    return HEADER_BYTES + plaintext_size + TAG_BYTES * (plaintext_size // CHUNK_BYTES + 1)


def seal(key: bytes, context: bytes, salt: bytes, plaintext: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the message: header first, then one sealed chunk after another. Memory stays flat.

    `salt` must differ for each plaintext under one key and context; `evidence.envelope` derives it from both.
    """
    derived = _expand(key, _INFO + salt + context)
    cipher, base_nonce = AESGCM(derived[:KEY_BYTES]), derived[KEY_BYTES : KEY_BYTES + 12]
    yield salt + derived[KEY_BYTES + 12 :]
    for index, chunk in enumerate(_chunks(plaintext)):
        yield cipher.encrypt(_nonce(base_nonce, index), chunk, None)


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
            if plaintext := opener.update(data):
                yield plaintext
        if plaintext := opener.finalize():
            yield plaintext
    except (InvalidTag, ValueError) as error:
        text = "the ciphertext does not open: another key, changed, or cut off"
        raise OpenError(text) from error


def _chunks(plaintext: Iterable[bytes]) -> Iterator[bytes]:
    """Cut into full chunks and one last, shorter and possibly empty one: its length is what marks the end."""
    pending = bytearray()
    for data in plaintext:
        pending += data
        offset = 0
        while len(pending) - offset >= CHUNK_BYTES:
            yield bytes(pending[offset : offset + CHUNK_BYTES])
            offset += CHUNK_BYTES
        del pending[:offset]
    yield bytes(pending)


def _nonce(base: bytes, index: int) -> bytes:
    return (int.from_bytes(base) ^ index).to_bytes(len(base))


def _expand(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand with SHA-512 (RFC 5869 section 2.3), key as the pseudorandom key."""
    output, block, counter = b"", b"", 1
    while len(output) < _OUTPUT_BYTES:
        block = hmac.digest(key, block + info + bytes([counter]), hashlib.sha512)
        output, counter = output + block, counter + 1
    return output[:_OUTPUT_BYTES]
