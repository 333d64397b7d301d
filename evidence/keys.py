"""Keys of people, devices and services: Ed25519 signs, X-Wing opens, Argon2id locks by a phrase.

A person has two seeds, and neither follows from the other. A phone, an alarm device and a server only sign. A bridge
signs and has a box of its own (X25519), for codes and for its spool.

A private key never reaches the server. What the server may keep is a *locked key*: the two private seeds
under a key that only the pass phrase gives (RFC 9106 Argon2id, libsodium secretbox). The same derivation yields a
second, separate Ed25519 "auth" key, so that the server hands a locked key only to someone who knows the phrase
already, and an outsider cannot guess phrases offline.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from nacl import bindings, pwhash, signing, utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from evidence import canonical, ed25519, ids, schema, xwing
from evidence.errors import EvidenceError, FormatError, LockError

SEED_BYTES: Final = 32
MIN_OPSLIMIT, MAX_OPSLIMIT = 1, 20
MIN_MEMLIMIT, MAX_MEMLIMIT = 8 * 1024 * 1024, 1024 * 1024 * 1024
"""Bounds on the cost that a locked key may ask of us: above 1 GiB a hostile file would exhaust an old phone."""

_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeiou"
PHRASE_WORDS: Final = 6
"""Six words of two syllables carry 6 x 12.6 = 75 bits: out of reach even without Argon2id."""


class SignatureError(EvidenceError):
    """A signature does not fit the key and the bytes."""


def signing_kid(public: bytes) -> ids.KeyId:
    """Name an Ed25519 public key (32 bytes) by the first 16 bytes of SHA-256(0x01, key)."""
    return ids.KeyId(hashlib.sha256(b"\x01" + public).hexdigest()[:32])


def opening_kid(public: bytes) -> ids.KeyId:
    """Name an X-Wing public key (1216 bytes) by the first 16 bytes of SHA-256(0x03, key). Wraps do so."""
    return ids.KeyId(hashlib.sha256(b"\x03" + public).hexdigest()[:32])


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check an Ed25519 signature by the rule of `evidence.ed25519`; SignatureError if it does not hold."""
    if not ed25519.holds(public, message, signature):
        message_text = "the signature does not fit the key and the bytes"
        raise SignatureError(message_text)


