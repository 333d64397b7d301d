"""The IETF's resumable uploads as they stand in headers: text in, values of the core out. No I/O.

Source: draft-ietf-httpbis-resumable-upload, interop version 8 (`docs/formats/resumable-uploads.md` says which revisions
were read and where we differ). Sections are named as in its revision 12.

What the draft leaves open and we decide: the length must be known at creation (a sealed file is finished before it is
sent, and the quota of the case counts it), and so must its SHA-256, as Repr-Digest.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from evidence import ids
from evidence.errors import FormatError
from server.problems import Member, ProblemError, domains, general, resuming
from server.problems.kinds import ProblemType
from server.uploads import core
from server.uploads.core import Creation, Patch, Upload
from server.uploads.fields import MAX_NUMBER_DIGITS, sha256_of, whole_number

INTEROP_VERSION: Final = "8"
"""Upload-Draft-Interop-Version (its Appendix B): a 104 goes only to a client that names the same number."""

MEDIA_TYPE: Final = "application/partial-upload"

MIN_UPLOAD_BYTES: Final = 1
"""An empty file is no container; it also tells that a length must be known (Upload-Limit, min-size)."""

_BOOLEAN: Final = re.compile(r"^\?([01]) *(?:;.*)?$")
_INTEGER: Final = re.compile(rf"^(\d{{1,{MAX_NUMBER_DIGITS}}}) *(?:;.*)?$")

_SAID_OTHERWISE: Final[Mapping[ProblemType, ProblemType]] = {
    domains.UPLOAD_OFFSET: resuming.MISMATCHING_OFFSET,
    domains.UPLOAD_CHECKSUM: resuming.PART_DIGEST,
    domains.UPLOAD_HASH: resuming.FILE_DIGEST,
}
"""What the core says in the words of tus, and the draft in its own."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A creation and the part of the file that comes with it; `ends` says that this part is all that will come."""

    creation: Creation
    part: Patch
    ends: bool


@dataclass(frozen=True, slots=True)
class Append:
    """A part that follows; `ends` says that it is the last."""

    part: Patch
    ends: bool


def parse_creation(headers: Mapping[str, str], item: str) -> Opening:
    """Read a creation (section 4.2): Upload-Complete, the length in one or two ways, Repr-Digest."""
    ends = _boolean(headers, "upload-complete")
    arriving = _content_length(headers)
    said = _integer(headers, "upload-length")
    implied = arriving if ends else None
    if said is not None and implied is not None and said != implied:
        raise ProblemError(resuming.UPLOAD_LENGTH)
    length = said if said is not None else implied
    if length is None:
        raise ProblemError(general.MALFORMED, reason="Upload-Length must be known when an upload is created")
    if length < MIN_UPLOAD_BYTES:
        raise ProblemError(general.MALFORMED, reason=f"Upload-Length must be at least {MIN_UPLOAD_BYTES}")
    digest = sha256_of(headers, "repr-digest")
    if digest is None:
        raise ProblemError(general.MALFORMED, reason="Repr-Digest must hold the sha-256 of the whole file")
    try:
        creation = Creation(length, ids.ItemId(ids.hex_text(item, 16)), ids.Sha256(digest.hex()))
    except FormatError as error:
        raise ProblemError(general.MALFORMED, reason=f"item: {error}") from error
    return Opening(creation, Patch(0, arriving, sha256_of(headers, "content-digest")), ends)


def parse_append(headers: Mapping[str, str]) -> Append:
    """Read an append (section 4.4): its media type, Upload-Offset, Upload-Complete, and what it says of the length."""
    if headers.get("content-type", "").split(";")[0].strip().lower() != MEDIA_TYPE:
        raise ProblemError(resuming.PART_TYPE, {"accept-patch": MEDIA_TYPE})
    offset = _integer(headers, "upload-offset")
    if offset is None:
        raise ProblemError(general.MALFORMED, reason="Upload-Offset must be a whole number, zero or more")
    ends = _boolean(headers, "upload-complete")
    arriving = _content_length(headers)
    said = _integer(headers, "upload-length")
    implied = offset + arriving if ends and arriving is not None else None
    if said is not None and implied is not None and said != implied:
        raise ProblemError(resuming.UPLOAD_LENGTH, {"upload-complete": "?0"})
    total = said if said is not None else implied
    return Append(Patch(offset, arriving, sha256_of(headers, "content-digest"), total), ends)


def limits(expires_at: ids.Time | None = None, now: datetime | None = None) -> str:
    """Return Upload-Limit (section 4.1.4); with `expires_at`, how long that upload is still kept."""
    known = f"max-size={core.MAX_UPLOAD_BYTES}, min-size={MIN_UPLOAD_BYTES}"
    if expires_at is None:
        return f"{known}, max-age={core.EXPIRY_S}"
    left = ids.moment_of(expires_at) - (now or datetime.now(UTC))
    return f"{known}, max-age={max(0, int(left.total_seconds()))}"


def state_of(upload: Upload, offset: int) -> dict[str, str]:
    """Return the headers that tell where an upload stands (section 4.3.2)."""
    return {
        "upload-offset": str(offset),
        "upload-complete": "?1" if upload.complete else "?0",
        "upload-length": str(upload.length),
        "upload-limit": limits(upload.expires_at),
    }


def digest_of(upload: Upload) -> str:
    """Return Repr-Digest of a complete upload (section 11.1): computed here, equal to what was announced."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(upload.sha256)).decode()}:"


def in_the_drafts_words(error: ProblemError, provided: int | None = None) -> ProblemError:
    """Return a refusal of the core as the draft wants it said (sections 4.4.2, 7).

    `provided` is the Upload-Offset of the request. A refusal of the whole file is the targeted resource's last word
    (Upload-Complete: ?1); every other leaves the upload as it was.
    """
    kind = _SAID_OTHERWISE.get(error.kind, error.kind)
    last_word = kind is resuming.FILE_DIGEST
    headers = {**dict(error.headers or {}), "upload-complete": "?1" if last_word else "?0"}
    members: dict[str, Member] = dict(error.members)
    if kind is resuming.MISMATCHING_OFFSET and provided is not None:
        members = {"expected-offset": members["upload_offset"], "provided-offset": provided}
    if kind is general.TOO_LARGE:
        headers.pop("tus-max-size", None)
        headers["upload-limit"] = limits()
    return ProblemError(kind, headers, **members)


def _boolean(headers: Mapping[str, str], name: str) -> bool:
    match = _BOOLEAN.match(headers.get(name, "").strip())
    if match is None:
        raise ProblemError(general.MALFORMED, reason=f"{name} must be ?0 or ?1")
    return match[1] == "1"


def _integer(headers: Mapping[str, str], name: str) -> int | None:
    """Read an Integer; anything else counts as not there (section 4.1)."""
    match = _INTEGER.match(headers.get(name, "").strip())
    return None if match is None else int(match[1])


def _content_length(headers: Mapping[str, str]) -> int | None:
    return whole_number(headers, "content-length") if "content-length" in headers else None
