"""Cobblestone-256 written a second time on libsodium's AES-256-GCM (PyNaCl) agrees with ours in both directions.

`evidence.envelope.cobblestone` stands on OpenSSL; here nothing of it is used but the sizes. The text that is followed
is c2sp.org/chunked-encryption@v1.
"""

import hashlib
import hmac
import os
from itertools import count

import pytest
from nacl import bindings, exceptions

from evidence.envelope import cobblestone

CHUNK, TAG, SALT = 16_384, 16, 24
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 200_001)


@pytest.fixture(autouse=True)
def aes_instructions() -> None:
    """Libsodium offers AES-256-GCM only where the processor has instructions for it."""
    try:
        bindings.crypto_aead_aes256gcm_encrypt(b"", None, bytes(12), bytes(32))
    except exceptions.UnavailableError:
        pytest.skip("this processor has no AES instructions for libsodium")


def keys_of(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    """Return message key, first nonce and commitment: HKDF-Expand with SHA-512 (RFC 5869, 2.3), 76 bytes."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + context
    first = hmac.new(key, info + b"\x01", hashlib.sha512).digest()
    output = first + hmac.new(key, first + info + b"\x02", hashlib.sha512).digest()
    return output[:32], output[32:44], output[44:76]


def nonce(first: bytes, number: int) -> bytes:
    return bytes(a ^ b for a, b in zip(first, number.to_bytes(12, "big"), strict=True))


def sodium_seal(key: bytes, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
    message_key, first, commitment = keys_of(key, salt, context)
    out = [salt, commitment]
    for number in count():
        chunk = plaintext[number * CHUNK : (number + 1) * CHUNK]
        out.append(bindings.crypto_aead_aes256gcm_encrypt(chunk, None, nonce(first, number), message_key))
        if len(chunk) < CHUNK:
            return b"".join(out)
    raise AssertionError


def sodium_open(key: bytes, context: bytes, message: bytes) -> bytes:
    message_key, first, commitment = keys_of(key, message[:SALT], context)
    assert hmac.compare_digest(message[SALT : SALT + 32], commitment)
    body, out = message[SALT + 32 :], []
    for number in count():
        sealed = body[number * (CHUNK + TAG) : (number + 1) * (CHUNK + TAG)]
        out.append(bindings.crypto_aead_aes256gcm_decrypt(sealed, None, nonce(first, number), message_key))
        if len(out[-1]) < CHUNK:
            return b"".join(out)
    raise AssertionError


@pytest.mark.parametrize("size", SIZES)
def test_what_one_seals_the_other_opens_and_seals_alike(size: int) -> None:
    key, salt, plain, context = os.urandom(32), os.urandom(SALT), os.urandom(size), b"getuige/item/v1/content/a/b"
    theirs, ours = sodium_seal(key, context, salt, plain), b"".join(cobblestone.seal(key, context, salt, [plain]))
    assert theirs == ours
    assert len(ours) == cobblestone.ciphertext_size(size)
    assert cobblestone.open_all(key, context, theirs) == plain
    assert sodium_open(key, context, ours) == plain


@pytest.mark.parametrize("size", [1, CHUNK, 3 * CHUNK])
def test_both_refuse_what_was_cut_or_changed_or_belongs_elsewhere(size: int) -> None:
    key, salt, plain = os.urandom(32), os.urandom(SALT), os.urandom(size)
    message = sodium_seal(key, b"here", salt, plain)
    changed = bytearray(message)
    changed[-1] ^= 1
    cut = message[: -(TAG + size % CHUNK)] if size % CHUNK == 0 else message[:-1]
    for bad, context in ((bytes(changed), b"here"), (cut, b"here"), (message, b"there")):
        with pytest.raises((exceptions.CryptoError, ValueError, AssertionError)):
            sodium_open(key, context, bad)
        with pytest.raises(cobblestone.OpenError):
            cobblestone.open_all(key, context, bad)