@dataclass(frozen=True)
class SigningKey:
    """A private Ed25519 key: a seed of 32 bytes."""

    sign_seed: bytes = field(repr=False)

    @staticmethod
    def generate() -> "SigningKey":
        """Make a new one from the operating system's randomness."""
        return SigningKey(utils.random(SEED_BYTES))

    @cached_property
    def _signing(self) -> signing.SigningKey:
        # Deriving it costs as much as a signature.
        return signing.SigningKey(self.sign_seed)

    @property
    def sign_public(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        return bytes(self._signing.verify_key)

    @cached_property
    def kid(self) -> ids.KeyId:
        """The name of the signing key."""
        return signing_kid(self.sign_public)

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature, 64 bytes."""
        return bytes(self._signing.sign(message).signature)


@dataclass(frozen=True)
class OpeningKey:
    """A private X-Wing key, a seed of 32 bytes: it opens wraps. A desk's is shared without the key that signs."""

    xwing_seed: bytes = field(repr=False)

    @cached_property
    def _opening(self) -> xwing.PrivateKey:
        # Expanding it costs as much as opening a wrap.
        return xwing.PrivateKey(self.xwing_seed)

    @property
    def xwing_public(self) -> bytes:
        """The X-Wing public key, 1216 bytes."""
        return self._opening.public

    @cached_property
    def opening_kid(self) -> ids.KeyId:
        """The name of the key that opens."""
        return opening_kid(self.xwing_public)

    def unseal(self, info: bytes, sealed: bytes) -> bytes:
        """Open what `xwing.seal` sealed to this key; LockError if it is for another key or `info`, or was changed."""
        return self._opening.unseal(info, sealed)


@dataclass(frozen=True)
class Identity(OpeningKey, SigningKey):
    """The private keys of one person or desk: the seed that signs, then the seed that opens."""

    @staticmethod
    def generate() -> "Identity":
        """Make a new one from the operating system's randomness."""
        return Identity(utils.random(SEED_BYTES), utils.random(SEED_BYTES))


@dataclass(frozen=True)
class BridgeIdentity(SigningKey):
    """The private keys of the alarm bridges: they sign, and the X25519 box takes codes and their own spool."""

    box_seed: bytes = field(repr=False)

    @staticmethod
    def generate() -> "BridgeIdentity":
        """Make a new one from the operating system's randomness."""
        return BridgeIdentity(utils.random(SEED_BYTES), utils.random(SEED_BYTES))

    @cached_property
    def box_public(self) -> bytes:
        """The X25519 public key, 32 bytes."""
        return bindings.crypto_scalarmult_base(self.box_seed)

    def seal(self, plaintext: bytes) -> bytes:
        """Seal to this bridge itself."""
        return seal_box(self.box_public, plaintext)

    def open_box(self, sealed: bytes) -> bytes:
        """Open a libsodium sealed box; LockError if it is for another key or was changed."""
        try:
            return bytes(SealedBox(PrivateKey(self.box_seed)).decrypt(sealed))
        except (CryptoError, ValueError, TypeError) as error:
            message = "this key does not open that box"
            raise LockError(message) from error


def seal_box(public: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` to a bridge's X25519 key (libsodium crypto_box_seal, 48 bytes longer).

    FormatError if nothing can be sealed to `public`.
    """
    try:
        return bytes(SealedBox(PublicKey(public)).encrypt(plaintext))
    except (CryptoError, ValueError, TypeError) as error:
        message = "that is no X25519 public key"
        raise FormatError(message) from error


@dataclass(frozen=True)
class Kdf:
    """Argon2id parameters as libsodium names them: passes, bytes of memory, 16 bytes of salt as hexadecimal."""

    alg: Literal["argon2id13"]
    opslimit: int
    memlimit: int
    salt: str

    @staticmethod
    def fresh(opslimit: int = 3, memlimit: int = 64 * 1024 * 1024) -> "Kdf":
        """Choose a new salt; the default cost is 64 MiB and three passes (RFC 9106 section 4, second choice)."""
        return Kdf("argon2id13", opslimit, memlimit, secrets.token_hex(16))

    def derive(self, phrase: str) -> tuple[bytes, bytes]:
        """Return (seed of the auth key, secretbox key), 32 bytes each. LockError for costs out of bounds."""
        ids.hex_text(self.salt, 16)
        if not MIN_OPSLIMIT <= self.opslimit <= MAX_OPSLIMIT or not MIN_MEMLIMIT <= self.memlimit <= MAX_MEMLIMIT:
            message = "the locked key asks for a cost that is out of bounds"
            raise LockError(message)
        password = unicodedata.normalize("NFKC", phrase).strip().encode()
        both = pwhash.argon2id.kdf(64, password, bytes.fromhex(self.salt), self.opslimit, self.memlimit)
        return both[:SEED_BYTES], both[SEED_BYTES:]


@dataclass(frozen=True)
class LockedKey:
    """An identity under a pass phrase; JSON form in `docs/formats/keys.md`."""

    v: Literal[1]
    handle: str
    kdf: Kdf
    auth: ids.PublicKey
    locked: ids.Base64

    def unlock(self, phrase: str) -> Identity:
        """Return the identity; LockError when the phrase is another one."""
        _, wrapping = self.kdf.derive(phrase)
        try:
            seeds = SecretBox(wrapping).decrypt(canonical.unb64(self.locked))
        except (CryptoError, ValueError) as error:
            message = "the phrase does not open this key"
            raise LockError(message) from error
        if len(seeds) != 2 * SEED_BYTES:
            message = "the locked key holds something else than two seeds"
            raise LockError(message)
        return Identity(seeds[:SEED_BYTES], seeds[SEED_BYTES:])

    def to_bytes(self) -> bytes:
        """Return the JSON document."""
        return canonical.encode(schema.encode(self))

    @staticmethod
    def from_bytes(data: bytes) -> "LockedKey":
        """Parse the JSON document; FormatError if it is another one."""
        return schema.decode(LockedKey, canonical.decode(data))


def lock(identity: Identity, handle: str, phrase: str, kdf: Kdf | None = None) -> LockedKey:
    """Put `identity` under `phrase`; `handle` is the name that its owner types at sign-in."""
    kdf = kdf or Kdf.fresh()
    auth_seed, wrapping = kdf.derive(phrase)
    auth = bytes(signing.SigningKey(auth_seed).verify_key).hex()
    locked = bytes(SecretBox(wrapping).encrypt(identity.sign_seed + identity.xwing_seed))
    return LockedKey(1, handle, kdf, ids.PublicKey(auth), ids.Base64(canonical.b64(locked)))


def auth_signature(phrase: str, kdf: Kdf, message: bytes) -> bytes:
    """Sign `message` with the auth key that the phrase gives: proof of knowing it, without showing it."""
    auth_seed, _ = kdf.derive(phrase)
    return bytes(signing.SigningKey(auth_seed).sign(message).signature)


def generate_phrase(words: int = PHRASE_WORDS) -> str:
    """Return a fresh pass phrase of pronounceable words, such as `bado kemi ...`."""

    def syllable() -> str:
        return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)

    return " ".join(syllable() + syllable() for _ in range(words))
