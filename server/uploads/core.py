"""The rules of uploads as decisions without I/O: what was asked goes in, a decision or a problem comes out.

Two dialects bring requests here, `tus` (tus 1.0) and `resumable` (the IETF draft); each only reads and writes headers.

State rules:
- The offset is the size of the file on the disk; nothing else is remembered about progress.
- A PATCH starts exactly at the offset. It may bring fewer bytes than are missing, never more.
- Bytes under a declared checksum count only when the checksum holds; without one, every byte that arrived counts.
- A complete file counts only when its SHA-256 is the one that was declared at creation; otherwise it is removed.
- A complete upload cannot be terminated: it is evidence by then.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from evidence import ids
from server.problems import ProblemError, domains, general, resuming

MAX_UPLOAD_BYTES: Final = 8 * 1024**3
"""An hour of video of a good phone; longer recordings are made in parts."""

CASE_QUOTA_BYTES: Final = 50 * 1024**3
"""All sealed and arriving files of one case: years of photographs, and no way to fill the disk with one phone."""

MAX_OPEN_UPLOADS: Final = 256
"""Files of one case that are arriving at once; a phone that comes back from a week without network has dozens."""

EXPIRY_S: Final = 7 * 24 * 3600
"""How long an unfinished upload is kept after its creation: a week of bad network, or of a phone in a drawer."""


UPLOAD_ID_BYTES: Final = 32
"""Of an upload's name: its item, and a digest of what was announced."""


@dataclass(frozen=True, slots=True)
class Creation:
    """What a client announces."""

    length: int
    item: ids.ItemId
    sha256: ids.Sha256


@dataclass(frozen=True, slots=True)
class Patch:
    """What a client is about to send: where it starts, how long it is if it says so, and its checksum if any.

    `total` is how large it now says the whole file is (only the draft's dialect can).
    """

    offset: int
    length: int | None
    checksum: bytes | None
    total: int | None = None


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


def upload_id(owner: ids.KeyId, creation: Creation) -> str:
    """Return the name of the upload of this file by this key: the same announcement has the same name.

    A phone that lost the answer to a creation announces again and finds what it began, instead of a second upload
    that counts against the quota of the case. The item's id is random and known to nobody else, so is the name. It
    begins with the item, so that the uploads of one item are found without a look at all others.
    """
    said = f"getuige upload\n{owner}\n{creation.item}\n{creation.sha256}\n{creation.length}\n"
    return creation.item + hashlib.sha256(said.encode()).hexdigest()[:32]


def admit(creation: Creation, usage: Usage) -> None:
    """Refuse what is too large for one upload, or for the account it would belong to."""
    if creation.length > MAX_UPLOAD_BYTES:
        raise ProblemError(general.TOO_LARGE, {"tus-max-size": str(MAX_UPLOAD_BYTES)})
    full = usage.stored_bytes + usage.open_bytes + creation.length > CASE_QUOTA_BYTES
    if full or usage.open_uploads >= MAX_OPEN_UPLOADS:
        raise ProblemError(domains.QUOTA)


def decide_patch(upload: Upload, offset: int, patch: Patch) -> int:
    """Return how many bytes the request may bring at most; a problem when it does not start at `offset`."""
    if patch.offset != offset:
        raise ProblemError(domains.UPLOAD_OFFSET, {"upload-offset": str(offset)}, upload_offset=offset)
    if patch.total is not None and patch.total != upload.length:
        raise ProblemError(resuming.UPLOAD_LENGTH, {"upload-offset": str(offset)}, upload_offset=offset)
    room = upload.length - offset
    if patch.length is not None and patch.length > room:
        raise ProblemError(general.TOO_LARGE, {"upload-offset": str(offset)}, upload_offset=offset)
    return room
