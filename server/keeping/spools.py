"""In a backup: the spools of the alarm bridges, each at one instant, while their bridges go on.

A spool holds presses that the journal may not have yet, and the lane's file beside it such as came this moment. It is
put back with a note beside it, by which its bridge knows that time has passed: it shows what was open, sends nothing of
it anew, and other bridges hear it from the beginning.
"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evidence import files
from server.keeping import small_files
from server.keeping.manifest import BackupError

FOLDER: Final = "spools"
PATTERN: Final = "bridge*/spool.db"
LANE: Final = ".lane"
RESTORED: Final = "spool.restored"
"""The note; `device_bridge.spool` reads it."""


def copy(data: Path, target: Path) -> int:
    """Copy every spool below `data` into the folder `target`; return how many. BackupError when one cannot be read."""
    spools = list(_spools(data))
    for old in [*target.glob("*.db"), *target.glob(f"*{LANE}")]:
        if old.name not in {name for name, _ in spools}:
            files.shred(old)
    for name, spool in spools:
        files.make_folder(target)
        beside = target / f".{name}"
        beside.unlink(missing_ok=True)
        try:
            source = sqlite3.connect(f"{spool.as_uri()}?mode=ro", uri=True)
            made = sqlite3.connect(beside)
            try:
                source.backup(made)
            finally:
                source.close()
                made.close()
        except sqlite3.Error as error:
            raise BackupError(f"the spool {spool} cannot be copied: {error}") from error
        beside.chmod(0o600)
        _flush(beside)
        beside.rename(target / name)
        files.sync_folder(target)
    return sum(name.endswith(".db") for name, _ in spools)


def restore(source: Path, data: Path) -> int:
    """Put the spools of a backup back below `data`; return how many."""
    found = sorted(source.glob("*.db"))
    for spool in found:
        folder = data / spool.stem
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / RESTORED).touch()  # first: a spool without its note would send old alarms anew
        files.sync_folder(folder)
        small_files.copy(spool, folder / "spool.db")
        lane = spool.with_suffix(LANE)
        if lane.exists():
            small_files.copy(lane, folder / "lane.db")
    return len(found)


def _spools(data: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file and its name in a backup: the lane's first, for what it forgets is in the spool."""
    for path in sorted(data.resolve().glob(PATTERN)):
        if (lane := path.with_name("lane.db")).exists():
            yield f"{path.parent.name}{LANE}", lane
        yield f"{path.parent.name}.db", path


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
