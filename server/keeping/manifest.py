"""The manifest of a backup: `backup.json`, replaced as the last act of each backup.

It names the copy of the journal and holds the log's checkpoint, so that a backup that was cut short leaves the one
before it whole: new blobs and tiles only add to it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from evidence import canonical, files, ids, schema
from evidence.errors import FormatError
from server.errors import ServerError

NAME: Final = "backup.json"


class BackupError(ServerError):
    """A backup cannot be made or used; the text says why."""


@dataclass(frozen=True)
class Note:
    """The members of `backup.json`; `checkpoint` is the log's signed head, as it was published."""

    v: Literal[1]
    made_at: ids.Time
    step: str
    journal: str
    journal_sha256: ids.Sha256
    events: int
    checkpoint: str
    secrets: bool


def write(folder: Path, note: Note) -> None:
    """Replace the note durably."""
    files.replace(folder / NAME, canonical.encode(schema.encode(note)) + b"\n")


def read(folder: Path) -> Note | None:
    """Return the note; None when this folder holds no finished backup. BackupError when it cannot be understood."""
    try:
        return schema.decode(Note, canonical.decode((folder / NAME).read_bytes()))
    except FileNotFoundError:
        return None
    except (FormatError, OSError) as error:
        raise BackupError(f"{folder / NAME} is no note of a backup: {error}") from error
