"""An online backup: the server goes on, and what comes out is one instant that a restore can verify.

Order, so that the parts fit: the published head first, then secrets (if asked for), the journal (which is never behind
the head), the tiles (staged before any head speaks of them), the blobs (there before any statement names them).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import files, ids
from evidence.bundle.checking import trust
from evidence.custody.log.tiles import CHECKPOINT_PATH
from evidence.custody.succession.lineage import Lineage
from evidence.store.blobs.directory import READ_BYTES, DirectoryBlobs
from evidence.store.database import migrating
from evidence.store.database.engine import open_engine
from evidence.store.errors import BlobError
from evidence.store.journal import copying, verifying
from evidence.store.journal.journal import SqlJournal
from server.keeping import begun, small_files, spools
from server.keeping import manifest as note
from server.keeping.manifest import BackupError, Note
from server.keeping.remote_copies import Elsewhere, open_copies
from server.layout import Layout
from server.log.line_of_logs import LogFolders, lineage_of
from server.settings import Settings
from server.uploads.folder import UploadFolder

CHANGING: Final = tuple(f"trust/{name}" for name in (trust.POLICY, trust.ROTATIONS, trust.TSA_ROOTS, trust.TSA_POLICY))
"""Public files that a rotation of the log's key changes, or another time stamp authority."""

EVERYTHING_ELSE: Final = ("log.vkey", f"trust/{trust.ROOT}", *CHANGING)
"""Public files, copied as they are when they are there."""


@dataclass(frozen=True)
class Missing:
    """A blob that could not be copied whole, and what the journal says of it."""

    sha256: ids.Sha256
    why: str
    sealed: verifying.Sealed | None


@dataclass(frozen=True)
class Made:
    """What a backup holds; it is complete when nothing is missing."""

    note: Note
    blobs: int
    copied_bytes: int
    missing: tuple[Missing, ...]
    left_in_s3: int = 0


def make(
    settings: Settings,
    target: Path,
    *,
    with_secrets: bool = False,
    leave_s3: bool = False,
    progress: Callable[[str, int], None] = lambda _what, _n: None,
) -> Made:
    """Write a backup into a folder, or bring the backup in it up to date. Errors leave the one before usable.

    Items whose local copy was dropped are fetched from S3, unless `leave_s3` leaves them there: the backup then knows
    where they are. `progress` hears what was copied ("events", "bytes") and how many.

    Raises:
        BackupError: the folder lies in the data folder or holds something else, or there is no head yet.
        StoreError: the database cannot be read.
    """
    layout = Layout(settings.data)
    _check_folder(layout, target)
    files.make_folder(target)
    before = note.read(target)
    checkpoint = _published(settings, layout)
    if with_secrets:  # before the journal: what the development witness remembers must not be ahead of the head row
        for path in small_files.visible(layout.secrets):
            _replace(path, target / path.relative_to(layout.data))
    journal, sealed = _copy_journal(settings, target, progress)
    _copy_logs(layout, _line(f"sqlite:///{journal}"), target)
    for name in EVERYTHING_ELSE:
        if (layout.data / name).exists():
            _copy_public(layout.data / name, target / name, changing=name in CHANGING)
    for path in sorted(layout.exports.glob(small_files.PREPARED)):
        small_files.copy(path, target / "exports" / path.name)
    spools.copy(layout.data, target / spools.FOLDER)
    begun.copy(layout.uploads, target / begun.FOLDER)  # before the blobs: one that is finished meanwhile is among them
    with open_copies(settings) as (copies, s3):
        elsewhere = Elsewhere(copies, s3, left=leave_s3)
        made = _copy_blobs(DirectoryBlobs(layout.blobs), DirectoryBlobs(target / "blobs"), sealed, elsewhere, progress)
    sha256 = _sha256(journal)
    final = target / f"journal-{sha256[:16]}.db"
    journal.rename(final)
    files.sync_folder(target)
    events = _events_of(final)
    written = Note(1, ids.now(), migrating.NEWEST, final.name, sha256, events, checkpoint.decode(), with_secrets)
    note.write(target, written)
    if before is not None and before.journal != final.name:
        old = target / before.journal
        if old.exists():
            files.shred(old)  # it may hold what was erased since
    _erase_in(target, final)
    return Made(written, *made, left_in_s3=elsewhere.count)


