"""In a backup: what arrived of items that were announced and never sealed. No blob holds it, and it is evidence.

Parts grow, so a backup that is brought up to date gets them anew. What is copied while it is written may end in bytes
that nobody acknowledged yet; a phone that goes on asks where to, and the whole file's hash decides in the end.
"""

import os
from pathlib import Path
from typing import Final

from evidence import canonical, files, schema
from evidence.store.blobs.directory import pieces
from evidence.store.errors import BlobError
from server.uploads.core import Upload
from server.uploads.notes import done_note

FOLDER: Final = "uploads"
NOTE: Final = "*.begun"
BESIDE: Final = (".open", ".part", ".kept", ".whole")
"""What belongs to an upload, under its name, beside the note that it is complete (`server.uploads.notes`)."""


def copy(source: Path, target: Path) -> int:
    """Copy the uploads of announced items from folder to folder, durably; returns how many files. Safe to repeat."""
    copied = 0
    for old in sorted(target.glob(NOTE)):
        if not (source / old.name).exists():  # sealed or erased since
            _forget(old, _upload_of(old), target)
    for note in sorted(source.glob(NOTE)):
        upload = _upload_of(note)
        for name in (*_beside(upload), note.name):  # the note last: it leads to the rest
            copied += _copied(source / name, target / name)
    return copied


def _forget(note: Path, upload: str, target: Path) -> None:
    for path in (note, *(target / name for name in _beside(upload))):
        if path.exists():
            files.shred(path)


def _beside(upload: str) -> list[str]:
    return [*(f"{upload}{suffix}" for suffix in BESIDE), done_note(upload)]


def _upload_of(note: Path) -> str:
    upload = schema.decode(Upload, canonical.decode_exact(note.read_bytes()))
    return upload.id


def _copied(source: Path, target: Path) -> bool:
    """Replace `target` by a copy of `source`, whole; False, and no target, when there is no source (any more)."""
    files.make_folder(target.parent)
    beside = target.with_name(f".{target.name}")
    try:
        with beside.open("wb") as out:
            for piece in pieces(source):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
    except BlobError:
        beside.unlink(missing_ok=True)
        if source.exists():
            raise
        target.unlink(missing_ok=True)  # its upload was finished, and is a blob now
        return False
    beside.chmod(files.PRIVATE)
    beside.replace(target)
    files.sync_folder(target.parent)
    return True
