"""Rings of opened keys, kept for their readers: one sealed file for each case and reader (`docs/formats/ring.md`).

State rules:
- A ring is served to its own reader alone, and never when an item that it names is gone or no longer given.
- It is destroyed when one of its items is erased, and when its reader's key is retired. A crash in between: an erasure
  is taken up again, and rings of retired keys are looked for at the next start.
- Nothing depends on it: without one the reader opens by the wraps, and makes another.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from evidence import files, ids
from evidence.envelope import rings
from evidence.errors import EvidenceError, FormatError
from evidence.statements.standing import Standing

SUFFIX: Final = ".ring"
MAX_BYTES: Final = 1024 * 1024
"""Of a ring with the most keys that one may hold."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rings:
    """The folder of rings. From any thread, and beside other processes; each method blocks."""

    folder: Path

    def keep(self, case: ids.CaseId, reader: ids.KeyId, data: bytes) -> None:
        """Keep a ring in place of the one before; durable when it returns."""
        files.make_folder(self.folder)
        files.replace(self._path(case, reader), data)

    def find(self, case: ids.CaseId, reader: ids.KeyId) -> bytes | None:
        """Return a reader's ring of a case; None when there is none."""
        try:
            return self._path(case, reader).read_bytes()
        except FileNotFoundError:
            return None

    def destroy(self, case: ids.CaseId, reader: ids.KeyId) -> None:
        """Destroy a reader's ring of a case."""
        self._shred([self._path(case, reader)])

    def destroy_with(self, items: Collection[ids.ItemId]) -> None:
        """Destroy every ring that names one of these items, or cannot be read."""
        self._shred(path for path in self._all() if not set(items).isdisjoint(_items(path) or items))

    def destroy_of(self, reader: ids.KeyId) -> None:
        """Destroy every ring of a reader."""
        self._shred(path for path in self._all() if path.stem.endswith(f"-{reader}"))

    def clean(self, standing: Standing) -> None:
        """Destroy what a crash left of readers whose keys were retired."""
        self._shred(path for path in self._all() if _is_retired(standing, ids.KeyId(path.stem.rpartition("-")[2])))

    def _path(self, case: ids.CaseId, reader: ids.KeyId) -> Path:
        return self.folder / f"{case}-{reader}{SUFFIX}"

    def _all(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def _shred(self, paths: Iterator[Path] | list[Path]) -> None:
        gone = 0
        for path in paths:
            if path.exists():
                files.shred(path)
                gone += 1
        if gone:
            files.sync_folder(self.folder)
            _log.info("rings of opened keys were destroyed", count=gone)


def _items(path: Path) -> frozenset[ids.ItemId] | None:
    """Return the items of a ring; None when that cannot be read."""
    try:
        return frozenset(rings.parse(path.read_bytes()).items)
    except (FormatError, OSError):
        return None


def _is_retired(standing: Standing, reader: ids.KeyId) -> bool:
    known = standing.certified.get(reader)
    return known is not None and bool(known.retired)


def destroy_quietly(rings_: Rings, reader: ids.KeyId) -> None:
    """Destroy the rings of a reader; what fails is logged, and done at the next start."""
    try:
        rings_.destroy_of(reader)
    except (EvidenceError, OSError) as error:
        _log.error("rings of a retired key were not destroyed", error=type(error).__name__)
