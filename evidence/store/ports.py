"""Ports: what the rest of Getuige may expect of a store, whatever lies behind it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeVar

from evidence import ids
from evidence.statements.bodies import LogRotate
from evidence.statements.event import Recorded
from evidence.statements.standing import Standing
from evidence.statements.statement import Statement
from evidence.statements.tombstone import Tombstone

Answer = TypeVar("Answer")
Requirement = Callable[[Standing, Statement], None]
"""A further condition, judged by the writer in the same instant as authority; it raises to refuse."""


Outcome = Recorded | Exception
"""The event of a statement that was taken in, or why it was refused."""


@dataclass(frozen=True)
class Offered:
    """A statement that is to be written, and a further condition."""

    statement: Statement
    requires: Requirement | None = None


@dataclass(frozen=True)
class Tally:
    """How much a case holds: items that were announced or sealed, also those since erased, and alarms."""

    items: int
    alarms: int


class Journal(Protocol):
    """The one append-only table of events."""

    def append(self, dsse_bytes: bytes, *, requires: Requirement | None = None) -> Future[Recorded]:
        """Queue a statement; the future resolves after it is durable.

        The future fails with FormatError, SignatureError, NotAllowedError, what `requires` raises, StorageFullError or
        UnknownOutcomeError. Raises BusyError and UnreadyError at once.
        """
        ...

    def append_all(self, offered: Sequence[Offered]) -> Future[Sequence[Outcome]]:
        """Queue statements together; the future resolves after all that were taken in are durable, by one commit.

        The first refusal stops those behind it, and is the last of the outcomes. The future itself fails when nothing
        is known of any: StorageFullError, UnknownOutcomeError, UnreadyError. Raises BusyError and UnreadyError at once.
        """
        ...

    def append_soon(self, offered: Sequence[Offered]) -> asyncio.Future[Sequence[Outcome]]:
        """As `append_all`, for the running event loop: what one of its turns brings is handed over together.

        What was handed over is written, also when the future is cancelled.
        """
        ...

    def ask(self, question: Callable[[Standing], Answer]) -> Answer:
        """Answer a question from all that is durable, other processes' events included."""
        ...

    def rotations(self, index: int) -> Sequence[LogRotate]:
        """Return the rotations of the log's key, those of event `index` and before among them."""
        ...

    def size(self) -> int:
        """Return the number of events."""
        ...

    def read(self, *, after: int = -1, limit: int, case: ids.CaseId | None = None) -> Sequence[Recorded]:
        """Return up to `limit` events behind index `after`, in order, of one case or of all."""
        ...

    def organisation(self) -> Sequence[Recorded]:
        """Return the events about the organisation (log, keys, teams), in order; they belong to no case."""
        ...

    def event(self, index: int) -> Recorded | None:
        """Return the event at `index`, None beyond the end."""
        ...

    def by_statement(self, statement_id: ids.Sha256) -> Recorded | None:
        """Return the event that holds a statement; ErasedError when it was destroyed."""
        ...

    def seal_of(self, item: ids.ItemId) -> Recorded | None:
        """Return the event that sealed an item."""
        ...

    def tombstones(
        self, *, case: ids.CaseId | None = None, after: int = -1, through: int | None = None
    ) -> Sequence[Tombstone]:
        """Return what stands in the place of destroyed events, `after` < index <= `through`, in order."""
        ...

    def tombstone(self, index: int) -> Tombstone | None:
        """Return the tombstone at `index`; None when the event there lives, or there is none."""
        ...

    def erasable(self, case: ids.CaseId) -> Sequence[Recorded]:
        """Return the living events of a case that open or prove an item, in order."""
        ...

    def bury(self, destroyed: Sequence[Tombstone]) -> None:
        """Put tombstones in the place of events; durable when it returns, and safe to repeat."""
        ...

    def tallies(self, cases: Sequence[ids.CaseId]) -> Mapping[ids.CaseId, Tally]:
        """Return how much each case holds, erased items among them; a case that holds nothing is absent."""
        ...

    def stored_bytes(self, case: ids.CaseId) -> int:
        """Return the size in bytes of all containers that a case has sealed."""
        ...

    def stored_bytes_by(self, signer: ids.KeyId) -> int:
        """Return the size in bytes of all containers that a key has sealed, in whatever case."""
        ...

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the log entries with `start` <= index < `end`."""
        ...


class BlobStore(Protocol):
    """Bytes under the name of their SHA-256. Nothing is ever overwritten or deleted through this port."""

    def size(self, sha256: ids.Sha256) -> int | None:
        """Return the size in bytes, None when the blob is not here."""
        ...

    def open(self, sha256: ids.Sha256) -> IO[bytes]:
        """Open for reading; BlobError when it is not here."""
        ...

    def local_path(self, sha256: ids.Sha256) -> Path:
        """Return a local file with the blob's bytes; BlobError when it is not here."""
        ...

    def file(self, sha256: ids.Sha256) -> Path | None:
        """Return the blob's own file when it is on this disk; None when it is not. Fetches nothing."""
        ...

    def put(self, data: bytes) -> ids.Sha256:
        """Store small bytes; durable when it returns."""
        ...

    def adopt(self, path: Path, sha256: ids.Sha256) -> None:
        """Take over a complete, already flushed file whose SHA-256 the caller has computed; durable on return."""
        ...
