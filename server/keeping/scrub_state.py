"""The state of the server's own scrub: `scrub.json` in the data folder, replaced after each folder of blobs."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from evidence import canonical, files, ids, schema
from evidence.errors import FormatError

NOTE: Final = "scrub.json"

FOLDERS: Final = 256
"""Of blobs: one for each first byte of their names."""


@dataclass(frozen=True)
class Round:
    """The round that is under way (or the next one) begins at `next_folder`; `finished_at`: when the last one ended."""

    v: Literal[1] = 1
    next_folder: int = 0
    unmended: int = 0
    finished_at: ids.Time | None = None

    def is_due(self, now: ids.Time, every: timedelta) -> bool:
        """Say whether there is something to read now: a round that was cut short, or a new one."""
        if self.next_folder > 0 or self.finished_at is None:
            return True
        return ids.moment_of(now) - ids.moment_of(self.finished_at) >= every

    def after_folder(self, number: int, unmended: int, now: ids.Time) -> "Round":
        """Return where things stand when a folder was read; the first one begins a new count."""
        total = unmended + (self.unmended if number else 0)
        if number + 1 == FOLDERS:
            return Round(1, 0, total, now)
        return replace(self, next_folder=number + 1, unmended=total)


@dataclass(frozen=True)
class Rounds:
    """The note on the disk."""

    path: Path

    def load(self) -> Round:
        """Return what the note says; without one, or with one that cannot be read, a new round is due."""
        try:
            found = schema.decode(Round, canonical.decode(self.path.read_bytes()))
        except (OSError, FormatError):
            return Round()
        return found if 0 <= found.next_folder < FOLDERS else Round()

    def save(self, state: Round) -> None:
        """Replace the note durably."""
        files.replace(self.path, canonical.encode(schema.encode(state)) + b"\n")
