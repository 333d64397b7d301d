"""COSE_Sign1 with Ed25519 (RFC 9052 section 4.2, RFC 9053 section 2.2): how a small device signs.

The topic is the external_aad, so that bytes signed for one topic mean nothing on another. What arrived is
kept whole; nothing here serialises a received message anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import cbor2

from device_bridge.errors import ForeignSignatureError, MessageError
from evidence import keys

MAX_MESSAGE_BYTES: Final = 1024
"""A press with a position is about 200 bytes; a kilobyte leaves room and bounds a stranger."""

MAX_DEPTH: Final = 6
"""Tag, array, map, list of a position: four. Deeper nesting is an attack on the parser."""

SIGN1_TAG: Final = 18
ALGORITHM: Final = 1
EDDSA: Final = -8
PROTECTED: Final = cbor2.dumps({ALGORITHM: EDDSA}, canonical=True)
"""The one protected header of suite 1. Another algorithm is another header, and is refused."""

SIGNATURE_BYTES: Final = 64
_PARTS: Final = 4

_KNOWN_TAGS: Final = (
    *(0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261),
    *(1004, 43000, 55799),
)
"""Tags that cbor2 would turn into dates, huge numbers, regular expressions: none belongs here."""


@dataclass(frozen=True, slots=True)
class Sign1:
    """A parsed COSE_Sign1; nothing is verified yet."""

    payload: bytes
    signature: bytes

    def verify(self, public: bytes, topic: str) -> bytes:
        """Check the signature by `public` (Ed25519, 32 bytes) over payload and topic; return the bytes it is over.

        MessageError when it does not fit.
        """
        signed = to_be_signed(self.payload, topic)
        try:
            keys.verify(public, signed, self.signature)
        except keys.SignatureError as error:
            raise ForeignSignatureError("the signature does not fit the key, the topic and the bytes") from error
        return signed


def to_be_signed(payload: bytes, topic: str) -> bytes:
    """Return the bytes of the Sig_structure (RFC 9052 section 4.4)."""
    return cbor2.dumps(["Signature1", PROTECTED, topic.encode(), payload], canonical=True)


def sign1(who: keys.SigningKey, payload: bytes, topic: str) -> bytes:
    """Return a tagged COSE_Sign1 of `payload` for `topic`, deterministically encoded."""
    signature = who.sign(to_be_signed(payload, topic))
    return cbor2.dumps(cbor2.CBORTag(SIGN1_TAG, [PROTECTED, {}, payload, signature]), canonical=True)


def parse(data: bytes) -> Sign1:
    """Read a tagged or untagged COSE_Sign1 strictly. MessageError for anything else; verifies nothing."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(data)} bytes is larger than {MAX_MESSAGE_BYTES}")
    value = decode(data, untag=True)
    if not isinstance(value, list | tuple) or len(value) != _PARTS:
        raise MessageError("not a COSE_Sign1: expected an array of four")
    protected, unprotected, payload, signature = value
    if protected != PROTECTED:
        raise MessageError("the protected header must name EdDSA and nothing else")
    if not isinstance(unprotected, Mapping):
        raise MessageError(
            "the unprotected header must be a map; nothing vouches for what is in it, and nobody reads it"
        )
    if not isinstance(payload, bytes) or not isinstance(signature, bytes) or len(signature) != SIGNATURE_BYTES:
        raise MessageError("payload or signature is missing")
    return Sign1(payload, signature)


def decode(data: bytes, *, untag: bool = False) -> Any:  # noqa: ANN401 - CBOR has no narrower type
    """Decode one plain CBOR value: definite lengths, no duplicate keys, no tags; else MessageError."""
    try:
        return cbor2.loads(
            data,
            tag_hook=_open_sign1 if untag else _refuse_tag,
            semantic_decoders=_REFUSALS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
    except (cbor2.CBORError, MessageError, ValueError, TypeError, OverflowError, EOFError) as error:
        raise MessageError("not the plain CBOR that a device sends") from error


def _open_sign1(tag: cbor2.CBORTag, *_: object) -> object:
    if tag.tag != SIGN1_TAG:
        _refuse_tag(tag)
    return tag.value


def _refuse_tag(*_: object) -> NoReturn:
    raise MessageError("a CBOR tag does not belong here")


_REFUSALS: Final[dict[int, Callable[..., NoReturn]]] = dict.fromkeys(_KNOWN_TAGS, _refuse_tag)
