"""Signed notes and their keys (c2sp.org/signed-note, c2sp.org/tlog-cosignature).

Signature types that are used: 0x01 Ed25519 (logs), 0x04 timestamped Ed25519 and 0x06 ML-DSA-44 cosignatures. Lines of
keys that a verifier does not know are ignored, as the specification demands; lines that are no signature lines
make the whole note unusable.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

from nacl.signing import SigningKey

from evidence import ed25519
from evidence.custody.errors import KeyFormatError, NoteError, SignatureError
from evidence.custody.log import post_quantum

MAX_NOTE_BYTES: Final = 256 * 1024
"""Room for `MAX_SIGNATURES` post-quantum signatures of about 3.3 kB each; larger is an attempt to exhaust us."""

MAX_SIGNATURES: Final = 64
"""The specification asks for at least 16; each costs at most one Ed25519 verification."""

MAX_KEY_NAME_BYTES: Final = 255
"""tlog-cosignature gives a cosigner name one length byte."""

MAX_KEY_TEXT_BYTES: Final = 4096
"""Longer than any vkey of an assigned type."""

MAX_TIMESTAMP: Final = 253_402_300_799
"""The last second of the year 9999, the last that `datetime` can hold; the specification allows 2**63 - 1."""

KEY_ID_BYTES: Final = 4
TIMESTAMP_BYTES: Final = 8

_SIGNATURE_PREFIX: Final = "— "
_PRIVATE_PREFIX: Final = "PRIVATE+KEY+"


class KeyType(IntEnum):
    """Signature type bytes of c2sp.org/signed-note that Getuige uses."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04
    ML_DSA_44 = 0x06


