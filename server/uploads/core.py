"""The rules of tus 1.0 as decisions without I/O: headers in, a decision or a problem out.

Source: https://tus.io/protocols/resumable-upload (core, creation, creation-with-upload, checksum, expiration,
termination).

State rules:
- The offset is the size of the file on the disk; nothing else is remembered about progress.
- A PATCH starts exactly at the offset. It may bring fewer bytes than are missing, never more.
- Bytes under a declared checksum count only when the checksum holds; without one, every byte that arrived counts.
- A complete file counts only when its SHA-256 is the one that was declared at creation; otherwise it is removed.
- A complete upload cannot be terminated: it is evidence by then.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evidence import ids
from evidence.errors import FormatError
from server.problems import ProblemError, domains, general

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,checksum,expiration,termination"
CHECKSUM_ALGORITHM: Final = "sha256"
OFFSET_MEDIA_TYPE: Final = "application/offset+octet-stream"

MAX_UPLOAD_BYTES: Final = 8 * 1024**3
"""An hour of video of a good phone; longer recordings are made in parts."""

CASE_QUOTA_BYTES: Final = 50 * 1024**3
"""All sealed and arriving files of one case: years of photographs, and no way to fill the disk with one phone."""

MAX_OPEN_UPLOADS: Final = 256
"""Files of one case that are arriving at once; a phone that comes back from a week without network has dozens."""

EXPIRY_S: Final = 7 * 24 * 3600
"""How long an unfinished upload is kept after its creation: a week of bad network, or of a phone in a drawer."""

MAX_METADATA_CHARS: Final = 1024
"""Two names and two hexadecimal values need about 160."""

METADATA_KEYS: Final = ("item", "sha256")
"""Nothing else may stand in Upload-Metadata, a file name least of all: the server must not know it."""


@dataclass(frozen=True, slots=True)
class Creation:
    """What a client announces."""

    length: int
    item: ids.ItemId
    sha256: ids.Sha256


@dataclass(frozen=True, slots=True)
class Patch:
    """What a client is about to send: where it starts, how long it is if it says so, and its checksum if any."""

    offset: int
    length: int | None
    checksum: bytes | None


@dataclass(frozen=True, slots=True)
class Upload:
    """What is remembered of an upload beside its bytes."""

    id: str
    owner: ids.KeyId
    account: str
    item: ids.ItemId
    sha256: ids.Sha256
    length: int
    expires_at: ids.Time
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account (a case) takes up already."""

    stored_bytes: int
    open_bytes: int
    open_uploads: int


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse another version of the protocol (tus core, Tus-Resumable)."""
    if headers.get("tus-resumable") != VERSION:
        raise ProblemError(domains.TUS_VERSION, {"tus-version": VERSION})


def parse_creation(headers: Mapping[str, str]) -> Creation:
    """Read the headers of a creation."""
    if "upload-defer-length" in headers:
        raise ProblemError(general.MALFORMED, reason="Upload-Defer-Length is not supported")
    length = _number(headers, "upload-length")
    if length < 1:
        raise ProblemError(general.MALFORMED, reason="Upload-Length must be at least 1")
    metadata = _metadata(headers.get("upload-metadata", ""))
    try:
        return Creation(
            length,
            ids.ItemId(ids.hex_text(metadata["item"], 16)),
            ids.Sha256(ids.hex_text(metadata["sha256"], 32)),
        )
    except FormatError as error:
        raise ProblemError(general.MALFORMED, reason=f"Upload-Metadata: {error}") from error


def metadata_of(upload: Upload) -> str:
    """Return Upload-Metadata as it was given at creation (tus creation extension, HEAD)."""
    pairs = {"item": upload.item, "sha256": upload.sha256}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def admit(creation: Creation, usage: Usage) -> None:
    """Refuse what is too large for one upload, or for the account it would belong to."""
    if creation.length > MAX_UPLOAD_BYTES:
        raise ProblemError(general.TOO_LARGE, {"tus-max-size": str(MAX_UPLOAD_BYTES)})
    full = usage.stored_bytes + usage.open_bytes + creation.length > CASE_QUOTA_BYTES
    if full or usage.open_uploads >= MAX_OPEN_UPLOADS:
        raise ProblemError(domains.QUOTA)


def parse_patch(headers: Mapping[str, str]) -> Patch:
    """Read the headers of a PATCH."""
    if headers.get("content-type", "").split(";")[0].strip().lower() != OFFSET_MEDIA_TYPE:
        raise ProblemError(general.MALFORMED, reason=f"Content-Type must be {OFFSET_MEDIA_TYPE}")
    length = _number(headers, "content-length") if "content-length" in headers else None
    return Patch(_number(headers, "upload-offset"), length, parse_checksum(headers))


def parse_checksum(headers: Mapping[str, str]) -> bytes | None:
    """Read Upload-Checksum; None when there is none (tus checksum extension)."""
    value = headers.get("upload-checksum")
    if value is None:
        return None
    algorithm, _, encoded = value.strip().partition(" ")
    if algorithm != CHECKSUM_ALGORITHM:
        raise ProblemError(general.MALFORMED, reason=f"Upload-Checksum must use {CHECKSUM_ALGORITHM}")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise ProblemError(general.MALFORMED, reason="Upload-Checksum is not base64") from error
    if len(digest) != 32:  # noqa: PLR2004 - SHA-256
        raise ProblemError(general.MALFORMED, reason="Upload-Checksum is not a SHA-256")
    return digest


def decide_patch(upload: Upload, offset: int, patch: Patch) -> int:
    """Return how many bytes the request may bring at most; a problem when it does not start at `offset`."""
    if patch.offset != offset:
        raise ProblemError(domains.UPLOAD_OFFSET, {"upload-offset": str(offset)}, upload_offset=offset)
    room = upload.length - offset
    if patch.length is not None and patch.length > room:
        raise ProblemError(general.TOO_LARGE, {"upload-offset": str(offset)}, upload_offset=offset)
    return room


def _number(headers: Mapping[str, str], name: str) -> int:
    value = headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= len("9007199254740991")):
        raise ProblemError(general.MALFORMED, reason=f"{name} must be a whole number, zero or more")
    return int(value)


def _metadata(value: str) -> dict[str, str]:
    if len(value) > MAX_METADATA_CHARS:
        raise ProblemError(general.MALFORMED, reason="Upload-Metadata is too long")
    pairs: dict[str, str] = {}
    for entry in value.split(","):
        key, _, encoded = entry.strip().partition(" ")
        try:
            pairs[key] = base64.b64decode(encoded, validate=True).decode("ascii")
        except (ValueError, binascii.Error) as error:
            raise ProblemError(general.MALFORMED, reason="Upload-Metadata is not base64 of ASCII") from error
    if sorted(pairs) != sorted(METADATA_KEYS):
        raise ProblemError(general.MALFORMED, reason="Upload-Metadata must hold item and sha256, nothing else")
    return pairs
