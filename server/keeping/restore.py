"""Restoring a backup into an empty folder, after all of it was verified: nothing is believed because it was kept.

State rules:
- The journal, the log and the head are verified before anything is written. One fault, and nothing is restored.
- The trust anchors that judge may come from elsewhere (`trust`); those in the backup came with it.
- A blob that is missing or rotten does not stop the rest: it is named, with the item and the case that it belongs to.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evidence import files, ids
from evidence.bundle.checking import erasure_proof, trust
from evidence.custody.errors import CustodyError
from evidence.custody.log import growth
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.tiles import CHECKPOINT_PATH, FolderTiles
from evidence.custody.succession.lineage import Lineage
from evidence.custody.witnessing.policy import VerifiedCheckpoint
from evidence.errors import EvidenceError, StorageError
from evidence.statements import event, rotation
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.directory import DirectoryBlobs, pieces
from evidence.store.database import migrating
from evidence.store.database.engine import connect, open_engine
from evidence.store.errors import BlobError
from evidence.store.journal import copying, verifying
from evidence.store.journal.heads import SqlHeads
from evidence.store.journal.journal import SqlJournal
from evidence.store.journal.verifying import Verified
from server.keeping import begun, small_files, spools
from server.keeping import manifest as note
from server.keeping.backup import EVERYTHING_ELSE, Missing
from server.keeping.manifest import BackupError, Note
from server.keeping.remote_copies import Elsewhere, s3_of
from server.layout import Layout
from server.settings import Settings

MAX_FAULTS: Final = 20
"""Of a damaged journal so many faults are shown; the rest seldom says more."""


class FaultsError(BackupError):
    """A backup does not hold what its heads promise; nothing was restored."""


@dataclass(frozen=True)
class Restored:
    """What came back. `unproven` events at the end were in the journal and not under the published head yet."""

    note: Note
    events: int
    unproven: int
    blobs: int
    missing: tuple[Missing, ...]
    secrets_missing: tuple[str, ...]
    left_in_s3: int = 0


def restore(
    settings: Settings,
    backup: Path,
    anchors: Path | None = None,
    progress: Callable[[str, int], None] = lambda _what, _n: None,
    *,
    fetch: bool = False,
    erasures: Path | None = None,
) -> Restored:
    """Verify a backup and restore it into an empty data folder and an empty database.

    Args:
        settings: name the data folder and the database. PostgreSQL is migrated when it is empty.
        backup: the folder of the backup.
        anchors: folder with trust anchors; without it those of the backup.
        progress: hears what was done ("events", "bytes") and how many.
        erasures: folder with proofs of erasures; those that the backup does not know are carried out again by the
            server, before it serves anybody.
        fetch: items that the backup left in S3 are brought here; otherwise they stay there, and are read from there.

    Raises:
        FaultsError: the backup is damaged; the text names each fault.
        BackupError: there is no finished backup, or the place is not empty.
    """
    kept = note.read(backup)
    if kept is None:
        raise BackupError(f"{backup} holds no finished backup: {note.NAME} is missing")
    layout = Layout(settings.data)
    _demand_empty(layout)
    files.make_folder(layout.data.absolute().parent)
    with ExitStack() as stack:
        # A copy, because an older one is migrated before it is read, and a backup is never changed.
        working = stack.enter_context(tempfile.TemporaryDirectory(dir=layout.data.absolute().parent))
        source = open_engine(f"sqlite:///{fetch_journal(backup, kept, Path(working))}")
        stack.callback(source.dispose)
        rules = trust.load(anchors or backup / "trust")
        journal = SqlJournal(source)
        stack.callback(journal.close)
        line = _line(journal, rules)
        head = _believed(kept, rules, line)
        row = SqlHeads(source).load()
        heads = {"published head": head.signed.checkpoint}
        if row is not None:
            origin = SignedCheckpoint.parse(row.note).checkpoint.origin
            heads["head row"] = Checkpoint(origin, row.size, row.root)
        heads |= {f"end of log {era.number}": era.final for era in line.eras if era.final is not None}
        wanted = {(one.origin, one.size) for one in heads.values()}
        verified = verifying.verify(source, wanted, lambda count: progress("events", count))
        _demand_whole(verified, kept, rules, line, heads, Layout(backup))
        files.make_folder(layout.data)
        target = connect(settings.database_url)
        stack.callback(target.dispose)
        migrating.migrate(target)
        if copying.count_events(target):
            raise BackupError("the database holds a journal already: restore into a new one")
        _restore_files(layout, backup, kept, line)
        _remember_erasures(layout, erasures)
        elsewhere = Elsewhere(SqlCopies(source), s3_of(settings), left=not fetch)
        missing = _restore_blobs(backup, layout, verified, elsewhere, progress)
        copying.copy_journal(source, target)  # last: without it nothing starts on a folder that is half restored
        copies = SqlCopies(target)
        for name in elsewhere.names:
            copies.note_local(name, None)
    # Without these a restored server cannot go on under the same names.
    needed = (layout.server_key, layout.log_key_of(line.current.number))
    absent = tuple(path.name for path in needed if not path.exists())
    found = len(verified.sealed) - sum(one.sealed is not None for one in missing)
    below = line.era(head.signed.checkpoint.origin).events_below(head.size)
    return Restored(kept, verified.size, verified.size - below, found, missing, absent, elsewhere.count)


def _remember_erasures(layout: Layout, erasures: Path | None) -> None:
    """Put proofs of erasures where the server looks for them when it starts. BackupError when one is no proof."""
    for path in () if erasures is None else sorted(erasures.glob("*.json")):
        try:
            proof = erasure_proof.parse(path.read_bytes())
        except EvidenceError as error:
            raise BackupError(f"{path} is no proof of an erasure: {error}") from error
        files.make_folder(layout.repeated_erasures)
        files.replace(layout.repeated_erasures / f"{proof.erasure}.json", proof.to_bytes())


def _demand_empty(layout: Layout) -> None:
    """Refuse a folder that holds anything but secrets, which the operator may have put back first."""
    if layout.data.exists() and any(path != layout.secrets for path in layout.data.iterdir()):
        raise BackupError(f"{layout.data} is not empty: restore into a new folder")


def fetch_journal(backup: Path, kept: Note, working: Path) -> Path:
    """Copy the journal's file out of the backup, and demand that it is the one that the backup wrote."""
    copy = working / "journal.db"
    digest = hashlib.sha256()
    try:
        with copy.open("wb") as file:
            for piece in pieces(backup / kept.journal):
                digest.update(piece)
                file.write(piece)
    except BlobError as error:
        raise FaultsError(f"the copy of the journal cannot be read: {error}") from error
    if digest.hexdigest() != kept.journal_sha256:
        raise FaultsError(f"{kept.journal} is not the file that the backup wrote: its SHA-256 differs")
    return copy


