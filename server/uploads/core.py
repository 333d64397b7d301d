"""The rules of uploads as decisions without I/O: what was asked goes in, a decision or a problem comes out.

Two dialects bring requests here, `tus` (tus 1.0) and `resumable` (the IETF draft); each only reads and writes headers.

State rules:
- The offset is the size of the file on the disk; nothing else is remembered about progress.
- A PATCH starts exactly at the offset. It may bring fewer bytes than are missing, never more.
- Bytes under a declared checksum count only when the checksum holds; without one, every byte that arrived counts.
- A complete file counts only when its SHA-256 is the one that was declared at creation; otherwise it is removed.
- A complete upload cannot be terminated: it is evidence by then.
- Room is taken by bytes that arrived, never by announcing; what is complete and not sealed takes room as well.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from evidence import ids
from server.problems import ProblemError, domains, general, resuming

MAX_UPLOAD_BYTES: Final = 8 * 1024**3
"""An hour of video of a good phone; longer recordings are made in parts."""

CASE_QUOTA_BYTES: Final = 50 * 1024**3
"""All that arrived in one case, sealed or not: years of photographs."""

DEVICE_QUOTA_BYTES: Final = 40 * 1024**3
"""What arrived by one phone's key. The rest of the case's room is a reserve that other devices of the case find, also
when somebody has copied this one's key and sends for weeks."""

STAFF_QUOTA_BYTES: Final = 200 * 1024**3
"""What arrived by one caseworker's key, over all cases: a career of recordings, and no way to fill the disk either."""

MAX_WAITING_UPLOADS: Final = 256
"""Files of one key that are arriving, or are complete and not sealed; a phone that comes back from a week without
network has dozens, and seals each before it sends the next."""

EXPIRY_S: Final = 7 * 24 * 3600
"""How long an upload that is not complete is kept after its creation, and one that is complete and that no statement
names after its last byte: a week of bad network, or of a phone in a drawer."""


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

    @property
    def by_staff(self) -> bool:
        """Whether a caseworker sends it: then its account is the key, not a case."""
        return self.account == self.owner


@dataclass(frozen=True, slots=True)
class Usage:
    """What one key, and the whole case that it sends to, take up: bytes that arrived, sealed or not, never announced.

    `case_bytes` is 0 for staff, who send to no case. `waiting` are the key's uploads that no statement sealed yet.
    """

    key_bytes: int
    case_bytes: int
    waiting: int


def upload_id(owner: ids.KeyId, creation: Creation) -> str:
    """Return the name of the upload of this file by this key: the same announcement has the same name.

    A phone that lost the answer to a creation announces again and finds what it began, instead of a second upload
    that counts against the quota of the case. The item's id is random and known to nobody else, so is the name. It
    begins with the item, so that the uploads of one item are found without a look at all others.
    """
    said = f"getuige upload\n{owner}\n{creation.item}\n{creation.sha256}\n{creation.length}\n"
    return creation.item + hashlib.sha256(said.encode()).hexdigest()[:32]


def admit(upload: Upload, usage: Usage) -> None:
    """Refuse what is too large for one upload, or does not fit in the room that is left to this key."""
    if upload.length > MAX_UPLOAD_BYTES:
        raise ProblemError(general.TOO_LARGE, {"tus-max-size": str(MAX_UPLOAD_BYTES)})
    if upload.length > room(upload, usage) or usage.waiting >= MAX_WAITING_UPLOADS:
        raise ProblemError(domains.QUOTA)


def room(upload: Upload, usage: Usage) -> int:
    """Return how many bytes this key may still bring."""
    if upload.by_staff:
        return max(0, STAFF_QUOTA_BYTES - usage.key_bytes)
    return max(0, min(DEVICE_QUOTA_BYTES - usage.key_bytes, CASE_QUOTA_BYTES - usage.case_bytes))


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
