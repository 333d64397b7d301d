"""tus 1.0 as it stands in headers: text in, values of the core out. No I/O.

Source: https://tus.io/protocols/resumable-upload (core, creation, creation-with-upload, checksum, expiration,
termination).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from evidence import ids
from evidence.errors import FormatError
from server.problems import ProblemError, domains, general
from server.uploads.core import Creation, Patch, Upload
from server.uploads.fields import SHA256_BYTES, sha256_of, whole_number

VERSION: Final = "1.0.0"
EVERY_ANSWER: Final[Mapping[str, str]] = {"tus-resumable": VERSION}
"""Stands in every answer, refusals too (tus core, Tus-Resumable)."""

EXTENSIONS: Final = "creation,creation-with-upload,checksum,expiration,termination"
CHECKSUM_ALGORITHM: Final = "sha256"
OFFSET_MEDIA_TYPE: Final = "application/offset+octet-stream"

MAX_METADATA_CHARS: Final = 1024
"""Two names and two hexadecimal values need about 160."""

METADATA_KEYS: Final = ("item", "sha256")
"""Nothing else may stand in Upload-Metadata, a file name least of all: the server must not know it."""


def is_overridden(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a POST is to be taken as a PATCH (tus core, X-HTTP-Method-Override), for networks that know no PATCH.

    No other method is: whoever can add a header to a signed request must not make a termination of it. The signature
    covers PATCH, and so this header.
    """
    return method == "POST" and headers.get("x-http-method-override", "").strip().upper() == "PATCH"


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse another version of the protocol (tus core, Tus-Resumable)."""
    if headers.get("tus-resumable") != VERSION:
        raise ProblemError(domains.TUS_VERSION, {"tus-version": VERSION})


def parse_creation(headers: Mapping[str, str]) -> Creation:
    """Read the headers of a creation."""
    if "upload-defer-length" in headers:
        raise ProblemError(general.MALFORMED, reason="Upload-Defer-Length is not supported")
    if "upload-concat" in headers:
        raise ProblemError(general.MALFORMED, reason="Upload-Concat is not supported: an item is one upload")
    length = whole_number(headers, "upload-length")
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


def parse_patch(headers: Mapping[str, str]) -> Patch:
    """Read the headers of a PATCH."""
    if headers.get("content-type", "").split(";")[0].strip().lower() != OFFSET_MEDIA_TYPE:
        raise ProblemError(general.MALFORMED, reason=f"Content-Type must be {OFFSET_MEDIA_TYPE}")
    length = whole_number(headers, "content-length") if "content-length" in headers else None
    return Patch(whole_number(headers, "upload-offset"), length, parse_checksum(headers))


def parse_checksum(headers: Mapping[str, str]) -> bytes | None:
    """Read Upload-Checksum (tus checksum extension) or Content-Digest (RFC 9530); None when neither is there."""
    digest = sha256_of(headers, "content-digest")
    value = headers.get("upload-checksum")
    if value is None:
        return digest
    checksum = _upload_checksum(value)
    if digest is not None and digest != checksum:
        raise ProblemError(general.MALFORMED, reason="Upload-Checksum and Content-Digest differ")
    return checksum


def _upload_checksum(value: str) -> bytes:
    algorithm, _, encoded = value.strip().partition(" ")
    if algorithm != CHECKSUM_ALGORITHM:
        raise ProblemError(general.MALFORMED, reason=f"Upload-Checksum must use {CHECKSUM_ALGORITHM}")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise ProblemError(general.MALFORMED, reason="Upload-Checksum is not base64") from error
    if len(digest) != SHA256_BYTES:
        raise ProblemError(general.MALFORMED, reason="Upload-Checksum is not a SHA-256")
    return digest


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
