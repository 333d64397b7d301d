"""The folder in which an opened bundle grows: written file by file, flushed in groups, named when it is whole.

Beside the target stands `<target>.partial`, with the bag so far and notes of it. State rules:

- A note is written once the files that it names are on the disk. So after a power cut what is noted is there, and
  nothing under the target's own name is ever less than all of it.
- Whoever opens the same bundle again, with the same key and program, goes on from the notes. A noted file is believed
  by its SHA-256 only; what is not noted, or differs, is removed and made again.
- The beginning of something else is left alone, and said. One process at a time works in the folder.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from evidence import canonical, files, ids, schema
from evidence.bundle.format import bag
from evidence.bundle.format.openings import Opening, Part
from evidence.envelope.hashing import SideHash
from evidence.errors import EvidenceError, FormatError

GROUP_FILES: Final = 512
GROUP_BYTES: Final = 256 * 1024 * 1024
"""What waits for the disk at once, and what is made again after a kill, is no more than this and an item."""

NOTES: Final = "notes"
BAG: Final = "bag"


class TargetError(EvidenceError):
    """The folder for the opened bundle cannot be used."""


@dataclass(frozen=True)
class Beginning:
    """What is opened, with which key and by which program: the first line of the notes."""

    v: Literal[1]
    maker: str
    manifest: ids.Sha256
    """Of the sealed bundle; the export that was signed commits to it."""

    reader: ids.KeyId


@dataclass(frozen=True)
class Written:
    """A file of the bag."""

    name: str
    sha256: ids.Sha256


@dataclass(frozen=True)
class Note:
    """An item as far as it opened: what proves it, which part did not open and why, and its files."""

    item: ids.ItemId
    opening: Opening | None
    part: Part | None
    why: str
    files: tuple[Written, ...]


class Growing:
    """The bag so far."""

    def __init__(self, root: Path, notes: Path) -> None:
        self.root = root
        self.digests: dict[str, str] = {}
        """SHA-256 of each file, as it was written."""

        self.kept: dict[ids.ItemId, Note] = {}
        """Items that are here from before."""

        self._notes = notes
        self._waiting: list[Note] = []
        self._fresh: list[Path] = []
        self._fresh_bytes = 0
        self._folders = {root}
        self._made: set[str] = set()

    def keep(self, noted: list[Note]) -> None:
        """Take over the items whose files are all here and whole, and remove every other file."""
        before = bag.FolderBag(self.root)
        named = {file.name for note in noted for file in note.files}
        found = bag.digests(before, named & before.names())
        for note in noted:
            if all(found.get(file.name) == file.sha256 for file in note.files):
                self.kept[note.item] = note
                self.digests |= {file.name: file.sha256 for file in note.files}
        for name in before.names() - self.digests.keys():
            (self.root / name).unlink()
        self._folders |= {(self.root / name).parent for name in before.names()}

    def create(self, name: str) -> None:
        """Make an empty file, so that a name that the disk refuses is known before anything is decrypted."""
        self._place(name).open("wb").close()

    def store(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a file, whole or (when `pieces` end in an error of ours) not at all. OSError as the disk says it."""
        path = self._place(name)
        with path.open("wb") as file, SideHash() as digest:
            try:
                for data in pieces:
                    file.write(data)
                    digest.update(data)
            except EvidenceError:
                path.unlink()
                raise
            self.digests[name] = digest.hexdigest()
            self._fresh_bytes += file.tell()
        self._fresh.append(path)

    def note(self, item: ids.ItemId, opening: Opening | None, part: Part | None, why: str) -> Note:
        """Return what is to be known of an item; it is written down once its files are on the disk."""
        written = tuple(Written(name, ids.Sha256(self.digests[name])) for name in _files_of(opening))
        made = Note(item, opening, part, why, written)
        self._waiting.append(made)
        self.rest()
        return made

    def rest(self) -> None:
        """Flush when enough waits for it."""
        if len(self._fresh) >= GROUP_FILES or self._fresh_bytes >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Bring to the disk what was written, then the notes of it."""
        files.sync_files(self._fresh)
        for folder in self._folders:
            files.sync_folder(folder)
        _append(self._notes, self._waiting)
        self._fresh, self._waiting, self._fresh_bytes = [], [], 0

    def _place(self, name: str) -> Path:
        path, inside = self.root / name, name.rpartition("/")[0]
        if inside not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders |= {folder for folder in path.parents if folder.is_relative_to(self.root)}
            self._made.add(inside)
        return path


@contextmanager
def growing(target: Path, beginning: Beginning) -> Iterator[Growing]:
    """Give the folder of what was begun, or a new one; it bears the target's name once the context ends well.

    Raises TargetError when `target` exists, when beside it stands the beginning of something else, or when another
    process works there.
    """
    work = target.with_name(f"{target.name}.partial")
    notes = work / NOTES
    if work.is_dir() and not notes.exists() and any(work.iterdir()):
        raise TargetError(f"{work} exists, and Getuige did not begin it; choose another folder")
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    with files.lock_if_free(notes) as free:
        if not free:
            raise TargetError(f"another process is opening a bundle into {work}")
        if target.exists():  # whoever held the lock a moment ago has ended
            raise TargetError(f"{target} exists; choose a folder that does not")
        folder = Growing(work / BAG, notes)
        noted = _go_on(notes, beginning)
        folder.root.mkdir(mode=0o700, exist_ok=True)
        files.sync_folder(work)
        folder.keep(noted)
        yield folder
        folder.flush()
        folder.root.rename(target)
        files.sync_folder(work)
        files.sync_folder(target.parent)
        notes.unlink()
    with contextlib.suppress(OSError):  # what somebody put there stays there
        work.rmdir()


def _go_on(notes: Path, beginning: Beginning) -> list[Note]:
    """Return what is noted of the same beginning, up to where the notes were torn, and begin them when they are new."""
    found: list[Note] = []
    size = 0
    with notes.open("rb") as file:
        for line in file:
            try:
                told = _read(line, Note if size else Beginning)
            except FormatError:
                break
            if isinstance(told, Note):
                found.append(told)
            elif told != beginning:
                raise TargetError(
                    f"{notes.parent} holds the beginning of another bundle, or of this one with another key or version "
                    "of Getuige; remove it, or choose another folder"
                )
            size += len(line)
    if not size and (notes.parent / BAG).exists():
        raise TargetError(f"{notes.parent} does not say what was begun there; remove it, or choose another folder")
    os.truncate(notes, size)
    if not size:
        _append(notes, [beginning])
        files.sync_folder(notes.parent)
        files.sync_folder(notes.parent.parent)
    return found


def _read(line: bytes, form: type[Note | Beginning]) -> Note | Beginning:
    if not line.endswith(b"\n"):
        raise FormatError("the line was torn")
    return schema.decode(form, canonical.decode_exact(line[:-1]))


def _append(notes: Path, told: list[Note] | list[Beginning]) -> None:
    with notes.open("ab") as file:
        for one in told:
            file.write(canonical.encode(schema.encode(one)) + b"\n")
    files.sync_files([notes])


def _files_of(opening: Opening | None) -> list[str]:
    """Return the names of the files that an opening speaks of."""
    if opening is None:
        return []
    head = None if opening.incomplete is None else opening.incomplete.head
    return [name for name in (opening.description, opening.fields, opening.original, head) if name is not None]
