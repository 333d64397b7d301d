"""Items that were announced (`item.open`) and are not sealed: the bytes of them that arrived are evidence.

A recording is cut when the phone is destroyed in the middle of it. Its head went first and is in the journal, so what
is here is authentic and readable, and it is kept: such an upload neither expires nor can be called off.

Which upload an announced item arrives in stands in a note of its own (`<item>-<key>.begun`), durable before the
announcement is in the journal. Whether it still matters is asked of the journal: a note alone protects nothing.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import ids
from evidence.envelope import container
from evidence.envelope.container import HEAD_OFFSET, MAX_HEAD_BYTES, MAX_META_BYTES
from evidence.errors import FormatError
from evidence.statements import bodies
from evidence.statements.errors import NotAllowedError
from evidence.statements.facts import Begun
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from server.problems import ProblemError, domains
from server.uploads.core import Upload
from server.uploads.folder import UploadFolder

MAX_BEGUN_BY_ONE_KEY: Final = 16
"""Announced and unsealed at once. A phone sends one item after another; whoever floods the case with beginnings, with
her phone in his hand, gets no further than this, and what she sends in one piece arrives all the same."""

HOLD_FOR_S: Final = 2.0
"""How long a look waits for a request that writes the same upload; that one may last an hour."""

_PREFIX_BYTES: Final = HEAD_OFFSET + MAX_HEAD_BYTES + MAX_META_BYTES


@dataclass(frozen=True)
class Arrived:
    """What is here of an announced item: a file, of which the first `size` bytes count, and the parsed beginning."""

    path: Path
    size: int
    prefix: container.Prefix

    @property
    def complete(self) -> bool:
        """Whether every byte is here, and only the statement that seals the item is not."""
        return self.size == self.prefix.container_size


def note(folder: UploadFolder, statement: Statement, body: bodies.ItemOpen, public: bytes) -> None:
    """Find the upload that begins with the announced head, check it, and write down that it is this item's. Blocks.

    `public` is the author's Ed25519 key. Raises ProblemError BLOB_MISSING when head and description are not here yet,
    UPLOAD_LOCKED while they are being written, and the domain's errors when they differ from the statement.
    """
    tried = [one for one in folder.notes.of_item(body.item) if one.owner == statement.by]
    for upload in sorted(tried, key=lambda one: -folder.stored(one)):
        if not _waited(folder, upload):
            raise ProblemError(domains.UPLOAD_LOCKED, {"retry-after": "2"})
        arrived = _read(folder, upload, folder.settle(upload))
        if arrived is None:
            continue
        container.check_begun(arrived.prefix, statement.case, statement.by, body)
        container.verify_head(arrived.prefix, public)
        folder.notes.begin(upload)
        return
    raise ProblemError(domains.BLOB_MISSING)


def few_enough(standing: Standing, statement: Statement) -> None:
    """Refuse one more beginning of a key that has `MAX_BEGUN_BY_ONE_KEY`: ProblemError BEGUN."""
    if len(standing.announced_by(statement.by)) >= MAX_BEGUN_BY_ONE_KEY:
        raise ProblemError(domains.BEGUN)


def refuse_known(standing: Standing, item: ids.ItemId) -> None:
    """Refuse an item that was announced or sealed before its note is touched: NotAllowedError."""
    if item in standing.opened or item in standing.items:
        raise NotAllowedError("exists", "this item was opened or sealed before")


def keeps(standing: Standing, folder: UploadFolder, upload: Upload) -> bool:
    """Whether an upload holds an announced item that is not sealed: then it neither expires nor can be called off."""
    begun = standing.opened.get(upload.item)
    if begun is None or begun.by != upload.owner or upload.item in standing.erased:
        return False
    noted = folder.notes.begun(upload.item, upload.owner)
    return noted is not None and noted.id == upload.id


def arrived(folder: UploadFolder, item: ids.ItemId, begun: Begun) -> Arrived | None:
    """Return what is here of an announced item now; None when nothing is, or something else. Blocks.

    More may be arriving; what the head commits to is checked, what follows proves itself when it is opened.
    """
    upload = folder.notes.begun(item, begun.by)
    found = None if upload is None else _read(folder, upload, folder.stored(upload))
    return found if found is not None and _is(found, begun) else None


def settled(folder: UploadFolder, item: ids.ItemId, begun: Begun) -> Arrived | None:
    """Return what is here of an announced item and will stay as it is, for a manifest that is signed. Blocks.

    While a request writes, only head and description are certain: what it brings is cut off if its checksum fails.
    """
    upload = folder.notes.begun(item, begun.by)
    if upload is None:
        return None
    size = folder.settle(upload) if _waited(folder, upload) else 0
    found = _read(folder, upload, max(size, folder.stored(upload)))
    if found is None or not _is(found, begun):
        return None
    return Arrived(found.path, size or found.prefix.size, found.prefix)


def _waited(folder: UploadFolder, upload: Upload) -> bool:
    """Wait until nobody writes an upload; False when somebody goes on doing so."""
    until = time.monotonic() + HOLD_FOR_S
    while (hold := folder.hold(upload.id)) is None:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    hold.release()
    return True


def _read(folder: UploadFolder, upload: Upload, size: int) -> Arrived | None:
    path = folder.path(upload)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            prefix = container.parse_prefix(file.read(min(size, _PREFIX_BYTES)))
    except (FileNotFoundError, FormatError):
        return None
    return Arrived(path, min(size, prefix.container_size), prefix)


def _is(found: Arrived, begun: Begun) -> bool:
    try:
        container.check_begun(found.prefix, begun.case, begun.by, begun.body)
    except container.TamperedError:
        return False
    return True