COSIGNERS: Final = frozenset({KeyType.COSIGNATURE_V1, KeyType.ML_DSA_44})
"""Types of a witness's key."""


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: who claims to have signed, and the bytes that prove it (without the key id)."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its final newline."""
        return f"{_SIGNATURE_PREFIX}{self.name} {_b64(self.key_id + self.signature)}\n"

    @classmethod
    def parse(cls, line: str) -> "NoteSignature":
        """Return the signature in one line, which must end in a newline.

        Raises:
            NoteError: this is not a signature line.
        """
        parts = line.removesuffix("\n").split(" ")
        if not line.endswith("\n") or len(parts) != 3 or parts[0] != _SIGNATURE_PREFIX.strip():  # noqa: PLR2004 - dash, name, base64
            raise NoteError("not a signature line")
        if not _is_key_name(parts[1]):
            raise NoteError("a signature line bears no proper key name")
        try:
            blob = unb64(parts[2])
        except ValueError:
            raise NoteError("a signature is not base64") from None
        if len(blob) <= KEY_ID_BYTES:
            raise NoteError("a signature is too short")
        return cls(parts[1], blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and its signature lines in order."""

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and sent."""
        return self.text + b"\n" + "".join(signature.line for signature in self.signatures).encode()

    @classmethod
    def parse(cls, data: bytes) -> "Note":
        """Return the note in `data`; nothing in it is verified yet.

        Raises:
            NoteError: the bytes are not a signed note, or pass `MAX_NOTE_BYTES` or `MAX_SIGNATURES`.
        """
        if len(data) > MAX_NOTE_BYTES:
            raise NoteError(f"a note has at most {MAX_NOTE_BYTES} bytes")
        try:
            content = data.decode("utf-8")
        except UnicodeDecodeError:
            raise NoteError("a note is UTF-8 text") from None
        if any(char < " " and char != "\n" for char in content):
            raise NoteError("a note has no control characters")
        text, separator, lines = content.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise NoteError("a note is text, an empty line and signature lines")
        if lines.count("\n") > MAX_SIGNATURES:
            raise NoteError(f"a note has at most {MAX_SIGNATURES} signatures")
        signatures = tuple(NoteSignature.parse(line + "\n") for line in lines[:-1].split("\n"))
        return cls(f"{text}\n".encode(), signatures)

    def with_signatures(self, signatures: Sequence[NoteSignature]) -> "Note":
        """Return the same text with further signature lines at the end."""
        return Note(self.text, self.signatures + tuple(signatures))


@dataclass(frozen=True)
class Signed:
    """A signature that did verify: by whom, and for a cosignature, when it was made (UTC)."""

    name: str
    key_id: bytes
    at: datetime | None


@dataclass(frozen=True)
class NoteVerifier:
    """A public key that may have signed a note."""

    name: str
    kind: KeyType
    public_key: bytes

    def __post_init__(self) -> None:
        if not _is_key_name(self.name):
            raise KeyFormatError("a key name is not empty and has neither spaces nor plus signs")
        size = post_quantum.PUBLIC_KEY_BYTES if self.kind is KeyType.ML_DSA_44 else ed25519.KEY_BYTES
        if len(self.public_key) != size:
            raise KeyFormatError(f"a public key of type {self.kind} has {size} bytes")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which signature lines name this key."""
        identity = self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key
        return hashlib.sha256(identity).digest()[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The verifier key as text: `<name>+<key id in hex>+<base64 of type and key>`."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(bytes([self.kind]) + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> "NoteVerifier":
        """Return the key in a vkey text.

        Raises:
            KeyFormatError: it is no vkey, its key id does not fit, or its type is not 0x01, 0x04 or 0x06.
        """
        name, key_id, kind, material = _parse_key(vkey)
        verifier = cls(name, kind, material)
        if verifier.key_id.hex() != key_id:
            raise KeyFormatError("the key id does not belong to this name and key")
        return verifier

    def knows(self, signature: NoteSignature) -> bool:
        """Say whether the line claims to be by this key (name and key id both match)."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verify(self, text: bytes, signature: NoteSignature) -> Signed:
        """Check one signature line over a note text.

        Raises:
            SignatureError: the line is by another key, or does not verify.
        """
        if not self.knows(signature):
            raise SignatureError(f"the signature is not by {self.name}")
        blob, message, at = signature.signature, text, None
        if self.kind in COSIGNERS:
            seconds = int.from_bytes(blob[:TIMESTAMP_BYTES], "big")
            if len(blob) < TIMESTAMP_BYTES or seconds > MAX_TIMESTAMP:
                raise SignatureError(f"the cosignature of {self.name} bears no usable time")
            blob, message = blob[TIMESTAMP_BYTES:], cosigned_message(self.name, self.kind, text, seconds)
            at = datetime.fromtimestamp(seconds, UTC)
            if self.kind is KeyType.ML_DSA_44:
                post_quantum.verify(self.public_key, message, blob)
                # Without a time it does not say that this head was the newest (c2sp.org/tlog-cosignature).
                return Signed(self.name, signature.key_id, at if seconds else None)
        if len(blob) != ed25519.SIGNATURE_BYTES:
            raise SignatureError(f"the signature of {self.name} has the wrong length")
        if not ed25519.holds(self.public_key, message, blob):
            raise SignatureError(f"the signature of {self.name} does not verify")
        return Signed(self.name, signature.key_id, at)

    def verify_note(self, note: Note) -> tuple[Signed, ...]:
        """Check every line of this key in a note, and return them in order (none: an empty tuple).

        Raises:
            SignatureError: a line of this key does not verify, so the whole note is to be refused.
        """
        return tuple(self.verify(note.text, line) for line in note.signatures if self.knows(line))


@dataclass(frozen=True)
class NoteSigner:
    """A private key that signs notes; `kind` says whether as a log or as a cosigner."""

    name: str
    kind: KeyType
    seed: bytes = field(repr=False)
    verifier: NoteVerifier = field(init=False)

    def __post_init__(self) -> None:
        if len(self.seed) != ed25519.KEY_BYTES:
            raise KeyFormatError(f"a seed has {ed25519.KEY_BYTES} bytes")
        if self.kind is KeyType.ML_DSA_44:
            public_key = post_quantum.public_of(self.seed)
        else:
            public_key = bytes(SigningKey(self.seed).verify_key)
        object.__setattr__(self, "verifier", NoteVerifier(self.name, self.kind, public_key))

    @property
    def vkey(self) -> str:
        """The public half, as text for a policy or `log.vkey`."""
        return self.verifier.vkey

    @property
    def skey(self) -> str:
        """The private half as text: `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`. Keep it secret."""
        key_id = self.verifier.key_id.hex()
        return f"{_PRIVATE_PREFIX}{self.name}+{key_id}+{_b64(bytes([self.kind]) + self.seed)}"

    @classmethod
    def parse(cls, skey: str) -> "NoteSigner":
        """Return the key in an skey text (the form of golang.org/x/mod/sumdb/note).

        Raises:
            KeyFormatError: it is no skey, its key id does not fit, or its type is not 0x01, 0x04 or 0x06.
        """
        if not skey.startswith(_PRIVATE_PREFIX):
            raise KeyFormatError("a signer key begins with PRIVATE+KEY+")
        name, key_id, kind, seed = _parse_key(skey.removeprefix(_PRIVATE_PREFIX))
        signer = cls(name, kind, seed)
        if signer.verifier.key_id.hex() != key_id:
            raise KeyFormatError("the key id does not belong to this name and key")
        return signer

    def sign(self, text: bytes) -> NoteSignature:
        """Return the plain Ed25519 signature line over a note text.

        Raises:
            KeyFormatError: this is a cosigner's key, which signs nothing without a time.
        """
        if self.kind is not KeyType.ED25519:
            raise KeyFormatError("a cosigner's key makes cosignatures only")
        return NoteSignature(self.name, self.verifier.key_id, bytes(SigningKey(self.seed).sign(text).signature))

    def cosign(self, text: bytes, at: datetime) -> NoteSignature:
        """Return the cosignature line over a checkpoint body, made at `at` (aware; whole seconds are kept).

        Raises:
            KeyFormatError: this is a log's key.
        """
        if self.kind not in COSIGNERS:
            raise KeyFormatError("a log's key makes no cosignatures")
        if at.tzinfo is None:
            raise KeyFormatError("the time of a cosignature needs a time zone")
        seconds = int(at.timestamp())
        message = cosigned_message(self.name, self.kind, text, seconds)
        if self.kind is KeyType.ML_DSA_44:
            signature = post_quantum.sign(self.seed, message)
        else:
            signature = bytes(SigningKey(self.seed).sign(message).signature)
        return NoteSignature(self.name, self.verifier.key_id, seconds.to_bytes(TIMESTAMP_BYTES, "big") + signature)


def generate_key(name: str, kind: KeyType = KeyType.ED25519) -> NoteSigner:
    """Return a fresh key; `name` is a URL without scheme, and for a log its origin.

    Raises:
        KeyFormatError: the name is empty, too long, or has a space or plus sign.
    """
    return NoteSigner(name, kind, bytes(SigningKey.generate()))


def cosigned_message(name: str, kind: KeyType, text: bytes, seconds: int) -> bytes:
    """Return what a cosignature by the key `name` signs over a checkpoint body (c2sp.org/tlog-cosignature).

    Raises:
        SignatureError: type 0x06 signs checkpoints, and the text is none.
    """
    if kind is KeyType.COSIGNATURE_V1:
        return b"cosignature/v1\ntime %d\n" % seconds + text
    try:
        origin, size, root = text.decode().split("\n")[:3]
        head = (origin, int(size), unb64(root))
        return post_quantum.cosigned_message(name, *head, seconds)
    except (ValueError, OverflowError) as error:
        raise SignatureError("only a checkpoint can be cosigned") from error


def unb64(text: str) -> bytes:
    """Decode standard base64 in its one canonical spelling; a plain ValueError when it is not.

    Python ignores stray bits in the last character, so two texts could mean the same bytes.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error is one
        raise ValueError("not base64") from error
    if _b64(data) != text:
        raise ValueError("not canonical base64")
    return data


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _is_key_name(name: str) -> bool:
    # Control characters cannot stand in a note, so a key that bears one could never sign.
    bad = any(char.isspace() or char < " " or char == "+" for char in name)
    try:
        return not bad and 0 < len(name.encode()) <= MAX_KEY_NAME_BYTES
    except UnicodeEncodeError:
        return False


def _parse_key(text: str) -> tuple[str, str, KeyType, bytes]:
    """Split a vkey, or an skey without its prefix, into name, key id in hex, type and 32 key bytes."""
    parts = text.split("+", 2) if len(text) <= MAX_KEY_TEXT_BYTES else []
    if len(parts) != 3:  # noqa: PLR2004 - name, key id, key
        raise KeyFormatError("a key is a name, a key id and key bytes, joined by plus signs")
    name, key_id, encoded = parts
    try:
        blob = unb64(encoded)
        kind = KeyType(blob[0])
    except (ValueError, IndexError):
        raise KeyFormatError("the key bytes are not base64 of a type that Getuige uses (1, 4 or 6)") from None
    return name, key_id, kind, blob[1:]