def _erase_in(target: Path, journal: Path) -> None:
    """Destroy the sealed items in a backup that were erased since an earlier one; safe to repeat."""
    engine = open_engine(f"sqlite:///{journal}")
    try:
        erased, items = verifying.erased_blobs(engine), verifying.erased_items(engine)
    finally:
        engine.dispose()
    blobs = DirectoryBlobs(target / "blobs")
    for name in erased:
        blobs.destroy(name)
    UploadFolder(target / begun.FOLDER, blobs).destroy(items)


def _line(database_url: str) -> Lineage:
    engine = open_engine(database_url)
    journal = SqlJournal(engine)
    try:
        return journal.ask(lineage_of)
    finally:
        journal.close()
        engine.dispose()


def _published(settings: Settings, layout: Layout) -> bytes:
    """Return the published head of the log that grows, or of the one before it while that has shown none."""
    folders = LogFolders(layout)
    found = (folders.checkpoint(era) for era in reversed(_line(settings.database_url).eras))
    signed = next((one for one in found if one is not None), None)
    if signed is None:
        raise BackupError(f"{layout.log} has no head yet: was this data folder founded, and served once?")
    return signed.to_bytes()


def _copy_logs(layout: Layout, line: Lineage, target: Path) -> None:
    """Copy the tiles of every log, and the last heads of those that ended before the journal was copied."""
    kept = Layout(target)
    for era in line.eras:
        source, folder = layout.log_of(era.number), kept.log_of(era.number)
        for path in small_files.log_files(source):
            small_files.copy(path, folder / path.relative_to(source))
        if era.final is not None:
            _copy_public(source / CHECKPOINT_PATH, folder / CHECKPOINT_PATH, changing=True)


def _copy_public(source: Path, target: Path, *, changing: bool) -> None:
    if changing and target.exists() and target.read_bytes() != source.read_bytes():
        target.unlink()
    small_files.copy(source, target)


def _check_folder(layout: Layout, target: Path) -> None:
    here, there = layout.data.resolve(), target.resolve()
    if there.is_relative_to(here) or here.is_relative_to(there):
        raise BackupError("a backup inside the data folder, or around it, is lost with it")
    if target.exists() and any(target.iterdir()) and note.read(target) is None and not _was_cut_short(target):
        raise BackupError(f"{target} holds something else: give a new folder, or that of an earlier backup")


def _was_cut_short(target: Path) -> bool:
    known = {"blobs", begun.FOLDER, spools.FOLDER, "log", "exports", "trust", "secrets", "log.vkey", _UNFINISHED}
    return all(
        path.name in known or path.name.startswith((_UNFINISHED, "journal-", "log-")) for path in target.iterdir()
    )


_UNFINISHED: Final = "journal.db.unfinished"


def _copy_journal(
    settings: Settings, target: Path, progress: Callable[[str, int], None]
) -> tuple[Path, dict[ids.Sha256, verifying.Sealed]]:
    path = target / _UNFINISHED
    for left in target.glob(f"{_UNFINISHED}*"):
        left.unlink()
    source, copy = open_engine(settings.database_url), open_engine(f"sqlite:///{path}")
    try:
        copying.copy_journal(source, copy, lambda count: progress("events", count))
        return path, verifying.sealed_blobs(copy)
    finally:
        source.dispose()
        copy.dispose()  # the last connection folds the write-ahead log into the file


def _events_of(path: Path) -> int:
    engine = open_engine(f"sqlite:///{path}")
    try:
        return copying.count_events(engine)
    finally:
        engine.dispose()


def _copy_blobs(
    source: DirectoryBlobs,
    target: DirectoryBlobs,
    sealed: dict[ids.Sha256, verifying.Sealed],
    elsewhere: Elsewhere,
    progress: Callable[[str, int], None],
) -> tuple[int, int, tuple[Missing, ...]]:
    """Copy what is not there yet; also blobs that no statement names yet: their phones were told that they are here."""
    names = {**dict.fromkeys(source.names()), **dict.fromkeys(sealed)}
    copied = 0

    def wrote(count: int) -> None:
        nonlocal copied
        copied += count
        progress("bytes", count)

    missing: list[Missing] = []
    for name in names:
        if target.size(name) is not None:
            continue
        try:
            elsewhere.copy(source, name, target, wrote)
        except BlobError as error:
            missing.append(Missing(name, str(error), sealed.get(name)))
    return len(names) - len(missing), copied, tuple(missing)


def _replace(source: Path, target: Path) -> None:
    files.make_folder(target.parent)
    files.replace(target, source.read_bytes())


def _sha256(path: Path) -> ids.Sha256:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
    return ids.Sha256(digest.hexdigest())
