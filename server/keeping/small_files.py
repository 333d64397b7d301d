"""Copying the small files of a data folder: whole, flushed, and never over other bytes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evidence import files
from evidence.custody.log.tiles import CHECKPOINT_PATH
from evidence.errors import ImmutableFileError
from server.keeping.manifest import BackupError

PREPARED: Final = "*.json"
"""In the folder of exports: what an investigator signed for. The bundles themselves are built again."""


def visible(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, in order; hidden ones are locks and what is being written just now."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path


def log_files(log: Path) -> Iterator[Path]:
    """Yield the files of a log and its timestamps, the head left out; those of tiles never change."""
    return (path for path in visible(log) if path != log / CHECKPOINT_PATH)


def copy(source: Path, target: Path) -> None:
    """Copy one file durably. BackupError when the target is there with other bytes."""
    files.make_folder(target.parent)
    try:
        files.write_once(target, source.read_bytes(), source.stat().st_mode & 0o777)
    except ImmutableFileError as error:
        raise BackupError(f"{target} is there with other bytes: this is not a copy of the same Getuige") from error
    files.sync_folder(target.parent)