def _line(journal: SqlJournal, rules: trust.Anchors) -> Lineage:
    """Return the logs of the copied journal, when the anchors believe each rotation and know of no later one."""
    statements = (event.parse(recorded.event).statement for recorded in journal.organisation())
    try:
        signed = [rotation.signed_by_root(one, rules.root) for one in statements if one.type == rotation.TYPE]
        line = rules.line(signed)
    except EvidenceError as error:
        raise FaultsError(f"what the journal says about the end of a log does not hold: {error}") from error
    if len(signed) + 1 < len(line.eras):
        ended = line.eras[len(signed)].origin
        raise FaultsError(f"this backup is from before {ended} ended: a server on it would go on under that log's key")
    return line


def _believed(kept: Note, rules: trust.Anchors, line: Lineage) -> VerifiedCheckpoint:
    try:
        head = line.policy(rules.policy).verify(kept.checkpoint.encode())
        line.admit(head, None)
        return head
    except CustodyError as error:
        raise FaultsError(f"the head of the log is not believed: {error}") from error


def _demand_whole(
    found: Verified,
    kept: Note,
    rules: trust.Anchors,
    line: Lineage,
    heads: Mapping[str, Checkpoint],
    backup: Layout,
) -> None:
    """Refuse a journal, heads or tiles that do not say the same."""
    faults = list(found.faults)
    if found.standing.root != rules.root:
        faults.append("the journal obeys another root than the trust anchors name")
    if found.size != kept.events:
        faults.append(f"the journal has {found.size} events, and the backup wrote {kept.events}")
    for what, head in heads.items():
        if found.roots.get((head.origin, head.size)) != head.root:
            faults.append(f"the first {head.size} events do not give the root of the {what}")
    for era in line.eras:
        newest = max((head for head in heads.values() if head.origin == era.origin), key=_size, default=None)
        try:
            if newest is not None:
                growth.audit(FolderTiles(backup.log_of(era.number)), newest.size, newest.root)
        except (CustodyError, StorageError) as error:
            faults.append(f"the tiles of the log {era.origin}: {error}")
    if faults:
        more = f"\n  and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
        rows = "".join(f"\n  {fault}" for fault in faults[:MAX_FAULTS])
        raise FaultsError(f"this backup is damaged, and nothing was restored:{rows}{more}")


def _size(head: Checkpoint) -> int:
    return head.size


def _restore_files(layout: Layout, backup: Path, kept: Note, line: Lineage) -> None:
    for era in line.eras:
        source, folder = Layout(backup).log_of(era.number), layout.log_of(era.number)
        for path in small_files.log_files(source):
            small_files.copy(path, folder / path.relative_to(source))
        if era.final is not None:
            small_files.copy(source / CHECKPOINT_PATH, folder / CHECKPOINT_PATH)
    published = SignedCheckpoint.parse(kept.checkpoint.encode()).checkpoint.origin
    if published == line.current.origin:
        head = layout.log_of(line.current.number) / CHECKPOINT_PATH
        files.make_folder(head.parent)
        files.replace(head, kept.checkpoint.encode())
        head.chmod(0o644)
    for name in EVERYTHING_ELSE:
        if (backup / name).exists():
            small_files.copy(backup / name, layout.data / name)
    begun.copy(backup / begun.FOLDER, layout.uploads)
    spools.restore(backup / spools.FOLDER, layout.data)
    for folder in ("exports", *(("secrets",) if kept.secrets else ())):
        for path in small_files.visible(backup / folder):
            small_files.copy(path, layout.data / path.relative_to(backup))


def _restore_blobs(
    backup: Path,
    layout: Layout,
    verified: Verified,
    elsewhere: Elsewhere,
    progress: Callable[[str, int], None],
) -> tuple[Missing, ...]:
    source, target = DirectoryBlobs(backup / "blobs"), DirectoryBlobs(layout.blobs)
    missing: list[Missing] = []

    def wrote(count: int) -> None:
        progress("bytes", count)

    names = {**dict.fromkeys(source.names()), **dict.fromkeys(verified.sealed)}
    for name in (one for one in names if one not in verified.erased_blobs):  # an older copy may still lie there
        try:
            elsewhere.copy(source, ids.Sha256(name), target, wrote)
        except BlobError as error:
            missing.append(Missing(ids.Sha256(name), str(error), verified.sealed.get(name)))
    return tuple(missing)
